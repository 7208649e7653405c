"""Teaching: every number of a derivative, laid out to be read."""

from .explain import Contribution as Contribution
from .explain import Explanation as Explanation
from .explain import ForwardRow as ForwardRow
from .explain import ReverseRow as ReverseRow
from .explain import explain as explain
