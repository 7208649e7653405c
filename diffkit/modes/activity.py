"""Which values a derivative can flow through: reached from an active parameter by differentiable
operands, of a floating-point type, and reaching an output."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from ..graph import Constant, Elementwise, Graph, Lit, Node, Op, Var
from ..ops import Expr
from ..ops.arithmetic import mul, neg, scale


@cache
def operands(op: Op, count: int) -> range | tuple[int, ...]:
    """The positions of the operands that the op differentiates by."""
    fact = op.fact
    if isinstance(fact, Constant):
        return ()
    if isinstance(fact, Elementwise):
        return tuple(k for k, partial in enumerate(fact.partials) if partial is not None)
    over = getattr(fact, "over", None)
    if over is not None:
        return over
    return range(count)


def active_variables(graph: Graph, active: Sequence[bool]) -> set[Var]:
    """The variables with a derivative that matters."""
    reached = {
        p for p, on in zip(graph.params, active, strict=True) if on and p.type.differentiable
    }
    for node in graph.nodes:
        if node.out.type.differentiable and any(
            node.args[k] in reached for k in operands(node.op, len(node.args))
        ):
            reached.add(node.out)
    needed = {atom for atom in graph.outputs if isinstance(atom, Var)}
    for node in reversed(graph.nodes):
        if node.out in needed and node.out in reached:
            for k in operands(node.op, len(node.args)):
                arg = node.args[k]
                if not isinstance(arg, Lit):
                    needed.add(arg)
    return reached & needed


def product(partial: Any, tangent: Expr, guarded: bool) -> Expr:
    """partial · tangent; guarded, it is 0 where the tangent is, whatever the partial."""
    if isinstance(partial, int | float):
        if partial == 1:
            return tangent
        return neg(tangent) if partial == -1 else mul(tangent, partial)
    return scale(partial, tangent) if guarded else mul(partial, tangent)


def partial_value(partial: Any, node: Node, xs: Sequence[Expr], ans: Expr) -> Any:
    """A partial derivative as a number or a value."""
    return partial(*xs, ans, **node.attrs) if callable(partial) else partial
