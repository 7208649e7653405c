"""Special functions for PyTorch by their definitions: integrals, series and iterations.

PyTorch has few special functions, and fewer that it differentiates. Here each is what the handbooks
define it by (DLMF), as a sum over the nodes of a quadrature; PyTorch then differentiates the sum.
Right to rounding for the moderate arguments of the scenarios and there alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .scenario import T

EULER = 0.5772156649015329


def over(nodes: Any, weights: Any, f: Callable[[Any], Any]) -> Any:
    """Σ w f(node); the nodes go along a new first axis."""
    return sum(float(w) * f(float(s)) for s, w in zip(nodes, weights, strict=True))


def unit(f: Callable[[Any], Any], count: int = 40) -> Any:
    """∫₀¹ f by Gauss and Legendre."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return over((nodes + 1) / 2, weights / 2, f)


def circle(f: Callable[[Any], Any], count: int = 48) -> Any:
    """The mean of a function of an angle: the trapezoidal rule, exact to exponential order."""
    return over(2 * np.pi * np.arange(count) / count, np.full(count, 1 / count), f)


def half_line(f: Callable[[Any], Any], step: float = 0.03125) -> Any:
    """∫₀^∞ f by the substitution t = exp(s - e^-s), which makes both ends decay doubly."""
    s = np.arange(-3.5, 6.0, step)
    t = np.exp(s - np.exp(-s))
    return over(t, step * t * (1 + np.exp(-s)), f)


def ends(f: Callable[[Any, Any], Any], step: float = 0.0625) -> Any:
    """∫₀¹ f(t, 1 - t) by tanh and sinh, for algebraic singularities at the ends."""
    s = np.arange(-4.0, 4.0 + step / 2, step)
    t, u = 1 / (1 + np.exp(-np.pi * np.sinh(s))), 1 / (1 + np.exp(np.pi * np.sinh(s)))
    w = step * np.pi * np.cosh(s) * t * u
    return sum(float(c) * f(float(p), float(q)) for p, q, c in zip(t, u, w, strict=True))


def number(x: Any) -> float:
    """The one value of a constant operand."""
    return float(np.ravel(np.asarray(x))[0])


# --- gamma and beta functions --------------------------------------------------------------------


def gamma(x: Any) -> Any:
    left = x < 0.5
    right = T.exp(T.lgamma(T.where(left, 1 - x, x)))
    sine = T.sin(math.pi * T.where(left, x, T.full_like(x, 0.5)))
    return T.where(left, math.pi / (sine * right), right)


def log_beta(a: Any, b: Any) -> Any:
    a, b = (T.as_tensor(x, dtype=T.float64) for x in (a, b))
    return T.lgamma(a) + T.lgamma(b) - T.lgamma(a + b)


def betainc(a: float, b: float, x: Any) -> Any:
    """∫₀ˣ t^(a-1) (1-t)^(b-1) dt / B(a, b)."""
    whole = ends(lambda s, _: x * (x * s) ** (a - 1) * (1 - x * s) ** (b - 1))
    return whole / math.exp(number(log_beta(float(a), float(b))))


def student(df: float, t: Any) -> Any:
    lead = -number(log_beta(df / 2, 0.5)) - math.log(df) / 2
    return T.exp(lead - (df + 1) / 2 * T.log1p(t**2 / df))


def stdtr(df: float, t: Any) -> Any:
    return 0.5 + t * unit(lambda s: student(df, t * s))


def inverse(start: Any, f: Callable[[Any], Any], slope: Callable[[Any], Any], p: Any) -> Any:
    """The x with f(x) = p: two steps of Newton's from a solution, which make the first three
    derivatives right."""
    x = T.as_tensor(np.array(start))
    for _ in range(2):
        x = x - (f(x) - p) / slope(x)
    return x


# --- error functions -----------------------------------------------------------------------------


def dawsn(x: Any) -> Any:
    return x * unit(lambda s: T.exp(x * x * (s * s - 1)))


def erfi(x: Any) -> Any:
    return 2 / math.sqrt(math.pi) * x * unit(lambda s: T.exp(x * x * s * s))


def owens_t(h: Any, a: Any) -> Any:
    def f(s: float) -> Any:
        q = 1 + (a * s) ** 2
        return a * T.exp(-h * h * q / 2) / q

    return unit(f) / (2 * math.pi)


# --- Bessel functions ----------------------------------------------------------------------------


def jn(n: int, x: Any) -> Any:
    return circle(lambda t: T.cos(n * t - x * math.sin(t)))


def yn(n: int, x: Any) -> Any:
    wave = unit(lambda s: T.sin(x * math.sin(math.pi * s) - n * math.pi * s))
    sign = (-1) ** n
    decay = half_line(
        lambda t: (
            (math.exp(min(n * t, 300.0)) + sign * math.exp(-n * t))
            * T.exp(-x * math.sinh(min(t, 30.0)))
        )
    )
    return wave - decay / math.pi


def inu(n: int, x: Any) -> Any:
    return circle(lambda t: T.exp(x * math.cos(t)) * math.cos(n * t))


def knu(v: float, x: Any) -> Any:
    steps = np.arange(0, 8, 0.0625)
    weights = np.where(steps == 0, 0.5, 1.0) * 0.0625
    return over(steps, weights, lambda t: T.exp(-x * math.cosh(t)) * math.cosh(v * t))


