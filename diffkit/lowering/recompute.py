"""Recomputing: a large array of cheap values is computed again where it is read.

Of two loops over different ranges, or over neighbours, the second reads what the first has stored.
If that takes only a few sums and products, computing it again is quicker than moving it out of the
cache and back, and the array goes altogether (rematerialisation: Briggs, Cooper & Torczon, PLDI
1992).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from .access import Analysis, Effects, own_effects, set_first
from .contract import indices_of
from .distribute import QUICK
from .program import Program
from .syntax import (
    Affine,
    Apply,
    Assign,
    Body,
    Buffer,
    Expr,
    Index,
    Load,
    Local,
    Loop,
    Stmt,
    Store,
    While,
)
from .walk import bodies, loads_in, loads_of, rewrite, vars_of, walk, with_bodies, with_exprs

LEAST = 2048  # elements: less stays in the fastest cache
MOST = 24  # ops in all places where an array is read

Formula = tuple[Assign, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """How a nest makes an array: the indices of its loops by axis, statements, and the value."""

    offsets: tuple[tuple[Local, int], ...]
    formula: Formula
    value: Expr
    ops: int


def recompute(program: Program) -> Program:
    """The program without large arrays that are quickly computed again."""
    while True:
        stores = Counter(stmt.buffer for stmt in walk(program.body) if isinstance(stmt, Store))
        loads = Counter(load.buffer for stmt in walk(program.body) for load in loads_in(stmt))
        movable = {
            buffer: loads[buffer]
            for buffer in indices_of(program)
            if buffer.role == "work" and stores[buffer] == 1 and buffer.size >= LEAST
        }
        body = one_less(program.body, movable) if movable else None
        if body is None:
            return program
        program = replace(program, body=body)  # the formula reads others once more: count again


def one_less(body: Body, movable: dict[Buffer, int]) -> Body | None:
    """The body without one such array, None if it makes none; `movable` are candidates, and how
    often each is read in the whole program."""
    for at, stmt in enumerate(body):
        parts = bodies(stmt)
        for k, part in enumerate(parts):
            new = one_less(part, movable)
            if new is not None:
                changed = with_bodies(stmt, [*parts[:k], new, *parts[k + 1 :]])
                return (*body[:at], changed, *body[at + 1 :])
    found = next(candidates(body, movable), None)
    return None if found is None else tuple(replaced(*found, body))


def candidates(body: Sequence[Stmt], movable: dict[Buffer, int]) -> Iterator[tuple[Made, Buffer]]:
    """The arrays that this body makes and had better compute again."""
    for at, stmt in enumerate(body):
        for inner in walk((stmt,)):
            if isinstance(inner, Store) and inner.buffer in movable:
                made = made_by(stmt, inner.buffer)
                if made and pays(made, inner.buffer, body, at, movable[inner.buffer]):
                    yield made, inner.buffer


def made_by(stmt: Stmt, buffer: Buffer) -> Made | None:
    """How a nest of loops over independent steps makes an array, if it reads it nowhere."""
    loops: set[Local] = set()
    while isinstance(stmt, Loop) and isinstance(stmt.extent, int) and not stmt.ordered:
        loops.add(stmt.var)
        inner = stmt.body
        if any(bodies(part) for part in inner) and len(inner) != 1:
            return None
        if not bodies(inner[0]):
            return straight(inner, buffer, loops)
        stmt = inner[0]
    return None


def straight(body: Body, buffer: Buffer, loops: set[Local]) -> Made | None:
    """How straight code inside some loops makes an element."""
    stores = [stmt for stmt in body if isinstance(stmt, Store) and stmt.buffer is buffer]
    if len(stores) != 1 or stores[0].mode != "set":
        return None
    offsets: list[tuple[Local, int]] = []
    for part in stores[0].index:
        if not isinstance(part, Affine) or len(part.terms) != 1 or part.terms[0][1] != 1:
            return None
        offsets.append((part.terms[0][0], part.const))
    if {var for var, _ in offsets} != loops or len(offsets) != len(loops):
        return None
    times = Counter(stmt.local for stmt in body if isinstance(stmt, Assign))
    wanted = set(vars_of(stores[0].value))
    formula: list[Assign] = []
    for stmt in reversed(body[: body.index(stores[0])]):
        if isinstance(stmt, Assign) and stmt.local in wanted:
            if times[stmt.local] > 1:
                return None
            formula.insert(0, stmt)
            wanted.update(vars_of(stmt.value))
    if wanted & (times.keys() - set_first(body)):
        return None  # a running sum, say, which reads what an earlier step has left
    expressions = [stores[0].value, *(stmt.value for stmt in formula)]
    ops = [cost(expr) for expr in expressions]
    if None in ops or any(load.buffer is buffer for e in expressions for load in loads_of(e)):
        return None
    return Made(tuple(offsets), tuple(formula), stores[0].value, sum(n or 0 for n in ops))


def cost(expr: Expr) -> int | None:
    """The number of ops; None if one of them takes long."""
    if not isinstance(expr, Apply):
        return 0
    parts = [cost(arg) for arg in expr.args]
    if expr.op.name not in (*QUICK, "square") or None in parts:
        return None
    return 1 + sum(n or 0 for n in parts)


def pays(made: Made, buffer: Buffer, body: Sequence[Stmt], at: int, loads: int) -> bool:
    """Whether all loads come after statement `at` of this body, find unchanged what the formula
    reads, and are in few places."""
    places: set[tuple[int, Index]] = set()
    for k, stmt in enumerate(body[at + 1 :], at + 1):
        for inner in walk((stmt,)):
            for load in loads_in(inner):
                if load.buffer is buffer:
                    loads -= 1
                    places.add((k, load.index))
                    if isinstance(inner, While) or not all(map(is_affine, load.index)):
                        return False
    repeated = sum(1 for k, _ in places if isinstance(body[k], Loop))
    if loads or not places or repeated * made.ops > MOST:
        return False
    reads = Effects()
    own = {stmt.local for stmt in made.formula} | {var for var, _ in made.offsets}
    for expr in (made.value, *(stmt.value for stmt in made.formula)):
        reads.reads.update(set(vars_of(expr)) - own)
        for load in loads_of(expr):
            reads.add(load.buffer, None)
    analysis = Analysis()
    return all(untouched(reads, analysis.of(s)) for s in body[at : max(k for k, _ in places) + 1])


def is_affine(part: Expr) -> bool:
    return isinstance(part, Affine)


def untouched(reads: Effects, effects: Effects) -> bool:
    """Whether a statement writes nothing of what is read."""
    if not reads.reads.isdisjoint(effects.writes | effects.sums.keys()):
        return False
    return not any(a.mode for b in reads.buffers for a in effects.buffers.get(b, ()))


def replaced(made: Made, buffer: Buffer, body: Iterable[Stmt]) -> list[Stmt]:
    """The body without the array: what reads an element has it computed just before."""
    result: list[Stmt] = []
    known: dict[Index, Expr] = {}

    def element(index: Index) -> Expr:
        if index not in known:
            given: dict[Expr, Expr] = {}
            for (var, offset), part in zip(made.offsets, index, strict=True):
                assert isinstance(part, Affine)
                given[var] = part + -offset
            for stmt in made.formula:
                local = Local(stmt.local.hint, stmt.local.dtype)
                result.append(Assign(local, rewrite(stmt.value, given.get), stmt.loc))
                given[stmt.local] = local
            known[index] = rewrite(made.value, given.get)
        return known[index]

    def change(expr: Expr) -> Expr | None:
        if isinstance(expr, Load) and expr.buffer is buffer:
            return element(expr.index)
        return None

    for stmt in body:
        if isinstance(stmt, Store) and stmt.buffer is buffer:
            continue
        inner = [tuple(replaced(made, buffer, part)) for part in bodies(stmt)]
        stmt = with_bodies(stmt, inner) if inner else stmt
        result.append(with_exprs(stmt, lambda expr: rewrite(expr, change)))
        written = own_effects(stmt).writes
        known = {i: e for i, e in known.items() if written.isdisjoint(vars_in(i))}
    return result


def vars_in(index: Index) -> set[Local]:
    return {var for part in index for var in vars_of(part)}
