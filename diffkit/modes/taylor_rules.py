"""The recurrences of Taylor coefficients, each derived from the one fact of an op.

A linear op maps every coefficient, a bilinear one convolves: (x y)ₖ = Σ xⱼ yₖ₋ⱼ. An elementwise op
y = φ(x) obeys y′ = Σ pᵢ xᵢ′ with its partial derivatives pᵢ(x, y), so that

    k yₖ = Σᵢ Σⱼ₌₁ₖ j xᵢⱼ pᵢ,ₖ₋ⱼ          (Griewank & Walther, Evaluating Derivatives, 2008, ch. 13)

where pᵢ, a formula in the operands and the answer, has a series of its own. Series are found again
by op and operands, which closes the circle: the partial of exp is the answer itself, that of sin is
the cos whose partial needs the same sin. Two or three convolutions for an op give O(k²) operations
up to coefficient k. A reduction has weights in place of partials.

Where partials do not close, the equation that the op solves does: for y = u/v it is v y = u, hence
yₖ = (uₖ - Σⱼ₌₁ₖ vⱼ yₖ₋ⱼ)/v₀, and the same with a matrix for v. Powers are in `taylor_power`. The
partials of lgamma are an endless chain of polygammas, one more for each order: O(k³).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..graph import Attrs, Bilinear, Elementwise, Linear, Op, Reduction, Rule, missing_fact
from ..ops import Expr
from ..ops.arithmetic import div, mul, neg, power, reciprocal, scale, square, sub
from ..ops.linalg import solve, times
from ..ops.shape import sum_
from .activity import operands
from .forward import term
from .taylor_power import power_rule
from .taylor_series import Coefficient, Expansion, Series, chain_rule, convolve, total


def recurrence(e: Expansion, op: Op, attrs: Attrs, xs: Sequence[Series], y: Series) -> Coefficient:
    """The coefficients, from the first, of an op's result on operands some of which move."""
    fact = op.fact
    if op is div and xs[1].moving:
        return quotient_rule(xs[0], xs[1], y)
    if op is power and xs[0].moving:
        return power_rule(e, xs[0], xs[1], y)
    if op is mul or op is square:
        return product_rule(xs[0], xs[-1])
    if isinstance(fact, Elementwise):
        return elementwise_rule(e, op, attrs, xs, y)
    if isinstance(fact, Linear):
        return linear_rule(e, op, attrs, xs)
    if isinstance(fact, Bilinear):
        return bilinear_rule(op, attrs, xs)
    if isinstance(fact, Reduction):
        return reduction_rule(e, op, attrs, xs[0], y)
    if op is solve:
        return solve_rule(attrs, xs[0], xs[1], y)
    if not isinstance(fact, Rule):
        raise missing_fact("Taylor mode", op, e.builder.loc)
    return tangent_rule(e, op, attrs, xs, y)


def elementwise_rule(
    e: Expansion, op: Op, attrs: Attrs, xs: Sequence[Series], y: Series
) -> Coefficient:
    fact = op.fact
    assert isinstance(fact, Elementwise)
    places = [i for i in operands(op, len(xs)) if xs[i].moving]
    slopes: list[Series | float] = []

    def step(k: int) -> Expr | None:
        if not slopes:  # now and not before, as slopes of slopes may go on for ever
            slopes.extend(slope(e, op, attrs, i, xs, y) for i in places)
        return chain_rule(k, [xs[i] for i in places], slopes, lambda p, dx: term(p, dx, fact))

    return step


def slope(
    e: Expansion, op: Op, attrs: Attrs, i: int, xs: Sequence[Series], y: Series
) -> Series | float:
    """The series of a partial derivative."""
    assert isinstance(op.fact, Elementwise)
    partial: Any = op.fact.partials[i]
    if not callable(partial):
        return float(partial)
    key = (op, i, tuple(sorted(attrs.items())))
    return e.formula(key, lambda *args: partial(*args, **attrs), [*xs, y])


