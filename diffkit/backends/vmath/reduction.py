"""x = k·π/2 + r + low, for every x: the two reductions that trigonometric.py describes."""

# pyright: basic

from functools import lru_cache

from .bits import (
    Num,
    fma,
    gather,
    pick,
    quick_sum,
    rint,
    round_to_integer,
    select,
    two_product,
    two_sum,
)

__all__ = ["reduce"]

# π/2 in parts of 33, 33, 33 and 53 bits; and for float32 in parts of 11, 11, 11 and 24 bits.
HALF_PI = (1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32)
STEP = 16
MODERATE = 2.0**19


@lru_cache
def table() -> tuple[tuple[float, ...], ...]:
    """For j = 0, 1, …, 61: 2^(16j)·2/π mod 4 as four floats, in four columns.

    2/π comes from integers: with S = 2^1300, arctan by Machin's formula
    π/4 = 4·arctan(1/5) − arctan(1/239) gives S·π, and S²/(S·π) the rest.
    """
    from fractions import Fraction

    digits = 1300
    one = 1 << (digits + 64)

    def arctan_inverse(n: int) -> int:
        power, total, i = one // n, 0, 0
        while power:
            total += (-power if i & 1 else power) // (2 * i + 1)
            power, i = power // (n * n), i + 1
        return total

    pi = 4 * (4 * arctan_inverse(5) - arctan_inverse(239))
    ratio = Fraction(2 * one * one // pi, one)
    rows = []
    for j in range(62):
        rest, row = ratio * 2 ** (STEP * j) % 4, []
        for _ in range(4):
            row.append(float(rest))
            rest -= Fraction(row[-1])
        rows.append(row)
    return tuple(zip(*rows, strict=True))


def wrap(x: Num) -> Num:
    """x minus the nearest multiple of 4, exactly."""
    return fma(round_to_integer(x * 0.25), -4.0, x)


def large(x: Num, columns: int) -> tuple[Num, Num, Num]:
    """k modulo 4, r and low for finite |x| ≥ 2^19, in float64."""
    y = abs(x)
    j = ((y.bits() >> 52) - (1023 + 52)) >> 4  # wraps to a large number below 2^52
    j = select(y < 2.0**53, j.new(j.lift(0)), j)
    j = select(y < float("inf"), j, 0)
    m = (y.bits() - (j << 56)).floating()
    pairs = [
        two_product(m, gather(table()[i], j, f"vmath_two_over_pi_{i}")) for i in range(columns)
    ]
    parts = []
    for high, low in pairs[:2]:
        parts += [wrap(high), wrap(low)]
    parts += [p for pair in pairs[2:] for p in pair]
    # Whole quarter turns go out as soon as the leading parts are added.
    high, e0 = two_sum(parts[0], parts[1])
    high, e1 = two_sum(high, parts[2])
    k, i = rint(high)
    high, e2 = two_sum(high - k, e0 + e1)
    k2, i2 = rint(high)
    high = high - k2
    rest = [e2, *parts[3:]]
    low = high.like(0.0)
    for part in rest:
        high, e = two_sum(high, part)
        low = low + e
    high, low = quick_sum(high, low)
    # A part may have pushed the fraction past a half.
    k3, i3 = rint(high)
    high, low = quick_sum(high - k3, low)
    r, error = two_product(high, high.like(1.5707963267948966))
    error = fma(high, 6.123233995736766e-17, fma(low, 1.5707963267948966, error))
    r, error = quick_sum(r, error)
    i = i + i2 + i3
    negative = x < 0.0
    i = select(negative, 0 - i, i)
    nan = x - x  # nan for nan and infinities, else 0
    return i, select(negative, -r, r) + nan, select(negative, -error, error)


def moderate(x: Num) -> tuple[Num, Num, Num]:
    """The same for |x| < 2^19, in float64."""
    k, i = rint(x * 0.6366197723675814)
    first = fma(-k, HALF_PI[0], x)  # exact
    second, e = two_product(k, k.like(HALF_PI[1]))
    r, low = two_sum(first, -second)
    third, e3 = two_product(k, k.like(HALF_PI[2]))
    r, lost = two_sum(r, -third)
    low = low - e + lost - e3 - k * HALF_PI[3]
    r, low = quick_sum(r, low)
    return i, r, low


def reduce(x: Num) -> tuple[Num, Num, Num]:
    """k modulo 4 as an integer, r and low."""
    small = abs(x.cast(True)) < MODERATE
    wide = x.cast(True)
    i, r, low = moderate(select(small, wide, 0.0))
    far = large(wide, pick(x, 4, 3))
    i, r, low = (select(small, a, b) for a, b in zip((i, r, low), far, strict=True))
    if x.wide:
        return i, r, low
    narrow = r.cast(False)
    rest = (r - narrow.cast(True)).cast(False)
    return Num(x.builder, x.builder.trunc(i.value, x.bits().value.type), False), narrow, rest
