"""Reverse mode: `vjp(graph)` is the joint graph of values and cotangents, x̄ = Jᵀ ȳ.

The primal nodes, then one walk backwards, in one graph, so that value and gradient share every
common subexpression and compile to one program. A node with cotangent c adds to each operand its
partial derivative times c (elementwise), the transpose applied to c (linear, bilinear), or the
weights times c (reductions). Reads of a part of an array add into one accumulator instead of
summing padded arrays. Cheap gradient principle: Baur & Strassen (1983), at most 5 evaluations of
the function whatever the number of parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np

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
from ..ops.arithmetic import scale
from ..ops.reduce import spread
from ..ops.shape import zeros
from ..tracing import Run
from . import reverse_regions as regions
from .activity import active_variables, operands, partial_value, product
from .cotangents import Cotangents
from .linear_map import At, LinearMap, Many, many

Flags: TypeAlias = tuple[bool, ...] | None


class Asked(NamedTuple):
    """What is asked of the derivative of a graph; see `joint`."""

    active: tuple[bool, ...]
    seeded: Flags = None
    masked: Flags = None
    accumulate: Flags = None


class Joint(NamedTuple):
    """What differentiating a graph gives: the joint graph, and for each active parameter whether
    its cotangent is masked."""

    graph: Graph
    masked: tuple[bool, ...]


def vjp(graph: Graph, active: Sequence[bool]) -> Graph:
    """The joint graph (params, cotangents of outputs) -> (outputs, cotangents of active params).

    Only floating-point outputs have a cotangent parameter; it has the output's type.
    """
    return joint(graph, active).graph


@paused_collector()
def joint(
    graph: Graph,
    active: Sequence[bool],
    seeded: Sequence[bool] | None = None,
    masked: Sequence[bool] | None = None,
    accumulate: Sequence[bool] | None = None,
) -> Joint:
    """As `vjp`, with cotangents for the `seeded` outputs alone, some of them `masked`; behind them
    a parameter for each active parameter where `accumulate`, to which its cotangent is added.

    A loop is differentiated to see what its adjoint reads, and again to pull: within this call each
    region is so once for each set of flags, or a nest would be so 2^depth times."""
    known: dict[tuple[Graph, Asked], Joint] = {}

    def once(graph: Graph, active: Sequence[bool], *flags: Sequence[bool] | None) -> Joint:
        asked = Asked(tuple(active), *(None if f is None else tuple(f) for f in flags))
        if (graph, asked) not in known:
            known[graph, asked] = differentiated(graph, asked, once)
        return known[graph, asked]

    return once(graph, active, seeded, masked, accumulate)


def differentiated(graph: Graph, asked: Asked, joint: Callable[..., Joint]) -> Joint:
    """The joint graph; regions are differentiated by the function given."""
    active, seeded, masked, accumulate = asked
    b = Builder.like(graph, f"{graph.name}_vjp")
    flows = active_variables(graph, active)
    recorded: dict[Node, regions.Recorded] = {}
    for node in graph.nodes:
        if node.op.regional and any(out in flows for out in node.outs):
            b.loc = node.loc
            recorded[node] = regions.record(b, node, flows, joint)
        else:
            b.append(node)
    cts = Cotangents()
    seeds = [t.differentiable for t in graph.types] if seeded is None else seeded
    single = sum(seeds) == 1
    masks = [False] * len(seeds) if masked is None else masked
    places = [k for k, yes in enumerate(seeds) if yes]
    for k, place in enumerate(places):
        atom = graph.outputs[place]
        seed = b.param(atom.type, "ct" if single else f"ct{k}")
        if isinstance(atom, Var) and atom in flows:
            cts.add(atom, Expr(b, seed.atom), masked=masks[place])
    for param, on in zip(graph.params, accumulate or [False] * len(graph.params), strict=True):
        if on:
            cts.add(param, Expr(b, b.param(param.type).atom), masked=False)
    for node in reversed(graph.nodes):
        if node in recorded:
            b.loc = node.loc
            regions.pull(b, node, recorded[node], cts, flows, joint)
            continue
        ct = None if node.op.regional else cts.of.get(node.out)
        if ct is None or node.out not in flows:
            continue
        b.loc = node.loc
        pull(node, [Expr(b, arg) for arg in node.args], Expr(b, node.out), ct, cts, flows)
        del cts.of[node.out]
    b.loc = None
    wanted = [p for p, on in zip(graph.params, active, strict=True) if on]
    pulled = [cts.of[p] if p in cts.of else zeros(b, p.type) for p in wanted]
    whole = b.finish([*graph.outputs, *[ct.atom for ct in pulled]])
    return Joint(whole, tuple(p in cts.masked for p in wanted))


def pull(node: Node, xs: list[Expr], ans: Expr, ct: Expr, cts: Cotangents, flows: set[Var]) -> None:
    """Add the cotangents of a node's operands."""
    fact = node.op.fact
    masked = node.out in cts.masked
    for k in operands(node.op, len(xs)):
        arg = node.args[k]
        if not isinstance(arg, Var) or arg not in flows:
            continue
        if isinstance(fact, Elementwise):
            partial = partial_value(fact.partials[k], node, xs, ans)
            cts.add(arg, product(partial, ct, fact.singular or masked), masked or fact.selects)
        elif isinstance(fact, Linear):
            if k == 0 and fact.push is not None and arg in cts.of:
                cts.of[arg] = fact.push(cts.of[arg], ct, *xs, **node.attrs)
                if masked or fact.masks:
                    cts.masked.add(arg)
            else:
                term = fact.transpose(k, ct, *xs, **node.attrs)
                cts.add(arg, term, masked or fact.masks)
        elif node.op is scale and k == 0:
            # zero where the tangent was, and that zero has to survive an infinity further up
            t = xs[1]
            cts.add(arg, scale(t, ct) if masked else scale(ct, t), True)
        elif isinstance(fact, Bilinear):
            cts.add(arg, fact.transpose(k, ct, *xs, **node.attrs), masked)
        elif isinstance(fact, Rule):
            cts.add(arg, fact.vjp(k, ct, *xs, ans, **node.attrs), masked)
        else:
            if not isinstance(fact, Reduction):
                raise missing_fact("reverse mode", node.op, node.loc)
            axes = node.attrs["axes"]
            weights = fact.weights(xs[0], ans, axes)
            cts.add(arg, product(weights, spread(ct, xs[0], axes), masked), True)