def legendre(n: int, f: Callable[[Any], Any]) -> Any:
    """½ ∫ f(t) Pₙ(t) dt over (-1, 1)."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    p = np.polynomial.legendre.Legendre.basis(n)(nodes)
    return over(nodes, weights * p / 2, f)


def spherical_jn(n: int, x: Any) -> Any:
    wave = T.cos if n % 2 == 0 else T.sin
    return (-1) ** (n // 2) * legendre(n, lambda t: wave(x * t))


def spherical_in(n: int, x: Any) -> Any:
    return legendre(n, lambda t: T.exp(x * t))


def spherical_yn(n: int, x: Any) -> Any:
    low, high = -T.cos(x) / x, -T.cos(x) / x**2 - T.sin(x) / x
    for k in range(1, n + 1):
        low, high = high, (2 * k + 1) / x * high - low
    return low


def spherical_kn(n: int, x: Any) -> Any:
    f = math.factorial
    terms = [f(n + k) / (f(k) * f(n - k)) / (2 * x) ** k for k in range(n + 1)]
    return math.pi / 2 * T.exp(-x) / x * sum(terms)


# --- integrals and series ------------------------------------------------------------------------


def expn(n: int, x: Any) -> Any:
    return half_line(lambda t: T.exp(-x * (1 + t)) / (1 + t) ** n)


def expi(x: Any) -> Any:
    return EULER + T.log(x) + sum(x**k / float(k * math.factorial(k)) for k in range(1, 60))


def sici(x: Any) -> Any:
    return (
        unit(lambda t: T.sin(x * t) / t),
        EULER + T.log(x) + unit(lambda t: (T.cos(x * t) - 1) / t),
    )


def shichi(x: Any) -> Any:
    return (
        unit(lambda t: T.sinh(x * t) / t),
        EULER + T.log(x) + unit(lambda t: (T.cosh(x * t) - 1) / t),
    )


def fresnel(x: Any) -> Any:
    def angle(t: float) -> Any:
        return math.pi / 2 * (x * t) ** 2

    return x * unit(lambda t: T.sin(angle(t))), x * unit(lambda t: T.cos(angle(t)))


def airy(x: Any) -> Any:
    """Ai, Ai', Bi, Bi' by their Taylor series."""
    c1 = 3 ** (-2 / 3) / math.gamma(2 / 3)
    c2 = 3 ** (-1 / 3) / math.gamma(1 / 3)
    f, g = [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]
    for k in range(3, 60):  # y'' = x y
        f.append(f[k - 3] / (k * (k - 1)))
        g.append(g[k - 3] / (k * (k - 1)))

    def at(c: list[float], order: int) -> Any:
        if order == 0:
            return sum(a * x**k for k, a in enumerate(c) if a)
        return sum(k * a * x ** (k - 1) for k, a in enumerate(c) if a and k)

    parts = [(at(f, k), at(g, k)) for k in range(2)]
    small = [c1 * p - c2 * q for p, q in parts]
    great = [math.sqrt(3) * (c1 * p + c2 * q) for p, q in parts]
    return small[0], small[1], great[0], great[1]


def hypergeometric(tops: tuple[float, ...], bottoms: tuple[float, ...], z: Any) -> Any:
    """Σ Π(a)ₖ/Π(b)ₖ zᵏ/k!."""
    term = T.ones_like(z)
    total = term
    for k in range(80):
        factor = math.prod(a + k for a in tops) / math.prod(b + k for b in bottoms) / (k + 1)
        term = term * z * factor
        total = total + term
    return total


def hyperu(a: float, b: float, x: Any) -> Any:
    return half_line(lambda t: T.exp(-x * t) * t ** (a - 1) * (1 + t) ** (b - a - 1)) / math.gamma(
        a
    )


def exprel(x: Any) -> Any:
    return hypergeometric((1.0,), (2.0,), x)


def spence(z: Any) -> Any:
    return -unit(lambda s: T.log1p((z - 1) * s) / s)


def ellipk(m: Any) -> Any:
    return math.pi / 2 * circle(lambda t: 1 / T.sqrt(1 - m * math.sin(t) ** 2), 160)


def ellipe(m: Any) -> Any:
    return math.pi / 2 * circle(lambda t: T.sqrt(1 - m * math.sin(t) ** 2), 160)


def ellipkinc(phi: Any, m: float) -> Any:
    return phi * unit(lambda s: 1 / T.sqrt(1 - m * T.sin(phi * s) ** 2))


def ellipeinc(phi: Any, m: float) -> Any:
    return phi * unit(lambda s: T.sqrt(1 - m * T.sin(phi * s) ** 2))


def ellipj(u: Any, m: float) -> Any:
    """By the descending Landen transformation."""
    a, b, c = [1.0], math.sqrt(1 - m), [math.sqrt(m)]
    while abs(c[-1]) > 1e-17:
        c.append((a[-1] - b) / 2)
        a, b = [*a, (a[-1] + b) / 2], math.sqrt(a[-1] * b)
    phi = 2.0 ** (len(a) - 1) * a[-1] * u
    for k in reversed(range(1, len(a))):
        phi = (phi + T.asin(c[k] / a[k] * T.sin(phi))) / 2
    sn = T.sin(phi)
    return sn, T.cos(phi), T.sqrt(1 - m * sn * sn), phi
