"""What statements read and write, and whether two of them may change places.

An access is an element of a buffer at an index. Two accesses are disjoint if along some axis their
indices differ by a constant: t[k] and t[k + 1] in the same step k never meet. They are aligned
along a loop's index i if along some axis both are the same multiple of i plus a constant: then
only steps with the same i touch the same element, and two loops over i may become one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from .form import strides
from .syntax import (
    LOOSE,
    Affine,
    Apply,
    Assign,
    Body,
    Buffer,
    Call,
    Expr,
    Fail,
    Index,
    Local,
    Loop,
    Push,
    Stmt,
    Store,
    constant,
)
from .walk import bodies, exprs, loads_of, vars_of, walk


@dataclass(frozen=True, slots=True)
class Access:
    """buffer[index]; the index is None where all of the buffer may be meant, or if it is of another
    shape of the memory. `mode` is empty for a read, else how it writes. `seen` is the buffer as it
    is written down, and the index in its shape."""

    index: Index | None
    mode: str = ""
    seen: tuple[Buffer, Index | None] | None = None

    def span(self) -> tuple[int, int] | None:
        """The first and the last element of the root's memory that it may be."""
        if self.seen is None:
            return None
        buffer, index = self.seen
        if buffer.role == "tape":
            return None
        place = None if index is None else position(buffer, index)
        known = place.bounds() if place else None
        return known or (buffer.offset, buffer.offset + buffer.size - 1)


@dataclass(slots=True)
class Effects:
    """What a statement touches, with everything inside it."""

    buffers: dict[Buffer, set[Access]] = field(default_factory=dict[Buffer, set[Access]])
    """By root."""
    reads: set[Local] = field(default_factory=set[Local])
    writes: set[Local] = field(default_factory=set[Local])
    sums: dict[Local, str] = field(default_factory=dict[Local, str])
    """Variables that are only added to (or multiplied), in no order that matters, and by which
    op."""
    indirect: bool = False
    """Whether an index is computed, so that a test before has to stay before."""
    fails: bool = False
    loops: set[Local] = field(default_factory=set[Local])
    """The indices of the loops in it: each takes many values while the statement runs."""

    def add(self, buffer: Buffer, index: Index | None, mode: str = "") -> None:
        seen = buffer, index
        if buffer.base is not None:
            index = None  # another shape of the memory
        self.buffers.setdefault(buffer.root, set()).add(Access(index, mode, seen))

    def merge(self, other: Effects) -> None:
        for buffer, accesses in other.buffers.items():
            self.buffers.setdefault(buffer, set()).update(accesses)
        self.reads |= other.reads
        self.writes |= other.writes
        for local, op in other.sums.items():
            if self.sums.setdefault(local, op) != op:
                self.writes.add(local)
        self.indirect |= other.indirect
        self.fails |= other.fails
        self.loops |= other.loops


class Analysis:
    """Effects of statements, each found once."""

    def __init__(self) -> None:
        self._known: dict[Stmt, Effects] = {}

    def of(self, stmt: Stmt) -> Effects:
        found = self._known.get(stmt)
        if found is None:
            found = self._known[stmt] = own_effects(stmt)
            for body in bodies(stmt):
                for inner in body:
                    found.merge(self.of(inner))
            if isinstance(stmt, Loop):
                found.reads.discard(stmt.var)
                found.loops.add(stmt.var)
        return found

    def fused(self, both: Loop, first: Loop, added: Body) -> None:
        """Note the effects of a loop that has the body of another, which it replaces, and more."""
        found = self._known[both] = self.of(first)
        del self._known[first]
        for stmt in added:
            found.merge(self.of(stmt))
        found.reads.discard(both.var)


def own_effects(stmt: Stmt) -> Effects:
    """The effects of a statement without those inside it."""
    found = Effects(fails=isinstance(stmt, Fail))
    added = summand(stmt)
    if isinstance(stmt, Assign) and added is not None:
        assert isinstance(stmt.value, Apply)
        found.sums[stmt.local] = stmt.value.op.name
    for expr in exprs(stmt) if added is None else (added,):
        found.reads.update(vars_of(expr))
        for load in loads_of(expr):
            found.add(load.buffer, load.index)
            found.indirect |= not all(isinstance(part, Affine) for part in load.index)
    if isinstance(stmt, Assign) and added is None:
        found.writes.add(stmt.local)
    elif isinstance(stmt, Store):
        found.add(stmt.buffer, stmt.index, stmt.mode)
        found.indirect |= not all(isinstance(part, Affine) for part in stmt.index)
    elif isinstance(stmt, Call):
        found.add(stmt.out.buffer, padded(stmt.out.index, stmt.out.buffer), "call")
        for ref in stmt.args:
            found.add(ref.buffer, padded(ref.index, ref.buffer))
    elif isinstance(stmt, Push):
        found.add(stmt.buffer, None, "push")
    return found


def set_first(body: Body) -> set[Local]:
    """The variables that a body assigns before anything in it reads them."""
    first: dict[Local, bool] = {}
    for stmt in walk(body):
        for expr in exprs(stmt):
            for local in vars_of(expr):
                first.setdefault(local, False)
        if isinstance(stmt, Assign):
            first.setdefault(stmt.local, True)
    return {v for v, sets in first.items() if sets}


