"""Layout: the axis along which inner loops run lies along memory.

A particle's coordinates are natural to hold as the rows of an array, but a loop over particles that
takes one coordinate at a time then jumps from row to row, and reads no two neighbours at once. The
program's own arrays need not keep the order of axes that the user gave them: each access votes for
the axis that its innermost loop runs along, as often as it happens, and that axis becomes the last.
(Structure of arrays or array of structures; Intel 64 and IA-32 Architectures Optimization Reference
Manual, section 5.6.1.)
"""

from __future__ import annotations

from dataclasses import replace

from .contract import indices_of
from .program import Program
from .syntax import Affine, Body, Buffer, Index, Load, Local, Loop, Store, While
from .walk import bodies, loads_in, relocated

UNKNOWN = 16  # steps of a loop whose length depends on the data
FEW = 4  # steps that a compiler writes out: the loop around them is then the innermost one

Votes = dict[Buffer, list[int]]
Orders = dict[Buffer, tuple[Buffer, tuple[int, ...]]]


def layout(program: Program) -> Program:
    """The program with the axes of its own arrays in the order that its loops like."""
    votes: Votes = {
        buffer: [0] * len(buffer.shape)
        for buffer in indices_of(program)
        if buffer.role == "work" and len(buffer.shape) > 1
    }
    count(program.body, None, 1, votes)
    orders: Orders = {}
    for buffer, found in votes.items():
        best = max(found)
        if best > found[-1]:
            axis = found.index(best)
            order = (*(k for k in range(len(found)) if k != axis), axis)
            orders[buffer] = replace(buffer, shape=tuple(buffer.shape[k] for k in order)), order
    return replace(program, body=turned(program.body, orders)) if orders else program


def count(body: Body, var: Local | None, times: int, votes: Votes) -> None:
    """Add the votes of all accesses in a body that a loop over `var` runs `times` in all."""
    for stmt in body:
        if isinstance(stmt, Store):
            vote(stmt.buffer, stmt.index, var, times, votes)
        for load in loads_in(stmt):
            vote(load.buffer, load.index, var, times, votes)
        if isinstance(stmt, Loop):
            steps = stmt.extent if isinstance(stmt.extent, int) else UNKNOWN
            count(stmt.body, var if steps <= FEW else stmt.var, times * steps, votes)
        else:
            for part in bodies(stmt):
                inside = (None, times * UNKNOWN) if isinstance(stmt, While) else (var, times)
                count(part, *inside, votes)


def vote(buffer: Buffer, index: Index, var: Local | None, times: int, votes: Votes) -> None:
    """For the axis along which neighbours are used one after the other; where some index is
    computed, only what is in one row has neighbours."""
    if buffer not in votes:
        return
    if not all(isinstance(part, Affine) for part in index):
        votes[buffer][-1] += times
        return
    for axis, part in enumerate(index):
        if isinstance(part, Affine) and any(v is var and abs(c) == 1 for v, c in part.terms):
            votes[buffer][axis] += times


def turned(body: Body, orders: Orders) -> Body:
    """The body with the arrays in their new order."""

    def place(buffer: Buffer, index: Index) -> Load | None:
        if buffer not in orders:
            return None
        new, order = orders[buffer]
        return Load(new, tuple(index[k] for k in order))

    return relocated(body, place)
