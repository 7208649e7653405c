"""Derivatives of elementary and special functions against mpmath at 400 digits, far from the middle
of their domains too, where a formula that is right on paper may lose its digits."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.graph import Builder, evaluate
from diffkit.ops import Expr
from diffkit.ops import elementwise as e
from diffkit.types import f64

# fmt: off
# name, NumPy, mpmath, points, greatest relative errors of the first and the second derivative
TABLE: list[tuple[str, Any, Any, list[float], float, float]] = [
    ("exp",     np.exp,     mpmath.exp,     [-700.0, -3.1, 1e-9, 2.2, 700.0],         1e-15, 1e-15),
    ("exp2",    np.exp2,    lambda x: mpmath.mpf(2) ** x, [-900.0, 0.3, 80.5],        1e-15, 2e-15),
    ("expm1",   np.expm1,   mpmath.expm1,   [-30.0, -1e-8, 1e-12, 0.4, 50.0],         1e-15, 1e-15),
    ("log",     np.log,     mpmath.log,     [1e-150, 0.2, 1.0 + 1e-9, 7e30],         1e-15, 1e-15),
    ("log2",    np.log2,    lambda x: mpmath.log(x) / mpmath.log(2), [1e-9, 0.7, 1e9],1e-15, 1e-15),
    ("log10",   np.log10,   mpmath.log10,   [1e-9, 0.7, 1e9],                         1e-15, 1e-15),
    ("log1p",   np.log1p,   mpmath.log1p,   [-0.999, -1e-10, 1e-15, 3.0, 1e12],       1e-15, 1e-15),
    ("sqrt",    np.sqrt,    mpmath.sqrt,    [1e-200, 0.3, 2.0, 1e30],                 1e-15, 2e-15),
    ("cbrt",    np.cbrt,    lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)),
     [-1e30, -0.2, 1e-12, 5.0],                                                       2e-15, 4e-15),
    ("sin",     np.sin,     mpmath.sin,     [-20.0, 1e-8, 0.9, 3.0, 1e5],             1e-15, 1e-15),
    ("cos",     np.cos,     mpmath.cos,     [-20.0, 1e-8, 0.9, 3.0, 1e5],             1e-15, 1e-15),
    ("tan",     np.tan,     mpmath.tan,     [-1.5, 1e-8, 0.8, 20.0],                  2e-15, 4e-15),
    ("arcsin",  np.arcsin,  mpmath.asin,    [-1 + 1e-13, -0.3, 1e-9, 0.999],          1e-15, 4e-15),
    ("arccos",  np.arccos,  mpmath.acos,    [-1 + 1e-13, -0.3, 1e-9, 0.999],          1e-15, 4e-15),
    ("arctan",  np.arctan,  mpmath.atan,    [-1e8, -0.7, 1e-9, 3.0],                  1e-15, 2e-15),
    ("sinh",    np.sinh,    mpmath.sinh,    [-300.0, 1e-9, 2.0],                      1e-15, 1e-15),
    ("cosh",    np.cosh,    mpmath.cosh,    [-300.0, 1e-9, 2.0],                      1e-15, 1e-15),
    ("tanh",    np.tanh,    mpmath.tanh,    [-1.9, 1e-9, 0.5, 1.2],                   1e-14, 1e-14),
    ("arcsinh", np.arcsinh, mpmath.asinh,   [-1e9, -0.4, 1e-9, 7.0],                  1e-15, 2e-15),
    ("arccosh", np.arccosh, mpmath.acosh,   [1 + 1e-12, 1.3, 50.0],                   1e-15, 3e-15),
    ("arctanh", np.arctanh, mpmath.atanh,   [-1 + 1e-12, 1e-9, 0.4, 0.999],           1e-15, 2e-15),
    ("erf",     dnp.erf,    mpmath.erf,     [-5.0, -0.1, 1e-9, 1.3, 3.0],             6e-15, 6e-15),
    ("lgamma",  dnp.lgamma, mpmath.loggamma, [1e-9, 0.3, 2.2, 30.0, 1e6],             4e-15, 4e-15),
    ("digamma", dnp.digamma, mpmath.digamma, [1e-6, 0.3, 1.5, 30.0, 1e6],             4e-15, 4e-15),
]
# fmt: on
ENDS = ("arcsin", "arccos", "arctanh")


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
@pytest.mark.parametrize("method", ["forward", "reverse"])
def test_against_mpmath(row: Any, method: str) -> None:
    _, f, exact, points, first, second = row
    for x in points:
        for order, bound in ((1, first), (2, second)):
            g = dk.grad(f, method=method)
            got = float((dk.grad(g) if order == 2 else g)(x))
            with mpmath.workdps(400):
                want, slope = (float(derivative(exact, x, n)) for n in (order, 1))
            # (1 - x)(1 + x) keeps its digits at the ends; its own slope, -2x, can not near 0
            scale = max(abs(want), abs(slope)) if row[0] in ENDS else abs(want)
            assert abs(got - want) <= bound * scale + 1e-307, (x, order, got, want)


def derivative(f: Any, x: float, n: int) -> Any:
    """A central difference at 400 digits, whose step is 1e-150 of the distance to the nearest
    place where one of the functions is singular: the truncation error is of the order 1e-300."""
    point = mpmath.mpf(x)
    h = min([1, *(abs(point - s) for s in (-1, 0, 1) if x != s)]) * mpmath.mpf(10) ** -150
    if n == 1:
        return (f(point + h) - f(point - h)) / (2 * h)
    return (f(point + h) - 2 * f(point) + f(point - h)) / (h * h)


@pytest.mark.parametrize("n", range(6))
def test_polygamma_of_every_order(n: int) -> None:
    """ψ⁽ⁿ⁾ and its derivative ψ⁽ⁿ⁺¹⁾."""
    b = Builder("polygamma")
    x = Expr(b, b.param(f64[()], "x").atom)
    graph = b.finish([e.polygamma(x, n=n).atom])
    for point in (0.2, 1.0, 2.7, 41.0):
        want = float(mpmath.polygamma(n, point))
        (got,) = evaluate(graph, [np.float64(point)])
        assert abs(got - want) <= 1e-14 * max(abs(want), 1.0)

    f = dnp.digamma
    for _ in range(n):
        f = dk.grad(f)
    slope = float(dk.grad(f)(2.7))
    want = float(mpmath.polygamma(n + 1, 2.7))
    assert abs(slope - want) <= 1e-13 * abs(want)


def test_two_arguments() -> None:
    """arctan2 and hypot in all quadrants, x^y with both varying."""
    for y, x in ((0.3, 1.2), (2.0, -0.4), (-1.1, -0.7), (-0.2, 5.0)):
        r2 = x * x + y * y
        slopes = dk.grad(np.arctan2, argnums=(0, 1))(y, x)
        np.testing.assert_allclose(slopes, (x / r2, -y / r2), rtol=1e-15)
        slopes = dk.grad(np.hypot, argnums=(0, 1))(y, x)
        np.testing.assert_allclose(slopes, (y / r2**0.5, x / r2**0.5), rtol=1e-15)
    for x, y in ((0.3, 2.2), (5.0, -1.5), (1e-5, 0.25)):
        want = [
            float(mpmath.mpf(y) * mpmath.mpf(x) ** (y - 1)),
            float(mpmath.log(x) * mpmath.mpf(x) ** y),
        ]
        np.testing.assert_allclose(dk.grad(np.power, argnums=(0, 1))(x, y), want, rtol=4e-15)


def test_large_numbers_do_not_overflow() -> None:
    """hypot and logsumexp scale their arguments; so must their derivatives."""
    np.testing.assert_allclose(
        dk.grad(np.hypot, argnums=(0, 1))(3e200, 4e200), (0.6, 0.8), rtol=1e-15
    )
    x = np.array([1000.0, 1001.0, -1e4])
    want = np.exp([0.0, 1.0, -np.inf]) / (1 + np.e)
    np.testing.assert_allclose(dk.grad(dnp.logsumexp)(x), want, rtol=1e-15)
    slopes = dk.grad(np.logaddexp, argnums=(0, 1))(800.0, 802.0)
    np.testing.assert_allclose(slopes, (1 / (1 + np.e**2), 1 / (1 + np.e**-2)), rtol=1e-15)
    np.testing.assert_allclose(dk.grad(np.arcsinh)(1e200), 1e-200, rtol=1e-15)
