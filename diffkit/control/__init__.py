"""Control flow and rules of one's own, as functions of Python."""

from .branches import cond as cond
from .branches import switch as switch
from .functions import Custom as Custom
from .functions import callback as callback
from .functions import checkpoint as checkpoint
from .functions import custom_jvp as custom_jvp
from .functions import custom_vjp as custom_vjp
from .loops import fori_loop as fori_loop
from .loops import scan as scan
from .loops import while_loop as while_loop
