"""A graph as integers, so that repetition is a matter of array arithmetic.

Each node gets a code: equal codes stand for the same op with the same attributes, operand types,
result types and (in structure) regions. Where a slice starts is not part of the code, since it may
move from step to step. Each variable gets its number in order of definition, parameters first, so
that a value of the next repetition has a number larger by a constant; a literal gets a negative
number, equal for equal constants.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...graph import Atom, Graph, Lit, Node, Var
from ...ops.shape import slice_, slice_add, slice_set
from ...types import Type

Ints: TypeAlias = NDArray[np.int64]

PLACED = (slice_, slice_set, slice_add)
"""The ops that have a place: `start`, `stop`, `step`."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """The nodes of a graph by number."""

    graph: Graph
    codes: Ints
    """What each node does."""
    operands: Ints
    """The numbers of all operands, one node after another; then those of the results."""
    reads: Ints
    """Where the operands of each node start; the last entry is where the results start."""
    defines: Ints
    """The number of the first variable that each node defines; the last entry is the end."""
    variables: Sequence[Var]
    literals: Sequence[Lit]

    def atom(self, number: int) -> Atom:
        return self.variables[number] if number >= 0 else self.literals[-1 - number]


def owners(starts: Ints, values: Ints) -> Ints:
    """Which of consecutive intervals, given by their starts, each value lies in."""
    return np.asarray(np.searchsorted(starts, values, "right"), np.int64) - 1


class Codes:
    """Small integers for things that are compared again and again."""

    def __init__(self) -> None:
        self.known: dict[Hashable, int] = {}
        self.types: dict[int, int] = {}
        self.regions: dict[Graph, int] = {}

    def of(self, thing: Hashable) -> int:
        return self.known.setdefault(thing, len(self.known))

    def of_type(self, type_: Type) -> int:
        """As `of`; most types are the same few objects, whose hash is then not taken again."""
        found = self.types.get(id(type_))
        if found is None:
            found = self.types[id(type_)] = self.of(type_)
        return found

    def of_node(self, node: Node) -> int:
        attrs: tuple[Any, ...] = ()
        if node.op in PLACED:
            attrs = (node.attrs["step"],)
        elif node.attrs:
            attrs = tuple(sorted(node.attrs.items()))
        types = [self.of_type(atom.type) for atom in (*node.args, *node.outs)]
        regions = [self.of_region(region) for region in node.regions]
        return self.of((node.op, attrs, len(node.outs), *types, *regions))

    def of_region(self, region: Graph) -> int:
        """Equal for regions that differ in the names of their variables only."""
        if region not in self.regions:
            number: dict[Var, int] = {p: k for k, p in enumerate(region.params)}
            lines: list[Hashable] = [tuple(p.type for p in region.params)]
            for node in region.nodes:
                place = (node.attrs["start"], node.attrs["stop"]) if node.op in PLACED else ()
                args = tuple(atom_key(arg, number) for arg in node.args)
                lines.append((self.of_node(node), place, args))
                number.update({out: len(number) + k for k, out in enumerate(node.outs)})
            lines.append(tuple(atom_key(atom, number) for atom in region.outputs))
            self.regions[region] = self.of(tuple(lines))
        return self.regions[region]


def atom_key(atom: Atom, number: dict[Var, int]) -> Hashable:
    """A variable by its number, a literal by its value."""
    return atom.key if isinstance(atom, Lit) else number[atom]


def numbered(graph: Graph) -> Numbered:
    """The numbers of a graph."""
    codes = Codes()
    number: dict[Var, int] = {p: k for k, p in enumerate(graph.params)}
    keys: dict[Hashable, int] = {}
    literals: list[Lit] = []
    operands: list[int] = []

    def note(atom: Atom) -> None:
        if isinstance(atom, Var):
            operands.append(number[atom])
            return
        if atom.key not in keys:
            keys[atom.key] = -1 - len(keys)
            literals.append(atom)
        operands.append(keys[atom.key])

    for node in graph.nodes:
        for arg in node.args:
            note(arg)
        for out in node.outs:
            number[out] = len(number)
    for atom in graph.outputs:
        note(atom)
    nodes = graph.nodes
    return Numbered(
        graph,
        np.array([codes.of_node(node) for node in nodes], np.int64),
        np.array(operands, np.int64),
        np.array(list(accumulate((len(node.args) for node in nodes), initial=0)), np.int64),
        np.array(
            list(accumulate((len(n.outs) for n in nodes), initial=len(graph.params))), np.int64
        ),
        list(number),
        literals,
    )
