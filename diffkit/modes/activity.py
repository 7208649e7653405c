"""Which values a derivative can flow through: reached from an active parameter by differentiable
operands, of a floating-point type, and reaching an output."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

from ..graph import Constant, Elementwise, Graph, Node, Op, Var
from ..ops import Expr
from ..ops.arithmetic import mul, neg, scale
from ..ops.custom import callback, has_rules
from ..ops.kinks import convention
from ..ops.region import body_groups, scan, while_, while_groups
from ..ops.solvers import implicit, linsolve


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


Known: TypeAlias = dict[tuple[Graph, tuple[bool, ...]], list[bool]]
"""Which outputs of a region move with which parameters, as far as it has been asked. A loop asks
more than once, so in a nest nothing may be looked at twice."""


def reached(graph: Graph, active: Sequence[bool], known: Known | None = None) -> set[Var]:
    """The variables that a derivative by the active parameters can reach."""
    known = {} if known is None else known
    found = {p for p, on in zip(graph.params, active, strict=True) if on and p.type.differentiable}
    for node in graph.nodes:
        if node.op.regional:
            flags = through_region(node, [arg in found for arg in node.args], known)
            found.update(out for out, on in zip(node.outs, flags, strict=True) if on)
        elif node.outs[0].type.differentiable and any(
            [node.args[k] in found for k in operands(node.op, len(node.args))]
        ):
            found.add(node.outs[0])
    return found


def through_region(node: Node, moving: Sequence[bool], known: Known | None = None) -> list[bool]:
    """Which results of control flow move when these operands do."""
    known = {} if known is None else known
    if node.op is scan:
        moving = moving_params(node, moving, known)
        carry = body_groups(moving, node.attrs).carry
        body = node.regions[0]
        ys = moving_outputs(body, moving, known)[len(carry) :]
        return [*carry, *ys]
    if node.op is while_:
        carry = while_groups(moving_params(node, moving, known), node.attrs).carry
        saved = [carry[k] for k in node.attrs["save"] or ()]
        return [*carry, *([] if node.attrs["save"] is None else [False, *saved])]
    if node.op is callback or has_rules(node):
        return [any(moving) and out.type.differentiable for out in node.outs]
    if node.op in (implicit, linsolve):
        return [
            any(moving),
            *(False for _ in node.outs[1:]),
        ]  # the solution, not what is said of it
    lead = len(node.args) - len(node.regions[0].params)
    branches = [moving_outputs(region, moving[lead:], known) for region in node.regions]
    return [any(column) for column in zip(*branches, strict=True)]


def moving_outputs(graph: Graph, active: Sequence[bool], known: Known | None = None) -> list[bool]:
    """Which outputs of a graph depend on its active parameters."""
    known = {} if known is None else known
    key = graph, tuple(active)
    if key not in known:
        found = reached(graph, active, known)
        known[key] = [atom in found for atom in graph.outputs]
    return known[key]


def moving_params(node: Node, moving: Sequence[bool], known: Known | None = None) -> list[bool]:
    """Which parameters of a loop's body move in some step: the least fixed point over its carry."""
    known = {} if known is None else known
    body = node.regions[-1]
    flags = list(moving[len(moving) - len(body.params) :])
    first = node.attrs["consts"]
    count = node.attrs["carry"] if node.op is scan else len(flags) - first
    while True:
        outputs = moving_outputs(body, flags, known)[:count]
        grown = [a or b for a, b in zip(flags[first : first + count], outputs, strict=True)]
        if grown == flags[first : first + count]:
            return flags
        flags[first : first + count] = grown


def active_variables(graph: Graph, active: Sequence[bool]) -> set[Var]:
    """The variables with a derivative that matters."""
    found = reached(graph, active)
    needed = {atom for atom in graph.outputs if isinstance(atom, Var)}
    for node in reversed(graph.nodes):
        if any([out in needed and out in found for out in node.outs]):
            places = (
                range(len(node.args)) if node.op.regional else operands(node.op, len(node.args))
            )
            needed.update([arg for k in places if isinstance(arg := node.args[k], Var)])
    return found & needed


def product(partial: Any, tangent: Expr, guarded: bool) -> Expr:
    """partial · tangent; guarded, it is 0 where the tangent is, whatever the partial."""
    if isinstance(partial, int | float):
        if partial == 1:
            return tangent
        return neg(tangent) if partial == -1 else mul(tangent, partial)
    guarded = guarded and convention().guarded
    return scale(partial, tangent) if guarded else mul(partial, tangent)


def partial_value(partial: Any, node: Node, xs: Sequence[Expr], ans: Expr) -> Any:
    """A partial derivative as a number or a value."""
    return partial(*xs, ans, **node.attrs) if callable(partial) else partial
