"""Coalescing: a copy whose source is not read again needs no copy.

In `t = …; …; u[k, :] = t` the array t can be computed in its place, row k of u, if u's row is not
used in between and t nowhere else. So results are written where they are wanted, updates work in
place, and a carry is overwritten by its own next value. (It is the coalescing of register
allocation, with arrays for registers: Chaitin, Computer Languages 6, 1981.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .access import Access, Analysis, Effects, disjoint
from .lowerer import SMALL
from .program import Program
from .syntax import (
    Affine,
    Body,
    Buffer,
    Call,
    Expr,
    Index,
    Load,
    Loop,
    Ref,
    Stmt,
    Store,
)
from .walk import bodies, mentioned, rewrite, walk, with_bodies, with_exprs


@dataclass(frozen=True, slots=True)
class Copy:
    """target[row] = source, all of it."""

    target: Buffer
    row: Index
    source: Buffer
    source_row: Index


def coalesce(program: Program) -> Program:
    """The program without the copies that nothing needs."""
    uses = Counter(b for stmt in walk(program.body) for b in set(mentioned(stmt)))
    uses.update(b for b in program.results if isinstance(b, Buffer))
    body = program.body
    pinned = {b.root for b in uses if b.base is not None}
    return replace(program, body=coalesced(body, uses, pinned))


def coalesced(body: Body, uses: Counter[Buffer], pinned: set[Buffer]) -> Body:
    """A body with its copies taken away, inner bodies first."""
    stmts: list[Stmt] = []
    for stmt in body:
        inner = [coalesced(part, uses, pinned) for part in bodies(stmt)]
        stmts.append(with_bodies(stmt, inner) if inner else stmt)
    at = 0
    while at < len(stmts):
        copy = copy_of(stmts[at])
        shorter = merged(stmts, at, copy, uses, pinned) if copy else None
        if shorter is None:
            at += 1
        else:
            stmts, at = shorter
    return tuple(stmts)


def copy_of(stmt: Stmt) -> Copy | None:
    """The copy that a nest of loops is, if it is one."""
    loops: list[Loop] = []
    while isinstance(stmt, Loop):
        if len(stmt.body) != 1:
            return None
        loops.append(stmt)
        stmt = stmt.body[0]
    if not (loops and isinstance(stmt, Store) and stmt.mode == "set"):
        return None
    if not isinstance(stmt.value, Load):
        return None
    load = stmt.value
    count = min(len(stmt.index), len(load.index))
    target = whole_row(stmt.buffer, stmt.index, loops, count)
    source = whole_row(load.buffer, load.index, loops, count)
    if target is None or source is None:
        return None
    return Copy(stmt.buffer, target, load.buffer, source)


def whole_row(buffer: Buffer, index: Index, loops: Sequence[Loop], count: int) -> Index | None:
    """The index before the last `count` axes, if the loops go over all of those in order."""
    lead = len(index) - count
    shape = buffer.shape[len(buffer.shape) - count :]
    pending = list(loops)
    for part, n in zip(index[lead:], shape, strict=True):
        if pending and part == Affine(((pending[0].var, 1),), 0):
            if pending.pop(0).extent != n:
                return None
        elif n != 1 or part != Affine((), 0):
            return None
    row = index[:lead]
    variables = {loop.var for loop in loops}
    steady = all(isinstance(p, Affine) and variables.isdisjoint(v for v, _ in p.terms) for p in row)
    return row if steady and not pending else None


def merged(
    stmts: list[Stmt], at: int, copy: Copy, uses: Counter[Buffer], pinned: set[Buffer]
) -> tuple[list[Stmt], int] | None:
    """The statements with the source of the copy at `at` replaced by its target, and where to go
    on; None where the two have to be apart."""
    source, target = copy.source, copy.target
    if source is target:
        return None
    if source.role != "work" or copy.source_row or source in pinned or source.size <= SMALL:
        return None
    if target.role not in ("work", "output", "tape") or target in pinned or target.base:
        return None
    mine = [k for k, stmt in enumerate(stmts) if mentions(stmt, source)]
    counted = sum(source in set(mentioned(s)) for k in mine for s in walk((stmts[k],)))
    if counted != uses[source] or mine[-1] != at:
        return None
    first = mine[0]
    analysis = Analysis()
    row = Access(copy.row if copy.row else None, "set")
    for k in range(first, at):
        if copy_of(stmts[k]) == Copy(source, (), target, copy.row):
            continue  # the other way round: both are no copies any more
        for access in analysis.of(stmts[k]).buffers.get(target.root, ()):
            if row.index is None or not apart_rows(access, row, analysis.of(stmts[k])):
                return None
    changed = [
        *stmts[:first],
        *(moved(stmt, copy) for stmt in stmts[first:at]),
        *stmts[at + 1 :],
    ]
    kept = [s for s in changed if not no_op(s)]
    uses[target] += uses.pop(source) - 2
    return kept, max(0, first - 1)


def mentions(stmt: Stmt, buffer: Buffer) -> bool:
    return any(buffer in mentioned(s) for s in walk((stmt,)))


def apart_rows(access: Access, row: Access, effects: Effects) -> bool:
    """Whether an access is to another row."""
    if access.index is None or row.index is None:
        return False
    head = Access(access.index[: len(row.index)], access.mode)
    return disjoint(head, row, effects.loops)


def moved(stmt: Stmt, copy: Copy) -> Stmt:
    """The statement with the source's elements in the target."""

    def change(expr: Expr) -> Expr:
        return rewrite(expr, place)

    def place(expr: Expr) -> Expr | None:
        if isinstance(expr, Load) and expr.buffer is copy.source:
            return Load(copy.target, (*copy.row, *map(change, expr.index)))
        return None

    def ref(part: Ref) -> Ref:
        if part.buffer is copy.source:
            return replace(part, buffer=copy.target, index=(*copy.row, *part.index))
        return part

    inner = [tuple(moved(s, copy) for s in part) for part in bodies(stmt)]
    new = with_exprs(with_bodies(stmt, inner) if inner else stmt, change)
    if isinstance(new, Store) and new.buffer is copy.source:
        return replace(new, buffer=copy.target, index=(*copy.row, *new.index))
    if isinstance(new, Call):
        return replace(new, out=ref(new.out), args=tuple(map(ref, new.args)))
    return new


def no_op(stmt: Stmt) -> bool:
    """Whether a statement copies an array onto itself."""
    copy = copy_of(stmt)
    return copy is not None and copy.source is copy.target and copy.row == copy.source_row
