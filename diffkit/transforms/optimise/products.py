"""Products of rows with constants, all at once before the loop.

In a scan, einsum(x_t, W) with x_t a row and W constant does for each t what one product of matrices
does for all:

    for t: h = tanh(x_t W + h U)        A = X W; for t: h = tanh(a_t + h U)

x_t may also be computed from rows alone, by ops that work on lanes and cannot fail; then these move
along, as `vmap` would write them (a row is a lane). The rows of the result are further xs. They,
and what is needed on the way, may take as much memory as the constant and four times the rows that
the loop has already. A matrix product may add in another order: results agree to rounding, of the
order of 1e-13 relative to the sum of the absolute values of the terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from ...graph import Atom, Builder, Graph, Lit, Node, Var, live_nodes
from ...graph.graph import size as size_of
from ...ops import Expr
from ...ops.contract import einsum, split
from ...ops.region import Scan, body_groups, scan, scan_groups
from ...types import Type
from ..vmap_ops import RULES, Lanes, lift
from .rewrite import ROOM, looks, reads, rewrite, safe


def products(graph: Graph) -> Graph:
    """The graph with the products of rows before its loops."""
    return rewrite(graph, ahead)


class Chain(NamedTuple):
    """What a body computes of constants and rows alone."""

    nodes: list[Node]
    by_row: set[Var]
    """Which values differ from row to row."""
    wanted: set[Node]
    """The products to move."""


def bytes_of(types: Sequence[Type]) -> int:
    return sum(size_of(t, 1) for t in types)


def sums_something(spec: str) -> bool:
    """Whether a product adds up anything: then many at once are cheaper."""
    left, right, out = split(spec)
    return not set(left + right) <= set(out)


def ahead(b: Builder, node: Node, atoms: Sequence[Atom]) -> list[Atom] | None:
    """The products of rows, then the loop."""
    if node.op is not scan or not node.attrs["length"]:
        return None
    (body,), length = node.regions, node.attrs["length"]
    params = body_groups(body.params, node.attrs)
    chain = rows_alone(node, params)
    rest = live_nodes([inner for inner in body.nodes if inner not in chain.wanted], body.outputs)
    used = reads(rest, body.outputs)
    crossing = [inner.out for inner in body.nodes if inner in chain.wanted and inner.out in used]
    if not crossing:
        return None
    operands = scan_groups(atoms, node.attrs)
    env = dict(zip((*params.consts, *params.xs), (*operands.consts, *operands.xs), strict=True))
    for inner in live_nodes(chain.nodes, crossing):
        b.loc = inner.loc or node.loc
        xs = [Expr(b, arg if isinstance(arg, Lit) else env[arg]) for arg in inner.args]
        on = [arg in chain.by_row for arg in inner.args]
        whole = lift(Lanes(length), inner, xs, on) if any(on) else inner.op(*xs, **inner.attrs)
        env[inner.out] = whole.atom
    b.loc = node.loc
    region = replace(body, params=(*body.params, *crossing), nodes=tuple(rest))
    rows = [env[var] for var in crossing]
    return list(b.emit_region(scan, [*atoms, *rows], node.attrs, (region,)))


def rows_alone(node: Node, params: Scan) -> Chain:
    """Follow the rows through the body, and choose the products that there is room for."""
    (body,), length = node.regions, node.attrs["length"]
    by_row, known = set(params.xs), {*params.consts, *params.xs}
    room = ROOM * length * bytes_of([p.type for p in params.xs])
    room += ROOM * length * bytes_of(body.types[node.attrs["carry"] :])
    weight: dict[Atom, int] = {}  # bytes of all rows on the way to a value
    nodes: list[Node] = []
    wanted: set[Node] = set()
    for inner in body.nodes:
        lifts = safe(inner) and (inner.op.lead is not None or inner.op.name in RULES)
        # a count has no operand to be a handle; it stays
        if not lifts or not inner.args:
            continue
        if not all(isinstance(arg, Lit) or arg in known for arg in inner.args):
            continue
        on = [arg in by_row for arg in inner.args]
        nodes.append(inner)
        known.add(inner.out)
        if not any(on):
            continue
        by_row.add(inner.out)
        own = 0 if looks(inner) else length * bytes_of([inner.out.type])
        weight[inner.out] = min(own + sum(weight.get(arg, 0) for arg in inner.args), 1 << 62)
        if inner.op is einsum and not all(on) and sums_something(inner.attrs["spec"]):
            constant = inner.args[on.index(False)]
            if weight[inner.out] <= room + bytes_of([constant.type]):
                room -= weight[inner.out]
                weight[inner.out] = 0
                wanted.add(inner)
    return Chain(nodes, by_row, wanted)
