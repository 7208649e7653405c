"""Derivatives of SciPy's special functions against mpmath, near their singular points, far out and
at the points where the textbook's formula is 0/0; and what is asked of them that has no answer."""

from __future__ import annotations

import math
from typing import Any

import mpmath as mp
import numpy as np
import pytest
import scipy.special as sp

import diffkit as dk
from diffkit.errors import DtypeError, UnsupportedError
from diffkit.numpy.handlers import HANDLERS

from .numerics import ridders
from .scenarios_special import SCENARIOS


def log_ndtr(x: Any) -> Any:
    return mp.log(mp.ncdf(x)) if x < 0 else mp.log1p(-mp.ncdf(-x))


# fmt: off
# SciPy, mpmath, points, greatest relative errors of the first and of the second derivative
TABLE: dict[str, tuple[Any, Any, list[float], float, float]] = {
    "gamma": (sp.gamma, mp.gamma, [-3.5, -1.0001, -1e-9, 1e-9, 0.3, 1.0, 1.4616, 30.0, 150.0], 2e-13, 2e-12),
    "rgamma": (sp.rgamma, mp.rgamma, [-20.5, -3.0, -2.0, -1.0001, -1e-9, 0.0, 1e-9, 0.5, 1.0, 30.0], 2e-14, 2e-13),
    "digamma": (sp.psi, mp.digamma, [-2.3, 1e-6, 0.3, 1.46, 30.0, 1e6], 1e-13, 1e-13),
    "erfc": (sp.erfc, mp.erfc, [-5.0, 0.0, 1e-9, 1.3, 10.0, 26.0], 2e-13, 2e-13),
    "erfcx": (sp.erfcx, lambda x: mp.exp(x * x) * mp.erfc(x), [-3.0, 0.0, 1e-9, 2.0, 9.9, 10.1, 50.0, 1e4], 2e-13, 5e-11),
    "erfi": (sp.erfi, mp.erfi, [-5.0, 0.0, 1e-9, 3.0], 2e-14, 2e-14),
    "dawsn": (sp.dawsn, lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x), [-12.0, -3.0, 0.0, 1e-9, 2.0, 9.9, 10.1, 50.0, 1e4], 5e-13, 5e-11),
    "erfinv": (sp.erfinv, mp.erfinv, [-0.999, -0.3, 0.0, 1e-9, 0.7, 1 - 1e-9], 2e-13, 2e-12),
    "ndtr": (sp.ndtr, mp.ncdf, [-38.0, -5.0, 0.0, 3.0, 8.0], 5e-13, 5e-13),
    "log_ndtr": (sp.log_ndtr, log_ndtr, [-1e4, -100.0, -30.0, -1.0, 0.0, 1e-9, 5.0, 30.0], 1e-12, 2e-7),
    "expit": (sp.expit, lambda x: 1 / (1 + mp.exp(-x)), [-700.0, -40.0, -1.0, 0.0, 3.0, 40.0, 700.0], 2e-14, 2e-14),
    "log_expit": (sp.log_expit, lambda x: -mp.log1p(mp.exp(-x)), [-700.0, -1.0, 0.0, 3.0, 40.0, 700.0], 2e-14, 2e-14),
    "logit": (sp.logit, lambda p: mp.log(p / (1 - p)), [1e-100, 1e-9, 0.3, 1 - 1e-9], 1e-14, 1e-14),
    "exprel": (sp.exprel, lambda x: mp.expm1(x) / x, [-500.0, -10.0, -1e-9, 0.0, 1e-12, 1e-3, 1.0, 30.0, 600.0], 2e-14, 2e-14),
    "cosm1": (sp.cosm1, lambda x: mp.cos(x) - 1, [-2.0, 1e-9, 3.0], 1e-14, 1e-14),
    "entr": (sp.entr, lambda x: -x * mp.log(x), [1e-150, 1e-9, 0.4, 1.0, 1e9], 1e-14, 1e-14),
    "j0": (sp.j0, mp.j0, [0.0, 1e-9, 0.3, 5.0, 40.0], 2e-13, 2e-13),
    "j1": (sp.j1, mp.j1, [0.0, 1e-9, 0.3, 5.0, 40.0], 2e-13, 1e-11),
    "jv": (lambda x: sp.jv(3, x), lambda x: mp.besselj(3, x), [1e-3, 0.3, 5.0, 40.0], 2e-13, 2e-13),
    "y1": (sp.y1, lambda x: mp.bessely(1, x), [1e-3, 0.3, 5.0, 40.0], 2e-13, 2e-13),
    "i0": (sp.i0, lambda x: mp.besseli(0, x), [-3.0, 0.0, 1e-9, 0.3, 5.0, 500.0], 2e-13, 2e-13),
    "i1e": (sp.i1e, lambda x: mp.exp(-x) * mp.besseli(1, x), [0.3, 5.0, 100.0], 1e-12, 1e-9),
    "k0": (sp.k0, lambda x: mp.besselk(0, x), [1e-9, 0.3, 5.0, 500.0], 2e-13, 2e-13),
    "k1": (sp.k1, lambda x: mp.besselk(1, x), [1e-9, 0.3, 5.0, 500.0], 2e-13, 2e-13),
    "spherical_jn": (lambda x: sp.spherical_jn(1, x), lambda x: mp.sin(x) / x**2 - mp.cos(x) / x, [0.0, 1e-5, 0.3, 5.0], 2e-13, 1e-10),
    "exp1": (sp.exp1, mp.e1, [1e-9, 0.3, 5.0, 500.0], 2e-14, 2e-14),
    "expi": (sp.expi, mp.ei, [-5.0, 1e-9, 0.3, 5.0, 500.0], 2e-14, 2e-14),
    "si": (lambda x: sp.sici(x)[0], mp.si, [0.0, 1e-9, 0.3, 5.0, 50.0], 2e-13, 1e-10),
    "spence": (sp.spence, lambda z: mp.polylog(2, 1 - z), [1e-9, 0.3, 0.9999, 1.0, 1.0001, 1.6], 2e-13, 2e-13),
    "ellipk": (sp.ellipk, mp.ellipk, [-50.0, -0.6, -1e-9, 0.0, 1e-6, 0.49, 0.51, 0.99, 1 - 1e-9], 2e-13, 2e-12),
    "ellipe": (sp.ellipe, mp.ellipe, [-50.0, -0.6, -1e-9, 0.0, 1e-6, 0.49, 0.51, 0.99], 2e-13, 2e-12),
    "ellipkm1": (sp.ellipkm1, lambda p: mp.ellipk(1 - p), [1e-100, 1e-9, 0.3, 0.9999, 1.0], 2e-13, 2e-12),
    "hyp2f1": (lambda z: sp.hyp2f1(0.5, 1.5, 2.2, z), lambda z: mp.hyp2f1(0.5, 1.5, 2.2, z), [-30.0, -0.7, 0.0, 0.4, 0.9], 1e-12, 1e-12),
    "boxcox": (lambda k: sp.boxcox(2.3, k), lambda k: (mp.mpf(2.3) ** k - 1) / k, [-3.0, -1e-9, 0.0, 1e-12, 1e-3, 2.0], 2e-14, 2e-14),
    "inv_boxcox": (lambda k: sp.inv_boxcox(0.8, k), lambda k: mp.exp(mp.log1p(k * mp.mpf(0.8)) / k), [-0.5, -1e-9, 0.0, 1e-12, 1e-3, 2.0], 2e-14, 2e-13),
    "gammainc": (lambda x: sp.gammainc(2.3, x), lambda x: mp.gammainc(2.3, 0, x, True), [1e-9, 0.3, 2.0, 50.0], 2e-13, 2e-13),
    "betainc": (lambda x: sp.betainc(1.7, 2.4, x), lambda x: mp.betainc(1.7, 2.4, 0, x, True), [1e-9, 0.3, 0.9, 1 - 1e-9], 2e-13, 2e-13),
    "betaln": (lambda a: sp.betaln(a, 0.5), lambda a: mp.log(mp.beta(a, 0.5)), [1e-9, 0.3, 19.4, 19.6, 100.0, 1e6], 2e-13, 2e-12),
    "poch": (lambda z: sp.poch(z, 2.5), lambda z: mp.rf(z, 2.5), [-1.3, -1.0, 0.0, 0.3, 5.0, 60.0], 2e-13, 2e-12),
    "poch-whole": (lambda z: sp.poch(z, 2.0), lambda z: z * (z + 1), [-5.0, -4.3, -1.5, 0.3, 5.0], 2e-13, 2e-11),
    "binom": (lambda n: sp.binom(n, 3.0), lambda n: n * (n - 1) * (n - 2) / 6, [0.5, 1.0, 2.0, 2.5, 8.0], 2e-13, 2e-12),
    "zeta": (lambda q: sp.zeta(3.0, q), lambda q: mp.zeta(3, q), [1e-3, 0.3, 5.0, 1e4], 2e-13, 2e-13),
    "wrightomega": (sp.wrightomega, lambda x: mp.lambertw(mp.exp(x)).real, [-30.0, -1.0, 0.0, 3.0, 600.0], 2e-14, 2e-13),
}
# fmt: on


