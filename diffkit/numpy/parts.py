"""Ufuncs that take numbers apart: signs, remainders, whole and broken parts, mantissas; and the
maxima, minima and logarithms of sums that are compositions of others.

Each is put together from recorded functions, so it differentiates, at any order, because they do.
What is whole (an exponent, a number of turns) has derivative zero. In `np.copysign` and `np.fmod`
the derivative at 0 is that of |x| and of x.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops import arithmetic as a
from ..ops import bits as b
from ..ops import cylinder
from ..ops import elementwise as e
from ..ops.kinks import at
from ..tracing.arraylike import require_cpu
from ..tracing.tracer import Trace, Tracer
from ..types import i32
from .elementwise import operands, round_

LN2 = math.log(2)
TERMS = 12  # of the series of sinc


def signbit(t: Trace, x: Any) -> Tracer:
    return b.signbit(*operands(t, np.signbit, (x,)))


def copysign(t: Trace, x1: Any, x2: Any) -> Any:
    """|x| with the sign of y, whose derivative by y is zero."""
    x, y = operands(t, np.copysign, (x1, x2))
    return np.absolute(x) * a.select(b.signbit(y), y.full(-1, ()), y.full(1, ()))


def nextafter(t: Trace, x1: Any, x2: Any) -> Tracer:
    return b.nextafter(*operands(t, np.nextafter, (x1, x2)))


def fmod(t: Trace, x1: Any, x2: Any) -> Any:
    """The remainder with the sign of x: ±(±x mod |y|), in which nothing is rounded."""
    x, y = operands(t, np.fmod, (x1, x2))
    one = x.full(1, ())
    side: Any = a.select(a.less(x, x.full(0, ())), a.neg(one), one)
    return side * np.remainder(side * x, np.absolute(y))


def ignoring_nan(ufunc: Any, op: Any) -> Callable[..., Any]:
    """fmax and fmin: of a number and a nan, the number."""

    def handler(t: Trace, x1: Any, x2: Any) -> Tracer:
        x, y = operands(t, ufunc, (x1, x2))
        if not x.type.differentiable:
            return op(x, y)
        both, share = op(x, y), at("fmax")
        if share != 0.5:  # all of a tie goes to one
            both = a.select(a.equal(x, y), x if share == 1 else y, both)
        return a.select(a.isnan(x), y, a.select(a.isnan(y), x, both))

    return handler


def logaddexp2(t: Trace, x1: Any, x2: Any) -> Any:
    """log₂(2^x + 2^y), as `logaddexp`: m is the value of the higher, fixed for the derivative."""
    x, y = operands(t, np.logaddexp2, (x1, x2))
    first = a.greater_equal(x, y)
    high, low = a.select(first, x, y), a.select(first, y, x)
    m = a.stop_gradient(high)
    m = a.select(a.isfinite(m), m, m.full(0, ()))
    rest = np.add(e.expm1(a.mul(a.sub(high, m), LN2)), e.exp2(a.sub(low, m)))
    return np.add(m, np.log1p(rest) * (1 / LN2))


def heaviside(t: Trace, x1: Any, x2: Any) -> Tracer:
    """0 below 0, the second operand at 0, 1 above."""
    x, y = operands(t, np.heaviside, (x1, x2))
    zero, one = x.full(0, ()), x.full(1, ())
    step = a.select(a.isnan(x), a.stop_gradient(x), a.select(a.greater(x, zero), one, zero))
    return a.select(a.equal(x, zero), y, step)


def ldexp(t: Trace, x1: Any, x2: Any) -> Any:
    """x·2ⁿ, in two steps, as 2ⁿ alone may be beyond all numbers where x·2ⁿ is not."""
    n = t.value(x2)
    x = operands(t, np.exp, (x1,))[0]
    half: Any = np.floor_divide(n, 2)
    powers = [e.exp2(a.cast(k, dtype=x.dtype_)) for k in (half, np.subtract(n, half))]
    return a.mul(a.mul(x, powers[0]), powers[1])


def frexp(t: Trace, x: Any) -> tuple[Any, Any]:
    """m and n with x = m·2ⁿ and ½ ≤ |m| < 1. The logarithm may be off by one beside a power of two;
    multiplying by powers of two is exact, so one look at m puts that right."""
    v: Any = operands(t, np.frexp, (x,))[0]
    usual = a.logical_and(a.isfinite(v), a.not_equal(v, v.full(0, ())))
    size = a.stop_gradient(a.select(usual, a.absolute(v), v.full(1, ())))
    n: Any = a.cast(a.floor(e.log2(size)) + 1, dtype=i32)
    m = np.ldexp(size, -n)
    n = n + (m >= 1).astype(np.int32) - (m < 0.5).astype(np.int32)
    return np.where(usual, np.ldexp(v, -n), v), np.where(usual, n, np.int32(0))


def modf(t: Trace, x: Any) -> tuple[Any, Any]:
    """The part after the point and the whole part, both of the sign of x."""
    v: Any = operands(t, np.modf, (x,))[0]
    whole = np.trunc(v)
    infinite = np.isinf(v)
    rest = np.where(infinite, 0.0, v - np.where(infinite, 0.0, whole))
    return a.select(b.signbit(v), -np.absolute(rest), rest), whole


def divmod_(t: Trace, x1: Any, x2: Any) -> tuple[Any, Any]:
    return np.floor_divide(x1, x2), np.remainder(x1, x2)


def infinite(sign: int) -> Callable[..., Any]:
    """isposinf and isneginf."""

    def handler(t: Trace, x: Any, out: Any = None) -> Any:
        v: Any = t.value(x)
        return np.logical_and(np.isinf(v), v * sign > 0)

    return handler


def fix(t: Trace, x: Any, out: Any = None) -> Any:
    """Towards zero."""
    return np.trunc(x)


def in_floats(t: Trace, x: Any) -> Any:
    """x, in float64 where it is no floating-point number: never in less, as NumPy's ufuncs do."""
    v: Any = t.value(x)
    return v if v.dtype.kind in "fc" else v.astype(np.float64)


