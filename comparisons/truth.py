"""The true derivative of a case, obtained without any rule of automatic differentiation.

Two independent routes, in the order in which they are preferred:

1. **Central differences in multiprecision.** With 120 decimal digits and h = 1e-35,

       f'(x) = (f(x+h) - f(x-h)) / 2h  -  h^2 f'''(x) / 6  - ...

   truncation is near 1e-70 and round-off near 1e-85, so the float64 nearest to the result is the
   float64 nearest to the derivative of the mathematical function, whatever its conditioning.
2. **The case's own reference**: a closed form or a complex step in NumPy's extended precision
   (`numpy.longdouble`, 64 bits of mantissa on x86; on machines where it is only float64 the
   reference is good to a few ulp instead).

Source of the complex step: Squire & Trapp, Using complex variables to estimate derivatives of real
functions, SIAM Review 40 (1998) 110-112.
"""

from collections.abc import Callable
from typing import Any

import numpy

from comparisons.problem import Case

__all__ = ["DIGITS", "STEP", "central_difference", "complex_step_jacobian", "truth"]

DIGITS = 120
STEP = "1e-35"


def truth(case: Case) -> tuple[numpy.ndarray | None, str]:
    """The true derivative at `case.x` and how it was obtained; (None, reason) if there is none."""
    if case.multiprecision is not None and case.operator == "gradient":
        return central_difference(
            case.multiprecision, case.x
        ), f"central difference, {DIGITS} digits"
    if case.reference is not None:
        return numpy.asarray(
            case.reference(), dtype=numpy.float64
        ), "closed form, extended precision"
    return None, "this case has no reference"


def central_difference(f: Callable[[list[Any]], Any], x: numpy.ndarray) -> numpy.ndarray:
    """Gradient of `f`, a function of `mpmath` numbers, at the float64 vector `x`."""
    import mpmath

    with mpmath.workdps(DIGITS):
        h = mpmath.mpf(STEP)
        point = [mpmath.mpf(float(value)) for value in x]  # float64 to mpf is exact
        gradient = numpy.empty(len(point))
        for i, centre in enumerate(point):
            above = f([*point[:i], centre + h, *point[i + 1 :]])
            below = f([*point[:i], centre - h, *point[i + 1 :]])
            gradient[i] = float((above - below) / (2 * h))
    return gradient


def complex_step_jacobian(f: Callable[..., Any], x: numpy.ndarray) -> numpy.ndarray:
    """Jacobian, shape (m, n), of an analytic vector function by complex steps, extended precision.

    Im f(x + ih) / h has no subtraction to cancel, so h = 1e-100 leaves an error far below float64
    round-off.
    """
    step = numpy.longdouble("1e-100")
    columns = []
    for i in range(len(x)):
        shifted = x.astype(numpy.clongdouble)
        shifted[i] += 1j * step
        columns.append((f(shifted).imag / step).astype(numpy.float64))
    return numpy.stack(columns, axis=1)
