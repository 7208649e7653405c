"""The complex step: f′ = Im f(x + ih)/h.

There is no difference of nearby numbers, so h can be 1e-100 and no digit is lost (Squire & Trapp,
SIAM Review 40, 1998). It runs the traced graph, with analytic continuations for the functions that
look at signs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from ...errors import UnsupportedError, explain
from ...graph import Graph, Op, all_nodes, evaluate
from ...ops.custom import callback, no_rule
from ...tracing import innermost
from ..linear_map import Arrays, LinearMap
from ..method import ComplexStep
from ..real import require_real


def continued(op: Op) -> Callable[..., Any]:
    """The analytic continuation of an op where an operand is complex; else, as on the indices and
    counters of a program, the op itself."""

    def run(*args: Any, **attrs: Any) -> Any:
        function = op.complex if any(map(np.iscomplexobj, args)) else op.numpy
        assert function is not None
        return function(*args, **attrs)

    return run


def complex_step(graph: Graph, inputs: Sequence[Any], settings: ComplexStep) -> LinearMap:
    """Im f(x + ihv)/h, by evaluating the graph in complex numbers."""
    if innermost(inputs) is not None:
        raise UnsupportedError(
            explain(
                "method='complex-step' inside a traced function",
                "traced inputs, which have no imaginary part to move",
                "known inputs",
                "Use it for the outermost derivative, and 'forward' or 'reverse' inside",
            )
        )
    require_real(graph, "method='complex-step'")
    for node in all_nodes(graph):
        if node.op is callback:
            raise no_rule(node, "the complex step")
    table = {n.op.name: continued(n.op) for n in all_nodes(graph) if n.op.complex is not None}
    ih = np.complex128(1j * settings.step)  # in single precision the step would vanish

    def push(dxs: Arrays) -> tuple[Arrays, Arrays]:
        moved = [x + ih * dx for x, dx in zip(inputs, dxs, strict=False)]
        out = evaluate(graph, [*moved, *inputs[len(moved) :]], table)
        rows = zip(out, values(), graph.types, strict=True)
        slopes = [slope(y, value).astype(t.dtype.numpy) for y, value, t in rows if t.differentiable]
        return values(), slopes

    @cache
    def values() -> Arrays:
        return evaluate(graph, inputs)

    def slope(y: Any, value: Any) -> Any:
        """Outside its domain a real function is nan, where its continuation has some value."""
        return np.where(np.isnan(value), np.nan, np.imag(y) / settings.step)[()]

    return LinearMap(graph.types, values, push)
