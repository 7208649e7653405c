"""Lowering of reads and writes by integer arrays: loads and stores at computed indices.

Memory is never touched out of bounds. What is used of an index array that the caller gave is tested
once, when the program starts; a computed one in a nest of its own, before the first nest that uses
it; a loop's index and the place of an extremum need no test. Negative indices count from the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Node
from ..ops.arithmetic import add, cast, greater_equal, less, logical_or, select
from ..types import Shape, b1, broadcast_shapes, i64
from .form import INDICES, Form, probe, stretched
from .lowerer import Lowerer, Rule, number
from .syntax import (
    Affine,
    Apply,
    Const,
    Expr,
    Index,
    Load,
    Local,
    constant,
    index_of,
)
from .walk import rewrite, vars_of

ANY = tuple(Local(name, i64) for name in 4 * INDICES)  # more than any array has axes


def as_i64(expr: Expr) -> Expr:
    """An integer as an index."""
    if expr.dtype is i64:
        return constant(int(expr.value)) if isinstance(expr, Const) else expr
    return Apply(cast, (expr,), i64, (("dtype", i64),))


def outside(expr: Expr, n: int) -> Expr:
    """Whether an index is out of bounds of an axis of length n."""
    low = Apply(less, (expr, number(-n, i64)), b1)
    high = Apply(greater_equal, (expr, number(n, i64)), b1)
    return Apply(logical_or, (low, high), b1)


def address(low: Lowerer, form: Form, n: int) -> Form:
    """An index array ready for use: tested, and negative ones counted from the start."""
    test(low, form, n)

    def at(index: Index) -> Expr:
        place = as_i64(form.at(index))
        known = low.bounds(place)
        if known and known[0] >= 0:
            return place
        if isinstance(place, Affine) and not place.terms:
            return place + n
        negative = Apply(less, (place, number(0, i64)), b1)
        return Apply(select, (negative, Apply(add, (place, number(n, i64)), i64), place), i64)

    return Form(form.type.with_dtype(i64), at)


def test(low: Lowerer, form: Form, n: int) -> None:
    """Fail where an index is out of bounds. What is read of an argument is tested at the start, for
    all steps of the loops around: who fails too early is run again by the interpreter, which knows
    what is really read. What has been tested is not tested again."""
    if form.type.size == 0:
        return
    unknown, place = probe(form)
    around = steps_of(place)
    if around is None:
        if low.is_news((pattern(place, unknown), form.shape), n):
            low.nest(form.shape, lambda index: test_one(low, form.at(index), n))
        return
    extents = tuple(extent for _, extent in around)
    over = [var for var, _ in around]
    if low.is_news((pattern(place, over), extents), n, for_all=True):
        with low.inside() as checks:
            low.nest(extents, lambda index: test_one(low, replaced(place, over, index), n))
        low.checks += checks


def steps_of(place: Expr) -> list[tuple[Local, int]] | None:
    """The loops that an element of an argument depends on, and their lengths; None for what is
    computed, or where running tells a length."""
    if not isinstance(place, Load) or place.buffer.root.role != "param":
        return None
    if not all(isinstance(part, Affine) for part in place.index):
        return None
    found = {var: var.extent or 0 for var in vars_of(place)}
    return list(found.items()) if all(found.values()) else None


def pattern(expr: Expr, over: Sequence[Local]) -> Expr:
    """The expression with placeholders for some of its variables, so that it can be compared."""
    return replaced(expr, over, [index_of(var) for var in ANY])


def replaced(expr: Expr, old: Sequence[Local], new: Sequence[Expr]) -> Expr:
    """The expression with variables replaced."""
    found = dict(zip(old, new, strict=False))
    return rewrite(expr, lambda part: found.get(part) if isinstance(part, Local) else None)


def test_one(low: Lowerer, expr: Expr, n: int) -> None:
    """Fail if one index is out of bounds, unless it cannot be."""
    value = as_i64(expr)
    known = low.bounds(value)
    if not known or known[0] < -n or known[1] >= n:
        low.fail_if(outside(value, n))


def addresses(low: Lowerer, indices: list[Form], shape: Shape) -> tuple[Shape, list[Form]]:
    """The shape that the index arrays broadcast to, and each of them ready for use."""
    lead = broadcast_shapes("indexing", *[k.shape for k in indices])
    return lead, [address(low, k, n) for k, n in zip(indices, shape, strict=False)]


def full_index(places: list[Form], index: Index, depth: int) -> Index:
    """Where in the array element `index` of what is read or written stands."""
    lead = index[:depth]
    return (*(stretched(place, lead) for place in places), *index[depth:])


def gather(low: Lowerer, node: Node, args: list[Form]) -> list[Form]:
    """A copy of the elements; fusion reads them in place where it can."""
    x, *indices = args
    lead, places = addresses(low, indices, x.shape)

    def value(index: Index) -> Expr:
        return x.at(full_index(places, index, len(lead)))

    cell = low.cell_of(node.out)
    low.fill(cell, node.out.type.shape, value)
    return [low.form(cell, node.out.type)]


def scatter(mode: str) -> Rule:
    """A copy of x, with y written or added at the places."""

    def rule(low: Lowerer, node: Node, args: list[Form]) -> list[Form]:
        x, y, *indices = args
        lead, places = addresses(low, indices, x.shape)
        cell = low.copied(x, low.names.get(node.out, "t"))

        def write(index: Index) -> None:
            low.put(cell, full_index(places, index, len(lead)), y.at(index), mode)

        low.nest(y.shape, write)
        return [low.form(cell, node.out.type)]

    return rule


RULES: dict[str, Rule] = {
    "gather": gather,
    "scatter_add": scatter("add"),
    "scatter_set": scatter("set"),
}
