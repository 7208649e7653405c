"""Reuse: a large array is computed in the place of one that it replaces.

Where the loop that fills an array is the last to read another, element by element, both may be one:
`z[i] = c[i] * share` becomes `z[i] = z[i] * share`, and half of the memory is never touched.
"""

from __future__ import annotations

from dataclasses import replace

from .access import Analysis
from .contract import indices_of
from .program import Program
from .recompute import LEAST
from .syntax import Affine, Body, Buffer, Index, Load, Local, Loop, Stmt, Store
from .walk import bodies, loads_in, relocated, walk


def reuse(program: Program) -> Program:
    """The program with large arrays in the place of those that they replace."""
    whole = {b for b in program.results if isinstance(b, Buffer)}
    free = {b for b in indices_of(program) if b.role == "work"} - whole
    seen: set[Buffer] = set()
    analysis = Analysis()
    for at, stmt in enumerate(program.body):
        later = {b for s in program.body[at + 1 :] for b in analysis.of(s).buffers}
        pair = pair_in(stmt, free - later, seen)
        if pair is not None:
            return reuse(replace(program, body=merged(program.body, *pair)))
        seen |= analysis.of(stmt).buffers.keys()
    return program


def pair_in(stmt: Stmt, old: set[Buffer], seen: set[Buffer]) -> tuple[Buffer, Buffer] | None:
    """An array that a nest reads for the last time, and one that it can be made into, which is not
    touched before."""
    inner = [s for s in walk((stmt,)) if not bodies(s)]
    for store in inner:
        if not isinstance(store, Store) or store.buffer in seen or store.buffer.size < LEAST:
            continue
        new = store.buffer
        if new.role not in ("work", "output") or new.base:
            continue
        for load in (load for s in inner for load in loads_in(s)):
            same = (load.buffer.shape, load.buffer.dtype) == (new.shape, new.dtype)
            if same and load.buffer in old and replaces(stmt, load.buffer, new):
                return load.buffer, new
    return None


def replaces(stmt: Stmt, old: Buffer, new: Buffer) -> bool:
    """Whether a statement is a nest that writes each element of an array once, after it has read
    the same element of another for the last time, which it does not write."""
    loops: set[Local] = set()
    body: Body = (stmt,)
    while len(body) == 1 and isinstance(body[0], Loop):
        loops.add(body[0].var)
        body = body[0].body
    if not loops or any(bodies(part) for part in body):
        return False
    stores = [s for s in body if isinstance(s, Store)]
    mine = [s for s in stores if s.buffer is new]
    if len(mine) != 1 or mine[0].mode != "set" or any(s.buffer is old for s in stores):
        return False
    return one_to_one(mine[0].index, loops) and before(old, mine[0], body)


def one_to_one(index: Index, loops: set[Local]) -> bool:
    """Whether each step of the loops has an element of its own."""
    found: list[Local] = []
    for part in index:
        if not isinstance(part, Affine) or len(part.terms) > 1:
            return False
        found += [var for var, _ in part.terms]
    return len(found) == len(loops) and set(found) == loops


def before(old: Buffer, store: Store, body: Body) -> bool:
    """Whether an array is read at the element of the store only, and not after it; and the new one
    not at all."""
    at = body.index(store)
    for k, stmt in enumerate(body):
        for load in loads_in(stmt):
            if load.buffer is store.buffer:
                return False
            if load.buffer is old and (k > at or load.index != store.index):
                return False
    return True


def merged(body: Body, old: Buffer, new: Buffer) -> Body:
    """The body with one array in the place of another."""

    def place(buffer: Buffer, index: Index) -> Load | None:
        return Load(new, index) if buffer is old else None

    return relocated(body, place)
