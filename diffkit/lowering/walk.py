"""Walking through loop programs, and rewriting them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from .syntax import (
    Affine,
    Apply,
    Assign,
    Body,
    Buffer,
    Call,
    Const,
    Expr,
    Fail,
    If,
    Index,
    Load,
    Local,
    Loop,
    Push,
    Ref,
    Stmt,
    Store,
    While,
    constant,
    index_of,
)


def vars_of(expr: Expr) -> Iterator[Local]:
    """The locals that an expression reads."""
    if isinstance(expr, Local):
        yield expr
    elif isinstance(expr, Affine):
        for local, _ in expr.terms:
            yield local
    elif isinstance(expr, Load):
        for part in expr.index:
            yield from vars_of(part)
    elif isinstance(expr, Apply):
        for arg in expr.args:
            yield from vars_of(arg)


def loads_of(expr: Expr) -> Iterator[Load]:
    """The loads in an expression, inner ones first."""
    if isinstance(expr, Load):
        for part in expr.index:
            yield from loads_of(part)
        yield expr
    elif isinstance(expr, Apply):
        for arg in expr.args:
            yield from loads_of(arg)


def rewrite(expr: Expr, change: Callable[[Expr], Expr | None]) -> Expr:
    """The expression with every part replaced by what `change` gives for it, outermost first; what
    it gives is final, and None goes on to the parts."""
    found = change(expr)
    if found is not None:
        return found
    if isinstance(expr, Affine):
        found_in = [change(local) for local, _ in expr.terms]
        if all(new is None for new in found_in):
            return expr
        total = constant(expr.const)
        for (local, factor), new in zip(expr.terms, found_in, strict=True):
            if isinstance(new, Const):
                new = constant(int(new.value))
            assert new is None or isinstance(new, Local | Affine)
            if not isinstance(new, Affine):
                new = index_of(new or local)
            total = total + new * factor
        return total
    if isinstance(expr, Load):
        index = tuple([rewrite(part, change) for part in expr.index])
        return expr if index == expr.index else Load(expr.buffer, index)
    if isinstance(expr, Apply):
        args = tuple([rewrite(arg, change) for arg in expr.args])
        return expr if args == expr.args else replace(expr, args=args)
    return expr


def bodies(stmt: Stmt) -> tuple[Body, ...]:
    """The bodies inside a statement."""
    if isinstance(stmt, Loop):
        return (stmt.body,)
    if isinstance(stmt, While):
        return (stmt.test, stmt.body)
    if isinstance(stmt, If):
        return (stmt.then, stmt.other)
    return ()


def with_bodies(stmt: Stmt, new: Sequence[Body]) -> Stmt:
    """The statement with other bodies."""
    if isinstance(stmt, Loop):
        return replace(stmt, body=new[0])
    if isinstance(stmt, While):
        return replace(stmt, test=new[0], body=new[1])
    if isinstance(stmt, If):
        return replace(stmt, then=new[0], other=new[1])
    return stmt


def walk(body: Body) -> Iterator[Stmt]:
    """Every statement, those inside others too."""
    for stmt in body:
        yield stmt
        for inner in bodies(stmt):
            yield from walk(inner)


def exprs(stmt: Stmt) -> Iterator[Expr]:
    """The expressions that a statement itself reads, indices included."""
    if isinstance(stmt, Assign):
        yield stmt.value
    elif isinstance(stmt, Store):
        yield from stmt.index
        yield stmt.value
    elif isinstance(stmt, If | While | Fail):
        yield stmt.condition
    elif isinstance(stmt, Call):
        for ref in (stmt.out, *stmt.args):
            yield from ref.index
    elif isinstance(stmt, Push):
        yield stmt.count
    elif not isinstance(stmt.extent, int):
        yield stmt.extent


def loads_in(stmt: Stmt) -> Iterator[Load]:
    """The loads of a statement itself."""
    for expr in exprs(stmt):
        yield from loads_of(expr)


def with_exprs(stmt: Stmt, change: Callable[[Expr], Expr]) -> Stmt:
    """The statement itself (not its bodies) with changed expressions."""
    if isinstance(stmt, Assign):
        return replace(stmt, value=change(stmt.value))
    if isinstance(stmt, Store):
        index = tuple([change(part) for part in stmt.index])
        return replace(stmt, index=index, value=change(stmt.value))
    if isinstance(stmt, If | While | Fail):
        return replace(stmt, condition=change(stmt.condition))
    if isinstance(stmt, Call):
        out, *args = (
            replace(ref, index=tuple([change(part) for part in ref.index]))
            for ref in (stmt.out, *stmt.args)
        )
        return replace(stmt, out=out, args=tuple(args))
    if isinstance(stmt, Push):
        return replace(stmt, count=change(stmt.count))
    if isinstance(stmt.extent, int):
        return stmt
    return replace(stmt, extent=change(stmt.extent))


def mentioned(stmt: Stmt) -> Iterator[Buffer]:
    """The buffers that a statement itself mentions."""
    if isinstance(stmt, Store | Push):
        yield stmt.buffer
    if isinstance(stmt, Call):
        for ref in (stmt.out, *stmt.args):
            yield ref.buffer
    for load in loads_in(stmt):
        yield load.buffer


def renamed(body: Body, old: Local, new: Expr) -> Body:
    """The body with a local replaced."""

    def change(expr: Expr) -> Expr | None:
        return new if expr is old else None

    return transformed(body, lambda expr: rewrite(expr, change))


def transformed(body: Body, change: Callable[[Expr], Expr]) -> Body:
    """The body with every expression changed, inside too."""
    result: list[Stmt] = []
    for stmt in body:
        inner = [transformed(part, change) for part in bodies(stmt)]
        result.append(with_exprs(with_bodies(stmt, inner) if inner else stmt, change))
    return tuple(result)


def relocated(body: Body, place: Callable[[Buffer, Index], Load | None]) -> Body:
    """The body with elements of arrays, and whole arrays in calls, in other places; None leaves one
    where it is."""

    def change(expr: Expr) -> Expr:
        return rewrite(expr, moved)

    def moved(expr: Expr) -> Expr | None:
        if not isinstance(expr, Load):
            return None
        new = place(expr.buffer, expr.index)
        return None if new is None else Load(new.buffer, tuple(map(change, new.index)))

    def ref(part: Ref) -> Ref:
        new = place(part.buffer, part.index)
        return part if new is None else replace(part, buffer=new.buffer, index=new.index)

    result: list[Stmt] = []
    for stmt in body:
        inner = [relocated(part, place) for part in bodies(stmt)]
        stmt = with_exprs(with_bodies(stmt, inner) if inner else stmt, change)
        if isinstance(stmt, Store):
            new = place(stmt.buffer, stmt.index)
            stmt = stmt if new is None else replace(stmt, buffer=new.buffer, index=new.index)
        elif isinstance(stmt, Call):
            stmt = replace(stmt, out=ref(stmt.out), args=tuple(map(ref, stmt.args)))
        result.append(stmt)
    return tuple(result)
