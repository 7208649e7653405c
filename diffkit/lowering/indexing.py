"""Lowering of reads and writes by integer arrays: loads and stores at computed indices.

Memory is never touched out of bounds. An index array that the caller gave is tested once, when the
program starts; a computed one in a nest of its own, before the nest that uses it; a loop's index
needs no test. Negative indices count from the end.
"""

from __future__ import annotations

from ..graph import Node
from ..ops.arithmetic import add, cast, greater_equal, less, logical_or, select
from ..types import Shape, Type, b1, broadcast_shapes, i64
from .form import Form, in_buffer, stored, stretched
from .lowerer import Lowerer, Rule, number
from .syntax import Affine, Apply, Const, Expr, Index, Load, constant


def as_i64(expr: Expr) -> Expr:
    """An integer as an index."""
    if expr.dtype is i64:
        return constant(int(expr.value)) if isinstance(expr, Const) else expr
    return Apply(cast, (expr,), i64, (("dtype", i64),))


def bounds(expr: Expr) -> tuple[int, int] | None:
    """The least and greatest value of an index, if the program tells."""
    if isinstance(expr, Affine):
        return expr.bounds()
    if isinstance(expr, Const):
        return int(expr.value), int(expr.value)
    if isinstance(expr, Apply) and expr.op is cast:
        return bounds(expr.args[0])
    if isinstance(expr, Load) and expr.buffer.role == "const":
        return int(expr.buffer.value.min()), int(expr.buffer.value.max())
    return None


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
        known = bounds(place)
        if known and known[0] >= 0:
            return place
        if isinstance(place, Affine) and not place.terms:
            return place + n
        negative = Apply(less, (place, number(0, i64)), b1)
        return Apply(select, (negative, Apply(add, (place, number(n, i64)), i64), place), i64)

    return Form(form.type.with_dtype(i64), at)


def test(low: Lowerer, form: Form, n: int) -> None:
    """Fail where an index is out of bounds. Of an argument, all of it is tested at the start: who
    fails too early is run again by the interpreter, which knows what is really read."""
    place = stored(form, form.shape)
    if place is None or place[0].root.role != "param":
        low.nest(form.shape, lambda index: test_one(low, form.at(index), n))
        return
    given = place[0].root
    if (given, n) not in low.checked:
        low.checked.add((given, n))
        whole = in_buffer(given, Type(given.dtype, given.shape))
        with low.inside() as checks:
            low.nest(given.shape, lambda index: test_one(low, whole.at(index), n))
        low.checks += checks


def test_one(low: Lowerer, expr: Expr, n: int) -> None:
    """Fail if one index is out of bounds, unless it cannot be."""
    value = as_i64(expr)
    known = bounds(value)
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
