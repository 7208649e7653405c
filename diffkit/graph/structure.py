"""What two recorded graphs have in common if they are the same program.

Variables are equal to themselves only, so two recordings of one function share nothing. Their
structure is what remains when variables are numbered in order: ops, operands, attributes, types,
the user's lines, literals by content, regions likewise. Graphs of one structure compute the same,
fail on the same line and have the same derivative, so that what was made of one serves the other.

A large literal does not take part with its content, which would cost more to compare than to use:
`lifted` makes it one more parameter. So it can numbers that are others each time. Attributes that
are not plain data (functions, rules) can not be compared at all; such a graph has no structure.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence, Set
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from ..types import DType, Type
from .atoms import Atom, Lit, Var
from .graph import Attrs, Graph

PLAIN = frozenset({int, bool, str, bytes, type(None), DType, Type})


class Structure:
    """A structure, to be looked up: equal if all parts are. It knows its own hash."""

    __slots__ = ("_hash", "parts", "weight")

    def __init__(self, parts: tuple[Hashable, ...]) -> None:
        self.parts = parts
        self.weight = len(parts)
        """How long it is, which says how much a program takes to keep."""
        self._hash = hash(parts)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Structure) and self.parts == other.parts)


class NoStructureError(Exception):
    """Something in a graph can not be compared."""


Compared: TypeAlias = tuple[Structure, list[Lit]]
"""A structure, and the literals that it leaves open."""


def structure(graph: Graph, free: Set[Lit] = frozenset()) -> Compared | None:
    """The structure, and the literals that it leaves open, in order: the large ones, and those that
    are `free`. None for a graph that can not be compared."""
    left: dict[Lit, int] = {}
    try:
        return Structure(tuple(parts_of(graph, free, left))), list(left)
    except NoStructureError:
        return None


def numbers(graph: Graph) -> set[Lit]:
    """The numbers of a program that may as well be parameters: no rule looks at their values, but
    to leave out what has no effect."""
    used = {(arg, node.op.name in ARITHMETIC) for node in graph.nodes for arg in node.args}
    found = {arg for arg, simple in used if simple and isinstance(arg, Lit) and is_number(arg)}
    return found - {arg for arg, simple in used if not simple}


ARITHMETIC = frozenset({"add", "sub", "mul", "div"})


def is_number(lit: Lit) -> bool:
    """Whether a literal is one floating-point number."""
    return not lit.type.shape and lit.type.dtype.kind == "f"


def parts_of(graph: Graph, free: Set[Lit], left: dict[Lit, int] | None) -> list[Hashable]:
    """The parts of a structure. Each node says how many operands follow, so that no two lists of
    nodes read alike. Inside regions, without `left`, a large literal can not be compared."""
    number: dict[Atom, int] = {param: k for k, param in enumerate(graph.params)}
    parts: list[Hashable] = [graph.name, len(number)]
    parts += [(p.type, p.hint) for p in graph.params]

    def operand(atom: Atom) -> Hashable:
        if isinstance(atom, Var):
            return number[atom]
        if atom.small and atom not in free:
            return atom.key
        if left is None:
            raise NoStructureError
        return (atom.type, left.setdefault(atom, len(left)))

    for node in graph.nodes:
        parts += (node.op, node.loc, len(node.args))
        parts += [number[arg] if arg in number else operand(arg) for arg in node.args]
        if node.attrs:
            parts.append(key_of_attrs(node.attrs))
        for region in node.regions:
            inside = parts_of(region, frozenset(), None)
            parts += (len(inside), *inside)
        for out in node.outs:
            number[out] = len(number)
    parts.append(len(graph.outputs))
    parts += [operand(atom) for atom in graph.outputs]
    return parts


def key_of_attrs(attrs: Attrs) -> Hashable:
    """Attributes as a key that tells 1 from True and 0.0 from -0.0."""
    return tuple([(name, key_of_value(value)) for name, value in sorted(attrs.items())])


def same_attrs(first: Attrs, second: Attrs) -> bool:
    """Whether attributes are known to be the same."""
    try:
        return key_of_attrs(first) == key_of_attrs(second)
    except NoStructureError:
        return False


def key_of_value(value: Any) -> Hashable:
    """An attribute as a key."""
    kind: Any = type(value)  # pyright: ignore[reportUnknownVariableType]
    if kind is tuple:
        return tuple([key_of_value(item) for item in value])
    if kind is float:
        return (kind, value.hex())
    if kind in PLAIN:
        return (kind, value)
    if isinstance(value, np.dtype):
        return ("dtype", value.str)
    raise NoStructureError


def lifted(graph: Graph, literals: Sequence[Lit]) -> Graph:
    """The graph with these literals as further parameters."""
    if not literals:
        return graph
    var: dict[Atom, Atom] = {lit: Var(lit.type) for lit in literals}
    nodes = [replace(node, args=tuple([var.get(a, a) for a in node.args])) for node in graph.nodes]
    outputs = tuple([var.get(a, a) for a in graph.outputs])
    added = [atom for atom in var.values() if isinstance(atom, Var)]
    return Graph(graph.name, (*graph.params, *added), tuple(nodes), outputs)
