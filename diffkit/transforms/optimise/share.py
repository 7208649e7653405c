"""Sharing: what a loop back would compute again, kept by the loop there.

The reverse mode saves the carries of a loop only, and its loop back executes the body again. That
bounds memory whatever the body does, but exponentials and products of matrices are then computed
twice. Where all their rows fit into a cache, the loop there hands them on:

    there: (c, …) ↦ e = exp(c W); …          there: … gives the rows e, too
    back:  (c_t, …) ↦ e = exp(c_t W); …  →   back:  (c_t, e_t, …) ↦ …

Both loops are recognised by what they read: rows that the first made, or that both read, at the
same step, and the same constants. Equal nodes on equal operands are then equal values, bit for bit.
(Store or recompute: Griewank & Walther, Evaluating Derivatives, 2008, chapter 12.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ...graph import Atom, Builder, Graph, Lit, Node, Var, live_nodes, node_flops
from ...graph.graph import size as bytes_of
from ...ops.elementwise import COSTLY
from ...ops.region import body_groups, rows_of, scan, scan_groups
from .rewrite import inside, reads, safe

CACHE = 4 << 20  # bytes
FACTOR = 8  # operations an element that are worth more than a read


def share(graph: Graph) -> Graph:
    """The graph with costly values handed on from loop to loop."""
    nodes = [inside(node, share) for node in graph.nodes]
    makers: dict[Atom, int] = {}
    changed = any(new is not old for new, old in zip(nodes, graph.nodes, strict=True))
    for k, node in enumerate(nodes):
        if node.op is not scan or not node.attrs["length"]:
            continue
        rows = scan_groups(node.args, node.attrs).xs
        for there in sorted({makers[row] for row in rows if row in makers}):
            pair = shared(nodes[there], nodes[k])
            if pair is not None:
                nodes[there], nodes[k] = pair
                changed = True
        makers.update((out, k) for out in nodes[k].outs[node.attrs["carry"] :])
    return replace(graph, nodes=tuple(nodes)) if changed else graph


def shared(there: Node, back: Node) -> tuple[Node, Node] | None:
    """Both loops, if the second can take over something from the first."""
    length = there.attrs["length"]
    if length != back.attrs["length"]:
        return None
    (first,), (second,) = there.regions, back.regions
    equal = equal_values(there, back)
    kept = list(worth_keeping(second, equal))
    rows = [Var(rows_of(var.type, length), var.hint) for var in kept]
    if not kept or sum(bytes_of(row.type, 1) for row in rows) > CACHE:
        return None
    outputs = (*first.outputs, *(equal[var] for var in kept))
    there = replace(there, outs=(*there.outs, *rows), regions=(replace(first, outputs=outputs),))
    nodes = [node for node in second.nodes if node.out not in kept]
    body = replace(
        second,
        params=(*second.params, *kept),
        nodes=tuple(live_nodes(nodes, second.outputs)),
    )
    return there, replace(back, args=(*back.args, *rows), regions=(body,))


def equal_values(there: Node, back: Node) -> dict[Var, Atom]:
    """The values in the body of the second loop that are equal to one in the body of the first."""
    (first,), (second,) = there.regions, back.regions
    given, params = scan_groups(there.args, there.attrs), body_groups(first.params, there.attrs)
    of_row: dict[Atom, Atom] = dict(zip(given.xs, params.xs, strict=True))
    count = there.attrs["carry"]
    of_row.update(zip(there.outs[count:], first.outputs[count:], strict=True))
    of_const = dict(zip(given.consts, params.consts, strict=True))
    args, own = scan_groups(back.args, back.attrs), body_groups(second.params, back.attrs)
    equal: dict[Var, Atom] = {}
    for group, atoms, known in ((own.xs, args.xs, of_row), (own.consts, args.consts, of_const)):
        for param, atom in zip(group, atoms, strict=True):
            if isinstance(param, Var) and atom in known:
                equal[param] = known[atom]
    b = Builder.extending(first, first.name)
    old = {out for node in first.nodes for out in node.outs}
    for node in second.nodes:
        if safe(node) and node.args and all(isinstance(a, Lit) or a in equal for a in node.args):
            atoms = [a if isinstance(a, Lit) else equal[a] for a in node.args]
            found = b.emit(node.op, atoms, node.attrs)
            if isinstance(found, Lit) or found in old or found in first.params:
                equal[node.out] = found
    return equal


def worth_keeping(body: Graph, equal: dict[Var, Atom]) -> Iterator[Var]:
    """The costly ones of the values that are equal, of which the rest is quickly computed."""
    made = {node.out: node for node in body.nodes if node.out in equal}
    rest = [node for node in body.nodes if node.out not in made]
    wanted = reads(rest, body.outputs)
    for node in reversed(list(made.values())):
        if node.out in wanted and costly(node):
            yield node.out
        elif node.out in wanted:
            wanted.update(node.args)


def costly(node: Node) -> bool:
    """Whether computing a value takes much longer than reading it."""
    return node.op.name in COSTLY or node_flops(node) >= FACTOR * max(1, node.out.type.size)
