"""Unrolling: short loops over small arrays are written out, so that these become variables.

The state of a particle or a small system of equations lives in an array of a few elements. If the
loops that touch it are written out, all its indices are numbers, and `contract` makes a variable of
each element: it stays in registers from step to step. Only loops that such an array needs, and whose
text stays short, are written out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .contract import indices_of
from .lowerer import SMALL
from .program import Program
from .syntax import Affine, Body, Buffer, Local, Loop, Stmt, constant
from .walk import bodies, renamed, walk, with_bodies

LONGEST = 96  # statements of one loop written out


def unroll(program: Program) -> Program:
    """The program with the short loops over small arrays written out."""
    short = {loop.var: loop for loop in program.loops if length(loop) <= LONGEST}
    wanted: set[Local] = set()
    for buffer, indices in indices_of(program).items():
        if not small(buffer):
            continue
        variables = {v for index in indices for part in index for v in variables_of(part)}
        if variables <= short.keys() and all(affine(index) for index in indices):
            wanted |= variables
    if not wanted:
        return program
    return replace(program, body=written_out(program.body, wanted))


def small(buffer: Buffer) -> bool:
    return buffer.role == "work" and buffer.size <= SMALL


def affine(index: tuple[object, ...]) -> bool:
    return all(isinstance(part, Affine) for part in index)


def variables_of(part: object) -> Iterator[Local]:
    if isinstance(part, Affine):
        for local, _ in part.terms:
            yield local


def length(loop: Loop) -> int:
    """How many statements a loop becomes; very many if its steps are many or not known."""
    if not isinstance(loop.extent, int) or loop.extent > SMALL:
        return LONGEST + 1
    return loop.extent * sum(statements(stmt) for stmt in loop.body)


def statements(stmt: Stmt) -> int:
    """Statements, those of inner loops as often as they run, if that is a few times."""
    if isinstance(stmt, Loop):
        return length(stmt)
    return 1 + sum(1 for part in bodies(stmt) for _ in walk(part))


def written_out(body: Body, wanted: set[Local]) -> Body:
    """A body with the loops over some indices written out."""
    result: list[Stmt] = []
    for stmt in body:
        parts = [written_out(part, wanted) for part in bodies(stmt)]
        new = with_bodies(stmt, parts) if parts else stmt
        if isinstance(new, Loop) and new.var in wanted and isinstance(new.extent, int):
            steps = range(new.extent - 1, -1, -1) if new.reverse else range(new.extent)
            for k in steps:
                result.extend(renamed(new.body, new.var, constant(k)))
        else:
            result.append(new)
    return tuple(result)
