"""Contraction: arrays lose the axes along which they are used one element at a time.

After fusion an intermediate array is often written and read in the same step of the same loop, so
one element is enough. If all accesses have the same index along an axis, a loop's index or a
constant, that axis goes; an array that has lost all its axes is a variable. (Every array of the
program's own is written before it is read, so nothing is carried from step to step.)

Small arrays whose indices are all known numbers become a variable for each element.
"""

from __future__ import annotations

from dataclasses import replace

from .lowerer import SMALL
from .program import Program
from .syntax import (
    LOOSE,
    MODES,
    Affine,
    Apply,
    Assign,
    Body,
    Buffer,
    Call,
    Expr,
    Index,
    Load,
    Local,
    Push,
    Stmt,
    Store,
)
from .walk import bodies, loads_in, rewrite, walk, with_bodies, with_exprs

Homes = dict[Buffer, "Home"]


class Home:
    """What a buffer becomes: a smaller one, a variable, or a variable for each element."""

    def __init__(self, buffer: Buffer, kept: tuple[int, ...]) -> None:
        self.kept = kept
        self.cells: dict[Index, Local] = {}
        self.buffer: Buffer | None = None
        self.hint, self.dtype = buffer.hint, buffer.dtype
        if kept:
            self.buffer = replace(buffer, shape=tuple(buffer.shape[k] for k in kept))

    def target(self, index: Index) -> Load | Local:
        """Where element `index` lives now."""
        if self.buffer is not None:
            return Load(self.buffer, tuple(index[k] for k in self.kept))
        key = () if self.kept == () and not self.each else index
        if key not in self.cells:
            numbers = [str(part.const) for part in key if isinstance(part, Affine)]
            self.cells[key] = Local("_".join([self.hint, *numbers]), self.dtype)
        return self.cells[key]

    each = False


class EachElement(Home):
    """A variable for each element."""

    each = True


def contract(program: Program) -> Program:
    """The program with smaller intermediate arrays."""
    homes: Homes = {}
    for buffer, indices in indices_of(program).items():
        if buffer.role != "work" or not indices:
            continue
        first = indices[0]
        same = [all(i[k] == first[k] for i in indices) for k in range(len(buffer.shape))]
        kept = tuple(k for k, on in enumerate(same) if not (on and plain(first[k])))
        if len(kept) < len(buffer.shape):
            homes[buffer] = Home(buffer, kept)
        elif buffer.size <= SMALL and all(known(i) for i in indices):
            homes[buffer] = EachElement(buffer, ())
    if not homes:
        return program
    return contract(replace(program, body=moved(program.body, homes)))


def plain(index: Expr) -> bool:
    """A constant, or a multiple of one loop's index plus a constant."""
    return isinstance(index, Affine) and len(index.terms) <= 1


def known(index: Index) -> bool:
    return all(isinstance(part, Affine) and not part.terms for part in index)


def indices_of(program: Program) -> dict[Buffer, list[Index]]:
    """Every index at which a buffer is read or written; none for one that is used as a whole."""
    found: dict[Buffer, list[Index]] = {}
    whole: set[Buffer] = {r for r in program.results if isinstance(r, Buffer)}
    for stmt in walk(program.body):
        if isinstance(stmt, Store):
            found.setdefault(stmt.buffer, []).append(stmt.index)
        if isinstance(stmt, Call):
            whole.update(ref.buffer.root for ref in (stmt.out, *stmt.args))
        if isinstance(stmt, Push):
            whole.add(stmt.buffer)
        for load in loads_in(stmt):
            found.setdefault(load.buffer, []).append(load.index)
    whole.update(buffer.root for buffer in found if buffer.base is not None)
    return {b: indices for b, indices in found.items() if b.root not in whole}


def moved(body: Body, homes: Homes) -> Body:
    """The body with buffers in their new homes."""

    def change(expr: Expr) -> Expr:
        return rewrite(expr, place)

    def place(expr: Expr) -> Expr | None:
        if isinstance(expr, Load) and expr.buffer in homes:
            index = tuple([change(part) for part in expr.index])
            return homes[expr.buffer].target(index)
        return None

    result: list[Stmt] = []
    for stmt in body:
        inner = [moved(part, homes) for part in bodies(stmt)]
        new = with_exprs(with_bodies(stmt, inner) if inner else stmt, change)
        result.append(stored(new, homes) if isinstance(new, Store) else new)
    return tuple(result)


def stored(stmt: Store, homes: Homes) -> Stmt:
    """A store into a new home."""
    home = homes.get(stmt.buffer)
    if home is None:
        return stmt
    target = home.target(stmt.index)
    if isinstance(target, Load):
        return replace(stmt, buffer=target.buffer, index=target.index)
    return assigned(target, stmt)


def assigned(local: Local, stmt: Store) -> Assign:
    """A store as an assignment to a variable."""
    if stmt.mode == "set":
        return Assign(local, stmt.value, stmt.loc)
    both = Apply(MODES[stmt.mode], (local, stmt.value), local.dtype, loose=stmt.mode in LOOSE)
    return Assign(local, both, stmt.loc)
