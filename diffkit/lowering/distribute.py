"""Distribution: a loop that computes and scatters becomes one that computes and one that scatters.

Steps that add at computed indices may meet in one element, so they can not be done side by side,
and neither can the square roots and divisions in the same loop. Apart, the arithmetic fills vector
registers, and what remains of the loop only moves numbers. The values cross over in small arrays
(loop distribution: Kennedy & McKinley, Loop distribution with arbitrary control flow, 1990).

    for s: r = rest[s] / sqrt(…)          for s: r[s] = rest[s] / sqrt(…)
           force[end[s]] += r       →     for s: force[end[s]] += r[s]
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ..types import f32, f64
from .access import Analysis
from .program import Program
from .syntax import (
    Affine,
    Apply,
    Assign,
    Body,
    Buffer,
    Expr,
    Load,
    Local,
    Loop,
    Stmt,
    Store,
    index_of,
)
from .walk import bodies, exprs, loads_in, rewrite, vars_of, with_bodies, with_exprs

LEAST, MOST = 8, 65_536  # steps: fewer fill no vector, more fill the cache
# What fills more than one step of a processor's pipeline.
QUICK = {
    "add", "sub", "mul", "neg", "abs", "select", "maximum", "minimum", "cast",
    "less", "less_equal", "greater", "greater_equal", "equal", "not_equal",
}  # fmt: skip


def distribute(program: Program) -> Program:
    """The program with scatters in loops of their own."""
    return replace(program, body=in_body(program.body))


def in_body(body: Body) -> Body:
    result: list[Stmt] = []
    for stmt in body:
        parts = bodies(stmt)
        if any(bodies(inner) for part in parts for inner in part) or not isinstance(stmt, Loop):
            result.append(with_bodies(stmt, [in_body(part) for part in parts]) if parts else stmt)
        else:
            result.extend(distributed(stmt))
    return tuple(result)


def distributed(loop: Loop) -> list[Stmt]:
    """An innermost loop, in two if that is right and pays."""
    scatters = [stmt for stmt in loop.body if isinstance(stmt, Store) and scattering(stmt)]
    others = [stmt for stmt in loop.body if stmt not in scatters]
    if not scatters or not isinstance(loop.extent, int) or not LEAST <= loop.extent <= MOST:
        return [loop]
    targets = {stmt.buffer.root for stmt in scatters}
    analysis = Analysis()
    simple = all(
        isinstance(stmt, Assign | Store) and targets.isdisjoint(analysis.of(stmt).buffers)
        for stmt in others
    )
    read = {load.buffer.root for s in scatters for load in loads_in(s)}
    written = {stmt.buffer.root for stmt in others if isinstance(stmt, Store)} | targets
    times = Counter(stmt.local for stmt in others if isinstance(stmt, Assign))
    again = any(times[v] > 1 for s in scatters for e in exprs(s) for v in vars_of(e))
    if again or not simple or not slow(others) or not read.isdisjoint(written):
        return [loop]
    return split(loop, loop.extent, others, scatters)


def scattering(stmt: Store) -> bool:
    """Whether it adds at a computed index."""
    return stmt.mode in ("add", "sum") and not all(isinstance(part, Affine) for part in stmt.index)


def slow(body: list[Stmt]) -> bool:
    """Whether there is anything in it that vectors would speed up."""

    def within(expr: Expr) -> bool:
        if not isinstance(expr, Apply):
            return False
        heavy = expr.op.name not in QUICK and expr.dtype in (f64, f32)
        return heavy or any(map(within, expr.args))

    return any(within(expr) for stmt in body for expr in exprs(stmt))


def split(loop: Loop, steps: int, others: list[Stmt], scatters: list[Store]) -> list[Stmt]:
    """Two loops, and an array for each variable that goes from one to the other."""
    var = Local(loop.var.hint, loop.var.dtype, steps)
    first, second = list(others), list[Stmt]()
    own = {stmt.local for stmt in others if isinstance(stmt, Assign)}
    rows: dict[Local, Buffer] = {}

    def change(expr: Expr) -> Expr | None:
        if expr is loop.var:
            return var
        if not isinstance(expr, Local) or expr not in own:
            return None
        if expr not in rows:
            rows[expr] = Buffer(expr.hint, expr.dtype, (steps,))
            first.append(Store(rows[expr], (index_of(loop.var),), expr))
        return Load(rows[expr], (index_of(var),))

    for stmt in scatters:
        stmt = of_variable(stmt, first)
        own.update(s.local for s in first[-1:] if isinstance(s, Assign))
        second.append(with_exprs(stmt, lambda expr: rewrite(expr, change)))
    return [replace(loop, body=tuple(first)), replace(loop, var=var, body=tuple(second))]


def of_variable(stmt: Store, before: list[Stmt]) -> Store:
    """The scatter of a variable, up to a sign; a value that is more is computed before."""
    value = stmt.value
    if isinstance(value, Apply) and value.op.name == "neg":
        inner = of_variable(replace(stmt, value=value.args[0]), before)
        return replace(stmt, value=replace(value, args=(inner.value,)))
    if not isinstance(value, Apply):
        return stmt
    local = Local(stmt.buffer.hint, value.dtype)
    before.append(Assign(local, value, stmt.loc))
    return replace(stmt, value=local)
