"""From Python functions to graphs."""

from .program import Program as Program
from .program import Run as Run
from .program import apply as apply
from .program import argument_names as argument_names
from .program import as_input as as_input
from .program import function_name as function_name
from .program import named_arguments as named_arguments
from .program import record as record
from .program import split_aux as split_aux
from .tracer import Handlers as Handlers
from .tracer import Trace as Trace
from .tracer import Tracer as Tracer
from .tracer import innermost as innermost
from .tracer import is_weak as is_weak
from .tracer import recording as recording
