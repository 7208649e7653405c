"""What calls without `jit` keep for one another.

Such a call records its function anew, since Python may take another branch or see another number.
Mostly it does not, and what is recorded is the program of the call before. So programs are known by
their structure (`graph.structure`), and what was made of one, its derivative, its preparation for
the interpreter, is there for the next that is equal. Large constants are parameters, and take no
part; numbers do, until they change.

The programs used last are kept, as many as fit. Nothing of a call's arguments is.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from .backends.interpreter import prepare
from .graph import Graph, Lit
from .graph.recent import Recent
from .graph.structure import Structure, lifted, numbers, structure
from .tracing import Program, apply

T = TypeVar("T")
Arrays = list[Any]


class Kept:
    """A program, and what has been made of it, each thing once."""

    __slots__ = ("_made", "graph")

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._made: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` returned when this was first asked for. Of two threads that ask at once both
        may make it; one is kept."""
        found = self._made.get(key)
        return self._made.setdefault(key, make()) if found is None else found

    def run(self, graph: Graph, inputs: Sequence[Any]) -> Arrays:
        """The results of a graph that belongs to the program, prepared once; with a traced input,
        the graph is inlined."""
        return apply(graph, inputs, self._execute)

    def _execute(self, graph: Graph, inputs: Sequence[Any]) -> Arrays:
        return self.once(graph, lambda: prepare(graph))(inputs)


KEPT: Recent[Structure, Kept] = Recent(100_000)  # parts of structures, about six a node
"""The programs used last, by structure."""


def kept_for(program: Program) -> tuple[Kept, Arrays]:
    """What is kept for a recorded program, and the arrays that its graph takes after the inputs of
    the program. A program is kept with its numbers, which simplify its derivative. When it comes
    with others, they are parameters from then on."""
    if program.compared is None:
        return Kept(program.graph), []
    exact, large = program.compared
    kept = KEPT.get(exact)
    if kept is not None:
        return kept, values(large)
    free = numbers(program.graph)
    found = structure(program.graph, free) if free else None
    if found is not None:
        kept = KEPT.get(found[0])
        if kept is not None:
            return kept, values(found[1])
        keep(found[0], Kept(lifted(program.graph, found[1])))
    return keep(exact, Kept(lifted(program.graph, large))), values(large)


def keep(key: Structure, kept: Kept) -> Kept:
    """Remember what is made of a program."""
    KEPT.put(key, kept, key.weight)
    return kept


def values(literals: Sequence[Lit]) -> Arrays:
    """Literals as arguments."""
    return [lit.value[()] for lit in literals]
