"""Vectorisation: `batch(graph, …)` is the graph of many evaluations at once, its lanes.

One walk along the nodes. A value that differs between lanes has a new axis 0 of their number, a
value that does not stays as it is and costs what it did: whatever depends on shared operands alone
is computed once. How an op works on lanes stands in its row (`Op.lead`) or in `vmap_ops`; control
flow is in `vmap_regions`. As everywhere, the result is a graph: it differentiates, prints, and
vectorises again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..graph import Atom, Builder, Graph, Var, paused_collector, read
from ..ops import Expr
from ..types import b1
from . import vmap_regions as regions
from .vmap_ops import FAILING, Lanes, lift, spread, with_lanes


class Batched(NamedTuple):
    """A graph on lanes, and which of its outputs differ between them."""

    graph: Graph
    on: list[bool]


@paused_collector()
def batch(
    graph: Graph,
    batched: Sequence[bool],
    size: int,
    wanted: Sequence[bool] | None = None,
    masked: bool = False,
) -> Batched:
    """The graph in which the `batched` parameters have a new axis 0 of length `size`.

    An output has that axis if it depends on one of them, or if it is `wanted`. A `masked` graph has
    a first parameter `active: b1[size]`: the lanes that are at work. What it computes for the
    others is to be thrown away; it may be nan, but raises no error.
    """
    b = Builder(f"{graph.name}_vmap")
    lanes = Lanes(size, Expr(b, b.param(b1[size], "active").atom) if masked else None)
    env: dict[Var, Atom] = {}
    differs: set[Atom] = set()
    """The variables of `graph` whose values differ between lanes."""
    for param, on in zip(graph.params, batched, strict=True):
        type_ = with_lanes(param.type, size) if on else param.type
        env[param] = b.param(type_, param.hint).atom
        if on:
            differs.add(param)
    for node in graph.nodes:
        b.loc = node.loc
        xs = [Expr(b, read(env, arg)) for arg in node.args]
        on = [arg in differs for arg in node.args]
        if node.op.regional:
            outs, flags = regions.lift(b, lanes, node, xs, on, batch)
            env.update(zip(node.outs, outs, strict=True))
            differs.update(out for out, yes in zip(node.outs, flags, strict=True) if yes)
            continue
        guarded = masked and node.op.name in FAILING
        if any(on) or guarded:
            env[node.out] = lift(lanes, node, xs, on).atom
        else:
            env[node.out] = b.emit(node.op, [x.atom for x in xs], node.attrs)
        if any(on):
            want = with_lanes(node.out.type, size)
            assert env[node.out].type == want, f"{node.op} on lanes: {env[node.out].type}"
            differs.add(node.out)
    b.loc = None
    flags = [atom in differs for atom in graph.outputs]
    outputs = [read(env, atom) for atom in graph.outputs]
    if wanted is not None:
        rows = list(zip(outputs, flags, wanted, strict=True))
        outputs = [spread(Expr(b, a), on or not yes, size).atom for a, on, yes in rows]
        flags = [on or yes for _, on, yes in rows]
    return Batched(b.finish(outputs), flags)
