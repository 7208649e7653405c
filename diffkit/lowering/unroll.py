"""Unrolling: short loops over small arrays are written out, so that these become variables.

The state of a particle or a small system of equations lives in an array of a few elements. If the
loops that touch it are written out, all its indices are numbers, and `contract` makes a variable of
each element: it stays in registers from step to step. Only loops that such an array needs, and
whose text stays short, are written out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .contract import indices_of
from .lowerer import SMALL
from .program import Program
from .syntax import Affine, Assign, Body, Buffer, Expr, Local, Loop, Stmt, constant
from .walk import bodies, exprs, renamed, rewrite, transformed, vars_of, walk, with_bodies

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
    return replace(program, body=written_out(program.body, wanted, uses_of(program)))


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


def written_out(body: Body, wanted: set[Local], uses: Counter[Local]) -> Body:
    """A body with the loops over some indices written out."""
    result: list[Stmt] = []
    for stmt in body:
        parts = [written_out(part, wanted, uses) for part in bodies(stmt)]
        new = with_bodies(stmt, parts) if parts else stmt
        if isinstance(new, Loop) and new.var in wanted and isinstance(new.extent, int):
            steps = range(new.extent - 1, -1, -1) if new.reverse else range(new.extent)
            own = private(new, uses)
            for k in steps:
                body_ = renamed(new.body, new.var, constant(k))
                result.extend(with_fresh(body_, own) if k != steps[-1] else body_)
        else:
            result.append(new)
    return tuple(result)


def uses_of(program: Program) -> Counter[Local]:
    """How often each variable is mentioned."""
    found: Counter[Local] = Counter()
    count(program.body, found)
    for result in program.results:
        if not isinstance(result, Buffer):
            found.update(vars_of(result))
    return found


def count(body: Body, found: Counter[Local]) -> None:
    for stmt in walk(body):
        if isinstance(stmt, Assign):
            found[stmt.local] += 1
        for expr in exprs(stmt):
            found.update(vars_of(expr))


def private(loop: Loop, uses: Counter[Local]) -> list[Local]:
    """The variables that a step of a loop sets first and that nobody else mentions."""
    here: Counter[Local] = Counter()
    count(loop.body, here)
    first: dict[Local, bool] = {}
    for stmt in walk(loop.body):
        for expr in exprs(stmt):
            for local in vars_of(expr):
                first.setdefault(local, False)
        if isinstance(stmt, Assign):
            first.setdefault(stmt.local, True)
    return [v for v, sets in first.items() if sets and here[v] == uses[v]]


def with_fresh(body: Body, own: Sequence[Local]) -> Body:
    """The body with variables of its own in the place of some."""
    fresh = {local: Local(local.hint, local.dtype) for local in own}

    def change(expr: Expr) -> Expr | None:
        return fresh.get(expr) if isinstance(expr, Local) else None

    def new(stmts: Body) -> Body:
        return tuple(
            replace(stmt, local=fresh[stmt.local])
            if isinstance(stmt, Assign) and stmt.local in fresh
            else with_bodies(stmt, [new(part) for part in bodies(stmt)])
            for stmt in stmts
        )

    return new(transformed(body, lambda expr: rewrite(expr, change)))
