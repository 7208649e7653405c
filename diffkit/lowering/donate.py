"""Donation: a result takes the memory of an argument that the caller gives away.

An argument's array may hold a result of its type once it is not read any more: if its last read
comes before the first write of the result, or if one loop reads and writes the same element in the
same step. A program that may give up is run again from its arguments, so it keeps them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from .access import Analysis
from .program import Program
from .reuse import replaces
from .syntax import Buffer, Call, Expr, Load, Ref, Stmt, Store
from .walk import bodies, rewrite, with_bodies, with_exprs


def donate(program: Program, donated: Collection[int]) -> Program:
    """The program with results in the arrays of the parameters at these places."""
    if program.fails or "solve" in program.calls:
        return program
    free = [p for k, p in enumerate(program.params) if k in donated and isinstance(p, Buffer)]
    for out in [r for r in program.results if isinstance(r, Buffer) and r.role == "output"]:
        for given in free:
            if given.shape == out.shape and given.dtype == out.dtype and fits(program, given, out):
                program = taken(program, out, given)
                free.remove(given)
                break
    return program


def fits(program: Program, given: Buffer, out: Buffer) -> bool:
    """Whether the argument is not read after the result is first written."""
    analysis = Analysis()
    effects = [analysis.of(stmt) for stmt in program.body]
    reads = [k for k, found in enumerate(effects) if given in found.buffers]
    writes = [k for k, found in enumerate(effects) if out in found.buffers]
    if not reads or not writes or max(reads) < min(writes):
        return True
    return max(reads) == min(writes) and replaces(program.body[max(reads)], given, out)


def taken(program: Program, out: Buffer, given: Buffer) -> Program:
    """The program with one buffer in the place of another."""

    def place(expr: Expr) -> Expr | None:
        if isinstance(expr, Load) and expr.buffer is out:
            return Load(given, tuple([rewrite(part, place) for part in expr.index]))
        return None

    def ref(part: Ref) -> Ref:
        return replace(part, buffer=given) if part.buffer is out else part

    def change(stmt: Stmt) -> Stmt:
        new = with_bodies(stmt, [tuple(map(change, part)) for part in bodies(stmt)])
        new = with_exprs(new, lambda expr: rewrite(expr, place))
        if isinstance(new, Store) and new.buffer is out:
            return replace(new, buffer=given)
        if isinstance(new, Call):
            return replace(new, out=ref(new.out), args=tuple(map(ref, new.args)))
        return new

    results = tuple(given if r is out else r for r in program.results)
    return replace(program, body=tuple(map(change, program.body)), results=results)
