"""numdifftools: differences at some fifteen steps, extrapolated, with an error estimate.

For each input the central difference is taken for a sequence of steps from about 1 downward,
extrapolated by Richardson's and Wynn's methods, and the estimate with the least error is chosen.

Source: D'Errico, Adaptive robust numerical differentiation, 2006, in Brodtkorb's Python version.
"""

from comparisons.method import Method, Prepared
from comparisons.methods.calls import by_values
from comparisons.problem import Case

__all__ = ["METHODS"]

EACH = 31  # calls for each input, about


def prepare(case: Case) -> Prepared:
    """Bind `Gradient` or `Jacobian` with its default, central differences."""
    import numdifftools

    operator = numdifftools.Gradient if case.operator == "gradient" else numdifftools.Jacobian

    def bind(f):
        transformed = operator(f, full_output=True)
        return lambda: transformed(case.x)

    return by_values(
        case,
        bind,
        each=EACH,
        value=lambda found: found.estimate,
        bars=lambda found: found.error_estimate,
    )


METHODS = (Method("numdifftools", "numdifftools, central", "peer", ("numdifftools",), prepare),)
