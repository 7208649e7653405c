"""The graph: a list of typed single assignments, in order, with regions (isolated graphs) inside.

    graph   graph NAME(param: type, ...) -> (type, ...) { node* return atom, ... }
    node    var: type, ... = OP(atom, ...) {attr=value, ...} region*
    atom    a variable or a literal

Everything is frozen; a transform makes a new graph by re-emitting nodes through a `Builder`. A node
keeps the place in the user's file that caused it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..types import Type
from .atoms import Atom, Loc, Var
from .op import Op
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


def live_nodes(nodes: Sequence[Node], outputs: tuple[Atom, ...]) -> list[Node]:
    """The nodes that some output depends on, in order."""
    live = {atom for atom in outputs if isinstance(atom, Var)}
    kept: list[Node] = []
    for node in reversed(nodes):
        if any(out in live for out in node.outs):
            kept.append(node)
            live.update(arg for arg in node.args if isinstance(arg, Var))
    return kept[::-1]
