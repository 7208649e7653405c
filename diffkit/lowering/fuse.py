"""Fusion: loops over the same range become one, from the outermost in.

Each statement moves up to the last loop that it may join: over the same range, and every element
that both touch, one of them writing, touched in the same step by both. A statement moves past
others only where nothing that it needs or changes stands between (Kennedy & McKinley, Maximizing
loop parallelism and improving data locality via loop fusion and distribution, LCPC 1993). A loop of
independent steps takes the direction of the one it joins.

Joining a sequential loop (a scan's) would keep a costly row of elementary functions from being
vectorised, so only what has loops of its own inside, or is cheap, joins one.
"""

from __future__ import annotations

from dataclasses import replace

from ..ops.elementwise import COSTLY
from .access import (
    Access,
    Analysis,
    Effects,
    aligned,
    clashes,
    commute,
    disjoint,
    free,
    independent,
    set_first,
)
from .program import Program
from .syntax import MODES, Apply, Body, Expr, Local, Loop, Stmt, index_of
from .walk import bodies, exprs, renamed, rewrite, walk, with_bodies

LOOKS_BACK = 48  # statements that one may move past
ARRAYS = 256  # most buffers that one fused loop touches


def fuse(program: Program) -> Program:
    """The program with its loops fused."""
    return replace(program, body=fused(program.body, Analysis(), frozenset()))


def fused(body: Body, analysis: Analysis, fixed: frozenset[Local]) -> Body:
    """A body with its loops fused, inside too. `fixed` are the indices of the loops around."""
    result: list[Stmt] = []
    for stmt in body:
        place(result, stmt, analysis, fixed)
    return tuple(inside(stmt, analysis, fixed) for stmt in result)


def inside(stmt: Stmt, analysis: Analysis, fixed: frozenset[Local]) -> Stmt:
    """A statement with the loops inside it fused."""
    parts = bodies(stmt)
    if not parts:
        return stmt
    known = fixed | {stmt.var} if isinstance(stmt, Loop) else fixed
    return with_bodies(stmt, [fused(part, analysis, known) for part in parts])


def place(result: list[Stmt], stmt: Stmt, analysis: Analysis, fixed: frozenset[Local]) -> None:
    """Append a statement, joined to earlier loops or moved before some where it can be. Where it
    cannot move up to a loop that it may join, that loop may move down to it. What two loops make
    may join an earlier one in turn."""
    position = end = len(result)
    free = True  # whether the statement may still move up
    for k in range(end - 1, max(-1, end - 1 - LOOKS_BACK), -1):
        other = result[k]
        if isinstance(stmt, Loop) and isinstance(other, Loop):
            both = joined(other, stmt, analysis, fixed)
            if both is not None and (free or sinks(other, result[k + 1 :], analysis)):
                del result[k]
                position = k if free else position - 1
                stmt = both
                continue
        free = free and independent(analysis.of(other), analysis.of(stmt))
        if free and isinstance(other, Loop) and not analysis.of(other).fails:
            position = k  # what a later loop may need stands before loops that it does not need
    result.insert(position, stmt)


def sinks(loop: Loop, after: list[Stmt], analysis: Analysis) -> bool:
    """Whether a loop may move down past these."""
    effects = analysis.of(loop)
    return all(independent(effects, analysis.of(stmt)) for stmt in after)


def joined(first: Loop, second: Loop, analysis: Analysis, fixed: frozenset[Local]) -> Loop | None:
    """One loop that does both, or None if that may change results or is not worth it."""
    if first.extent != second.extent or not isinstance(first.extent, int):
        return None
    if first.ordered and second.ordered and first.reverse != second.reverse:
        return None
    one, two = analysis.of(first), analysis.of(second)
    if two.fails or (one.fails and two.indirect):  # a test stays before what it is for
        return None
    if one.buffers.keys().isdisjoint(two.buffers):
        return None
    if len(one.buffers.keys() | two.buffers.keys()) > ARRAYS:
        return None
    for loop, other, effects in ((first, second, one), (second, first, two)):
        if other.reverse and not loop.ordered and not any_order(loop, effects, set(fixed)):
            return None  # a running sum, which cannot turn round
    if first.ordered != second.ordered and row_of_functions(second if first.ordered else first):
        return None
    turned_two = with_index(two, second.var, first.var, one)
    outer = len(one.loops) > 1 and len(two.loops) > 1
    if not same_steps(one, turned_two, first.var, set(fixed), outer):
        return None
    turned = renamed(second.body, second.var, index_of(first.var))
    both = Loop(
        first.var,
        first.extent,
        (*first.body, *turned),
        first.reverse if first.ordered else second.reverse,
        first.ordered or second.ordered,
        first.loc or second.loc,
    )
    analysis.fused(both, first, turned)
    return both


def any_order(loop: Loop, effects: Effects, fixed: set[Local]) -> bool:
    """Whether the steps of a loop may as well be run backwards: no step needs another, but for
    what they all add to."""
    carried = (effects.writes | effects.sums.keys()) - set_first(loop.body)
    if not carried.isdisjoint(effects.writes | effects.reads):
        return False
    return all(
        aligned(p, q, loop.var, fixed)
        or disjoint(p, q, effects.loops)
        or (p.mode == q.mode and p.mode in MODES)
        for p, q in clashes(effects, effects)
    )


def with_index(effects: Effects, old: Local, new: Local, others: Effects) -> Effects:
    """The effects of a loop whose index is another variable, on the buffers of others."""

    def change(expr: Expr) -> Expr | None:
        return index_of(new) if expr is old else None

    def turned(access: Access) -> Access:
        if access.index is None:
            return access
        return replace(access, index=tuple([rewrite(part, change) for part in access.index]))

    buffers = {
        buffer: set(map(turned, accesses))
        for buffer, accesses in effects.buffers.items()
        if buffer in others.buffers
    }
    return replace(effects, buffers=buffers, loops=effects.loops - {old} | {new})


def same_steps(one: Effects, two: Effects, var: Local, fixed: set[Local], outer: bool) -> bool:
    """Whether what both loops touch, they touch in the same step; or both only add to it, in any
    order. Sums into memory that overlap would keep an innermost loop from being vectorised."""
    if not free(one, two):
        return False
    loose = one.loops | two.loops
    return all(
        aligned(p, q, var, fixed) or disjoint(p, q, loose) or (outer and commute(p, q))
        for p, q in clashes(one, two)
    )


def has_loops(loop: Loop) -> bool:
    return any(isinstance(stmt, Loop) for stmt in walk(loop.body))


def row_of_functions(loop: Loop) -> bool:
    """Whether a loop is innermost and computes elementary functions."""
    if has_loops(loop):
        return False
    return any(costly(expr) for stmt in walk(loop.body) for expr in exprs(stmt))


def costly(expr: Expr) -> bool:
    if not isinstance(expr, Apply):
        return False
    return expr.op.name in COSTLY or any(costly(arg) for arg in expr.args)
