"""Graphs as text: typed single assignments with stable names, the same on every run.

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
from collections.abc import Iterator
from string import ascii_lowercase
from typing import TYPE_CHECKING

from .atoms import Atom, Lit, Var

if TYPE_CHECKING:
    from .graph import Graph, Node


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
