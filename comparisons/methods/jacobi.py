"""jacobi: differences at a few steps, a polynomial through them, and its error from the fit.

For each input the step starts at a quarter of |x| and is halved; a polynomial in the squared step
is fitted, whose value at 0 is the derivative and whose covariance is the error bar.

Source: Dembinski, jacobi: numerical derivatives for Python, 2021.
"""

from comparisons.method import Method, Prepared
from comparisons.methods.calls import by_values
from comparisons.problem import Case

__all__ = ["METHODS"]

EACH = 15  # calls for each input, about


def prepare(case: Case) -> Prepared:
    """Bind `jacobi.jacobi`."""
    import jacobi

    return by_values(
        case,
        lambda f: lambda: jacobi.jacobi(f, case.x),
        each=EACH,
        value=lambda found: found[0],
        bars=lambda found: found[1],
    )


METHODS = (Method("jacobi", "jacobi, differences and a fit", "peer", ("jacobi",), prepare),)
