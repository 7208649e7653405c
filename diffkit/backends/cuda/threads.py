"""Which loops may be shared out among threads, and what each thread then does with its data.

The steps of a nest may run side by side if every array that is written is one of these:

    owned      some axis has the same index everywhere, made of the thread's own loop index alone:
               no other thread touches those elements
    private    scratch of this nest only, not indexed by the thread: each thread has a copy
    atomic     only added to, and not read: threads add in any order

and every variable is set before it is read in the same step and not wanted afterwards, or is a
total: only ever combined with more by one associative op, so that parts may be combined later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...graph import Op
from ...lowering.reductions import START  # pyright: ignore[reportUnknownVariableType]
from ...lowering.syntax import (
    MODES,
    Affine,
    Apply,
    Assign,
    Body,
    Buffer,
    Const,
    Expr,
    Fail,
    Index,
    Local,
    Store,
)
from ...lowering.walk import exprs, loads_of, mentioned, vars_of, walk
from .variables import needed, written


@dataclass(frozen=True, slots=True)
class Total:
    """A variable that gathers values of all threads, as `mode` says."""

    local: Local
    mode: str

    @property
    def start(self) -> Const:
        """What changes nothing."""
        return START[self.mode](self.local.dtype)

    def combined(self, a: Expr, b: Expr) -> Expr:
        """a ∘ b."""
        loose = self.mode in ("sum", "prod")
        return Apply(MODES[self.mode], (a, b), self.local.dtype, loose=loose)

    def joined(self, value: Expr) -> Assign:
        """total = total ∘ value."""
        return Assign(self.local, self.combined(self.local, value))


@dataclass(frozen=True, slots=True)
class Sharing:
    """How the threads of a nest share what it touches."""

    totals: tuple[Total, ...]
    private: tuple[Buffer, ...]
    atomic: tuple[Buffer, ...]


Touch = tuple[Buffer, Index, str]  # an element, and how it is written; "" for a read


def touches(body: Body) -> Iterator[Touch]:
    for stmt in walk(body):
        for expr in exprs(stmt):
            for load in loads_of(expr):
                yield load.buffer, load.index, ""
        if isinstance(stmt, Store):
            yield stmt.buffer, stmt.index, stmt.mode


def uses(body: Body) -> Counter[Buffer]:
    """How many statements mention each array."""
    return Counter(root for s in walk(body) for root in {b.root for b in mentioned(s)})


def sharing(
    threads: Sequence[Local],
    body: Body,
    wanted: Collection[Local],
    fixed: Collection[Local],
    everywhere: Mapping[Buffer, int],
) -> Sharing | None:
    """How the steps over the indices `threads` may run side by side, or None if they may not.

    `wanted` are the variables that are read later, `fixed` loop indices that stay as they are, and
    `everywhere` says how many statements of the program mention each array.
    """
    totals = totals_of(body)
    if totals is None:
        return None
    own = written(body) - {t.local for t in totals}
    if own & (needed(body) | set(wanted)):
        return None
    if totals and any(isinstance(stmt, Fail) for stmt in walk(body)):
        return None  # a thread that leaves would not take part in the tree
    inside = uses(body)
    private: list[Buffer] = []
    atomic: list[Buffer] = []
    by_root: dict[Buffer, list[Touch]] = {}
    for touch in touches(body):
        by_root.setdefault(touch[0].root, []).append(touch)
    for root, found in by_root.items():
        if not any(mode for _, _, mode in found):
            continue
        if len({buffer for buffer, _, _ in found}) > 1:
            return None  # two shapes of one memory
        if all(owns(thread, found, fixed) for thread in threads):
            continue
        if inside[root] == everywhere[root] and is_scratch(root, found, threads):
            private.append(root)
        elif all(mode in ("add", "sum") for _, _, mode in found):
            atomic.append(root)
        else:
            return None
    return Sharing(tuple(totals), tuple(private), tuple(atomic))


def owns(thread: Local, found: Sequence[Touch], fixed: Collection[Local]) -> bool:
    """Whether along some axis all indices are one and the same, of this thread's index alone."""
    for parts in zip(*(index for _, index, _ in found), strict=True):
        first = parts[0]
        if isinstance(first, Affine) and all(part == first for part in parts):
            names = {local for local, _ in first.terms}
            if thread in names and names <= {thread, *fixed}:
                return True
    return False


def is_scratch(root: Buffer, found: Sequence[Touch], threads: Sequence[Local]) -> bool:
    """Whether each step fills an array anew, in the same places."""
    named = {v for _, index, _ in found for part in index for v in vars_of(part)}
    filled = root.role == "work" and found[0][2] == "set"
    return filled and named.isdisjoint(threads)


def totals_of(body: Body) -> list[Total] | None:
    """The totals of a body; None if a variable is carried from step to step in another way."""
    carried = needed(body) & written(body)
    reads = Counter(v for s in walk(body) for expr in exprs(s) for v in vars_of(expr))
    found: list[Total] = []
    for local in sorted(carried, key=lambda v: v.number):
        values = [s.value for s in walk(body) if isinstance(s, Assign) and s.local is local]
        modes = {mode_of(local, value) for value in values}
        if len(modes) > 1 or None in modes or reads[local] != len(values):
            return None
        found += [Total(local, mode) for mode in modes if mode]
    return found


def mode_of(local: Local, value: Expr) -> str | None:
    """How an assignment local = value combines it with more: local ∘ a, or (local ∘ a) ∘ b."""
    if not isinstance(value, Apply):
        return None
    for mode, op in MODES.items():
        if mode != "add" and value.op is op and value.loose == (mode in ("sum", "prod")):
            inner: Expr = value
            while isinstance(inner, Apply) and same(inner, op, value.loose):
                inner = inner.args[0]
            return mode if inner is local else None
    return None


def same(expr: Apply, op: Op, loose: bool) -> bool:
    return expr.op is op and expr.loose == loose
