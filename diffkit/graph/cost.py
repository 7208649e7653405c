"""What a graph costs, counted from its text: operations, bytes moved, and memory at its peak.

An elementary function of one element is one operation, a product of matrices 2mnk, a sum of n
elements n; moving data costs none. Each op reads its operands and writes its result once, views
move nothing. A value is live from the node that makes it to the last that reads it, or that reads
a view of it. A loop costs its steps; it holds its results and the most that one step needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..types import Type
from .atoms import Atom, Lit, Var
from .op import Region

if TYPE_CHECKING:
    from .graph import Graph, Node


@dataclass(frozen=True, slots=True)
class Cost:
    """The counts of one evaluation."""

    flops: int
    """Floating-point operations."""
    bytes: int
    """Bytes read and written by the ops."""
    peak: int
    """The most bytes of arguments, constants and values that are live at once."""


def size(type_: Type, trips: int) -> int:
    """The bytes of a value; a tape has a row for each step of its loop."""
    return type_.size * type_.dtype.numpy.itemsize * (trips if type_.tape else 1)


def count(graph: Graph, trips: int) -> Cost:
    """The cost of a graph in which each `while` takes `trips` steps."""
    last = last_readers(graph)
    held = sum(size(p.type, trips) for p in graph.params)
    held += sum(size(lit.type, trips) for lit in literals(graph))
    peak, flops, moved = held, 0, 0
    for index, node in enumerate(graph.nodes):
        inside = node_cost(node, trips)
        flops += inside.flops
        moved += inside.bytes
        if not node.op.view:
            held += sum(size(out.type, trips) for out in node.outs)
        peak = max(peak, held + inside.peak)
        held -= sum(size(var.type, trips) for var in last.get(index, ()))
    return Cost(flops, moved, peak)


def node_cost(node: Node, trips: int) -> Cost:
    """The cost of a node; the peak is what it needs besides operands and results."""
    touched = sum(size(atom.type, trips) for atom in (*node.args, *node.outs))
    if not isinstance(node.op.fact, Region):
        flops = node.op.flops(node.out.type, *[arg.type for arg in node.args], **node.attrs)
        return Cost(flops, 0 if node.op.view else touched, 0)
    known = node.op.fact.trips(node.attrs)
    steps = trips if known is None else known
    regions = [count(region, trips) for region in node.regions]
    own = [
        cost.peak - sum(size(p.type, trips) for p in region.params)
        for cost, region in zip(regions, node.regions, strict=True)
    ]
    together = max if node.op.name == "cond" else sum
    return Cost(
        steps * together(c.flops for c in regions),
        steps * together(c.bytes for c in regions) + touched,
        max(own),
    )


def literals(graph: Graph) -> set[Lit]:
    """The constants that a graph mentions."""
    atoms = [*graph.outputs, *(arg for node in graph.nodes for arg in node.args)]
    return {atom for atom in atoms if isinstance(atom, Lit)}


def last_readers(graph: Graph) -> dict[int, list[Var]]:
    """For each node, the values (not views) that nobody reads after it."""
    owner: dict[Atom, Atom] = {}
    last: dict[Var, int] = {}
    for index, node in enumerate(graph.nodes):
        for out in node.outs:
            looks_into = node.args[0] if node.op.view else out
            owner[out] = owner.get(looks_into, looks_into)
        for atom in (*node.args, *node.outs):
            root = owner.get(atom, atom)
            if isinstance(root, Var):
                last[root] = index
    kept = {owner.get(atom, atom) for atom in graph.outputs} | set(graph.params)
    dead: dict[int, list[Var]] = {}
    for var, index in last.items():
        if var not in kept:
            dead.setdefault(index, []).append(var)
    return dead


def flops(graph: Graph) -> int:
    """The floating-point operations alone, a `while` counted as one step."""
    return count(graph, 1).flops


def node_flops(node: Node) -> int:
    """The floating-point operations of one node."""
    return node_cost(node, 1).flops
