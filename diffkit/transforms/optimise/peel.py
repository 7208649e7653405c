"""Peeling: a loop of so few and so small steps that it costs less without the loop.

A scan of length 0 is its starting values and no rows, one of length 1 its body. Scans of up to 4
steps are written out if their body, with all regions inside, has at most 8 nodes; so a graph grows
by 32 nodes a loop at most, and a nest is peeled from inside until it is too large. Row k of xs
becomes a view, the rows of ys are stacked. The same operations in the same order: results are
equal bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from ...graph import Atom, Builder, Graph, Node, all_nodes
from ...ops import Expr
from ...ops.region import scan, scan_groups
from ...ops.shape import reshape, stack, zeros
from ..unroll import row
from .rewrite import calls_python, rewrite

STEPS = 4
NODES = 8


def peel(graph: Graph) -> Graph:
    """The graph with tiny loops written out."""
    return rewrite(graph, write_out)


def tiny(node: Node) -> bool:
    """Whether a node is a loop to write out."""
    if node.op is not scan or node.attrs["length"] is None or node.attrs["length"] > STEPS:
        return False
    few = len(list(islice(all_nodes(node.regions[0]), NODES + 1))) <= NODES
    return node.attrs["length"] <= 1 or (few and not calls_python(node))


def write_out(b: Builder, node: Node, atoms: Sequence[Atom]) -> list[Atom] | None:
    """One copy of the body for each step."""
    if not tiny(node):
        return None
    (body,), count, length = node.regions, node.attrs["carry"], node.attrs["length"]
    groups = scan_groups(atoms, node.attrs)
    carry, rows = list(groups.carry), dict[int, list[Atom]]()
    for k in reversed(range(length)) if node.attrs["reverse"] else range(length):
        xs = [row(Expr(b, x), k) for x in groups.xs]
        out = b.inline(body, [*groups.consts, *carry, *xs])
        carry, rows[k] = out[:count], out[count:]
    ys = [
        joined(b, [Expr(b, rows[k][j]) for k in range(length)], out).atom
        for j, out in enumerate(node.outs[count:])
    ]
    return [*carry, *ys]


def joined(b: Builder, parts: Sequence[Expr], out: Atom) -> Expr:
    """The rows as one array."""
    if not parts:
        return zeros(b, out.type)
    return reshape(parts[0], shape=out.type.shape) if len(parts) == 1 else stack(*parts, axis=0)
