"""Joined rows as stacks.

`np.vstack(states)` gives each state an axis of length one and joins them along it; that is the
stack of the states. Only the stack is recognised as the rows of a loop.
"""

from __future__ import annotations

from dataclasses import replace

from ...graph import Atom, Graph, Lit, Node, Var, live_nodes
from ...ops.shape import concatenate, reshape, stack

FEWEST = 4


def joined_as_stacks(graph: Graph) -> Graph:
    """The graph with stacks in place of joined rows; the same graph if there are none."""
    if not any(node.op is concatenate and len(node.args) >= FEWEST for node in graph.nodes):
        return graph
    made = {node.out: node for node in graph.nodes if node.op is reshape}
    nodes = [as_stack(node, made) for node in graph.nodes]
    if all(new is old for new, old in zip(nodes, graph.nodes, strict=True)):
        return graph
    return replace(graph, nodes=tuple(live_nodes(nodes, graph.outputs)))


def as_stack(node: Node, made: dict[Var, Node]) -> Node:
    """A concatenation of rows as their stack; another node as it is."""
    if node.op is not concatenate or len(node.args) < FEWEST:
        return node
    axis = node.attrs["axis"]
    rows = [row_of(arg, axis, made) for arg in node.args]
    found = [row for row in rows if row is not None]
    if len(found) < len(rows):
        return node
    return replace(node, op=stack, args=tuple(found))


def row_of(atom: Atom, axis: int, made: dict[Var, Node]) -> Atom | None:
    """What an atom was before it got an axis of length one here."""
    source = None if isinstance(atom, Lit) or atom not in made else made[atom].args[0]
    shape = atom.type.shape
    fits = source is not None and source.type.shape == (*shape[:axis], *shape[axis + 1 :])
    return source if fits and shape[axis] == 1 else None
