"""Gathering: slices added to slices become one sum.

The derivative of a stencil adds the same array to several shifted slices of another. These loops
write what the next one writes again, so they cannot become one. With a rim of zeros around the
array, every element of the other is one sum, and one loop computes them all:

    for i in range(n): t[i] += q[i]                  z[k:n + k] = q,  zeros elsewhere
    for i in range(n): t[i + 2] += q[i]         →    for p in range(n + 2): t[p] += z[p + 2] + z[p]

The sums have their terms in the same order, and the zeros are negative, which leave every number as
it is. The rim is filled once, before anything else (the transpose of a stencil is a stencil:
Hückelheim et al., Automatic differentiation for adjoint stencil loops, ICPP 2019).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import sub

from ..types import i64
from .nest import Nest, nest_of, nested, over
from .program import Program
from .syntax import Affine, Body, Buffer, Const, Index, Load, Local, Loop, Stmt, Store, index_of
from .walk import bodies, with_bodies

FEWEST = 64  # elements of the array that is added
ADDING = ("add", "sum")

Shift = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Addition:
    """target[index + shift] += source[index + start], for all indices in a box."""

    nest: Nest
    source: Buffer
    start: Shift
    shift: Shift

    @property
    def box(self) -> tuple[int, ...]:
        return tuple(loop.extent for loop in self.nest.loops if isinstance(loop.extent, int))


def gather(program: Program) -> Program:
    """The program with repeated additions of shifted arrays as sums."""
    rims: list[Stmt] = []
    body = in_body(program.body, rims)
    return replace(program, body=(*rims, *body)) if rims else program


def in_body(body: Body, rims: list[Stmt]) -> Body:
    result: list[Stmt] = []
    run: list[Addition] = []
    for stmt in body:
        one = addition_of(stmt)
        if one is None or (run and not alike(run[0], one)):
            result.extend(gathered(run, rims))
            run = []
        if one is not None:
            run.append(one)
        else:
            parts = [in_body(part, rims) for part in bodies(stmt)]
            result.append(with_bodies(stmt, parts) if parts else stmt)
    return (*result, *gathered(run, rims))


def addition_of(stmt: Stmt) -> Addition | None:
    """The addition of one slice to another that a nest is, its loops in the order of the axes."""
    nest = nest_of(stmt)
    if nest is None or nest.store.mode not in ADDING or not isinstance(nest.store.value, Load):
        return None
    store, load = nest.store, nest.store.value
    whole = store.buffer.base is None and load.buffer.base is None
    if not whole or load.buffer is store.buffer or store.buffer.dtype.kind != "f":
        return None
    shift, start = offsets(nest, store.index), offsets(nest, load.index)
    if (
        shift is None
        or start is None
        or math.prod(Addition(nest, load.buffer, (), ()).box) < FEWEST
    ):
        return None
    return Addition(nest, load.buffer, start, shift)


def offsets(nest: Nest, index: Index) -> Shift | None:
    """The constants of an index whose parts are the indices of the loops, in order."""
    if len(index) != len(nest.loops):
        return None
    found: list[int] = []
    for part, loop in zip(index, nest.loops, strict=True):
        if not isinstance(part, Affine) or part.terms != ((loop.var, 1),):
            return None
        found.append(part.const)
    return tuple(found)


def alike(a: Addition, b: Addition) -> bool:
    """Whether two add the same elements to the same array."""
    return (
        a.nest.store.buffer is b.nest.store.buffer
        and (a.source, a.start, a.box) == (b.source, b.start, b.box)
        and a.nest.store.mode == b.nest.store.mode
    )


def gathered(run: list[Addition], rims: list[Stmt]) -> list[Stmt]:
    """A run of alike additions as one sum, or as they are where that is not worth it."""
    plain = [nested(one.nest.loops, one.nest.store) for one in run]
    if len({one.shift for one in run}) < 2:
        return plain
    nest, box = run[0].nest, run[0].box
    low = tuple(map(min, zip(*(one.shift for one in run), strict=True)))
    high = tuple(map(max, zip(*(one.shift for one in run), strict=True)))
    reach = tuple(map(sub, high, low))
    if any(r > n // 2 for r, n in zip(reach, box, strict=True)):
        return plain
    shape = tuple(n + 2 * r for n, r in zip(box, reach, strict=True))
    padded = Buffer(run[0].source.hint, nest.store.buffer.dtype, shape)
    rims.append(rim(padded))
    inside = at((loop.var for loop in nest.loops), reach)
    loops = [
        Loop(over(loop.var, n + r), n + r, (), loc=nest.store.loc)
        for loop, n, r in zip(nest.loops, box, reach, strict=True)
    ]
    indices = [loop.var for loop in loops]
    sums = [
        replace(
            one.nest.store,
            index=at(indices, low),
            value=Load(padded, at(indices, map(sub, high, one.shift))),
        )
        for one in run
    ]
    copy = replace(nest.store, buffer=padded, index=inside, mode="set")
    return [nested(nest.loops, copy), nested(loops[:-1], replace(loops[-1], body=tuple(sums)))]


def at(indices: Iterable[Local], shift: Iterable[int]) -> Index:
    return tuple(index_of(var) + n for var, n in zip(indices, shift, strict=True))


def rim(buffer: Buffer) -> Stmt:
    """The array full of negative zeros, which change nothing that they are added to."""
    loops = [Loop(Local("i", i64, n), n, ()) for n in buffer.shape]
    zeros = Const(-0.0, buffer.dtype)
    return nested(loops, Store(buffer, tuple(index_of(loop.var) for loop in loops), zeros))
