"""Loop-invariant code motion: what depends on the constants of a loop alone is computed before it.

Constants are the consts, literals, and carries that the body returns as they came. Inner loops come
first, so a value moves out of a nest as far as it can. It must not make a program fail, or run
longer, that would not: a loop may have no steps, so what can raise (indices, solvers, checks) and
what runs regions moves only out of a scan of known positive length, and out of the condition of a
`while`, which is tested at least once; both from the top level only, never from a branch.
A callback stays where it is.

What moves has to be work. A view, or a count 0, 1, …, is free and is made again inside from what it
looks at; so is cheap arithmetic whose result is larger than all that it reads, x + y over a grid:
keeping it would only be memory to read. They move along where work that moves needs them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from ...graph import Atom, Builder, Graph, Lit, Node, Var, live_nodes, node_flops
from ...ops.region import chosen, scan, while_
from .rewrite import calls_python, looks, reads, rewrite, safe

CHEAP = ("add", "sub", "mul", "neg", "square", "abs", "maximum", "minimum")


def invariant(graph: Graph) -> Graph:
    """The graph with invariant work before its loops."""
    return rewrite(graph, move_out)


class Split(NamedTuple):
    """A region, cut in what moves and what stays."""

    crossing: tuple[Var, ...]
    """The values that what stays reads of what moves."""
    moved: Graph
    """(constants) -> crossing."""
    rest: tuple[Node, ...]


def move_out(b: Builder, node: Node, atoms: Sequence[Atom]) -> list[Atom] | None:
    """A loop without its invariants, and these before it."""
    if node.op not in (scan, while_):
        return None
    fixed, body = node.attrs["consts"], node.regions[-1]
    lead = len(atoms) - len(body.params)
    count = node.attrs["carry"] if node.op is scan else len(body.params) - fixed
    still = unchanged(node, body, fixed, count)
    sure = node.op is scan and bool(node.attrs["length"])
    shift = [True] * fixed + still + [False] * (len(body.params) - fixed - count)
    moving = [not yes for yes in shift]
    known = chosen(atoms[lead:], shift)
    splits = [
        split(region, chosen(region.params, shift), sure or region is not body)
        for region in node.regions
    ]
    if not any(still) and not any(s.crossing for s in splits):
        return None
    news = [atom for s in splits for atom in b.inline(s.moved, known)]
    regions: list[Graph] = []
    for k, (region, part) in enumerate(zip(node.regions, splits, strict=True)):
        extra = [v if j == k else Var(v.type) for j, s in enumerate(splits) for v in s.crossing]
        params = (*chosen(region.params, shift), *extra, *chosen(region.params, moving))
        ends = region.outputs
        if region is body:
            ends = (*chosen(ends[:count], [not yes for yes in still]), *ends[count:])
        regions.append(replace(region, params=params, nodes=part.rest, outputs=ends))
    attrs = {**node.attrs, "consts": len(known) + len(news)}
    if node.op is scan:
        attrs["carry"] = count - sum(still)
    operands = [*atoms[:lead], *known, *news, *chosen(atoms[lead:], moving)]
    b.loc = node.loc
    left = len(node.outs) > sum(still)
    outs = iter(b.emit_region(node.op, operands, attrs, tuple(regions)) if left else ())
    starts = atoms[lead + fixed : lead + fixed + count]
    ends = [start if yes else next(outs) for start, yes in zip(starts, still, strict=True)]
    return [*ends, *outs]


def unchanged(node: Node, body: Graph, fixed: int, count: int) -> list[bool]:
    """Which carries every step returns as they came. One of a `while` stays if it is saved, or if
    nothing else would be left of the loop, which may never end."""
    carries = body.params[fixed : fixed + count]
    still = [p is out for p, out in zip(carries, body.outputs, strict=False)]
    if node.op is while_ and (node.attrs["save"] is not None or all(still)):
        return [False] * count
    return still


def split(region: Graph, fixed: Sequence[Var], sure: bool) -> Split:
    """Cut a region, of which some parameters are constant; `sure` that it runs at least once."""
    steady = set(fixed)
    size: dict[Atom, int] = {p: p.type.size for p in fixed}  # of what a view looks at
    work: set[Node] = set()
    nodes: list[Node] = []
    for node in region.nodes:
        if all(isinstance(arg, Lit) or arg in steady for arg in node.args) and (
            safe(node) or (sure and not calls_python(node))
        ):
            below = sum(size.get(arg, arg.type.size) for arg in node.args)
            size.update({out: max(1, below) if looks(node) else out.type.size for out in node.outs})
            steady.update(node.outs)
            nodes.append(node)
            if is_work(node, below):
                work.add(node)
    rest = live_nodes([node for node in region.nodes if node not in work], region.outputs)
    used = reads(rest, region.outputs)
    crossing = tuple(out for node in nodes if node in work for out in node.outs if out in used)
    moved = Graph(region.name, tuple(fixed), tuple(live_nodes(nodes, crossing)), crossing)
    return Split(crossing, moved, tuple(rest))


def is_work(node: Node, below: int) -> bool:
    """Whether a node is worth computing once: more than a view, or cheap arithmetic that makes
    more numbers than it reads."""
    if looks(node):
        return False
    if node.op.regional or node.out.type.size <= below:
        return True
    return node.op.name not in CHEAP and node_flops(node) > 0