def summand(stmt: Stmt) -> Expr | None:
    """What an assignment `s = plus(s, value)` adds."""
    if isinstance(stmt, Assign) and isinstance(stmt.value, Apply) and stmt.value.loose:
        first, *rest = stmt.value.args
        if first is stmt.local and stmt.local not in vars_of(rest[0]):
            return rest[0]
    return None


def padded(index: Index, buffer: Buffer) -> Index | None:
    """The leading indices of a part of a buffer; the others may be anything."""
    if not index:
        return None
    anything = tuple(Local("any", part.dtype) for part in index[:1])
    axes = len(buffer.shape) + (buffer.role == "tape")
    return (*index, *(anything[0] for _ in range(axes - len(index))))


# --- two accesses --------------------------------------------------------------------------------


def difference(a: Expr, b: Expr) -> int | None:
    """a - b where it is the same number always."""
    if isinstance(a, Affine) and isinstance(b, Affine) and a.terms == b.terms:
        return a.const - b.const
    return None


def apart(a: Expr, b: Expr) -> bool:
    """Whether two indices are never equal: by a constant, or since their ranges do not meet."""
    if difference(a, b) not in (None, 0):
        return True
    if isinstance(a, Affine) and isinstance(b, Affine):
        one, two = a.bounds(), b.bounds()
        return bool(one and two and (one[1] < two[0] or two[1] < one[0]))
    return False


def position(buffer: Buffer, index: Index) -> Affine | None:
    """Where an element lies in the memory of the buffer's root, if that is a sum of indices."""
    total = constant(buffer.offset)
    for part, far in zip(index, strides(buffer.shape), strict=True):
        if not isinstance(part, Affine):
            return None
        total = total + part * far
    return total


def in_one_shape(a: Access, b: Access) -> tuple[Index, Index] | None:
    """The indices of two accesses, if both see the buffer in the same shape."""
    if a.index is not None and b.index is not None:
        return a.index, b.index
    if a.seen and b.seen and a.seen[0] is b.seen[0]:
        one, two = a.seen[1], b.seen[1]
        return None if one is None or two is None else (one, two)
    return None


def disjoint(a: Access, b: Access, loose: Collection[Local]) -> bool:
    """Whether two accesses never touch the same element. The `loose` locals, indices of loops
    inside the statements, take many values each, so that only ranges can tell indices with them
    apart."""
    both = in_one_shape(a, b)
    if both is None:
        one, two = a.span(), b.span()
        return bool(one and two and (one[1] < two[0] or two[1] < one[0]))
    for p, q in zip(*both, strict=True):
        if not (isinstance(p, Affine) and isinstance(q, Affine)):
            continue
        varies = any(v in loose for v, _ in (*p.terms, *q.terms))
        if apart(p, q) and not (varies and difference(p, q) is not None and meets(p, q)):
            return True
    return False


def meets(a: Affine, b: Affine) -> bool:
    """Whether the ranges of two indices overlap, or may."""
    one, two = a.bounds(), b.bounds()
    return not (one and two and (one[1] < two[0] or two[1] < one[0]))


def aligned(a: Access, b: Access, var: Local, fixed: set[Local]) -> bool:
    """Whether along some axis both are the same index, made of `var` and of what is fixed."""
    for p, q in zip(*(in_one_shape(a, b) or ((), ())), strict=True):
        if isinstance(p, Affine) and p == q:
            names = {v for v, _ in p.terms}
            if var in names and names <= fixed | {var}:
                return True
    return False


def commute(a: Access, b: Access) -> bool:
    """Whether both add to what is there."""
    return a.mode == b.mode and a.mode in (*LOOSE, "add")


def clashes(a: Effects, b: Effects) -> Iterator[tuple[Access, Access]]:
    """Pairs of accesses to one buffer, one of them a write."""
    for buffer, first in a.buffers.items():
        second = b.buffers.get(buffer)
        if second is None:
            continue
        for p in first:
            for q in second:
                if p.mode or q.mode:
                    yield p, q


def free(a: Effects, b: Effects) -> bool:
    """Whether no variable carries anything from one to the other, or both only add to it."""
    if a.writes & (b.reads | b.writes) or a.reads & b.writes:
        return False
    for one, two in ((a, b), (b, a)):
        if not one.sums.keys().isdisjoint(two.reads | two.writes):
            return False
    return all(b.sums.get(local, op) == op for local, op in a.sums.items())


def independent(a: Effects, b: Effects) -> bool:
    """Whether two statements may change places."""
    if not free(a, b):
        return False
    if (a.fails and b.indirect) or (b.fails and a.indirect):
        return False
    loose = a.loops | b.loops
    return all(
        disjoint(p, q, loose) or (commute(p, q) and p.mode in LOOSE) for p, q in clashes(a, b)
    )


def disturbed(value: Expr, effects: Effects) -> bool:
    """Whether a statement changes what a value reads."""
    if not (effects.writes | effects.sums.keys()).isdisjoint(vars_of(value)):
        return True
    for load in loads_of(value):
        accesses = effects.buffers.get(load.buffer.root, ())
        read = Access(None if load.buffer.base else load.index, "", (load.buffer, load.index))
        if any(a.mode and not disjoint(a, read, effects.loops) for a in accesses):
            return True
    return False
