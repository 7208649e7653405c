"""How right derivatives are: demonstrations of errors, each beside its theory.

To add one: a file with a `DEMONSTRATION`, its name in the import, and a line in the tuple below.
"""

from comparisons.accuracy import ucurve
from comparisons.demonstration import Demonstration

__all__ = ["DEMONSTRATIONS"]

DEMONSTRATIONS: tuple[Demonstration, ...] = (ucurve.DEMONSTRATION,)
