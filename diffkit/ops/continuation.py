"""Analytic continuations of real functions, as the complex step needs them.

The complex step reads a derivative off f(x + ih) (Squire & Trapp, SIAM Review 40, 1998). That is
right only where the program is analytic: |z|, max and comparisons have to look at the real part,
and functions for which NumPy has no complex loop, or one that loses a tiny imaginary part, need
one that keeps it. These are they; everything else uses NumPy's own complex arithmetic.
"""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import Any

import numpy as np


def by_real_part(compare: Any) -> Any:
    """A comparison or rounding, applied to the real parts."""

    def real_only(*args: Any, **attrs: Any) -> Any:
        return compare(*[np.real(arg) for arg in args], **attrs)

    return real_only


def absolute(z: Any) -> Any:
    """|x| continued: z with the sign of its real part taken off."""
    return z * np.sign(np.real(z))


def maximum(x: Any, y: Any) -> Any:
    """The operand with the greater real part, the mean of both on a tie."""
    p, q = np.real(x), np.real(y)
    nan = np.isnan(p) | np.isnan(q)
    return np.where(nan, x + y, np.where(p > q, x, np.where(p < q, y, 0.5 * (x + y))))


def minimum(x: Any, y: Any) -> Any:
    """The operand with the lesser real part, the mean of both on a tie."""
    return -maximum(-x, -y)


def reduce_max(x: Any, axes: tuple[int, ...]) -> Any:
    """The element with the greatest real part, the mean of all such on a tie."""
    real = np.real(x)
    top = np.max(real, axis=axes, keepdims=True)
    winners = (real == top) | np.isnan(top)
    return np.sum(np.where(winners, x, 0), axis=axes) / np.sum(winners, axis=axes)


def reduce_min(x: Any, axes: tuple[int, ...]) -> Any:
    """As `reduce_max`, for the least."""
    return -reduce_max(-x, axes)


def power(x: Any, y: Any) -> Any:
    """x^y; of a negative x, ±(-x)^y for a whole y and else nan, as of real numbers. The complex
    power would go through the angle of x, where a tiny imaginary part is lost beside π."""
    negative = np.real(x) < 0
    whole = np.rint(np.real(y)) == np.real(y)
    sign = np.where(whole, 1 - 2 * np.remainder(np.real(y), 2), np.nan)
    return np.where(negative, sign, 1.0) * np.where(negative, -x, x) ** y


def root(z: Any) -> Any:
    """√z, and 0 with no slope at 0."""
    away = np.real(z) != 0
    return np.where(away, np.sqrt(np.where(away, z, 1)), 0)


def cbrt(z: Any) -> Any:
    """The real cube root continued to both half lines."""
    sign = np.where(np.real(z) < 0, -1.0, 1.0)
    return sign * (sign * z) ** (1 / 3)


def arctan2(y: Any, x: Any) -> Any:
    """atan(y/x) or its reciprocal form, whichever divides by the larger, plus the quadrant."""
    p, q = np.real(x), np.real(y)
    steep = np.abs(q) > np.abs(p)
    flat = np.arctan(np.where(steep, 0, y) / np.where(steep, 1, x))
    turn = np.where(p < 0, np.copysign(np.pi, q), 0.0)
    up = np.copysign(np.pi / 2, q) - np.arctan(np.where(steep, x, 0) / np.where(steep, y, 1))
    return np.where(steep, up, flat + turn)


def hypot(x: Any, y: Any) -> Any:
    """sqrt(x² + y²), scaled by the larger real part against overflow."""
    scale = np.maximum(np.abs(np.real(x)), np.abs(np.real(y)))
    safe = np.where(scale == 0, 1.0, scale)
    return safe * np.sqrt((x / safe) ** 2 + (y / safe) ** 2)


def nextafter(z: Any, w: Any) -> Any:
    """The neighbour of a number moves as the number does."""
    return np.nextafter(np.real(z), np.real(w)) + 1j * np.imag(z)


def log1p(z: Any) -> Any:
    """log(1 + z), with real and imaginary parts each accurate for small z."""
    a, b = np.real(z), np.imag(z)
    return np.log1p(a * (2 + a) + b * b) / 2 + 1j * np.arctan2(b, 1 + a)


def expm1(z: Any) -> Any:
    """exp(z) - 1 for a tiny imaginary part."""
    a, b = np.real(z), np.imag(z)
    return np.expm1(a) * np.cos(b) - 2 * np.sin(b / 2) ** 2 + 1j * np.exp(a) * np.sin(b)


def lgamma(z: Any) -> Any:
    """log|Γ| continued; by reflection on the left, where loggamma has a large imaginary part."""
    from scipy.special import loggamma

    z = np.asarray(z)
    left = np.real(z) < 0.5
    right = loggamma(np.where(left, 1 - z, z))
    sine = np.sin(np.pi * np.where(left, z, 0.5))
    sine = np.where(np.real(sine) < 0, -sine, sine)
    return np.where(left, np.log(np.pi) - np.log(sine) - right, right)


def polygamma(z: Any, n: int) -> Any:
    """ψ is scipy's; its derivatives have no complex form there."""
    from scipy.special import psi

    if n == 0:
        return psi(z)
    raise ValueError(f"polygamma({n}, z) has no complex form; use method='reverse'")
