"""findiff: the derivative of values on a grid, by a stencil of high order.

findiff differentiates data on a grid, not a function. A function of one number, sampled around the
point, is such data, and those cases are measured; for n inputs a grid would have as many points to
the power of n. The step is fixed: near ε^(1/9), where truncation and rounding balance at order 8.
The error bar is the difference to the stencil of order 10.

Source: Baer, findiff software package, 2018.
"""

import numpy

from comparisons.method import Method, Prepared, Unsupported
from comparisons.methods.calls import by_values
from comparisons.problem import Case

__all__ = ["METHODS"]

ACCURACY = 8
STEP = 2.0**-6
HALF = 12  # points on either side: findiff wants room for the one-sided stencils at the ends


def prepare(case: Case) -> Prepared:
    """Bind `Diff.estimate_error` at the centre of a line of samples."""
    import findiff

    if len(case.x) > 1:
        raise Unsupported(f"findiff takes values on a grid, and f has {len(case.x):,} inputs")
    offsets = STEP * numpy.arange(-HALF, HALF + 1)
    operator = findiff.Diff(0, STEP)

    def bind(f):
        def run():
            samples = numpy.stack([f(case.x + offset) for offset in offsets])
            return operator.estimate_error(samples, acc=ACCURACY)

        return run

    return by_values(
        case,
        bind,
        each=len(offsets),
        value=lambda found: found.derivative[HALF],
        bars=lambda found: numpy.asarray(found.error[HALF]),
    )


METHODS = (Method("findiff", "findiff, samples of one variable", "peer", ("findiff",), prepare),)
