"""The walk that the passes share: a graph emitted anew, node by node, its regions before it.

A visit says what stands in the place of a node, or None to leave it. A graph in which no node is
replaced is returned as it is, the same object: so a pass that has nothing to do costs nothing
later, and regions that were equal stay equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from ...graph import Atom, Builder, Graph, Node, Var, all_nodes, read
from ...ops.custom import callback
from ...ops.shape import iota
from ..vmap_ops import FAILING

Visit: TypeAlias = Callable[[Builder, Node, list[Atom]], Sequence[Atom] | None]
"""`visit(b, node, operands)`: the atoms of the results, emitted into b; the regions of the node
have been visited."""

ROOM = 4
"""Rows that a pass adds to a loop may take as many times the bytes of the rows already there."""


def rewrite(graph: Graph, visit: Visit, done: dict[Graph, Graph] | None = None) -> Graph:
    """The graph with each node replaced by what a visit says."""
    done = {} if done is None else done
    if graph in done:
        return done[graph]
    b = Builder.like(graph, graph.name)
    env: dict[Var, Atom] = {p: p for p in graph.params}
    changed = False
    for old in graph.nodes:
        node = inside(old, lambda region: rewrite(region, visit, done))
        b.loc = node.loc
        atoms = [read(env, arg) for arg in node.args]
        found = visit(b, node, atoms)
        changed = changed or found is not None or node is not old
        b.loc = node.loc
        outs = again(b, node, atoms) if found is None else found
        env.update(zip(node.outs, outs, strict=True))
    done[graph] = b.finish([read(env, atom) for atom in graph.outputs]) if changed else graph
    return done[graph]


def again(b: Builder, node: Node, atoms: Sequence[Atom]) -> Sequence[Atom]:
    """The node as it is, on other operands."""
    if node.op.regional:
        return b.emit_region(node.op, atoms, node.attrs, node.regions)
    return [b.emit(node.op, atoms, node.attrs)]


def inside(node: Node, change: Callable[[Graph], Graph]) -> Node:
    """The node with changed regions; the node itself where none changes."""
    regions = tuple([change(region) for region in node.regions])
    if all(new is old for new, old in zip(regions, node.regions, strict=True)):
        return node
    return replace(node, regions=regions)


def safe(node: Node) -> bool:
    """Whether a node can neither raise nor run for long, whatever its operands are."""
    if node.op.regional or node.op.name in FAILING:
        return False
    return node.op.name != "pow" or node.out.type.differentiable  # integers refuse x⁻¹


def calls_python(node: Node) -> bool:
    """Whether a callback is called somewhere inside: how often and when is the user's affair."""
    if node.op is callback:
        return True
    return any(inner.op is callback for region in node.regions for inner in all_nodes(region))


def looks(node: Node) -> bool:
    """Whether a node only looks at its operand in another way, or counts."""
    return node.op.view or node.op is iota


def reads(nodes: Sequence[Node], outputs: Sequence[Atom]) -> set[Atom]:
    """All atoms that nodes and results mention."""
    return {*outputs, *(arg for node in nodes for arg in node.args)}
