"""`explain`: a function's graph, its forward and reverse trace, and its derivative as a formula, at
one point, as data and as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..calls import Call, record_call, require_float
from ..errors import ShapeError, TracingError, UnsupportedError
from ..errors import explain as message
from ..graph import Graph
from ..modes.symbolic import Report, report
from ..tracing import as_input, function_name, innermost
from ..tracing.location import at_line
from ..transforms.unroll import unroll
from .render import Explanation as Explanation
from .render import element_names
from .traces import forward_trace, reverse_trace

LARGEST_FORMULA = 16  # operations and input numbers together; a longer formula explains nothing


def explain(f: Callable[..., Any], seed: Any = None, digits: int = 3) -> Callable[..., Explanation]:
    """`explain(f)(*args)` shows how each mode differentiates a scalar function at a point.

    Args: seed, the tangents of the forward trace, a tuple with one tree for each argument (by
    default 1 for every element of the first argument, 0 for the others); digits, decimals shown.
    Raises `ShapeError` if f does not return one floating-point scalar, `DtypeError` for an argument
    that is not floating point, `TreeError` or `ShapeError` for a seed that does not fit, and
    `TracingError` inside another operator: there are no numbers to show there.

        >>> e = explain(lambda x, y: x * y + x)(2.0, 3.0)
        >>> [(row.name, float(row.value), float(row.tangent)) for row in e.forward]
        [('x', 2.0, 1.0), ('y', 3.0, 0.0), ('a', 6.0, 3.0), ('b', 8.0, 4.0)]
        >>> [(c.user, float(c.value)) for c in e.reverse[-2].contributions]
        [('b', 1.0), ('a', 3.0)]
    """

    def explained(*args: Any) -> Explanation:
        call = Call.of(f, args, {}, range(len(args)), "explain")
        if innermost(call.leaves) is not None:
            got, want = "traced arguments", "numbers"
            remedy = "Call it outside of grad, jvp, jit and the like"
            raise TracingError(message(f"explain{at_line()}", got, want, remedy))
        require_float(call)
        graph = unroll(record_call(call, eager=True).graph)  # a loop is explained step by step
        require_scalar(f, graph)
        inputs = [as_input(x) for x in call.leaves]
        forward = forward_trace(graph, inputs, seed_of(call, seed))
        symbolic, no_formula = formula_of(graph)
        reverse = reverse_trace(graph, inputs)
        return Explanation(graph, tuple(forward), tuple(reverse), symbolic, no_formula, digits)

    return explained


def require_scalar(f: Callable[..., Any], graph: Graph) -> None:
    """One floating-point number as the result."""
    types = graph.types
    if len(types) != 1 or types[0].shape != () or not types[0].differentiable:
        got = f"{function_name(f)} returned {', '.join(map(str, types)) or 'nothing'}"
        want, remedy = "one floating-point scalar", "Sum it (np.sum), or explain one element"
        raise ShapeError(message(f"explain{at_line()}", got, want, remedy))


def seed_of(call: Call, seed: Any) -> list[Any]:
    """The tangent of each leaf."""
    if seed is not None:
        return [as_input(dx) for dx in call.matching(tuple(seed), "seed")]
    first = Call.of(call.f, call.args, {}, 0, "explain") if call.args else call
    moving = len(first.leaves)
    rows = enumerate(as_input(x) for x in call.leaves)
    return [np.full(x.shape, float(k < moving), x.dtype)[()] for k, x in rows]


def formula_of(graph: Graph) -> tuple[Report | None, str]:
    """The derivative as a formula, or the reason why there is none."""
    size = len(graph.nodes) + sum(p.type.size for p in graph.params)
    largest = max((node.out.type.size for node in graph.nodes), default=1)
    if max(size, largest) > LARGEST_FORMULA:
        return None, f"{size} values and operations are too many to read as a formula"
    if len(set(element_names(graph))) < sum(p.type.size for p in graph.params):
        return None, "two inputs would have the same symbol; rename an argument"
    try:
        return report(graph), ""
    except UnsupportedError as error:
        return None, str(error)
