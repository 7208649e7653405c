"""Coalescing: a copy whose source is not read again needs no copy.

In `t = …; …; u[k, :] = t` the array t can be computed in its place, row k of u, if u's row is not
used in between and t nowhere else. So results are written where they are wanted, updates work in
place, and a carry is overwritten by its own next value. (It is the coalescing of register
allocation, with arrays for registers: Chaitin, Computer Languages 6, 1981.)
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .access import Access, Analysis, Effects, disjoint
from .lowerer import SMALL
from .program import Program
from .syntax import (
    Affine,
    Body,
    Buffer,
    Call,
    Index,
    Load,
    Local,
    Loop,
    Stmt,
    Store,
    constant,
    index_of,
)
from .walk import bodies, loads_in, mentioned, relocated, walk, with_bodies


@dataclass(frozen=True, slots=True)
class Copy:
    """target[row] = source[source_row], all of it. Axis k of the one after its row is axis order[k]
    of the other."""

    target: Buffer
    row: Index
    source: Buffer
    source_row: Index
    order: tuple[int, ...]

    @property
    def turned(self) -> bool:
        return self.order != tuple(range(len(self.order)))

    @property
    def back(self) -> Copy:
        """The copy the other way."""
        order = tuple(sorted(range(len(self.order)), key=self.order.__getitem__))
        return Copy(self.source, self.source_row, self.target, self.row, order)


def coalesce(program: Program) -> Program:
    """The program without the copies that nothing needs."""
    mentions = Mentions()
    uses: Counter[Buffer] = Counter()
    for stmt in program.body:
        uses.update(mentions.of(stmt))
    uses.update(b for b in program.results if isinstance(b, Buffer))
    pinned = {b.root for b in uses if b.base is not None}
    calls = [stmt for stmt in walk(program.body) if isinstance(stmt, Call)]
    whole = {ref.buffer for call in calls for ref in (call.out, *call.args)}
    computed = {b for stmt in walk(program.body) for b in at_computed(stmt)}
    coalescing = Coalescing(mentions, uses, pinned, whole, whole | computed)
    return replace(program, body=coalescing.body(program.body))


def at_computed(stmt: Stmt) -> Iterator[Buffer]:
    """The arrays that a statement itself uses at computed indices."""
    if isinstance(stmt, Store) and not is_affine(stmt.index):
        yield stmt.buffer
    yield from (load.buffer for load in loads_in(stmt) if not is_affine(load.index))


def is_affine(index: Index) -> bool:
    return all(isinstance(part, Affine) for part in index)


class Mentions:
    """How many single statements inside a statement mention each buffer, be it in another shape;
    counted once."""

    def __init__(self) -> None:
        self._known: dict[Stmt, Counter[Buffer]] = {}

    def of(self, stmt: Stmt) -> Counter[Buffer]:
        found = self._known.get(stmt)
        if found is None:
            found = self._known[stmt] = Counter({b for m in mentioned(stmt) for b in (m, m.root)})
            for body in bodies(stmt):
                for inner in body:
                    found.update(self.of(inner))
        return found


class Coalescing:
    """One walk over a program. `uses`: how many statements mention a buffer, results included;
    `pinned`: buffers that are also seen in another shape; `whole`: those that routines are called
    with; `memory`: these and others that cannot become variables, however small they are."""

    def __init__(
        self,
        mentions: Mentions,
        uses: Counter[Buffer],
        pinned: set[Buffer],
        whole: set[Buffer],
        memory: set[Buffer],
    ) -> None:
        self.mentions, self.uses, self.pinned = mentions, uses, pinned
        self.whole, self.memory = whole, memory
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
        if source in self.pinned or (source.size <= SMALL and not self.in_memory(copy)):
            return False
        if target.role not in ("work", "output", "tape") or target.base or source.base:
            return False
        mine = places[source]
        if max(mine) != at or sum(self.count(stmts[k], source) for k in mine) != self.uses[source]:
            return False
        first, *more = sorted(mine)
        around = {k for k in mine if (stmt := stmts[k]) is not None and copy_of(stmt) == copy.back}
        if copy.turned and (not around or source in self.whole):
            return False
        changed = more[0] if first in around else first  # until then both have the same elements
        for k in sorted(places[target]):
            stmt = stmts[k]
            if stmt is None or not first <= k < at or k in around:
                continue  # the other way round: both are no copies any more
            effects = self.analysis.of(stmt)
            touched = effects.buffers[target.root]
            if k < changed and not any(access.mode for access in touched):
                continue
            row = Access(copy.row, "set")
            if not copy.row or not all(other_row(access, row, effects) for access in touched):
                return False
        return True

    def in_memory(self, copy: Copy) -> bool:
        """Whether a small source cannot become variables, or is put where that is so."""
        return copy.source in self.memory or (copy.target in self.memory and not copy.row)

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
        for group in (self.whole, self.memory):
            if copy.source in group:
                group.add(copy.target)
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
    count = min(len(stmt.buffer.shape), len(load.buffer.shape))
    target = whole_row(stmt.buffer, stmt.index, loops, count)
    source = whole_row(load.buffer, load.index, loops, count)
    if target is None or source is None:
        return None
    (row, mine), (source_row, others) = target, source
    units = (k for k, var in enumerate(others) if var is None)
    order = tuple(others.index(var) if var else next(units) for var in mine)
    return Copy(stmt.buffer, row, load.buffer, source_row, order)


def whole_row(
    buffer: Buffer, index: Index, loops: Sequence[Loop], count: int
) -> tuple[Index, list[Local | None]] | None:
    """The index before the last `count` axes, and which loop goes over each of those (none where
    the length is 1), if the loops go over all of them."""
    lead = len(index) - count
    shape = buffer.shape[len(buffer.shape) - count :]
    pending = {index_of(loop.var): loop for loop in loops}
    found: list[Local | None] = []
    for part, n in zip(index[lead:], shape, strict=True):
        loop = pending.pop(part, None) if isinstance(part, Affine) else None
        if (loop.extent if loop else 1) != n or (loop is None and part != constant(0)):
            return None
        found.append(loop.var if loop else None)
    row = index[:lead]
    variables = {loop.var for loop in loops}
    steady = all(isinstance(p, Affine) and variables.isdisjoint(v for v, _ in p.terms) for p in row)
    return (row, found) if steady and not pending else None


def other_row(access: Access, row: Access, effects: Effects) -> bool:
    """Whether an access is to another row."""
    if access.index is None or row.index is None:
        return False
    head = Access(access.index[: len(row.index)], access.mode)
    return disjoint(head, row, effects.loops)


def moved(stmt: Stmt, copy: Copy) -> Stmt:
    """The statement with the source's elements in the target."""

    def place(buffer: Buffer, index: Index) -> Load | None:
        if buffer is not copy.source:
            return None
        own = index if not copy.turned else tuple(index[k] for k in copy.order)
        return Load(copy.target, (*copy.row, *own))

    return relocated((stmt,), place)[0]


def no_op(stmt: Stmt) -> bool:
    """Whether a statement copies an array onto itself."""
    copy = copy_of(stmt)
    if copy is None or copy.source is not copy.target:
        return False
    return copy.row == copy.source_row and not copy.turned
