"""The graph: a list of typed single assignments, in order, with regions (isolated graphs) inside.

    graph   graph NAME(param: type, ...) -> (type, ...) { node* return atom, ... }
    node    var: type, ... = OP(atom, ...) {attr=value, ...} region*
    atom    a variable or a literal

Everything is frozen; a transform makes a new graph by re-emitting nodes through a `Builder`. A node
keeps the place in the user's file that caused it. A region mentions its own parameters only.

Text: typed single assignments with stable names, the same on every run.

    graph f(x: f64[3]) -> (f64[]) {
      a: f64[3] = sin(x)    # model.py:7
      b: f64[] = sum(a) {axes=(0,)}
      return b
    }

Parameters keep their names in the user's function; other values are a, b, …, z, a1, b1, …. A
literal of more than 64 elements shows only its type. The operands of control flow are printed in
named groups, its regions below it, indented, with names of their own.

Cost: an elementary function of one element is one operation, a product of matrices 2mnk, a sum of n
elements n; moving data costs none. Each op reads its operands and writes its result once, views
move nothing. A value is live from the node that makes it to the last that reads it, or that reads a
view of it. A loop costs its steps; it holds its results and the most that one step needs.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any, TypeAlias

from ..types import Type
from .atoms import Atom, Lit, Loc, Var
from .op import Op, Region

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


@dataclass(frozen=True, slots=True)
class Cost:
    """The counts of one evaluation."""

    flops: int
    """Floating-point operations."""
    bytes: int
    """Bytes read and written by the ops."""
    peak: int
    """The most bytes of arguments, constants and values that are live at once."""


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
    live = set(outputs)
    kept: list[Node] = []
    for node in reversed(nodes):
        if node.outs[0] in live or (len(node.outs) > 1 and not live.isdisjoint(node.outs)):
            if node.op.regional:
                node = node.region.prune(node, live)
            kept.append(node)
            live.update(node.args)
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


# --- text ----------------------------------------------------------------------------------------


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


# --- cost ----------------------------------------------------------------------------------------


def size(type_: Type, trips: int) -> int:
    """The bytes of a value; a tape has a row for each step of its loop."""
    return type_.size * type_.dtype.numpy.itemsize * (trips if type_.tape else 1)


def count(graph: Graph, trips: int) -> Cost:
    """The cost of a graph in which each `while` takes `trips` steps."""
    last = last_readers(graph)
    held = sum(size(p.type, trips) for p in graph.params)
    held += sum(size(lit.type, trips) for lit in literals(graph))
    peak, flops, moved = held, 0, 0
    for index, node in enumerate(graph.nodes):
        inside = node_cost(node, trips)
        flops += inside.flops
        moved += inside.bytes
        if not node.op.view:
            held += sum(size(out.type, trips) for out in node.outs)
        peak = max(peak, held + inside.peak)
        held -= sum(size(var.type, trips) for var in last.get(index, ()))
    return Cost(flops, moved, peak)


def node_cost(node: Node, trips: int) -> Cost:
    """The cost of a node; the peak is what it needs besides operands and results."""
    touched = sum(size(atom.type, trips) for atom in (*node.args, *node.outs))
    if not isinstance(node.op.fact, Region):
        flops = node.op.flops(node.out.type, *[arg.type for arg in node.args], **node.attrs)
        return Cost(flops, 0 if node.op.view else touched, 0)
    if not node.regions:
        flops = node.op.flops(node.out.type, *[arg.type for arg in node.args], **node.attrs)
        return Cost(flops, touched, 0)
    known = node.op.fact.trips(node.attrs)
    steps = trips if known is None else known
    regions = [count(region, trips) for region in node.regions]
    own = [
        cost.peak - sum(size(p.type, trips) for p in region.params)
        for cost, region in zip(regions, node.regions, strict=True)
    ]
    together = max if node.op.name == "cond" else sum
    return Cost(
        steps * together(c.flops for c in regions),
        steps * together(c.bytes for c in regions) + touched,
        max(own, default=0),
    )


def literals(graph: Graph) -> set[Lit]:
    """The constants that a graph mentions."""
    atoms = [*graph.outputs, *(arg for node in graph.nodes for arg in node.args)]
    return {atom for atom in atoms if isinstance(atom, Lit)}


def last_readers(graph: Graph) -> dict[int, list[Var]]:
    """For each node, the values (not views) that nobody reads after it."""
    owner: dict[Atom, Atom] = {}
    last: dict[Var, int] = {}
    for index, node in enumerate(graph.nodes):
        for out in node.outs:
            looks_into = node.args[0] if node.op.view else out
            owner[out] = owner.get(looks_into, looks_into)
        for atom in (*node.args, *node.outs):
            root = owner.get(atom, atom)
            if isinstance(root, Var):
                last[root] = index
    kept = {owner.get(atom, atom) for atom in graph.outputs} | set(graph.params)
    dead: dict[int, list[Var]] = {}
    for var, index in last.items():
        if var not in kept:
            dead.setdefault(index, []).append(var)
    return dead


def flops(graph: Graph) -> int:
    """The floating-point operations alone, a `while` counted as one step."""
    return count(graph, 1).flops


def node_flops(node: Node) -> int:
    """The floating-point operations of one node."""
    return node_cost(node, 1).flops
