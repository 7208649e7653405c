"""Text: typed single assignments with stable names, the same on every run.

    graph f(x: f64[3]) -> (f64[]) {
      a: f64[3] = sin(x)    # model.py:7
      b: f64[] = sum(a) {axes=(0,)}
      return b
    }

Parameters keep their names in the user's function; other values are a, b, …, z, a1, b1, …. A
literal of more than 64 elements shows only its type. The operands of control flow are printed in
named groups, its regions below it, indented, with names of their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from string import ascii_lowercase
from typing import TYPE_CHECKING

from .atoms import Atom, Lit, Var
from .op import Region

if TYPE_CHECKING:
    from .graph import Graph, Node


def to_text(graph: Graph, locations: bool = False) -> str:
    """The graph as text; with `locations`, each line ends with the user's file and line."""
    return "\n".join(lines_of(graph, "graph ", "", locations))


def lines_of(graph: Graph, lead: str, indent: str, locations: bool) -> Iterator[str]:
    """The lines of a graph, or of a region inside one."""
    names = name_all(graph)
    params = ", ".join(f"{names[p]}: {p.type}" for p in graph.params)
    types = ", ".join(str(t) for t in graph.types)
    yield f"{indent}{lead}{graph.name}({params}) -> ({types}) {{"
    for node in graph.nodes:
        yield f"{indent}  {line(node, names, locations)}"
        for region in node.regions:
            yield from lines_of(region, "", indent + "    ", locations)
    results = ", ".join(show(atom, names) for atom in graph.outputs)
    yield f"{indent}  return {results}"
    yield indent + "}"


def line(node: Node, names: dict[Var, str], locations: bool = False) -> str:
    """One node as text."""
    outs = ", ".join(f"{names[out]}: {out.type}" for out in node.outs)
    attrs = ", ".join(f"{key}={value}" for key, value in shown_attrs(node))
    where = f"    # {os.path.basename(node.loc.file)}:{node.loc.line}" if node.loc else ""
    return (
        f"{outs} = {node.op.name}({operands(node, names)})"
        + (f" {{{attrs}}}" if attrs else "")
        + (where if locations else "")
    )


def shown_attrs(node: Node) -> list[tuple[str, object]]:
    """The attributes; of control flow those that the groups do not show already, and not the
    absent ones."""
    attrs = sorted(node.attrs.items())
    if not isinstance(node.op.fact, Region):
        return attrs
    counts = ("consts", "carry")
    return [(k, v) for k, v in attrs if k not in counts and v is not None and v is not False]


def operands(node: Node, names: dict[Var, str]) -> str:
    """The operands, those of control flow by group."""
    if not isinstance(node.op.fact, Region):
        return ", ".join(show(arg, names) for arg in node.args)
    groups = node.op.fact.groups(node.args, node.attrs)
    return "; ".join(
        f"{key}: {', '.join(show(arg, names) for arg in args)}"
        for key, args in groups.items()
        if args
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
