"""The certified backend: graphs in ball arithmetic, at any precision.

    numbers     floating-point numbers to balls and back, rounded outward
    tape        reverse mode on single balls
    series      power series of balls
    lift        functions of balls, of numbers on a tape, of series
    functions   the elementary ones      special    the special ones
    choices     comparing, choosing, rounding where a ball lies on both sides
    arrays      what ops do to arrays    matrices   elimination and substitution
    enclosure   a graph evaluated, and the doubling of precision

The balls are flint's (`pip install 'diffkit[certify]'`).
"""

from .enclosure import Enclosed as Enclosed
from .enclosure import differentiated as differentiated
from .enclosure import enclose as enclose
from .enclosure import expanded as expanded
from .enclosure import refined as refined
from .numbers import load_flint as load_flint
from .numbers import lower_float as lower_float
from .numbers import upper_float as upper_float
from .tape import Note as Note
from .tape import Undecided as Undecided
