"""Teaching: every number of a derivative, laid out to be read."""

from .explain import Explanation as Explanation
from .explain import explain as explain
from .traces import Contribution as Contribution
from .traces import ForwardRow as ForwardRow
from .traces import ReverseRow as ReverseRow
