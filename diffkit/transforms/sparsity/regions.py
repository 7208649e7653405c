"""Index sets through control flow.

A scan is walked step by step with the sets of its carry, and with the counters and tables that are
known, so that an index made of the counter is read as in a run; once a step changes nothing, the
others are like it. A while, whose trips nobody knows, and a scan of too many steps take the least
fixed point: sets that hold for the carry of every step. A branch may be any; what has a rule of its
own is walked through that rule, which is linear in its tangents; a solver mixes everything.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...errors import UnsupportedError
from ...graph import Graph, Linear, Node, Var
from ...modes.activity import operands
from ...modes.reverse import joint
from ...modes.reverse_regions import transposed
from ...ops.contract import einsum
from ...ops.custom import callback, has_rules, no_rule, rule
from ...ops.region import body_groups, call, cond, scan, scan_groups, while_, while_groups
from . import index_sets as sets
from .index_sets import Sets

Given = Sequence[Sets | None]
Values = Sequence[Any]
Walk = Callable[[Graph, Given, Values], tuple[list[Sets | None], list[Any]]]

MOST_NODES = 200_000
"""To be met in all steps of a scan together; beyond, its fixed point."""

MOST_ROUNDS = 200
"""Until a fixed point is reached; beyond, all that is carried depends on all."""


def through(node: Node, given: Given, values: Values, walk: Walk) -> tuple[Given, Values]:
    """The sets and the values of the results of control flow."""
    if node.op is scan:
        return through_scan(node, given, values, walk)
    unknown = [None] * len(node.outs)
    if node.op is while_:
        return through_while(node, given, values, walk), unknown
    if node.op is cond:
        branches = [walk(region, given[1:], values[1:])[0] for region in node.regions]
        return [sets.union(*column) for column in zip(*branches, strict=True)], unknown
    if node.op is call:
        return walk(node.regions[0], given, values)
    if all(a is None for a in given):
        return unknown, unknown
    if node.op is callback:
        raise no_rule(node, "a sparsity pattern")
    if has_rules(node):
        return through_custom(node, given, walk), unknown
    return [sets.everything(given, node.outs[0].type.size), *unknown[1:]], unknown


# --- loops ---------------------------------------------------------------------------------------


def through_scan(node: Node, given: Given, values: Values, walk: Walk) -> tuple[Given, Values]:
    """Step by step, if there are not too many; what rows depend on is stacked."""
    (body,), attrs, count = node.regions, node.attrs, node.attrs["carry"]
    mine, theirs = scan_groups(given, attrs), scan_groups(values, attrs)
    length: int | None = attrs["length"]
    ys = node.outs[count:]
    unknown = [None] * len(ys)
    if length is None or length * visits(body) > MOST_NODES:
        size = 1 if length is None else length
        rows = [any_row(a, size) for a in mine.xs]
        outs = settled(body, mine.consts, mine.carry, rows, theirs.consts, walk)
        tiled = [a if a is None or length is None else repeated(a, size) for a in outs[count:]]
        return [*outs[:count], *tiled], [*([None] * count), *unknown]
    groups = body_groups(body.params, attrs)
    carries, read = groups.carry, index_params(body, groups.carry)
    moving = any(a is not None for a in mine.xs) or any(
        v is not None and p in read for v, p in zip(theirs.xs, groups.xs, strict=True)
    )
    carry, state = list(mine.carry), list(theirs.carry)
    order = range(length - 1, -1, -1) if attrs["reverse"] else range(length)
    made: dict[int, Sequence[Sets | None]] = {}
    for done, k in enumerate(order):
        rows = [row(a, k, length) for a in mine.xs]
        now = [None if v is None else v[k] for v in theirs.xs]
        outs, found = walk(body, [*mine.consts, *carry, *rows], [*theirs.consts, *state, *now])
        made[k] = outs[count:]
        same = all(map(sets.equal, outs[:count], carry))
        still = all(
            p not in read or (u is v is None) or np.array_equal(u, v)
            for u, v, p in zip(found[:count], state, carries, strict=True)
        )
        carry, state = outs[:count], found[:count]
        if same and still and not moving:
            made.update(dict.fromkeys(order[done + 1 :], made[k]))
            state = [v if p in read else None for v, p in zip(state, carries, strict=True)]
            break
    columns = [[made[k][j] for k in range(length)] for j in range(len(ys))]
    size = max(1, length)
    stacks = [stacked(c, out.type.size // size) for c, out in zip(columns, ys, strict=True)]
    return [*carry, *stacks], [*state, *unknown]


def visits(graph: Graph) -> int:
    """How many nodes a walk meets, those of loops once for each step."""
    inside = (
        (node.region.trips(node.attrs) or 1) * sum(map(visits, node.regions))
        for node in graph.nodes
        if node.op.regional
    )
    return len(graph.nodes) + sum(inside)


def index_params(body: Graph, carries: Sequence[Var]) -> set[Any]:
    """The values of a body that an index may be made of, in this step or a later one."""
    wanted: set[Any] = set()
    while True:
        before = len(wanted)
        for node in reversed(body.nodes):
            if node.op.regional or node.op is einsum or not wanted.isdisjoint(node.outs):
                wanted.update(node.args)
            elif isinstance(node.op.fact, Linear):
                over = operands(node.op, len(node.args))
                wanted.update(arg for k, arg in enumerate(node.args) if k not in over)
        wanted.update(out for out, p in zip(body.outputs, carries, strict=False) if p in wanted)
        if len(wanted) == before:
            return wanted


def through_while(node: Node, given: Given, values: Values, walk: Walk) -> Given:
    """The fixed point, of which a tape has rows, too."""
    consts, carry = while_groups(given, node.attrs)
    known = while_groups(values, node.attrs).consts
    outs = settled(node.regions[1], consts, carry, (), known, walk)
    if node.attrs["save"] is None:
        return outs
    return [*outs, None, *(outs[k] for k in node.attrs["save"])]


def settled(
    body: Graph, consts: Given, carry: Given, rows: Given, known: Values, walk: Walk
) -> Given:
    """The sets of carry and rows that hold for every step: those of the start united with those of
    each step, until nothing is added."""
    count = len(carry)
    values = [*known, *([None] * (count + len(rows)))]
    state = list(carry)
    for _ in range(MOST_ROUNDS):
        outs, _ = walk(body, [*consts, *state, *rows], values)
        grown = list(map(sets.union, state, outs[:count]))
        if all(map(sets.equal, grown, state)):
            return [*state, *outs[count:]]
        state = grown
    whole = [*consts, *state, *rows]
    types = [p.type for p in body.params[len(consts) : len(consts) + count]]
    state = [sets.everything(whole, t.size) if t.differentiable else None for t in types]
    return [*state, *walk(body, [*consts, *state, *rows], values)[0][count:]]


def row(a: Sets | None, k: int, length: int) -> Sets | None:
    """The sets of row k of a sequence."""
    if a is None:
        return None
    size = a.shape[0] // length
    return a[k * size : (k + 1) * size]


def any_row(a: Sets | None, length: int) -> Sets | None:
    """The sets of a row that might be any."""
    if a is None or length == 0:
        return None
    size = a.shape[0] // length
    return sets.gather_up(a, np.arange(a.shape[0]) % max(1, size), size)


def repeated(a: Sets, length: int) -> Sets:
    """The same row many times."""
    return sets.take(a, np.tile(np.arange(a.shape[0]), length))


def stacked(rows: Sequence[Sets | None], size: int) -> Sets | None:
    """Rows one after another."""
    from scipy.sparse import vstack

    present = [a for a in rows if a is not None]
    if not present:
        return None
    sets.guard(sum(a.nnz for a in present))
    empty = sets.nothing(size, present[0].shape[1])
    return vstack([empty if a is None else a for a in rows], format="csr", dtype=np.bool_)


# --- functions with a derivative of their own ----------------------------------------------------


def through_custom(node: Node, given: Given, walk: Walk) -> Given:
    """Through what the modes make of it: its jvp, and the transpose of its backward rule."""
    tangents = [a for a, arg in zip(given, node.args, strict=True) if arg.type.differentiable]
    floats = [out for out in node.outs if out.type.differentiable]
    results: list[list[Sets | None]] = []
    own = rule(node, "jvp")
    if own is not None:
        results.append(walked(own, tangents, walk)[len(node.outs) :])
    forward, backward = rule(node, "forward"), rule(node, "backward")
    if forward is not None and backward is not None:
        try:
            linear = transposed(backward, len(forward.outputs) - len(node.outs), joint)
            results.append(walked(linear, tangents, walk))
        except UnsupportedError:  # not linear in its cotangent, so that the reverse mode alone can
            results.append([sets.everything(given, out.type.size) for out in floats])
    found = iter([sets.union(*column) for column in zip(*results, strict=True)])
    return [next(found) if out in floats else None for out in node.outs]


def walked(linear: Graph, tangents: Given, walk: Walk) -> list[Sets | None]:
    """The sets of a graph whose last parameters are tangents."""
    others = [None] * (len(linear.params) - len(tangents))
    return walk(linear, [*others, *tangents], [None] * len(linear.params))[0]
