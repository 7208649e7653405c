"""Products along an axis, and the linear recurrence that their derivative is.

yᵢ = aᵢ yᵢ₋₁ + bᵢ is linear in b and in a, so its tangent is the same recurrence, with ḃᵢ + ȧᵢ yᵢ₋₁
for b; and its transpose runs it backwards: wᵢ = ȳᵢ + aᵢ₊₁ wᵢ₊₁ gives b̄ = w and āᵢ = wᵢ yᵢ₋₁. The
products yᵢ = xᵢ yᵢ₋₁ are the case b = 0. Nothing is ever divided by, so zeros among the factors are
as good as any others, at every order (Blelloch, Prefix sums and their applications, 1990, section
1.4, for the recurrence as a scan).
"""

# The lambdas of rows take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Op, Rule, shift_axis
from ..types import Type
from .arithmetic import Expr, common, mul
from .shape import concatenate, pad, reverse, take_range


def infer_recurrence(a: Type, b: Type, axis: int) -> Type:
    both = common("recurrence", a, b)
    assert a.shape == b.shape, f"recurrence of {a} and {b}"
    return both


def numpy_recurrence(a: Any, b: Any, axis: int) -> Any:
    y = np.array(b, np.result_type(a, b))
    factors, rows = np.moveaxis(a, axis, 0), np.moveaxis(y, axis, 0)
    for k in range(1, len(rows)):
        rows[k] += factors[k] * rows[k - 1]
    return y


def before(y: Expr, axis: int, start: float) -> Expr:
    """yᵢ₋₁ at each i, and `start` at the first."""
    n = y.shape[axis]
    if n == 0:
        return y
    first = y.full(start, tuple(1 if k == axis else m for k, m in enumerate(y.shape)))
    return concatenate(first, take_range(y, axis, 0, n - 1), axis=axis)


def after(a: Expr, axis: int) -> Expr:
    """aᵢ₊₁ at each i, and 0 at the last."""
    n, zero = a.shape[axis], (0,) * len(a.shape)
    high = tuple(int(k == axis and n > 0) for k in range(len(a.shape)))
    return pad(take_range(a, axis, min(n, 1), n), low=zero, high=high, interior=zero)


def backwards(a: Expr, ct: Expr, axis: int) -> Expr:
    """wᵢ = ȳᵢ + aᵢ₊₁ wᵢ₊₁."""
    turned = (reverse(after(a, axis), axes=(axis,)), reverse(ct, axes=(axis,)))
    return reverse(recurrence(*turned, axis=axis), axes=(axis,))


def recurrence_jvp(i: int, dx: Expr, a: Expr, b: Expr, ans: Expr, axis: int) -> Expr:
    return recurrence(a, dx if i == 1 else mul(dx, before(ans, axis, 0)), axis=axis)


def recurrence_vjp(i: int, ct: Expr, a: Expr, b: Expr, ans: Expr, axis: int) -> Expr:
    w = backwards(a, ct, axis)
    return w if i == 1 else mul(w, before(ans, axis, 0))


def cumprod_jvp(i: int, dx: Expr, x: Expr, ans: Expr, axis: int) -> Expr:
    return recurrence(x, mul(dx, before(ans, axis, 1)), axis=axis)


def cumprod_vjp(i: int, ct: Expr, x: Expr, ans: Expr, axis: int) -> Expr:
    return mul(backwards(x, ct, axis), before(ans, axis, 1))


recurrence = Op(  # yᵢ = aᵢ yᵢ₋₁ + bᵢ along an axis, from y₀ = b₀
    "recurrence",
    infer_recurrence,
    numpy_recurrence,
    Rule(recurrence_jvp, recurrence_vjp),
    lead=shift_axis,
    flops=lambda out, *_, **__: 2 * out.size,
)
cumprod = Op(
    "cumprod",
    lambda x, axis: x,
    lambda x, axis: np.cumprod(x, axis=axis),
    Rule(cumprod_jvp, cumprod_vjp),
    lead=shift_axis,
    flops=lambda out, *_, **__: out.size,
)
