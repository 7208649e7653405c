"""diffkit's methods that know a function by its values: differences, and the complex step.

Differences call the plain NumPy function, with one step, or with several and an error bar. The
complex step records it, to see that it is made of
analytic operations, and evaluates it at complex points.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from comparisons.method import Method, Prepared
from comparisons.methods.calls import by_values, require_few_calls
from comparisons.methods.diffkit_eager import operator
from comparisons.problem import Case

__all__ = ["METHODS"]

RECORDING = 8  # a complex evaluation that is recorded takes as long as so many plain ones, about


def prepare_complex_step(case: Case) -> Prepared:
    """Bind one complex evaluation for each input element."""
    require_few_calls(case, each=RECORDING)
    derivative = operator(case)(lambda x: case.f(x), method="complex-step")
    return Prepared(
        primal=lambda: case.f(case.x),
        derivative=lambda: derivative(case.x),
        calls=len(case.x),
    )


def prepare_finite(scheme: str, each: int, case: Case) -> Prepared:
    """Bind differences with the default step, which takes `each` calls for an input."""
    import diffkit as dk

    def bind(f: Callable[[Any], Any]) -> Callable[[], Any]:
        derivative = operator(case)(f, method=dk.Finite(scheme))
        return lambda: derivative(case.x)

    return by_values(case, bind, each=each)


def prepare_estimate(method: str, each: int, case: Case) -> Prepared:
    """Bind a method of `dk.numerical`, which answers with error bars."""
    import diffkit as dk

    scalar = case.operator == "gradient"
    estimate = dk.numerical.gradient if scalar else dk.numerical.jacobian

    return by_values(
        case,
        lambda f: lambda: estimate(f, case.x, method=method),
        each=each,
        value=lambda found: found.value,
        bars=lambda found: found.error,
        how=lambda found: found.how,
    )


def _method(name: str, title: str, prepare: Callable[[Case], Prepared]) -> Method:
    return Method(f"dk-{name}", f"diffkit, {title}", "diffkit", (), prepare)


METHODS = (
    _method("complex-step", "complex step", prepare_complex_step),
    _method("central", "central differences", partial(prepare_finite, "central", 2)),
    _method("adaptive", "adaptive differences", partial(prepare_estimate, "adaptive", 31)),
    _method("richardson", "Richardson", partial(prepare_estimate, "richardson", 12)),
    _method("one-sided", "forward differences", partial(prepare_finite, "forward", 1)),
)
