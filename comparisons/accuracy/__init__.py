"""How right derivatives are: demonstrations of errors, each beside its theory.

To add one: a file with a `DEMONSTRATION`, its name in the import, and a line in the tuple below.
"""

from comparisons.accuracy import (
    adjoint_drift,
    calibration,
    certified,
    eigenvalue_gap,
    implicit,
    kinks,
    known_failures,
    stable_formulas,
    ucurve,
)
from comparisons.demonstration import Demonstration

__all__ = ["DEMONSTRATIONS"]

DEMONSTRATIONS: tuple[Demonstration, ...] = (
    ucurve.DEMONSTRATION,
    known_failures.DEMONSTRATION,
    certified.DEMONSTRATION,
    calibration.DEMONSTRATION,
    stable_formulas.DEMONSTRATION,
    kinks.DEMONSTRATION,
    implicit.DEMONSTRATION,
    adjoint_drift.DEMONSTRATION,
    eigenvalue_gap.DEMONSTRATION,
)
