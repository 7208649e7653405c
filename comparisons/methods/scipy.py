"""scipy.differentiate: central differences of order 8 with a shrinking step.

`jacobian` wants a function that broadcasts over many points, which a case's f does not, so f is
called for each. The step begins at 0.5 for every input and is halved until the estimate settles;
the error bar is the difference of the last two estimates.

Source: Virtanen et al., SciPy 1.0: fundamental algorithms for scientific computing in Python,
Nature Methods 17 (2020) 261-272; `scipy.differentiate` is in SciPy since 1.15.
"""

import numpy

from comparisons.method import Method, Prepared
from comparisons.methods.calls import by_values
from comparisons.problem import Case

__all__ = ["METHODS"]

EACH = 14  # calls for each input, about


def prepare(case: Case) -> Prepared:
    """Bind `scipy.differentiate.jacobian`."""
    from scipy.differentiate import jacobian

    def bind(f):
        def at_points(x: numpy.ndarray) -> numpy.ndarray:
            """f at points of shape (n, ...): values of shape (...) or (m, ...)."""
            points = x.reshape(len(x), -1).T
            found = numpy.stack([f(point) for point in points], axis=-1)
            return found.reshape(*found.shape[:-1], *x.shape[1:])

        return lambda: jacobian(at_points, case.x)

    return by_values(
        case, bind, each=EACH, value=lambda found: found.df, bars=lambda found: found.error
    )


METHODS = (Method("scipy", "scipy.differentiate.jacobian", "peer", ("scipy",), prepare),)
