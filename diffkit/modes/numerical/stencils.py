"""Difference formulas in exact rational numbers.

A stencil is the p-th derivative at 0 of the polynomial through the values at some offsets, in units
of the step h. Its weights are those of the polynomials of Lagrange,

    w_i = p! [t^p] Π_{j≠i} (t - o_j)/(o_i - o_j),

rational numbers, which floating-point recursions (Fornberg, Generation of finite difference
formulas on arbitrarily spaced grids, Mathematics of Computation 51, 1988) give up to rounding. Here
they are exact: a weight that should be 0 is 0. By Taylor's theorem

    h^-p Σ w_i f(x + o_i h) = f^(p) + C h^q f^(p+q) + …,     C = Σ w_i o_i^(p+q) / (p+q)!

with the first C that does not vanish. It says how accurate the formula is, and how well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property, reduce
from math import factorial, lcm
from operator import add
from typing import Any

from ...errors import UnsupportedError, explain

SCHEMES = ("central", "forward", "backward")


@dataclass(frozen=True)
class Stencil:
    """A formula for the derivative of one order from the values at some offsets; those of weight 0
    are left out."""

    order: int
    offsets: tuple[Fraction, ...]
    weights: tuple[Fraction, ...]
    accuracy: int
    """The power q of the step in the error."""
    constant: Fraction
    """The factor C of the error."""

    @cached_property
    def symmetric(self) -> bool:
        """Whether the error has even powers of the step only."""
        return tuple(-o for o in reversed(self.offsets)) == self.offsets

    @cached_property
    def denominator(self) -> int:
        """The least that makes all weights whole numbers."""
        return lcm(*(w.denominator for w in self.weights))

    @cached_property
    def numerators(self) -> tuple[float, ...]:
        """The weights times the denominator: whole numbers, with which no weight is rounded."""
        return tuple(float(w * self.denominator) for w in self.weights)

    @cached_property
    def moves(self) -> tuple[float, ...]:
        """The offsets as floating-point numbers."""
        return tuple(map(float, self.offsets))

    @cached_property
    def gain(self) -> float:
        """Σ|w_i|, by which errors of the values are multiplied at step 1."""
        return float(sum(map(abs, self.weights)))

    def quotient(self, values: Sequence[Any], h: Any) -> Any:
        """The derivative from the values at x + o_i h, numbers or arrays of any kind."""
        terms = [n * y for n, y in zip(self.numerators, values, strict=True)]
        return reduce(add, reversed(terms)) / (self.denominator * h**self.order)


def weights(offsets: Sequence[int | float | Fraction], order: int = 1) -> tuple[Fraction, ...]:
    """The weight of the value at each offset (all different, in any order), exactly."""
    at = [Fraction(o) for o in offsets]
    if len(set(at)) < len(at) or not 0 <= order < len(at):
        got = f"{len(at)} offsets, {len(set(at))} of them different, for order {order}"
        want, remedy = "more different offsets than the order", "Add offsets"
        raise UnsupportedError(explain("a stencil", got, want, remedy))
    found: list[Fraction] = []
    for i, own in enumerate(at):
        polynomial = [Fraction(1)]  # Π (t - o)/(own - o), lowest power first
        for o in at[:i] + at[i + 1 :]:
            lower, higher = [c * -o for c in polynomial], [Fraction(0), *polynomial]
            polynomial = [
                (a + b) / (own - o) for a, b in zip([*lower, Fraction(0)], higher, strict=True)
            ]
        found.append(polynomial[order] * factorial(order))
    return tuple(found)


@cache
def through(offsets: tuple[int | Fraction, ...], order: int = 1) -> Stencil:
    """The stencil of highest accuracy on these offsets."""
    pairs = list(zip(map(Fraction, offsets), weights(offsets, order), strict=True))
    power, moment = order, Fraction(0)
    while not moment:
        power += 1
        moment = sum((w * o**power for o, w in pairs), Fraction(0))
    used = sorted((o, w) for o, w in pairs if w)
    return Stencil(
        order,
        tuple(o for o, _ in used),
        tuple(w for _, w in used),
        power - order,
        moment / factorial(power),
    )


@cache
def stencil(scheme: str, order: int = 1, accuracy: int | None = None) -> Stencil:
    """The formula of a scheme on the integers nearest to 0: "central", from -r to r, "forward" from
    0 and "backward" to 0. By default of the least accuracy: 2 for central ones, else 1."""
    asked = "dk.Finite" if order == 1 else f"differences of order {order}"
    if scheme not in SCHEMES:
        want = ", ".join(f'"{name}"' for name in SCHEMES)
        got, remedy = f"scheme={scheme!r}", "Choose one of these"
        raise UnsupportedError(explain(asked, got, want, remedy))
    least = 2 if scheme == "central" else 1
    wanted = least if accuracy is None else accuracy
    if type(wanted) is not int or wanted < 1 or wanted % least:
        want = "an even whole number" if least == 2 else "a whole number from 1"
        got, remedy = f"accuracy={accuracy!r} with scheme={scheme!r}", f"Try accuracy={least}"
        raise UnsupportedError(explain(asked, got, want, remedy))
    if type(order) is not int or order < 1:
        want, remedy = "a whole number from 1", "Write order=1 for the first derivative"
        raise UnsupportedError(explain("a difference", f"order={order!r}", want, remedy))
    if scheme == "central":
        reach = (order + 1) // 2 + wanted // 2 - 1
        return through(tuple(range(-reach, reach + 1)), order)
    count = order + wanted
    return through(tuple(range(count) if scheme == "forward" else range(1 - count, 1)), order)