def sinc(t: Trace, x: Any) -> Any:
    """sin(πx)/(πx). Beside 0 it is its power series in (πx)², which has all its derivatives; the
    quotient loses more digits with each of them."""
    v = in_floats(t, x)
    y = np.pi * v
    near = np.absolute(v) < 0.25
    z: Any = np.square(np.where(near, y, 0.0))
    series = z.full((-1) ** TERMS / math.factorial(2 * TERMS + 1))
    for k in range(TERMS - 1, -1, -1):
        series = series * z + (-1) ** k / math.factorial(2 * k + 1)
    far = np.where(near, 1.0, y)
    return np.where(near, series, np.sin(far) / far)


def bessel(t: Trace, x: Any) -> Any:
    """np.i0, the modified Bessel function of order 0, which is even."""
    return cylinder.i0(in_floats(t, x))


def astype(t: Trace, x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    require_cpu("np.astype", device)
    return t.value(x).astype(dtype, copy=copy)


UFUNCS: dict[Any, Callable[..., Any]] = {
    np.signbit: signbit, np.nextafter: nextafter, np.copysign: copysign, np.fmod: fmod,
    np.fmax: ignoring_nan(np.fmax, a.maximum), np.fmin: ignoring_nan(np.fmin, a.minimum),
    np.logaddexp2: logaddexp2, np.heaviside: heaviside, np.ldexp: ldexp, np.frexp: frexp,
    np.modf: modf, np.divmod: divmod_,
}  # fmt: skip
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.isposinf: infinite(1), np.isneginf: infinite(-1), np.fix: fix, np.sinc: sinc,
    np.i0: bessel, np.around: round_, np.astype: astype,
}  # fmt: skip
