"""Partition: a program cut into what can run early and what is left.

Some parameters are given early. Everything that depends on them alone is the first graph, the rest
is the second, and the values that cross are the residuals. Of the joint graph of the reverse mode,
given the primals, the first part is the function itself with what its derivative needs, the second
is linear in the cotangents: that is a vjp closure. Whether a value crosses or is computed again is
a matter of cost: what takes no arithmetic, or one operation an element on values that cross anyway,
is computed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..graph import Atom, Elementwise, Graph, Node, Var, live_nodes, node_flops, restrict
from ..ops.shape import iota


class Parts(NamedTuple):
    """A graph in two parts."""

    first: Graph
    """(given params) -> (the outputs known early, residuals)."""
    second: Graph
    """(residuals, the other params) -> the other outputs."""
    early: tuple[bool, ...]
    """Which outputs of the whole the first part gives."""


def partition(graph: Graph, given: Sequence[bool]) -> Parts:
    """Cut a graph by its parameters."""
    known = {p for p, on in zip(graph.params, given, strict=True) if on}
    for node in graph.nodes:
        if all(not isinstance(arg, Var) or arg in known for arg in node.args):
            known.update(node.outs)
    early = tuple(not isinstance(atom, Var) or atom in known for atom in graph.outputs)
    late_outputs = [atom for atom, on in zip(graph.outputs, early, strict=True) if not on]
    residuals, again = crossing(graph, known, late_outputs)
    first_outputs = [atom for atom, on in zip(graph.outputs, early, strict=True) if on]
    params = tuple(p for p, on in zip(graph.params, given, strict=True) if on)
    rest = tuple(p for p, on in zip(graph.params, given, strict=True) if not on)
    first = restrict(graph, [*first_outputs, *residuals], params)
    late = [node for node in graph.nodes if node.out not in known or node.out in again]
    nodes = tuple(live_nodes(late, late_outputs))
    second = Graph(f"{graph.name}_rest", (*residuals, *rest), nodes, tuple(late_outputs))
    return Parts(first, second, early)


def crossing(
    graph: Graph, known: set[Var], late_outputs: Sequence[Atom]
) -> tuple[list[Var], set[Var]]:
    """The values to keep, and those to compute again from them."""
    needed: dict[Var, None] = {}
    for node in live_nodes(graph.nodes, late_outputs):
        if node.out not in known:
            needed.update({a: None for a in node.args if isinstance(a, Var) and a in known})
    again: set[Var] = set()
    for node in reversed(graph.nodes):
        if node.out in needed and free(node):
            again.add(node.out)
            del needed[node.out]
            needed.update({arg: None for arg in node.args if isinstance(arg, Var)})
    for node in reversed(graph.nodes):
        if node.out in needed and cheap(node, needed):
            again.add(node.out)
            del needed[node.out]
    order = [*graph.params, *(out for node in graph.nodes for out in node.outs)]
    return [var for var in order if var in needed], again


def free(node: Node) -> bool:
    """Whether a node only looks at its operand in another way, or counts."""
    return node.op.view or node.op is iota


def cheap(node: Node, kept: dict[Var, None]) -> bool:
    """Whether a node costs one operation an element, on values that are kept anyway."""
    if not isinstance(node.op.fact, Elementwise) or node_flops(node) > node.out.type.size:
        return False
    if node.op.name not in ("add", "sub", "mul", "neg", "square"):
        return False
    return all(arg in kept for arg in node.args if isinstance(arg, Var))
