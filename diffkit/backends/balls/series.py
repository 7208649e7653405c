"""Truncated power series of balls: a function of one number and its derivatives, all at once.

A `Series` is the ball of f⁽ᵏ⁾(x)/k! for k = 0, 1, …; products are Cauchy products, and any function
y = g(x) with a known slope follows by integrating y′ = g′(x) x′ term by term (Griewank & Walther,
Evaluating Derivatives, 2008, chapter 13). Where flint has the series of a function itself, that is
taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .numbers import Ball, anything, ball, is_complex, load_flint


class Series:
    """c₀ + c₁ t + … + cₖ tᵏ + O(tᵏ⁺¹)."""

    __slots__ = ("terms",)

    def __init__(self, terms: Sequence[Ball]) -> None:
        self.terms = tuple(terms)

    @property
    def value(self) -> Ball:
        return self.terms[0]

    def cut(self, length: int) -> Series:
        """The first terms."""
        return Series(self.terms[:length])

    def like(self, x: Any) -> tuple[Ball, ...]:
        """The terms of another operand, in the same number."""
        if isinstance(x, Series):
            return x.terms
        return (ball(x), *[ball(0)] * (len(self.terms) - 1))

    def __add__(self, other: Any) -> Series:
        return Series([a + b for a, b in zip(self.terms, self.like(other), strict=True)])

    __radd__ = __add__

    def __neg__(self) -> Series:
        return Series([-a for a in self.terms])

    def __sub__(self, other: Any) -> Series:
        return Series([a - b for a, b in zip(self.terms, self.like(other), strict=True)])

    def __rsub__(self, other: Any) -> Series:
        return -self + other

    def __mul__(self, other: Any) -> Series:
        if not isinstance(other, Series):
            factor = ball(other)
            return Series([a * factor for a in self.terms])
        n, b = len(self.terms), other.terms
        return Series([convolved(self.terms, b, k) for k in range(n)])

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Series:
        """qₖ = (aₖ - Σ qⱼ bₖ₋ⱼ)/b₀."""
        b = self.like(other)
        found: list[Ball] = []
        for k, a in enumerate(self.terms):
            known = sum((q * b[k - j] for j, q in enumerate(found)), ball(0))
            found.append((a - known) / b[0])
        return Series(found)

    def __rtruediv__(self, other: Any) -> Series:
        return Series(self.like(other)) / self

    def __pow__(self, n: int) -> Series:
        out: Series = Series(self.like(1))
        for _ in range(abs(n)):
            out = out * self
        return out if n >= 0 else 1 / out


def convolved(a: Sequence[Ball], b: Sequence[Ball], k: int) -> Ball:
    """Term k of a product."""
    return sum((a[j] * b[k - j] for j in range(k + 1)), ball(0))


def unknown(like: Series, value: Ball) -> Series:
    """A value without any bound of its derivatives."""
    return Series([value, *[anything()] * (len(like.terms) - 1)])


def mapped(function: Callable[[Ball], Ball], x: Series) -> Series:
    """A function that is linear over the real numbers, term by term."""
    return Series([function(a) for a in x.terms])


def native(name: str) -> Callable[[Series], Series]:
    """flint's own series of a function."""

    def expand(x: Series) -> Series:
        flint = load_flint()
        kind = flint.acb_series if any(map(is_complex, x.terms)) else flint.arb_series
        count, cap = len(x.terms), flint.ctx.cap
        flint.ctx.cap = count
        try:
            found = getattr(kind(list(x.terms), count), name)()
        finally:
            flint.ctx.cap = cap
        return Series([found[k] for k in range(count)])

    return expand


def integrated(value: Callable[..., Ball], partials: Sequence[Any], xs: Sequence[Any]) -> Series:
    """y = g(x, …) by yₖ = (1/k) Σ over the operands of the terms of ∂g·x′ of order k - 1."""
    count = next(len(x.terms) for x in xs if isinstance(x, Series))
    terms = [value(*[x.value if isinstance(x, Series) else x for x in xs])]
    for k in range(1, count):
        known = [x.cut(k) if isinstance(x, Series) else x for x in xs]
        total = ball(0)
        for partial, x in zip(partials, xs, strict=True):
            if not isinstance(x, Series):
                continue
            slope = partial(*known, Series(terms)) if callable(partial) else partial
            p = slope.terms if isinstance(slope, Series) else Series(terms).like(slope)
            total += sum((p[k - j] * x.terms[j] * j for j in range(1, k + 1)), ball(0))
        terms.append(total / k)
    return Series(terms)
