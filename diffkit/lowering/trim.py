"""Trimming: elements that nobody reads are not computed.

The derivative of a slice uses a part of what the derivative of the rest has computed. Where all
reads of one of the program's own arrays lie in a box, the loops that fill it go over that box, and
then often over the range of those that read it, which they may join.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .contract import indices_of
from .nest import Nest, nest_of, nested, over
from .program import Program
from .syntax import Affine, Body, Buffer, Index, Loop, Stmt, Store, index_of
from .walk import bodies, loads_in, renamed, walk, with_bodies

Box = tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Uses:
    """How a buffer is used: the number of stores into it, and the indices of its reads."""

    stores: int = 0
    reads: set[Index] = field(default_factory=set[Index])


def trim(program: Program) -> Program:
    """The program without elements that nobody reads."""
    uses = {b: Uses() for b in indices_of(program) if b.role == "work" and b.shape}
    for stmt in walk(program.body):
        if isinstance(stmt, Store) and stmt.buffer in uses:
            uses[stmt.buffer].stores += 1
        for load in loads_in(stmt):
            if load.buffer in uses:
                uses[load.buffer].reads.add(load.index)
    boxes = {
        buffer: box_around(buffer, used.reads)
        for buffer, used in uses.items()
        if used.stores == 1 and used.reads
    }
    return replace(program, body=trimmed(program.body, boxes))


def box_around(buffer: Buffer, reads: set[Index]) -> Box:
    """The least and the greatest index along each axis."""
    box: list[tuple[int, int]] = []
    for axis, n in enumerate(buffer.shape):
        low, high = n - 1, 0
        for index in reads:
            part = index[axis]
            bounds = part.bounds() if isinstance(part, Affine) else None
            least, most = bounds or (0, n - 1)
            low, high = min(low, least), max(high, most)
        box.append((max(low, 0), min(high, n - 1)))
    return tuple(box)


def trimmed(body: Body, boxes: dict[Buffer, Box]) -> Body:
    result: list[Stmt] = []
    for stmt in body:
        nest = nest_of(stmt)
        if nest is not None and nest.store.buffer in boxes:
            stmt = within(nest, boxes[nest.store.buffer])
        elif bodies(stmt):
            stmt = with_bodies(stmt, [trimmed(part, boxes) for part in bodies(stmt)])
        result.append(stmt)
    return tuple(result)


def within(nest: Nest, box: Box) -> Stmt:
    """The nest over the part of its range that fills the box."""
    loops = list(nest.loops)
    inner: Body = (nest.store,)
    for part, (low, high) in zip(nest.store.index, box, strict=True):
        found = nest.axis(part)
        if found is None:
            continue
        loop, offset = found
        assert isinstance(loop.extent, int)
        first, last = max(low - offset, 0), min(high - offset, loop.extent - 1)
        if first > last or (first, last) == (0, loop.extent - 1):
            continue
        var = over(loop.var, last - first + 1)
        inner = renamed(inner, loop.var, index_of(var) + first)
        loops[nest.loops.index(loop)] = Loop(var, last - first + 1, (), loc=loop.loc)
    return nested(loops, inner[0])