def linearize(graph: Graph, count: int) -> At:
    """The derivative with respect to the first `count` inputs, to be pulled; and to be pushed, as
    the pull is linear in the cotangent and its own pull is J again."""
    active = [k < count for k in range(len(graph.params))]
    joint = vjp(graph, active)
    n = len(graph.outputs)
    floats = [t for t in graph.types if t.differentiable]

    @cache
    def twice() -> Graph:
        pulled = Graph(joint.name, joint.params, joint.nodes, joint.outputs[n:])
        return vjp(pulled, [False] * len(graph.params) + [True] * len(floats))

    @cache
    def pulling() -> Callable[[Sequence[Any], Run], Many]:
        return many(restrict(joint, joint.outputs[n:]), len(graph.params))

    def at(inputs: Sequence[Any], run: Run) -> LinearMap:
        def pull(cts: list[Any]) -> tuple[list[Any], list[Any]]:
            out = run(joint, [*inputs, *cts])
            return out[:n], out[n:]

        def push(dxs: list[Any]) -> tuple[list[Any], list[Any]]:
            zero_cts = [np.zeros(t.shape, t.dtype.numpy) for t in floats]
            pushed = run(twice(), [*inputs, *zero_cts, *dxs])[len(joint.outputs) - n :]
            return run(graph, inputs), pushed

        def pulls() -> Many:
            return pulling()(inputs, run)

        return LinearMap(graph.types, lambda: run(graph, inputs), push, pull, pulls=pulls)

    return at