def derivatives(f: Any, x: float) -> list[float]:
    """f′ and f″ by differences at hundreds of digits; the step is small next to x and to 1, and
    70 digits are left of a second difference."""
    exponent = 40 - (math.floor(math.log10(abs(x))) if 0 < abs(x) < 1e-3 else 0)
    with mp.workdps(2 * exponent + 70):
        point, h = mp.mpf(x), mp.mpf(10) ** -exponent
        low, middle, high = f(point - h), f_at(f, point, h), f(point + h)
        return [float((high - low) / (2 * h)), float((high - 2 * middle + low) / h**2)]


def f_at(f: Any, x: Any, h: Any) -> Any:
    """f, also where its formula is 0/0: by the mean of its neighbours to fourth order."""
    try:
        return f(x)
    except ZeroDivisionError:
        p, q, r = (f(x - k * h) + f(x + k * h) for k in (1, 2, 3))
        return (15 * p - 6 * q + r) / 20


@pytest.mark.parametrize("name", TABLE)
def test_against_mpmath(name: str) -> None:
    f, exact, points, first, second = TABLE[name]
    slope, curvature = dk.grad(f), dk.grad(dk.grad(f))
    for x in points:
        one, two = derivatives(exact, x)
        assert abs(float(slope(x)) - one) <= first * max(abs(one), 1e-290), (x, slope(x), one)
        near = second * max(abs(two), 1e-3 * abs(one), 1e-290)  # f″ may vanish where f′ does not
        assert abs(float(curvature(x)) - two) <= near, (x, curvature(x), two)


