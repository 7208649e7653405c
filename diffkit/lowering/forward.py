"""Forwarding: a value that is used once is written where it is used.

`t = a * b; u = t + c` becomes `u = a * b + c`, as a person would write it, as long as the line does
not get long. A value waits until the statement that uses it, or until something that it reads is
about to change. Copies of variables go altogether.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from .access import Analysis, Effects, disturbed, own_effects
from .program import Program
from .syntax import (
    Apply,
    Assign,
    Body,
    Buffer,
    Call,
    Const,
    Expr,
    If,
    Load,
    Local,
    Loop,
    Push,
    Stmt,
    Store,
    While,
)
from .walk import bodies, exprs, loads_of, rewrite, vars_of, walk, with_bodies, with_exprs

LONGEST = 9  # ops in one expression
TWICE = ("square", "isnan")  # their argument is written twice, so it stays a variable


def forward(program: Program) -> Program:
    """The program with single uses written in place."""
    assigned: Counter[Local] = Counter()
    used: Counter[Local] = Counter()
    for stmt in walk(program.body):
        if isinstance(stmt, Assign):
            assigned[stmt.local] += 1
        for expr in exprs(stmt):
            count(expr, used)
    for result in program.results:
        if not isinstance(result, Buffer):
            count(result, used)
    single = {v for v, n in assigned.items() if n == 1}
    params = {p for p in program.params if isinstance(p, Local)}
    forwarding = Forwarding({v for v in single if used[v] == 1}, single, single | params)
    body = forwarding.body(program.body)
    results = tuple(
        r if isinstance(r, Buffer) else rewrite(r, forwarding.copy_of) for r in program.results
    )
    return without_dead(replace(program, body=body, results=results))


def count(expr: Expr, used: Counter[Local], times: int = 1) -> None:
    """Count the uses of variables; an argument that is written twice counts twice."""
    if isinstance(expr, Apply):
        again = 2 if expr.op.name in TWICE else 1
        for arg in expr.args:
            count(arg, used, times * again)
    elif isinstance(expr, Load):
        for part in expr.index:
            count(part, used, times)
    else:
        for local in vars_of(expr):
            used[local] += times


def size(expr: Expr) -> int:
    """The number of ops."""
    if isinstance(expr, Apply):
        return 1 + sum(map(size, expr.args))
    if isinstance(expr, Load):
        return sum(map(size, expr.index))
    return 0


class Forwarding:
    """One walk over a program. `once`: variables with one assignment and one use; `single`: with
    one assignment; `steady`: these and the parameters, whose values never change."""

    def __init__(self, once: set[Local], single: set[Local], steady: set[Local]) -> None:
        self.once, self.single, self.steady = once, single, steady
        self.copies: dict[Local, Local | Const] = {}
        self.analysis = Analysis()

    def copy_of(self, expr: Expr) -> Expr | None:
        """What a variable is a copy of."""
        return self.copies.get(expr) if isinstance(expr, Local) else None

    def body(self, body: Body) -> Body:
        waiting: dict[Local, Assign] = {}
        result: list[Stmt] = []
        for stmt in body:
            effects = self.analysis.of(stmt)  # before anything is written into it
            stmt = self.inner(with_exprs(stmt, lambda expr: rewrite(expr, self.copy_of)))
            self.release(stmt, effects, waiting, result)
            stmt = self.filled(stmt, waiting)
            if isinstance(stmt, Assign) and self.waits(stmt, waiting):
                continue
            result.append(stmt)
        return (*result, *waiting.values())

    def inner(self, stmt: Stmt) -> Stmt:
        parts = bodies(stmt)
        return with_bodies(stmt, [self.body(part) for part in parts]) if parts else stmt

    def waits(self, stmt: Assign, waiting: dict[Local, Assign]) -> bool:
        """Whether the assignment needs not stand here."""
        local, value = stmt.local, stmt.value
        if local in self.single and (
            isinstance(value, Const) or (isinstance(value, Local) and value in self.steady)
        ):
            self.copies[local] = value
            return True
        if local in self.once and size(value) < LONGEST:
            waiting[local] = stmt
            return True
        return False

    def release(
        self, stmt: Stmt, effects: Effects, waiting: dict[Local, Assign], result: list[Stmt]
    ) -> None:
        """Write down the waiting values that can wait no longer."""
        own = own_effects(stmt).reads if not isinstance(stmt, While) else set[Local]()
        room = LONGEST - sum(map(size, exprs(stmt)))
        for local in list(waiting):
            value = waiting[local].value
            here = local in own
            if here:
                room -= size(value)
            inside = (
                not here and local in effects.reads | effects.sums.keys() | own_effects(stmt).reads
            )
            overdue = not here and disturbed(value, effects)
            if (
                inside
                or overdue
                or (here and room < 0)
                or (here and bodies(stmt) and not direct(stmt))
            ):
                result.append(waiting.pop(local))

    def filled(self, stmt: Stmt, waiting: dict[Local, Assign]) -> Stmt:
        """The statement with waiting values in the place of their variables."""
        if isinstance(stmt, While):
            return stmt

        def change(expr: Expr) -> Expr | None:
            if isinstance(expr, Local) and expr in waiting:
                return waiting.pop(expr).value
            return None

        return with_exprs(stmt, lambda expr: rewrite(expr, change))


def direct(stmt: Stmt) -> bool:
    """Whether the expressions of a statement with bodies are evaluated first, and once."""
    return isinstance(stmt, If | Loop)


def without_dead(program: Program) -> Program:
    """The program without assignments and stores that nobody reads."""
    while True:
        used: Counter[Local] = Counter()
        read: set[Buffer] = {r for r in program.results if isinstance(r, Buffer)}
        for stmt in walk(program.body):
            for expr in exprs(stmt):
                count(expr, used)
                read.update(load.buffer.root for load in loads_of(expr))
            if isinstance(stmt, Call):
                read.update(ref.buffer.root for ref in (stmt.out, *stmt.args))
        for result in program.results:
            if not isinstance(result, Buffer):
                count(result, used)
        body = living(program.body, used, read)
        if body == program.body:
            return program
        program = replace(program, body=body)


def living(body: Body, used: Counter[Local], read: set[Buffer]) -> Body:
    """A body without what nobody reads; the body itself if all is read."""
    result: list[Stmt] = []
    for stmt in body:
        if isinstance(stmt, Assign) and not used[stmt.local]:
            continue
        if isinstance(stmt, Store | Push) and stmt.buffer.root not in read:
            continue
        parts = bodies(stmt)
        new = [living(part, used, read) for part in parts]
        if parts and new != list(parts):
            stmt = with_bodies(stmt, new)
        if isinstance(stmt, Loop) and not stmt.body:
            continue
        if isinstance(stmt, If) and not stmt.then and not stmt.other:
            continue
        result.append(stmt)
    return body if len(result) == len(body) and all(map(is_same, result, body)) else tuple(result)


def is_same(a: Stmt, b: Stmt) -> bool:
    return a is b
