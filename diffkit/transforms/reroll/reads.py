"""Reads of the parameters first.

A value that has been read before is not read again, so a loop over x[7k % n] and x[k + 1] reads
sometimes one element in a step, sometimes two or none, and its steps are not alike. They are once
all reads of parameters stand before the loop: each step then only uses values from there.
"""

from __future__ import annotations

from ...graph import Atom, Graph, Lit, Node
from ...ops.index import gather
from ...ops.shape import reshape, slice_

READS = (slice_, gather, reshape)


def reads_first(graph: Graph) -> Graph:
    """The graph with what it reads of its parameters, at known places, in front."""
    known: set[Atom] = set(graph.params)
    first: list[Node] = []
    rest: list[Node] = []
    for node in graph.nodes:
        if node.op in READS and all(isinstance(arg, Lit) or arg in known for arg in node.args):
            first.append(node)
            known.add(node.out)
        else:
            rest.append(node)
    if tuple(first) == graph.nodes[: len(first)]:
        return graph
    return Graph(graph.name, graph.params, (*first, *rest), graph.outputs)