@pytest.mark.parametrize("a", [1e-3, 0.7, 19.0, 21.0, 1e3, 1e8, 1e15])
@pytest.mark.parametrize("b", [0.5, 3.0, 1e4])
def test_differences_of_digamma(a: float, b: float) -> None:
    """ψ(a) - ψ(a + b) keeps its digits where ψ itself is large beside it, derivatives too."""
    with mp.workdps(60):
        want = [mp.polygamma(n, a) - mp.polygamma(n, mp.mpf(a) + b) for n in range(2)]
        want.append(-mp.polygamma(1, mp.mpf(a) + b))
    f = sp.betaln
    got = [dk.grad(f)(a, b), dk.grad(dk.grad(f))(a, b), dk.grad(dk.grad(f), argnums=1)(a, b)]
    for x, y in zip(got, want, strict=True):
        assert abs(float(x) - float(y)) <= 1e-13 * max(abs(float(y)), 1e-3 if a < 20 else 0.0)


# --- points where a formula would give nan, or the wrong side ------------------------------------

# fmt: off
EDGES: list[tuple[Any, tuple[float, ...], tuple[float, ...]]] = [
    (sp.xlogy, (0.0, 2.0), (np.log(2.0), 0.0)),
    (sp.xlogy, (0.0, 0.0), (-np.inf, 0.0)),
    (sp.xlog1py, (0.0, -1.0), (-np.inf, 0.0)),
    (sp.entr, (0.0,), (np.inf,)),
    (sp.rel_entr, (0.0, 2.0), (-np.inf, 0.0)),
    (sp.kl_div, (0.0, 2.0), (-np.inf, 1.0)),
    (sp.kl_div, (2.0, 2.0), (0.0, 0.0)),
    (sp.huber, (1.0, 1.0), (0.0, 1.0)),
    (sp.huber, (1.0, 0.0), (0.0, 0.0)),
    (sp.pseudo_huber, (0.0, -2.0), (2.0, 0.0)),
    (sp.pseudo_huber, (1.0, 0.0), (0.0, 0.0)),
    (sp.logit, (0.0,), (np.inf,)),
    (sp.logit, (-1.0,), (np.nan,)),
    (sp.i0e, (0.0,), (0.0,)),
    (sp.i1e, (0.0,), (0.5,)),
    (sp.erfinv, (1.0,), (np.inf,)),
    (sp.ndtri, (0.0,), (np.inf,)),
    (lambda x: sp.gammainc(1.0, x), (0.0,), (1.0,)),
    (lambda x: sp.gammainc(0.5, x), (0.0,), (np.inf,)),
    (lambda x: sp.gammainc(2.0, x), (0.0,), (0.0,)),
    (lambda x: sp.betainc(1.0, 3.0, x), (0.0,), (3.0,)),
    (lambda x: sp.betainc(2.0, 1.0, x), (1.0,), (2.0,)),
    (lambda x: sp.jv(1, x), (0.0,), (0.5,)),
    (lambda x: sp.jv(0.5, x), (0.0,), (np.inf,)),
    (lambda x: sp.spherical_jn(0, x), (0.0,), (0.0,)),
    (lambda x: sp.expn(2, x), (0.0,), (-np.inf,)),
    (sp.spence, (0.0,), (-np.inf,)),
    (sp.boxcox, (1.0, 0.0), (1.0, 0.0)),
    (sp.boxcox, (0.0, 2.0), (0.0, 0.25)),
    (sp.rgamma, (-2.0,), (2.0,)),
    (sp.softplus, (0.0,), (0.5,)),
    (sp.softmax, (0.0,), (0.0,)),
]
# fmt: on