def linear_rule(e: Expansion, op: Op, attrs: Attrs, xs: Sequence[Series]) -> Coefficient:
    over = operands(op, len(xs))

    def step(k: int) -> Expr | None:
        parts = [x[k] if i in over else x.value for i, x in enumerate(xs)]
        if all(parts[i] is None for i in over):
            return None
        rows = zip(parts, xs, strict=True)
        return e.emit(op, [e.zeros(x.type) if part is None else part for part, x in rows], attrs)

    return step


def bilinear_rule(op: Op, attrs: Attrs, xs: Sequence[Series]) -> Coefficient:
    x, y = xs
    return lambda k: convolve(k, x, y, lambda a, b: op(a, b, **attrs))


def product_rule(x: Series, y: Series) -> Coefficient:
    """The product, and half of the convolution where both are one."""
    if x is not y:
        return lambda k: convolve(k, x, y, mul)

    def step(k: int) -> Expr | None:
        pairs = ((x[j], x[k - j]) for j in range((k + 1) // 2))
        half = total([mul(a, b) for a, b in pairs if a is not None and b is not None])
        middle = x[k // 2] if k % 2 == 0 else None
        terms = [] if half is None else [half * 2]
        return total(terms if middle is None else [*terms, square(middle)])

    return step


def quotient_rule(u: Series, v: Series, y: Series) -> Coefficient:
    """u/v. As in forward mode, what does not move counts for nothing, even over zero."""

    def step(k: int) -> Expr | None:
        known = convolve(k, v, y, lambda dv, part: scale(part, dv), start=1)
        top = u[k]
        if known is not None:
            top = neg(known) if top is None else sub(top, known)
        return None if top is None else scale(reciprocal(v.value), top)

    return step


def reduction_rule(e: Expansion, op: Op, attrs: Attrs, x: Series, y: Series) -> Coefficient:
    fact, axes = op.fact, attrs["axes"]
    assert isinstance(fact, Reduction)
    weights: list[Series | float] = []

    def written(*args: Any) -> Any:
        return fact.weights(*args, axes)

    def step(k: int) -> Expr | None:
        if not weights:
            weights.append(e.formula((op, axes), written, [x, y]))
        moved = chain_rule(k, [x], weights, lambda w, dx: scale(dx, w))
        return None if moved is None else sum_(moved, axes=axes)

    return step


def solve_rule(attrs: Attrs, a: Series, b: Series, y: Series) -> Coefficient:
    """The y with a y = b, as for a quotient."""

    def step(k: int) -> Expr | None:
        known = convolve(k, a, y, times, start=1)
        right = b[k]
        if known is not None:
            right = neg(known) if right is None else sub(right, known)
        return None if right is None else solve(a.value, right, **attrs)

    return step


def tangent_rule(
    e: Expansion, op: Op, attrs: Attrs, xs: Sequence[Series], y: Series
) -> Coefficient:
    """An op that is its own derivative: y′ is the sum of the tangents that the operands cause. Of
    order k² where the rule, a formula like a partial, closes."""
    jvp: Any = getattr(op.fact, "jvp", None)
    moving = [i for i, x in enumerate(xs) if x.moving]
    tangents: list[Series | float] = []

    def caused(i: int) -> Series | float:
        def write(*args: Any) -> Any:
            return jvp(i, *args, **attrs)

        key = (op, i, tuple(sorted(attrs.items())))
        return e.formula(key, write, [derivative(e, xs[i]), *xs, y])

    def step(k: int) -> Expr | None:
        if not tangents:
            tangents.extend(map(caused, moving))
        parts = [t[k - 1] for t in tangents if isinstance(t, Series)]
        both = total([part for part in parts if part is not None])
        return None if both is None else both / k

    return step


def derivative(e: Expansion, x: Series) -> Series:
    """The series of x′."""

    def make(k: int) -> Expr | None:
        part = x[k + 1]
        if part is None:
            return e.zeros(x.type) if k == 0 else None
        return part * (k + 1)

    made = Series(x.type, True)
    made.make = make
    return made
