"""Elementary functions of complex numbers in generated code, from those of their real parts.

With z = x + iy,

    eᶻ = eˣ (cos y + i sin y)                    sinh z = sinh x cos y + i cosh x sin y
    eᶻ - 1 = (eˣ - 1) cos y - 2 sin² y/2 + i eˣ sin y
    zʷ = r^Re w · e^(-φ Im w) · (cos θ + i sin θ), where z = r e^(iφ), θ = φ Re w + ln r · Im w

tanh is Kahan's (Branch cuts for complex elementary functions, 1987), which neither overflows nor
cancels. A part that is zero stays zero where the other factor is infinite, so real and imaginary
arguments stay on their axes. Numba's own functions serve where they are as good: logarithms, roots
and the inverse functions but arccosh, which takes the wrong side of its branch cut.

Results are NumPy's to a few ulps of the greater part. They differ where an argument is infinite or
nan, for which NumPy follows the tables of C99's annex G: here a part may be nan instead. A quotient
by zero has the infinities that its formula gives. Parts of single precision are computed in double.
"""

# numba has no types; a value that passes through it is unknown to pyright.
# pyright: basic, reportCallIssue=false

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from ..vmath import atan2, cos, cosh, exp, expm1, hypot, log, sin, sinh, tan, where
from ..vmath import pow as power

__all__ = [
    "cacosh", "ccos", "ccosh", "cexp", "cexp2", "cexpm1", "cless", "cless_equal", "cpow", "cscale",
    "csin", "csinh", "ctanh",
]  # fmt: skip

OPTIONS: Any = {"error_model": "numpy"}
LN2 = math.log(2)
FLAT = 22.0  # from here on tanh x is 1 to double precision
WHOLE = 100  # integers below this are powers by multiplication, as in NumPy


@njit(**OPTIONS)
def through(a, b):
    """a·b, and a zero where a is one, whatever b is."""
    return a * where(a == 0, math.copysign(1.0, b), b)


@njit(**OPTIONS)
def turned(size, angle):
    """The number of this size at this angle."""
    c, s = cos(angle), sin(angle)
    if size == 0:
        return complex(through(size, c), through(size, s))
    return complex(size * c, through(s, size))


@njit(**OPTIONS)
def cexp(z):
    return turned(exp(np.float64(z.real)), np.float64(z.imag))


@njit(**OPTIONS)
def cexp2(z):
    return turned(exp(LN2 * z.real), LN2 * z.imag)


@njit(**OPTIONS)
def cexpm1(z):
    x, y = np.float64(z.real), np.float64(z.imag)
    half, s = sin(0.5 * y), sin(y)
    return complex(expm1(x) * cos(y) - 2.0 * half * half, through(s, exp(x)))


@njit(**OPTIONS)
def csinh(z):
    x, y = np.float64(z.real), np.float64(z.imag)
    return complex(through(sinh(x), cos(y)), through(sin(y), cosh(x)))


@njit(**OPTIONS)
def ccosh(z):
    x, y = np.float64(z.real), np.float64(z.imag)
    return complex(cosh(x) * cos(y), through(sin(y), sinh(x)))


@njit(**OPTIONS)
def csin(z):
    x, y = np.float64(z.real), np.float64(z.imag)
    return complex(through(sin(x), cosh(y)), through(sinh(y), cos(x)))


@njit(**OPTIONS)
def ccos(z):
    x, y = np.float64(z.real), np.float64(z.imag)
    return complex(cos(x) * cosh(y), -through(sin(x), sinh(y)))


@njit(**OPTIONS)
def ctanh(z):
    x, y = np.float64(z.real), np.float64(z.imag)
    if abs(x) > FLAT:
        small = 4.0 * exp(-2.0 * abs(x))
        return complex(math.copysign(1.0, x), through(small, sin(y) * cos(y)))
    s, t = sinh(x), tan(y)
    b = 1.0 + t * t
    under = 1.0 + b * s * s
    return complex(b * math.sqrt(1.0 + s * s) * s / under, t / under)


@njit(**OPTIONS)
def cacosh(z):
    """±i arccos z, on the side that keeps the real part positive."""
    w = np.arccos(np.complex128(z))
    if w.real != w.real:
        return complex(abs(w.imag), w.real)
    return complex(abs(w.imag), math.copysign(w.real, z.imag))


@njit(**OPTIONS)
def cpow(z, w):
    x, y = np.float64(z.real), np.float64(z.imag)
    a, b = np.float64(w.real), np.float64(w.imag)
    if a == 0 and b == 0:
        return complex(1.0, 0.0)
    if x == 0 and y == 0:
        return complex(0.0, 0.0) if a > 0 else complex(np.nan, np.nan)
    if b == 0 and abs(a) < WHOLE and a == math.floor(a):
        return whole_power(complex(x, y), int(a))
    size, angle = hypot(x, y), atan2(y, x)
    return turned(power(size, a) * exp(-b * angle), a * angle + b * log(size))


@njit(**OPTIONS)
def whole_power(z, n):
    """zⁿ by squaring."""
    result, factor, left = complex(1.0, 0.0), z, abs(n)
    while left:
        if left & 1:
            result = result * factor
        left >>= 1
        if left:
            factor = factor * factor
    return np.reciprocal(result) if n < 0 else result


@njit(**OPTIONS)
def cless(z, w):
    """The order of NumPy: by the real parts, and where these are equal by the imaginary ones."""
    known = z.imag == z.imag and w.imag == w.imag
    return (z.real < w.real and known) or (z.real == w.real and z.imag < w.imag)


@njit(**OPTIONS)
def cless_equal(z, w):
    known = z.imag == z.imag and w.imag == w.imag
    return (z.real < w.real and known) or (z.real == w.real and z.imag <= w.imag)


@njit(**OPTIONS)
def cscale(d, t):
    """d·t, and 0 where t is 0."""
    return where(t == 0, t, d * t)
