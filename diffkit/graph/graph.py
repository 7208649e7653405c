"""The graph: a list of typed single assignments, in order, with regions (isolated graphs) inside.

    graph   graph NAME(param: type, ...) -> (type, ...) { node* return atom, ... }
    node    var: type, ... = OP(atom, ...) {attr=value, ...} region*
    atom    a variable or a literal

Everything is frozen; a transform makes a new graph by re-emitting nodes through a `Builder`. A node
keeps the place in the user's file that caused it.

Text: typed single assignments with stable names, the same on every run.

    graph f(x: f64[3]) -> (f64[]) {
      a: f64[3] = sin(x)    # model.py:7
      b: f64[] = sum(a) {axes=(0,)}
      return b
    }

Parameters keep their names in the user's function; other values are a, b, …, z, a1, b1, …. A
literal of more than 64 elements shows only its type.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any, TypeAlias

from ..types import Type
from .atoms import Atom, Lit, Loc, Var
from .op import Op

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


# --- text ----------------------------------------------------------------------------------------


def to_text(graph: Graph, locations: bool = False) -> str:
    """The graph as text; with `locations`, each line ends with the user's file and line."""
    names = name_all(graph)
    params = ", ".join(f"{names[p]}: {p.type}" for p in graph.params)
    types = ", ".join(str(t) for t in graph.types)
    body = [f"  {line(node, names, locations)}" for node in graph.nodes]
    results = ", ".join(show(atom, names) for atom in graph.outputs)
    head = f"graph {graph.name}({params}) -> ({types}) {{"
    return "\n".join([head, *body, f"  return {results}", "}"])


def line(node: Node, names: dict[Var, str], locations: bool = False) -> str:
    """One node as text."""
    outs = ", ".join(f"{names[out]}: {out.type}" for out in node.outs)
    args = ", ".join(show(arg, names) for arg in node.args)
    attrs = ", ".join(f"{key}={value}" for key, value in sorted(node.attrs.items()))
    where = f"    # {os.path.basename(node.loc.file)}:{node.loc.line}" if node.loc else ""
    return (
        f"{outs} = {node.op.name}({args})"
        + (f" {{{attrs}}}" if attrs else "")
        + (where if locations else "")
    )


def name_all(graph: Graph) -> dict[Var, str]:
    """A distinct name for every variable: its hint if it is free, else the next letter."""
    names: dict[Var, str] = {}
    taken: set[str] = set()
    fresh = letters()
    variables = [*graph.params, *(out for node in graph.nodes for out in node.outs)]
    for var in variables:
        if var.hint:
            name = var.hint
            count = 1
            while name in taken:
                count += 1
                name = f"{var.hint}_{count}"
            names[var] = name
            taken.add(name)
    for var in variables:
        if var not in names:
            names[var] = next(name for name in fresh if name not in taken)
    return names


def letters() -> Iterator[str]:
    """a, b, …, z, a1, b1, …"""
    yield from ascii_lowercase
    number = 1
    while True:
        yield from (f"{letter}{number}" for letter in ascii_lowercase)
        number += 1


def show(atom: Atom, names: dict[Var, str]) -> str:
    """A variable's name, or a literal: a number, a short list, or just its type."""
    if isinstance(atom, Var):
        return names.get(atom, atom.hint or "?")  # a broken graph prints, too
    return show_literal(atom)


def show_literal(lit: Lit) -> str:
    """A scalar as a number; a splat as value:type; a small array in full; else the type."""
    value = lit.value
    if value.ndim == 0:
        return repr(value.item())
    if lit.splat is not None:
        return f"{lit.splat!r}:{lit.type}"
    if lit.small:
        return repr(value.tolist()).replace(" ", "")
    return f"const:{lit.type}"
