"""Reductions and scans along axes.

A reduction that is not linear has *weights*: the derivative of the result with respect to each
element. For max and min they single out the winners (ties share evenly), for prod they are the
products of all the other elements. `axes` is a sorted tuple of non-negative integers.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError, explain
from ..graph import Constant, Kink, Linear, Op, Reduction, shift_axes, shift_axis
from ..types import Type, b1, i64
from . import continuation as analytic
from .arithmetic import Expr, cast, equal
from .shape import (
    concatenate,
    infer_sum,
    inverse,
    kept,
    reshape,
    reverse,
    slice_,
    stack,
    sum_,
    take_range,
    transpose,
)

Axes = tuple[int, ...]


def reduced(name: str) -> Any:
    """The type rule of a reduction that has no value for an empty axis."""

    def infer(x: Type, axes: Axes) -> Type:
        if any(x.shape[k] == 0 for k in axes):
            want, remedy = "at least one element", "Check the length first"
            raise ShapeError(explain(f"{name} over axes {axes}", f"got {x}", want, remedy))
        return infer_sum(x, axes)

    return infer


def spread(ans: Expr, x: Expr, axes: Axes) -> Expr:
    """A reduced value with its reduced axes back as 1, ready to broadcast against x."""
    return reshape(ans, shape=kept(x.shape, axes))


def winners(x: Expr, ans: Expr, axes: Axes) -> Expr:
    """One over the number of elements that attain the extremum, at each of these; else 0."""
    hit = cast(equal(x, spread(ans, x, axes)), dtype=x.dtype_)
    return hit / spread(sum_(hit, axes=axes), x, axes)


def others(x: Expr, ans: Expr, axes: Axes) -> Expr:
    """The product of all other elements, right also where some are zero.

    A binary tree of products, up and down again: the product of everything outside a node is that
    of its parent times its sibling. About 3n multiplications, and only products, so that it
    differentiates further.
    """
    rest = tuple(k for k in range(len(x.shape)) if k not in axes)
    order = rest + axes
    ordered = transpose(x, axes=order)
    lead = tuple(x.shape[k] for k in rest)
    n = int(np.prod([x.shape[k] for k in axes]))
    level = with_even_length(reshape(ordered, shape=(*lead, n)))
    levels = [level]
    while level.shape[-1] > 1:
        level = with_even_length(every_other(level, 0) * every_other(level, 1))
        levels.append(level)
    outside = level.full(1)
    for level in levels[-2::-1]:
        pairs = level.shape[-1] // 2
        siblings = stack(every_other(level, 1), every_other(level, 0), axis=len(lead) + 1)
        parent = reshape(first(outside, pairs), shape=(*lead, pairs, 1))
        outside = reshape(siblings * parent, shape=level.shape)
    back = reshape(first(outside, n), shape=tuple(x.shape[k] for k in order))
    return transpose(back, axes=inverse(order))


def with_even_length(x: Expr) -> Expr:
    """x with a 1 appended to an odd last axis (but for a single element, the root)."""
    n = x.shape[-1]
    if n == 1 or n % 2 == 0:
        return x
    one = x.full(1, (*x.shape[:-1], 1))
    return concatenate(x, one, axis=len(x.shape) - 1)


def every_other(x: Expr, start: int) -> Expr:
    """x[..., start::2]."""
    low = (0,) * (len(x.shape) - 1)
    step = (*(1 for _ in low), 2)
    return slice_(x, start=(*low, start), stop=x.shape, step=step)


def first(x: Expr, n: int) -> Expr:
    """x[..., :n]."""
    return take_range(x, len(x.shape) - 1, 0, n)


def infer_scan(x: Type, axis: int) -> Type:
    return x


def cumsum_transpose(i: int, ct: Expr, x: Expr, axis: int) -> Expr:
    return reverse(cumsum(reverse(ct, axes=(axis,)), axis=axis), axes=(axis,))


def arg(name: str, numpy: Any) -> Op:
    """The index of the first extremum along one axis."""
    infer = reduced(name)
    return Op(
        name,
        lambda x, axis: infer(x, (axis,)).with_dtype(i64),
        lambda x, axis: numpy(x, axis=axis),
        Constant(),
        analytic.by_real_part(numpy),
        lead=shift_axis,
    )


def boolean(name: str, numpy: Any) -> Op:
    return Op(
        name,
        lambda x, axes: infer_sum(x, axes).with_dtype(b1),
        lambda x, axes: numpy(x, axis=axes),
        Constant(),
        lead=shift_axes,
    )


def per_input(out: Type, x: Type, **_: Any) -> int:
    return x.size


def tied(extremum: Any) -> Kink:
    """Where several elements attain the extremum."""

    def mask(x: Any, axes: Axes) -> Any:
        return np.sum(x == extremum(x, axis=axes, keepdims=True), axis=axes) > 1

    return Kink("tie", mask)


TIED_MAX, TIED_MIN = tied(np.max), tied(np.min)

# fmt: off
max_ = Op("max", reduced("max"), lambda x, axes: np.max(x, axis=axes),  # ∂ = winners / their number
          Reduction(winners), complex=analytic.reduce_max, lead=shift_axes, flops=per_input, kink=TIED_MAX)
min_ = Op("min", reduced("min"), lambda x, axes: np.min(x, axis=axes),
          Reduction(winners), complex=analytic.reduce_min, lead=shift_axes, flops=per_input, kink=TIED_MIN)
prod = Op("prod", infer_sum, lambda x, axes: np.prod(x, axis=axes),     # ∂ = product of the others
          Reduction(others), lead=shift_axes, flops=per_input)
cumsum = Op("cumsum", infer_scan, lambda x, axis: np.cumsum(x, axis=axis),
            Linear((0,), cumsum_transpose), lead=shift_axis, flops=per_input)
argmax = arg("argmax", np.argmax)
argmin = arg("argmin", np.argmin)
any_ = boolean("any", np.any)
all_ = boolean("all", np.all)
# fmt: on
