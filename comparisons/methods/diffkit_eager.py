"""diffkit without `jit`: the function is recorded anew at every call, and run node by node.

This is `dk.grad(f)(x)` as a user writes it, for functions of which Python decides the course as
they run. Recording is part of every call, and of its time, as in autograd and PyTorch's eager mode.
Nothing is built beforehand.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy

from comparisons.method import Method, Prepared, Unsupported
from comparisons.problem import Case

__all__ = ["METHODS", "operator"]


def operator(case: Case) -> Callable[..., Any]:
    """`dk.grad` or `dk.jacobian`."""
    import diffkit as dk

    return dk.grad if case.operator == "gradient" else dk.jacobian


def prepare(method: str, case: Case) -> Prepared:
    """Bind one of diffkit's exact methods, and count what its graph does."""
    import diffkit as dk
    from diffkit.graph import flops

    def f(x: Any) -> Any:
        return case.f(x)

    derivative = operator(case)(f, method=method)
    found = Prepared(primal=lambda: f(case.x), derivative=lambda: derivative(case.x))
    try:
        graph, primal = dk.trace(derivative)(case.x), dk.trace(f)(case.x)
    except dk.DiffkitError:  # it branches on values: no graph holds for all of them
        return found
    return Prepared(
        primal=found.primal,
        derivative=found.derivative,
        nodes=len(graph.nodes),
        flops=flops(graph),
        primal_flops=flops(primal),
        details=lambda: {"graph": str(graph)},
    )


def prepare_auto(case: Case) -> Prepared:
    """Bind `method="auto"`, which chooses by the counted cost."""
    import diffkit as dk

    if case.operator == "gradient":
        raise Unsupported('"auto" chooses among the ways to a Jacobian')
    derivative = dk.jacobian(lambda x: case.f(x), method="auto")
    plan: Any = derivative.plan(case.x)
    return Prepared(
        primal=lambda: case.f(case.x),
        derivative=lambda: numpy.asarray(derivative(case.x)),
        details=lambda: {"plan": str(plan)},
    )


def _method(
    name: str, title: str, prepare: Callable[[Case], Prepared], by_name: bool = False
) -> Method:
    return Method(f"dk-{name}", f"diffkit, {title}", "diffkit", (), prepare, by_name)


METHODS = (
    _method("reverse", "reverse mode", partial(prepare, "reverse")),
    _method("forward", "forward mode", partial(prepare, "forward")),
    # Forward mode by other rules, and slower: of interest at higher orders, which have their own
    # demonstrations.
    _method("taylor", "Taylor mode", partial(prepare, "taylor"), by_name=True),
    _method("auto", "Jacobian by the cheapest way", prepare_auto),
)
