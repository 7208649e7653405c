"""The formula of a function and of its derivatives, for a reader: `dk.formula`."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from .calls import Call, record_call
from .errors import UnsupportedError, explain
from .graph import Graph
from .modes.method import Symbolic
from .modes.symbolic import Report, report
from .tracing import function_name
from .tracing.location import at_line
from .tracing.remedies import require_function


def graph_of(f: Callable[..., Any] | Graph, args: tuple[Any, ...], asked: str) -> Graph:
    """The graph of a function of arguments of these types; a graph is its own."""
    if isinstance(f, Graph):
        return f
    return record_call(Call.of(f, args, {}, range(len(args)), asked), eager=False).graph


def formula(
    f: Callable[..., Any] | Graph, simplify: bool = False, limit: int = Symbolic().limit
) -> Callable[..., Report]:
    """`formula(f)(*args)` writes a function and its derivatives as sympy formulas, for arguments of
    these types.

    Of a report, `.formula` and `.partials` are for sympy, `.jacobian` is a matrix of the partials,
    `.latex()` is text of function and derivatives, and `.operations`, `.operations_derivative` and
    `.operations_shared` count operations in f, in the derivatives as on paper, and in both with
    common subexpressions shared. f may be jitted, or a `dk.Graph`, which is written without
    arguments.

    Args: `simplify` asks sympy to simplify the derivatives; `limit` is how many operations formula
    and derivatives may have before that. Symbols are named after parameters, with `_0_1` for an
    element of an array, and are real. Raises `UnsupportedError` for what has no formula, or for one
    that would be too large.

        >>> import numpy as np, diffkit as dk
        >>> report = dk.formula(lambda x: x * x * x)(dk.f64[()])
        >>> report.formula, report.partials
        (x**3, (3*x**2,))
        >>> print(report.latex())
        \\begin{aligned}
        f\\left(x\\right) &= x^{3} \\\\
        \\frac{d f}{d x} &= 3 x^{2}
        \\end{aligned}
        >>> polar = lambda r, t: np.stack([r * np.cos(t), r * np.sin(t)])
        >>> dk.formula(polar)(1.0, 0.5).jacobian
        Matrix([
        [cos(t), -r*sin(t)],
        [sin(t),  r*cos(t)]])
    """

    def written(*args: Any) -> Report:
        graph = graph_of(f, args, "formula")
        for type_ in graph.types:
            if not type_.differentiable:
                got = f"{graph.name} returned {', '.join(map(str, graph.types))}"
                remedy = "Return what is to be differentiated alone"
                want = "floating-point results"
                raise UnsupportedError(explain(f"formula{at_line()}", got, want, remedy))
        return report(graph, simplify, limit)

    if isinstance(f, Graph):
        return written
    require_function(f, "formula")
    update_wrapper(written, f)
    written.__name__ = f"formula_{function_name(f)}"
    return written
