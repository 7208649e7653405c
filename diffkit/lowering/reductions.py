"""Lowering of reductions: a start value, then a nest over the operand in memory order.

The nest goes over the operand, not the result: with rows outermost, a sum over rows adds whole rows
to one, and a sum over columns finishes a number a row. Either way memory is read in order, and
fusion with what makes the operand needs no other order of loops.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from ..graph import Node
from ..ops.arithmetic import (
    add,
    equal,
    greater,
    isnan,
    less,
    logical_and,
    logical_not,
    logical_or,
    mul,
    select,
)
from ..types import DType, b1, i64
from .form import Form
from .lowerer import SMALL, Lowerer, Rule, number
from .pieces import Piece, as_pieces, shifted
from .syntax import Apply, Assign, Const, Expr, Index, Local


def lowest(dtype: DType) -> Const:
    """What any number is at least."""
    if dtype is b1:
        return Const(False, dtype)
    if dtype.kind == "f":
        return Const(-math.inf, dtype)
    return Const(-(2 ** (dtype.numpy.itemsize * 8 - 1)), dtype)


def highest(dtype: DType) -> Const:
    if dtype is b1:
        return Const(True, dtype)
    if dtype.kind == "f":
        return Const(math.inf, dtype)
    return Const(2 ** (dtype.numpy.itemsize * 8 - 1) - 1, dtype)


START: dict[str, Callable[[DType], Const]] = {
    "sum": partial(number, 0),
    "prod": partial(number, 1),
    "max": lowest,
    "min": highest,
    "any": partial(number, False),
    "all": partial(number, True),
}


def without(index: tuple[Any, ...], axes: tuple[int, ...]) -> tuple[Any, ...]:
    """The index, or the shape, of the result."""
    return tuple(i for k, i in enumerate(index) if k not in axes)


def truth(expr: Expr) -> Expr:
    """A number as a condition."""
    if expr.dtype is b1:
        return expr
    return Apply(logical_not, (Apply(equal, (expr, number(0, expr.dtype)), b1),), b1)


def reduction(mode: str) -> Rule:
    def rule(low: Lowerer, node: Node, args: list[Any]) -> list[Any]:
        (x,), out, axes = args, node.out.type, node.attrs["axes"]
        cell = low.cell_of(node.out)
        start = START[mode](out.dtype)
        low.fill(cell, out.shape, lambda _: start)
        for piece in as_pieces(x).parts:

            def step(index: Index, piece: Piece = piece) -> None:
                value = piece.form.at(index)
                if mode in ("any", "all"):
                    value = truth(value)
                low.put(cell, without(shifted(index, piece.start), axes), value, mode)

            low.nest(piece.form.shape, step)
        return [low.form(cell, out)]

    return rule


def running(mode: str, start: int) -> Rule:
    """A running sum or product, and a copy of it at each place."""

    def rule(low: Lowerer, node: Node, args: list[Form]) -> list[Form]:
        (x,), out, axis = args, node.out.type, node.attrs["axis"]
        rest = out.with_shape(without(out.shape, (axis,)))
        total, cell = low.cell(rest, "total"), low.cell_of(node.out)
        low.fill(total, rest.shape, lambda _: number(start, out.dtype))

        def step(index: Index) -> None:
            low.put(total, without(index, (axis,)), x.at(index), mode)
            low.put(cell, index, low.form(total, rest).at(without(index, (axis,))))

        low.nest(x.shape, step)
        return [low.form(cell, out)]

    return rule


def recurrence(low: Lowerer, node: Node, args: list[Form]) -> list[Form]:
    """yᵢ = aᵢ yᵢ₋₁ + bᵢ, the last y in storage of its own; the first is b₀."""
    (a, b), out = args, node.out.type
    axis: int = node.attrs["axis"]
    rest = out.with_shape(without(out.shape, (axis,)))
    last, cell = low.cell(rest, "last"), low.cell_of(node.out)
    low.fill(last, rest.shape, lambda _: number(0, out.dtype))

    def step(index: Index) -> None:
        kept = without(index, (axis,))
        moved = Apply(mul, (a.at(index), low.form(last, rest).at(kept)), out.dtype)
        first = Apply(equal, (index[axis], number(0, i64)), b1)
        new = Apply(
            select, (first, b.at(index), Apply(add, (moved, b.at(index)), out.dtype)), out.dtype
        )
        low.put(last, kept, new)
        low.put(cell, index, low.form(last, rest).at(kept))

    low.nest(out.shape, step)
    return [low.form(cell, out)]


def extremum(sign: str) -> Rule:
    """argmax, argmin: the first that is better than all before it, or the first nan. Along memory,
    where that would be one long chain of comparisons, the extremum is found first, and then the
    least index of what equals it."""
    compare = greater if sign == "max" else less

    def rule(low: Lowerer, node: Node, args: list[Form]) -> list[Form]:
        x, out = args[0], node.out.type
        axis: int = node.attrs["axis"]
        best_type = x.type.with_shape(out.shape)
        best, place = low.cell(best_type, "best"), low.cell_of(node.out)
        start = (lowest if sign == "max" else highest)(x.type.dtype)
        along = axis == len(x.shape) - 1 and x.shape[axis] > SMALL
        low.ranges[place] = (0, x.shape[axis] - 1)
        low.fill(best, out.shape, lambda _: start)
        if along:
            low.nest(x.shape, lambda index: low.put(best, index[:-1], x.at(index), sign))
        low.fill(place, out.shape, lambda _: number(x.shape[axis] if along else 0, i64))

        def step(index: Index) -> None:
            kept = without(index, (axis,))
            old, value = low.form(best, best_type).at(kept), x.at(index)
            better = Local("better", b1)
            low.emit(Assign(better, improves(compare, value, old), low.loc))
            before = low.form(place, out).at(kept)
            low.put(place, kept, Apply(select, (better, index[axis], before), i64))
            low.put(best, kept, Apply(select, (better, value, old), x.type.dtype))

        def first(index: Index) -> None:
            value, found = x.at(index), low.form(best, best_type).at(index[:-1])
            here = Apply(equal, (value, found), b1)
            if value.dtype.kind == "f":
                here = Apply(logical_or, (here, Apply(isnan, (value,), b1)), b1)
            at = Apply(select, (here, index[axis], number(x.shape[axis], i64)), i64)
            low.put(place, index[:-1], at, "min")

        low.nest(x.shape, first if along else step)
        return [low.form(place, out)]

    return rule


def improves(compare: object, value: Expr, old: Expr) -> Expr:
    """Whether a value takes the place of the best so far; a nan does, unless one is there."""
    assert compare in (greater, less)
    beats = Apply(greater if compare is greater else less, (value, old), b1)
    if value.dtype.kind != "f":
        return beats
    stays = Apply(logical_not, (Apply(isnan, (old,), b1),), b1)
    first_nan = Apply(logical_and, (Apply(isnan, (value,), b1), stays), b1)
    return Apply(logical_or, (beats, first_nan), b1)


ORDERED = ("max", "min", "argmax", "argmin")
"""Those of real numbers alone."""
BOXED = frozenset(START)  # rules that look at the boxes of an operand

RULES: dict[str, Rule] = {
    **{mode: reduction(mode) for mode in START},
    "cumsum": running("add", 0),
    "cumprod": running("prod", 1),
    "recurrence": recurrence,
    "argmax": extremum("max"),
    "argmin": extremum("min"),
}
