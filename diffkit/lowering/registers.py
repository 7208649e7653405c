"""Registers: elements of arrays that a loop reads again and again become variables.

What a loop reads and never writes is read before it. An element that every step reads and writes,
such as the sum of a row that lies in a result, is a variable inside the loop and is stored after
it. Within a straight piece of code an element is read once. A compiler could do none of this,
since it cannot know that two arrays do not overlap (scalar replacement: Callahan, Carr & Kennedy,
Improving register allocation for subscripted variables, PLDI 1990).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from .access import Access, Analysis, Effects, disjoint, disturbed
from .contract import assigned
from .program import Program
from .syntax import (
    Affine,
    Apply,
    Assign,
    Body,
    Buffer,
    Const,
    Expr,
    Index,
    Load,
    Local,
    Loop,
    Stmt,
    Store,
    While,
)
from .walk import bodies, loads_in, rewrite, vars_of, walk, with_bodies, with_exprs

Key: TypeAlias = "tuple[Buffer, Index]"


def registers(program: Program) -> Program:
    """The program with repeated reads and writes of one element in variables."""
    return replace(program, body=in_body(program.body))


def in_body(body: Body) -> Body:
    """A body with elements in variables, those of inner loops first."""
    result: list[Stmt] = []
    for stmt in body:
        parts = bodies(stmt)
        if parts:
            stmt = with_bodies(stmt, [in_body(part) for part in parts])
        result.extend(hoisted(stmt) if isinstance(stmt, Loop | While) else [stmt])
    return read_once(result)


# --- loops ---------------------------------------------------------------------------------------


def hoisted(loop: Loop | While) -> list[Stmt]:
    """A loop with the elements that stay the same place in variables around it."""
    effects = Analysis().of(loop)
    inner = effects.loops
    fixed: dict[Key, Local] = {}
    written: set[Key] = set()
    for buffer, index in places(loop):
        if (buffer, index) in fixed or not steady(index, inner, effects):
            continue
        modes = [
            access.mode
            for access in effects.buffers[buffer.root]
            if not disjoint(access, Access(index), inner)
        ]
        others = [
            access
            for access in effects.buffers[buffer.root]
            if access.index != index and not disjoint(access, Access(index), inner)
        ]
        if any(modes) and (others or not set(modes) <= {"", "set", *COMBINING}):
            continue
        fixed[(buffer, index)] = Local(buffer.hint, buffer.dtype)
        if any(modes):
            written.add((buffer, index))
    if not fixed:
        return [loop]
    (changed,) = in_variables((loop,), fixed)
    before = [Assign(local, Load(*key), loop.loc) for key, local in fixed.items()]
    after = [Store(*key, local, loc=loop.loc) for key, local in fixed.items() if key in written]
    return [*before, changed, *after]


COMBINING = ("add", "sum", "prod", "max", "min", "any", "all")


def places(loop: Stmt) -> Iterator[Key]:
    """The elements that a loop reads or writes, by buffer and index."""
    for stmt in walk((loop,)):
        if isinstance(stmt, Store) and stmt.buffer.base is None:
            yield stmt.buffer, stmt.index
        for load in loads_in(stmt):
            if load.buffer.base is None:
                yield load.buffer, load.index


def steady(index: Index, inner: Collection[Local], effects: Effects) -> bool:
    """Whether an index is the same in every step."""
    for part in index:
        if not isinstance(part, Affine):
            return False
        if any(v in inner or v in effects.writes for v, _ in part.terms):
            return False
    return True


def in_variables(body: Body, homes: dict[Key, Local]) -> Body:
    """A body with some elements in variables."""

    def place(expr: Expr) -> Expr | None:
        return homes.get((expr.buffer, expr.index)) if isinstance(expr, Load) else None

    result: list[Stmt] = []
    for stmt in body:
        inner = [in_variables(part, homes) for part in bodies(stmt)]
        new = with_exprs(with_bodies(stmt, inner) if inner else stmt, lambda e: rewrite(e, place))
        if isinstance(stmt, Store) and isinstance(new, Store):
            local = homes.get((stmt.buffer, stmt.index))
            result.append(assigned(local, new) if local else new)
        else:
            result.append(new)
    return tuple(result)


# --- straight code -------------------------------------------------------------------------------


def read_once(body: Sequence[Stmt]) -> Body:
    """Statements with each element read at most once, and not after it was just stored."""
    wanted: Counter[Key | Expr] = Counter()
    for stmt in body:
        for load in loads_in(stmt):
            wanted[(load.buffer, load.index)] += 1
            wanted.update(part for part in load.index if isinstance(part, Apply))
        if isinstance(stmt, Store):
            wanted.update(part for part in stmt.index if isinstance(part, Apply))
        if isinstance(stmt, Store):
            wanted[(stmt.buffer, stmt.index)] += 1
    analysis = Analysis()
    known: dict[Key, Expr] = {}
    places: dict[Expr, Local] = {}  # computed indices
    result: list[Stmt] = []

    def change(expr: Expr) -> Expr | None:
        if isinstance(expr, Apply) and wanted[expr] > 1:
            if expr not in places:
                local = Local("at", expr.dtype)
                args = tuple([rewrite(arg, change) for arg in expr.args])
                result.append(Assign(local, replace(expr, args=args)))
                places[expr] = local
            return places[expr]
        if not isinstance(expr, Load):
            return None
        index = tuple([rewrite(part, change) for part in expr.index])
        key = (expr.buffer, expr.index)
        if key not in known and wanted[key] > 1:
            local = Local(expr.buffer.hint, expr.dtype)
            result.append(Assign(local, Load(expr.buffer, index)))
            known[key] = local
        return known.get(key) or Load(expr.buffer, index)

    for stmt in body:
        if not isinstance(stmt, While):
            stmt_ = with_exprs(stmt, lambda e: rewrite(e, change))
        else:
            stmt_ = stmt
        effects = analysis.of(stmt)
        if isinstance(stmt_, Store) and isinstance(stmt, Store):
            stmt_ = with_value(stmt, stmt_, wanted, result)
        forget(known, effects)
        for place in list(places):
            if disturbed(place, effects):
                del places[place]
        if isinstance(stmt, Store) and isinstance(stmt_, Store) and stmt.mode == "set":
            value = stmt_.value
            if isinstance(value, Local | Const):
                known[(stmt.buffer, stmt.index)] = value
        result.append(stmt_)
    return tuple(result)


def with_value(old: Store, new: Store, wanted: Counter[Key | Expr], result: list[Stmt]) -> Store:
    """A store of a variable, if the element is read again."""
    again = wanted[(old.buffer, old.index)] > 1
    if new.mode != "set" or not again or isinstance(new.value, Local | Const):
        return new
    local = Local(old.buffer.hint, old.buffer.dtype)
    result.append(Assign(local, new.value, new.loc))
    return replace(new, value=local)


def forget(known: dict[Key, Expr], effects: Effects) -> None:
    """Forget what a statement changes."""
    for key in list(known):
        buffer, index = key
        value = known[key]
        changed = not effects.writes.isdisjoint(v for part in index for v in vars_of(part))
        changed |= isinstance(value, Local) and value in effects.writes | effects.sums.keys()
        for access in effects.buffers.get(buffer.root, ()):
            changed |= bool(access.mode) and not disjoint(access, Access(index), effects.loops)
        if changed:
            del known[key]
