"""Forward mode: `jvp(graph)` is the graph of values and tangents, ẏ = J ẋ.

One walk along the nodes; every value carries its tangent, or None while that is zero, so inactive
parts of a program cost nothing. The tangent of a node is the sum over its operands of partial
derivative times tangent (elementwise), the op itself applied to the tangents (linear), the product
rule (bilinear), or the weighted sum (reductions). J ẋ costs at most 2.5 evaluations of the function
(Griewank & Walther, Evaluating Derivatives, 2008, chapter 3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, reduce
from typing import Any

from ..graph import (
    Bilinear,
    Builder,
    Elementwise,
    Graph,
    Linear,
    Node,
    Reduction,
    Rule,
    Var,
    missing_fact,
    paused_collector,
    restrict,
)
from ..ops import Expr
from ..ops.arithmetic import add, scale
from ..ops.shape import broadcast, sum_, zeros
from ..tracing import Run
from ..types import Type
from . import forward_regions as regions
from .activity import active_variables, operands, partial_value, product
from .linear_map import At, LinearMap, Many, many


@paused_collector()
def jvp(graph: Graph, active: Sequence[bool], wanted: Sequence[bool] | None = None) -> Graph:
    """The graph (params, tangents of active params) -> (outputs, tangents of wanted outputs).

    By default all floating-point outputs are wanted. Tangents have the types of their primals.
    """
    b = Builder.like(graph, f"{graph.name}_jvp")
    flows = active_variables(graph, active)
    tangents: dict[Var, Expr] = {}
    for param, on in zip(graph.params, active, strict=True):
        if on:
            tangent = b.param(param.type, f"d{param.hint}" if param.hint else "").atom
            tangents[param] = Expr(b, tangent)
    for node in graph.nodes:
        b.loc = node.loc
        dxs = [tangents.get(arg) if isinstance(arg, Var) else None for arg in node.args]
        moving = any(out in flows for out in node.outs) and any(dx is not None for dx in dxs)
        if moving and node.op.regional:
            tangents.update(regions.push(b, node, dxs, jvp))
            continue
        b.append(node)
        if moving:
            xs = [Expr(b, arg) for arg in node.args]
            tangent = push(node, xs, dxs, Expr(b, node.out))
            if tangent is not None:
                tangents[node.out] = fit(tangent, node.out.type)
    b.loc = None
    on = [t.differentiable for t in graph.types] if wanted is None else wanted
    moving = [
        tangents[atom].atom
        if isinstance(atom, Var) and atom in tangents
        else zeros(b, atom.type).atom
        for atom, yes in zip(graph.outputs, on, strict=True)
        if yes
    ]
    return b.finish([*graph.outputs, *moving])


def push(node: Node, xs: list[Expr], dxs: list[Expr | None], ans: Expr) -> Expr | None:
    """The tangent of a node, or None if it is zero."""
    fact = node.op.fact
    moving = [k for k in operands(node.op, len(xs)) if dxs[k] is not None]
    if not moving:
        return None
    if isinstance(fact, Elementwise):
        terms = [
            term(partial_value(fact.partials[k], node, xs, ans), dx, fact)
            for k in moving
            if (dx := dxs[k]) is not None
        ]
        return reduce(add, terms)
    if isinstance(fact, Linear):
        over = operands(node.op, len(xs))
        mixed = [(dxs[k] or zeros(x.builder, x.type)) if k in over else x for k, x in enumerate(xs)]
        return node.op(*mixed, **node.attrs)
    if isinstance(fact, Bilinear):
        x, y = xs
        dx, dy = dxs
        terms = [] if dx is None else [node.op(dx, y, **node.attrs)]
        terms += [] if dy is None else [node.op(x, dy, **node.attrs)]
        return reduce(add, terms)
    if isinstance(fact, Rule):
        terms = [
            fact.jvp(k, dx, *xs, ans, **node.attrs) for k in moving if (dx := dxs[k]) is not None
        ]
        return reduce(add, terms)
    if not isinstance(fact, Reduction):
        raise missing_fact("forward mode", node.op, node.loc)
    dx = dxs[0]
    assert dx is not None
    axes = node.attrs["axes"]
    return sum_(scale(dx, fact.weights(xs[0], ans, axes)), axes=axes)


def term(partial: Any, dx: Expr, fact: Elementwise) -> Expr:
    """partial · tangent. Where an op chooses an operand, the tangent of the other counts for
    nothing, even if it is infinite or nan."""
    if fact.selects:
        return scale(dx, partial)
    return product(partial, dx, fact.singular)


def fit(tangent: Expr, type_: Type) -> Expr:
    """Stretch a tangent to the type of its primal."""
    return broadcast(tangent, shape=type_.shape)


def linearize(graph: Graph, count: int) -> At:
    """The derivative with respect to the first `count` inputs, to be pushed."""
    moved = jvp(graph, [k < count for k in range(len(graph.params))])
    n = len(graph.outputs)

    @cache
    def pushing() -> Callable[[Sequence[Any], Run], Many]:
        return many(restrict(moved, moved.outputs[n:]), len(graph.params))

    def at(inputs: Sequence[Any], run: Run) -> LinearMap:
        def push(dxs: list[Any]) -> tuple[list[Any], list[Any]]:
            out = run(moved, [*inputs, *dxs])
            return out[:n], out[n:]

        def pushes() -> Many:
            return pushing()(inputs, run)

        return LinearMap(graph.types, lambda: run(graph, inputs), push, pushes=pushes)

    return at
