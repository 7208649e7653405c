"""Coalescing: a copy whose source is not read again needs no copy.

In `t = …; …; u[k, :] = t` the array t can be computed in its place, row k of u, if u's row is not
used in between and t nowhere else. So results are written where they are wanted, updates work in
place, and a carry is overwritten by its own next value. (It is the coalescing of register
allocation, with arrays for registers: Chaitin, Computer Languages 6, 1981.)
"""

from __future__ import annotations

import operator
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
    Index,
    Load,
    Loop,
    Stmt,
    Store,
)
from .walk import bodies, mentioned, relocated, with_bodies


@dataclass(frozen=True, slots=True)
class Copy:
    """target[row] = source, all of it."""

    target: Buffer
    row: Index
    source: Buffer
    source_row: Index


def coalesce(program: Program) -> Program:
    """The program without the copies that nothing needs."""
    mentions = Mentions()
    uses: Counter[Buffer] = Counter()
    for stmt in program.body:
        uses.update(mentions.of(stmt))
    uses.update(b for b in program.results if isinstance(b, Buffer))
    pinned = {b.root for b in uses if b.base is not None}
    return replace(program, body=Coalescing(mentions, uses, pinned).body(program.body))


class Mentions:
    """How many single statements inside a statement mention each buffer; counted once."""

    def __init__(self) -> None:
        self._known: dict[Stmt, Counter[Buffer]] = {}

    def of(self, stmt: Stmt) -> Counter[Buffer]:
        found = self._known.get(stmt)
        if found is None:
            found = self._known[stmt] = Counter(set(mentioned(stmt)))
            for body in bodies(stmt):
                for inner in body:
                    found.update(self.of(inner))
        return found


class Coalescing:
    """One walk over a program. `uses`: how many statements mention a buffer, results included;
    `pinned`: buffers that are also seen in another shape."""

    def __init__(self, mentions: Mentions, uses: Counter[Buffer], pinned: set[Buffer]) -> None:
        self.mentions, self.uses, self.pinned = mentions, uses, pinned
        self.analysis = Analysis()

    def body(self, body: Body) -> Body:
        """A body with its copies taken away, inner bodies first."""
        stmts: list[Stmt | None] = []
        for stmt in body:
            inner = [self.body(part) for part in bodies(stmt)]
            changed = any(new is not old for new, old in zip(inner, bodies(stmt), strict=True))
            stmts.append(with_bodies(stmt, inner) if changed else stmt)
        places: dict[Buffer, set[int]] = {}
        for at, stmt in enumerate(stmts):
            if stmt is not None:
                self.note(places, at, stmt)
        again = True
        while again:  # one copy less may set another free
            again = False
            for at, stmt in enumerate(stmts):
                copy = copy_of(stmt) if stmt is not None else None
                if copy and self.apart(stmts, at, copy, places):
                    self.merge(stmts, at, copy, places)
                    again = True
        kept = tuple(stmt for stmt in stmts if stmt is not None)
        return body if len(kept) == len(body) and all(map(operator.is_, kept, body)) else kept

    def note(self, places: dict[Buffer, set[int]], at: int, stmt: Stmt) -> None:
        for buffer in self.mentions.of(stmt):
            places.setdefault(buffer, set()).add(at)

    def apart(
        self, stmts: list[Stmt | None], at: int, copy: Copy, places: dict[Buffer, set[int]]
    ) -> bool:
        """Whether the source of the copy at `at` may live in its target."""
        source, target = copy.source, copy.target
        if source is target or copy.source_row or source.role != "work":
            return False
        if source in self.pinned or target in self.pinned or source.size <= SMALL:
            return False
        if target.role not in ("work", "output", "tape") or target.base or source.base:
            return False
        mine = places[source]
        if max(mine) != at or sum(self.count(stmts[k], source) for k in mine) != self.uses[source]:
            return False
        back = Copy(source, (), target, copy.row)
        first = min(mine)
        for k in sorted(places[target]):
            stmt = stmts[k]
            if stmt is None or not first <= k < at or copy_of(stmt) == back:
                continue  # the other way round: both are no copies any more
            effects = self.analysis.of(stmt)
            row = Access(copy.row, "set")
            if not copy.row or not all(
                other_row(access, row, effects) for access in effects.buffers[target.root]
            ):
                return False
        return True

    def count(self, stmt: Stmt | None, buffer: Buffer) -> int:
        return 0 if stmt is None else self.mentions.of(stmt)[buffer]

    def merge(
        self, stmts: list[Stmt | None], at: int, copy: Copy, places: dict[Buffer, set[int]]
    ) -> None:
        """Let the source live in the target."""
        before = self.here(stmts, copy.target, places)
        stmts[at] = None
        places[copy.target].discard(at)
        for k in places.pop(copy.source):
            stmt = stmts[k]
            if stmt is None:
                continue
            new = moved(stmt, copy)
            stmts[k] = None if no_op(new) else new
            if stmts[k] is None:
                places[copy.target].discard(k)
            else:
                self.note(places, k, new)
        del self.uses[copy.source]
        self.uses[copy.target] += self.here(stmts, copy.target, places) - before

    def here(self, stmts: list[Stmt | None], buffer: Buffer, places: dict[Buffer, set[int]]) -> int:
        """How many single statements of this body mention a buffer."""
        return sum(self.count(stmts[k], buffer) for k in places[buffer])


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
    if stmt.buffer.shape[len(stmt.buffer.shape) - count :] != load.buffer.shape[-count:]:
        return None  # the same elements, under other indices
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


def other_row(access: Access, row: Access, effects: Effects) -> bool:
    """Whether an access is to another row."""
    if access.index is None or row.index is None:
        return False
    head = Access(access.index[: len(row.index)], access.mode)
    return disjoint(head, row, effects.loops)


def moved(stmt: Stmt, copy: Copy) -> Stmt:
    """The statement with the source's elements in the target."""

    def place(buffer: Buffer, index: Index) -> Load | None:
        return Load(copy.target, (*copy.row, *index)) if buffer is copy.source else None

    return relocated((stmt,), place)[0]


def no_op(stmt: Stmt) -> bool:
    """Whether a statement copies an array onto itself."""
    copy = copy_of(stmt)
    return copy is not None and copy.source is copy.target and copy.row == copy.source_row
