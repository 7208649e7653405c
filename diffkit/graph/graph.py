"""The graph: a list of typed single assignments, in order, with regions (isolated graphs) inside.

    graph   graph NAME(param: type, ...) -> (type, ...) { node* return atom, ... }
    node    var: type, ... = OP(atom, ...) {attr=value, ...} region*
    atom    a variable or a literal

Everything is frozen; a transform makes a new graph by re-emitting nodes through a `Builder`. A node
keeps the place in the user's file that caused it. A region mentions its own parameters only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..types import Type
from .atoms import Atom, Loc, Var
from .cost import Cost, count
from .op import Op, Region
from .printer import to_text

Attrs: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One application of an op. `regions` are the isolated graphs of a control-flow op."""

    op: Op
    args: tuple[Atom, ...]
    attrs: Attrs
    outs: tuple[Var, ...]
    loc: Loc | None = None
    regions: tuple[Graph, ...] = ()

    @property
    def out(self) -> Var:
        return self.outs[0]

    @property
    def region(self) -> Region:
        """The fact of a control-flow op."""
        assert isinstance(self.op.fact, Region), f"{self.op} has no regions"
        return self.op.fact


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A program: parameters, nodes in order of evaluation, results."""

    name: str
    params: tuple[Var, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[Atom, ...]

    def __str__(self) -> str:
        return to_text(self)

    __repr__ = __str__

    @property
    def types(self) -> tuple[Type, ...]:
        """The types of the results."""
        return tuple(atom.type for atom in self.outputs)

    def cost(self, trips: int = 1) -> Cost:
        """Counted floating-point operations, bytes moved and peak live bytes, loops included.

        A `while` is counted as `trips` steps, as only running tells their number.
        """
        return count(self, trips)


def live_nodes(nodes: Sequence[Node], outputs: Sequence[Atom]) -> list[Node]:
    """The nodes that some output depends on, in order; of a loop or a branch, what of it does."""
    live = {atom for atom in outputs if isinstance(atom, Var)}
    kept: list[Node] = []
    for node in reversed(nodes):
        if node.outs[0] in live or (len(node.outs) > 1 and not live.isdisjoint(node.outs)):
            if node.op.regional:
                node = node.region.prune(node, live)
            kept.append(node)
            live.update([arg for arg in node.args if isinstance(arg, Var)])
    return kept[::-1]


def restrict(graph: Graph, outputs: Sequence[Atom], params: Sequence[Var] | None = None) -> Graph:
    """The part of a graph that computes `outputs`, some of its atoms; by default of all params."""
    kept = graph.params if params is None else tuple(params)
    return Graph(graph.name, kept, tuple(live_nodes(graph.nodes, outputs)), tuple(outputs))


def used_params(graph: Graph) -> set[Var]:
    """The parameters that a graph without dead code reads."""
    used = {arg for node in graph.nodes for arg in node.args if isinstance(arg, Var)}
    used.update(atom for atom in graph.outputs if isinstance(atom, Var))
    return used & set(graph.params)


def all_nodes(graph: Graph) -> Iterator[Node]:
    """The nodes of a graph and of all regions inside."""
    for node in graph.nodes:
        yield node
        for region in node.regions:
            yield from all_nodes(region)