@pytest.mark.parametrize("row", range(len(EDGES)))
@pytest.mark.parametrize("method", ["forward", "reverse"])
def test_edges(row: int, method: str) -> None:
    f, point, want = EDGES[row]
    places = tuple(range(len(point)))
    got = dk.grad(f, argnums=places, method=method)(*point)
    np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-300)


def test_where_lets_nothing_through() -> None:
    """A nan or infinity of the branch not taken stays there, for ops of every table."""
    for f in (sp.logit, sp.erfinv, sp.ndtri, lambda x: sp.gammaincinv(2.0, x), sp.entr):
        slope = dk.grad(lambda x, f=f: np.where(x > 0, f(np.where(x > 0, x, 0.0)), 3.0 * x))
        assert float(slope(-0.5)) == 3.0


# --- what has no answer --------------------------------------------------------------------------

MISSING: list[tuple[str, str, Any, tuple[float, ...]]] = [
    ("betainc", "a", sp.betainc, (2.0, 3.0, 0.4)),
    ("betainc", "b", lambda b: sp.betainc(2.0, b, 0.4), (3.0,)),
    ("gammainc", "a", sp.gammainc, (2.0, 0.4)),
    ("gammaincinv", "a", sp.gammaincinv, (2.0, 0.4)),
    ("jv", "v", sp.jv, (2.0, 0.4)),
    ("kve", "v", sp.kve, (2.0, 0.4)),
    ("zeta", "x", lambda s: sp.zeta(s, 2.0), (3.0,)),
    ("hyp2f1", "c", lambda c: sp.hyp2f1(0.5, 1.0, c, 0.3), (1.5,)),
    ("ellipkinc", "m", lambda m: sp.ellipkinc(0.3, m), (0.5,)),
    ("stdtr", "df", sp.stdtr, (2.0, 0.4)),
]


