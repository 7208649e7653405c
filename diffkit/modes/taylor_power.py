"""Taylor coefficients of x^c.

The partial c x^(c-1) would ask for x^(c-2) and so on, a new power for each order. Instead:

c a small integer, known    products x^2n = (x^n)², right at x = 0; those of 1/x for c < 0
else, where x ≠ 0           y′ = c (y/x) x′ + (y log x) c′, two formulas in y itself

At x = 0 the second form is 0/0. There the first coefficient is that of forward mode, and the k-th
is the leading term of the k-fold chain rule, (c choose k) 0^(c-k) x₁ᵏ: zero for c > k, infinite for
c < k unless c is an integer, for which the other terms count. These are there for c < 5; for a
greater integer that is not known when the graph is made the coefficient is nan.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..graph import Elementwise, Lit, literal
from ..ops import Expr
from ..ops.arithmetic import (
    div,
    equal,
    log,
    logical_or,
    mul,
    not_equal,
    power,
    select,
)
from .forward import term
from .taylor_series import Coefficient, Expansion, Series, chain_rule

GREATEST = 1024  # integers up to this one are exponents to multiply out
MOST = 16  # different exponents in one array
COMMON = 5  # exponents below this one are right at x = 0 even where they are not known

# The partials with y for x^c; x is not 0.
OFF_ZERO: tuple[Callable[[Expr, Expr, Expr], Expr], ...] = (
    lambda x, c, y: c * (y / x),
    lambda x, c, y: y * log(x),
)


def power_rule(e: Expansion, x: Series, c: Series, y: Series) -> Coefficient:
    """The coefficients of x^c, x moving."""
    known = c.lit
    integers = whole(known)
    if known is not None and integers:
        powers = {n: integer_power(e, x, n) for n in integers}
        return lambda k: chosen_power(e, {n: p[k] for n, p in powers.items()}, c.value, y)
    return general_power(e, x, c, y)


def whole(c: Lit | None) -> list[int]:
    """The exponents, if they are few and small integers."""
    if c is None:
        return []
    found = np.unique(c.value)
    numbers = np.rint(np.real(found))
    small = np.all(np.abs(found) <= GREATEST) and np.all(found == numbers)
    return [int(n) for n in numbers] if small and found.size <= MOST else []


def integer_power(e: Expansion, x: Series, n: int) -> Series:
    """The series of x^n, by squaring; its zeroth coefficient is not read."""
    if n == 0:
        return e.constant(literal(1, x.type.dtype.numpy))
    if n == 1:
        return x
    if n < 0:
        one = e.constant(literal(1, x.type.dtype.numpy))
        return integer_power(e, e.apply(div, [one, x], {}), -n)
    half = integer_power(e, x, n // 2)
    even = e.apply(mul, [half, half], {})
    return e.apply(mul, [even, x], {}) if n % 2 else even


def chosen_power(e: Expansion, parts: dict[int, Expr | None], c: Expr, y: Series) -> Expr | None:
    """A coefficient of x^c, where c is an array of these integers."""
    if len(parts) == 1:
        return next(iter(parts.values()))
    result = e.zeros(y.type)
    for n, part in parts.items():
        if part is not None:
            result = select(equal(c, n), part, result)
    return result


def general_power(e: Expansion, x: Series, c: Series, y: Series) -> Coefficient:
    """The coefficients for an exponent that is no integer, not known or not constant."""
    fact = power.fact
    assert isinstance(fact, Elementwise)
    partials = fact.partials
    zero, one = (e.constant(literal(n, x.type.dtype.numpy)) for n in (0, 1))
    tip = e.apply(equal, [x, zero], {})
    away = e.apply(select, [tip, one, x], {})
    moving = [i for i, s in enumerate((x, c)) if s.moving]

    def slopes(first: bool) -> list[Series | float]:
        """The partials of forward mode, or those away from zero."""
        if first:
            return [e.formula(("power", i), partials[i], [x, c, y]) for i in moving]  # type: ignore
        return [e.formula(("power off 0", i), OFF_ZERO[i], [away, c, y]) for i in moving]

    def step(k: int) -> Expr | None:
        parts = [(x, c)[i] for i in moving]
        made = chain_rule(k, parts, slopes(k == 1), lambda p, dx: term(p, dx, fact))
        if made is None or k == 1:
            return made
        return select(tip.value, at_zero(e, x, c, k), made)

    return step


def at_zero(e: Expansion, x: Series, c: Series, k: int) -> Expr:
    """Coefficient k ≥ 2 at x = 0; zero where x does not move."""
    start, exponent = x.value, c.value
    first = e.zeros(x.type) if x[1] is None else x[1]
    assert first is not None
    choose, ahead, moved = exponent * 0 + 1, first, not_equal(first, 0)
    for m in range(k):
        choose = choose * (exponent - m) / (m + 1)
    for j in range(2, k + 1):
        ahead = ahead * first
        part = x[j]
        moved = moved if part is None else logical_or(moved, not_equal(part, 0))
    lead = choose * power(start, exponent - k) * ahead
    for n in range(0 if c.moving else min(k, COMMON)):
        part = integer_power(e, x, n)[k]
        lead = select(equal(exponent, n), lead.full(0, ()) if part is None else part, lead)
    return select(moved, lead, lead.full(0, ()))
