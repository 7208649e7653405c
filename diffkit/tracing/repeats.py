"""Recordings that repeat the one before.

A call without `jit` records its function each time, since Python may do something else each time.
Mostly it does the same. So the builder is shown what the last call of the function recorded: the
node that it is about to make, of the same operands on the same line, it takes from there. A
recording that was the same to its end is the same graph, whose structure is known. What differs is
made as ever, and so is all that depends on it.

Graphs that share nodes share variables, which is safe for recordings that never meet: those of the
outermost trace, in which every value belongs to one call. A recording with a large constant is not
kept, since that is the user's data.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from ..graph import Atom, Builder, Graph
from ..graph.builder import Earlier
from ..graph.recent import Recent
from ..graph.structure import Compared, Structure, structure

MOST = 100_000
"""Parts of structures, of which a node has about six."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a function recorded at a signature."""

    earlier: Earlier
    outputs: list[Atom]
    graph: Graph
    structure: Structure


REPEATS: Recent[Hashable, Recording] = Recent(MOST)
"""The last recording of each function at each signature."""


def finished(
    builder: Builder, outputs: list[Atom], key: Hashable, before: Recording | None
) -> tuple[Graph, Compared | None]:
    """The graph of a recording, and its structure where it has one: those of the recording before
    if this was the same."""
    if before is not None and before.earlier.is_again(builder) and before.outputs == outputs:
        return before.graph, (before.structure, [])
    graph = builder.finish(outputs)
    if len(builder.nodes) > MOST // 6:
        return graph, None
    compared = structure(graph)
    if compared is not None and is_plain(builder, graph, compared):
        recording = Recording(Earlier.of(builder), outputs, graph, compared[0])
        REPEATS.put(key, recording, compared[0].weight)
    return graph, compared


def is_plain(builder: Builder, graph: Graph, compared: Compared) -> bool:
    """Whether nothing that was recorded, used or not, holds data or functions of the user's."""
    nodes = tuple(builder.nodes)
    if nodes == graph.nodes:
        return not compared[1]
    whole = structure(Graph(graph.name, graph.params, nodes, graph.outputs))
    return whole is not None and not whole[1]