@pytest.mark.parametrize("row", MISSING, ids=lambda r: f"{r[0]}-{r[1]}")
@pytest.mark.parametrize("method", ["forward", "reverse"])
def test_a_missing_derivative_is_named(row: Any, method: str) -> None:
    name, argument, f, point = row
    with pytest.raises(UnsupportedError) as caught:
        dk.grad(f, method=method)(*point)
    text = str(caught.value)
    assert f"scipy.special.{name}" in text and f"{argument!r}" in text
    assert "Expected" in text and "stop_gradient" in text
    for k in range(1, len(point)):
        if name in ("gammainc", "gammaincinv", "jv", "kve", "stdtr"):
            assert np.isfinite(dk.grad(f, argnums=k, method=method)(*point))
    value, bar = dk.grad(f, method="finite")(*point), 1e-4
    numeric, _ = ridders(lambda t: float(f(point[0] + t, *point[1:])))
    assert abs(float(value) - numeric) <= bar * max(abs(numeric), 1.0)


def test_a_missing_derivative_that_is_not_asked_for_is_no_error() -> None:
    held = dk.grad(lambda a: sp.gammainc(dk.stop_gradient(a), 0.4) * a)(2.0)
    assert float(held) == float(sp.gammainc(2.0, 0.4))
    assert np.isfinite(dk.grad(lambda x: sp.jv(np.floor(x), x))(2.5))


def test_a_traced_order_is_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"spherical_jn at .* argument n|for n="):
        dk.grad(lambda x: sp.spherical_jn(x, 1.0))(2.0)
    with pytest.raises(UnsupportedError, match="polygamma"):
        dk.grad(lambda x: sp.polygamma(x, 1.0))(2.0)


def test_a_function_without_a_handler_is_named() -> None:
    with pytest.raises(UnsupportedError, match="struve"):
        dk.grad(lambda x: sp.struve(0.5, x))(2.0)
    with pytest.raises(UnsupportedError, match=r"scipy\.special\.diric"):
        dk.grad(lambda x: sp.diric(x, 3))(2.0)


def test_complex_numbers() -> None:
    """Analytic functions take traced complex numbers; the others name those that do."""
    z = 0.7 + 0.4j
    got = dk.grad(sp.erf, holomorphic=True)(z)
    np.testing.assert_allclose(got, 2 / np.sqrt(np.pi) * np.exp(-z * z), rtol=1e-14)
    np.testing.assert_allclose(
        dk.grad(sp.gamma, holomorphic=True)(z), sp.gamma(z) * sp.psi(z), rtol=1e-13
    )
    with pytest.raises(DtypeError, match=r"scipy\.special\.dawsn.*gamma"):
        dk.grad(sp.dawsn, holomorphic=True)(z)


# --- no function without a scenario --------------------------------------------------------------


def test_every_ufunc_has_a_scenario() -> None:
    tested = {s.name.split("-")[0].removeprefix("scipy.special.") for s in SCENARIOS}
    assert set(HANDLERS.scipy_ufuncs) - tested == set()
