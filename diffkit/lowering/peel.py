"""Peeling: two large loops of nearly equal length become one, and a last step or two apart.

Slices of neighbours make loops that are one step shorter than others. If both read the same large
array, they had better read it once: the last steps of the longer loop are written out, and what
remains is fused.
"""

from __future__ import annotations

from dataclasses import replace

from .access import Analysis, set_first
from .fuse import fused
from .nest import over
from .program import Program
from .recompute import LEAST
from .syntax import Assign, Body, Expr, Local, Loop, Stmt, constant, index_of
from .walk import bodies, renamed, rewrite, with_exprs

MOST = 2  # steps written out


def peel(program: Program) -> Program:
    """The program with large loops of nearly equal length as one."""
    body, analysis = program.body, Analysis()
    large = [k for k, stmt in enumerate(body) if isinstance(stmt, Loop) and is_large(stmt)]
    for at in large:
        for k in large:
            new = as_one(body, at, k, analysis) if at < k else None
            if new is not None:
                return peel(replace(program, body=new))
    return program


def is_large(loop: Loop) -> bool:
    """Whether it is a long loop of straight code in any order."""
    long = isinstance(loop.extent, int) and loop.extent >= LEAST
    return long and not loop.ordered and not any(bodies(stmt) for stmt in loop.body)


def as_one(body: Body, at: int, k: int, analysis: Analysis) -> Body | None:
    """The body with two of its loops as one, if their lengths are nearly the same and they can."""
    a, b = body[at], body[k]
    assert isinstance(a, Loop) and isinstance(b, Loop)
    assert isinstance(a.extent, int) and isinstance(b.extent, int)
    shared = analysis.of(a).buffers.keys() & analysis.of(b).buffers.keys()
    if not 0 < abs(a.extent - b.extent) <= MOST or all(x.size < LEAST for x in shared):
        return None
    steps = min(a.extent, b.extent)
    parts = [cut(s, steps) if s in (a, b) else [s] for s in body]
    new = fused(tuple(stmt for part in parts for stmt in part), Analysis(), frozenset())
    return new if count(new) < count(body) else None


def count(body: Body) -> int:
    return sum(isinstance(stmt, Loop) for stmt in body)


def cut(loop: Loop, steps: int) -> list[Stmt]:
    """So many steps of a loop, and those after it written out."""
    assert isinstance(loop.extent, int)
    if loop.extent == steps:
        return [loop]
    var = over(loop.var, steps)
    own = set_first(loop.body)
    rest = [stmt for k in range(steps, loop.extent) for stmt in written_out(loop, k, own)]
    body = renamed(loop.body, loop.var, index_of(var))
    return [replace(loop, var=var, extent=steps, body=body), *rest]


def written_out(loop: Loop, step: int, own: set[Local]) -> list[Stmt]:
    """A step of a loop, with variables of its own but for those that one step hands to the next."""
    given: dict[Expr, Expr] = {loop.var: constant(step)}
    result: list[Stmt] = []
    for stmt in loop.body:
        stmt = with_exprs(stmt, lambda expr: rewrite(expr, given.get))
        if isinstance(stmt, Assign) and stmt.local in own:
            given[stmt.local] = given.get(stmt.local) or Local(stmt.local.hint, stmt.local.dtype)
            local = given[stmt.local]
            assert isinstance(local, Local)
            stmt = replace(stmt, local=local)
        result.append(stmt)
    return result
