"""diffkit's own modes, on its interpreter.

Graph modes record once, through `jit`, and replay; recording is building time. Forward mode, which
has no batched pass yet, replays one tangent after another. Differences call the plain NumPy
function; the complex step records anew at every call, as it does for a user.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy

from comparisons.method import Method, Prepared, Unsupported
from comparisons.problem import Case

__all__ = ["METHODS"]

# Beyond these, sympy takes more than a few seconds to differentiate the formulas.
MOST_INPUTS, MOST_OPERATIONS = 100, 7_000


def _operator(case: Case) -> Callable[..., Any]:
    import diffkit as dk

    return dk.grad if case.operator == "gradient" else dk.jacobian


def _prepared(
    case: Case, derivative: Any, *args: Any, sweeps: int, run: Callable[[], numpy.ndarray]
) -> Prepared:
    """Record the derivative and the primal, and count what the graph does."""
    import diffkit as dk
    from diffkit.graph import flops

    start = time.perf_counter()
    graph = derivative.graph(case.x, *args)
    built = time.perf_counter() - start
    primal = dk.jit(lambda x: case.f(x))
    return Prepared(
        primal=lambda: primal(case.x),
        derivative=run,
        build_seconds=built,
        nodes=len(graph.nodes),
        flops=flops(graph) * sweeps,
        primal_flops=flops(primal.graph(case.x)),
        calls=sweeps,
    )


def prepare_reverse(case: Case) -> Prepared:
    """The joint graph of value and cotangents, once for each output element."""
    import diffkit as dk

    derivative = dk.jit(_operator(case)(lambda x: case.f(x), method="reverse"))
    return _prepared(case, derivative, sweeps=1, run=lambda: derivative(case.x))


def prepare_forward(case: Case) -> Prepared:
    """One tangent for each input element, replayed one after another."""
    import diffkit as dk

    push = dk.jit(lambda x, v: dk.jvp(lambda x: case.f(x), (x,), (v,))[1])
    n = len(case.x)

    def run() -> numpy.ndarray:
        return numpy.stack([push(case.x, v) for v in numpy.eye(n)], axis=-1)

    return _prepared(case, push, numpy.ones(n), sweeps=n, run=run)


def prepare_symbolic(case: Case) -> Prepared:
    """The formula's derivative, with common subexpressions shared, as a graph."""
    import diffkit as dk
    from diffkit.graph import flops

    if len(case.x) > MOST_INPUTS:
        raise Unsupported(f"formulas for {len(case.x)} inputs; at most {MOST_INPUTS} are tried")
    operations = flops(dk.trace(lambda x: case.f(x))(case.x))
    if operations > MOST_OPERATIONS:
        raise Unsupported(f"a formula of {operations} operations; at most {MOST_OPERATIONS}")
    derivative = dk.jit(_operator(case)(lambda x: case.f(x), method="symbolic"))
    return _prepared(case, derivative, sweeps=1, run=lambda: derivative(case.x))


def prepare_complex_step(case: Case) -> Prepared:
    """One complex evaluation for each input element."""
    derivative = _operator(case)(lambda x: case.f(x), method="complex-step")
    return Prepared(
        primal=lambda: case.f(case.x),
        derivative=lambda: derivative(case.x),
        calls=len(case.x),
    )


def prepare_finite(scheme: str) -> Callable[[Case], Prepared]:
    """Differences of the plain NumPy function, with the default step."""

    def prepare(case: Case) -> Prepared:
        import diffkit as dk

        f = Counted(case.f)
        derivative = _operator(case)(f, method=dk.Finite(scheme))
        derivative(case.x)
        return Prepared(
            primal=lambda: case.f(case.x),
            derivative=lambda: derivative(case.x),
            calls=f.calls,
        )

    return prepare


class Counted:
    """A function that counts its calls."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f
        self.calls = 0

    def __call__(self, x: Any) -> Any:
        self.calls += 1
        return self.f(x)


def _method(name: str, title: str, prepare: Callable[[Case], Prepared]) -> Method:
    return Method(f"dk-{name}", f"diffkit, {title}", "diffkit", (), prepare)


METHODS = (
    _method("reverse", "reverse mode", prepare_reverse),
    _method("forward", "forward mode", prepare_forward),
    _method("symbolic", "symbolic", prepare_symbolic),
    _method("complex-step", "complex step", prepare_complex_step),
    _method("central", "central differences", prepare_finite("central")),
    _method("one-sided", "forward differences", prepare_finite("forward")),
)
