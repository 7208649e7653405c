"""Balls: outward rounding, random programs against 250 digits, special functions, refusals."""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.special as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import diffkit as dk
from diffkit.backends.balls import Undecided, enclose, lower_float, upper_float
from diffkit.backends.balls.numbers import ball
from diffkit.errors import EvaluationError, UnsupportedError
from diffkit.types import type_of
from tests.backends.enclosures import drawn, outcome_of

flint = pytest.importorskip("flint")


def enclosed(f, *args, bits=106):
    return [
        np.asarray(b, object)[()] for b in enclose(dk.trace(f)(*map(type_of, args)), args, bits)
    ]


# --- numbers -------------------------------------------------------------------------------------


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.integers(-(2**120), 2**120), st.integers(-1300, 1000))
def test_bounds_are_the_next_doubles_outward(mantissa, exponent):
    with flint.ctx.workprec(4000):
        x = flint.arb(mantissa) * flint.arb(2) ** exponent
        low, high = lower_float(x), upper_float(x)
    exact = Fraction(mantissa) * Fraction(2) ** exponent
    if math.isfinite(low):
        assert Fraction(low) <= exact
        above = math.nextafter(low, math.inf)
        assert above == math.inf or exact < Fraction(above)
    else:
        assert low < 0
    if math.isfinite(high):
        assert Fraction(high) >= exact
        below = math.nextafter(high, -math.inf)
        assert below == -math.inf or exact > Fraction(below)
    else:
        assert high > 0


@pytest.mark.parametrize("power", [10**12, -(10**12)])
def test_bounds_beyond_the_range_of_doubles(power):
    x = flint.arb(2) ** power
    ends = (lower_float(x), upper_float(x), lower_float(-x), upper_float(-x))
    most, least = np.finfo(float).max, 5e-324
    assert ends == ((most, math.inf, -math.inf, -most) if power > 0 else (0.0, least, -least, 0.0))


@pytest.mark.parametrize("x", [0.1, np.float32(0.1), 3, True, np.int32(-2), -0.0])
def test_a_number_is_a_ball_without_a_radius(x):
    found = ball(x)
    assert found.is_exact()
    assert lower_float(found) == upper_float(found) == float(x)


# --- programs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", range(5))
def test_random_programs_are_enclosed(block):
    for number in range(30 * block, 30 * block + 30):
        outcome = outcome_of(drawn(number), directions=1)
        assert outcome.good, (number, drawn(number), outcome)


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_two_thousand_random_programs_are_enclosed(block):
    for number in range(100 * block, 100 * block + 100):
        outcome = outcome_of(drawn(number))
        assert outcome.good, (number, drawn(number), outcome)


def test_precision_grows_where_digits_cancel():
    found = dk.certify(lambda x: np.exp(x) - 1 - x - x * x / 2, 1e-30)
    assert found.bits > 106
    assert found.lower == pytest.approx(5e-61, rel=1e-15)  # x²/2
    assert found.result.lower[0] == pytest.approx(1e-90 / 6, rel=1e-15)
    assert found.worst > 1e10  # of what is left of it in doubles


def test_a_loop_whose_end_more_digits_decide():
    """The third sum of 0.1 is above 0.3 by less than a double shows after scaling."""

    def f(x):
        return dk.while_loop(lambda c: c < 3 * x + 1e-30, lambda c: c + x, x)

    found = dk.certify(f, 0.1)
    assert found.result.lower[0] == pytest.approx(0.4)
    assert found.lower == found.upper == 4.0


def test_an_undecided_branch_is_raised_by_one_evaluation():
    def f(x):
        return dk.cond(np.exp(np.log(x)) > x, lambda x: x, lambda x: -x, x)

    with pytest.raises(Undecided):
        enclosed(f, 3.0)
    certificate = dk.certify(f, 3.0)
    assert not certificate.unique
    assert [hit.kind for hit in certificate.kinks] == ["undecided"]
    assert (certificate.lower, certificate.upper) == (-np.inf, np.inf)


def test_complex_numbers_and_transforms():
    x = np.array([1.0, -2.0, 0.5, 3.0, 0.25])

    def power(x):
        return np.sum(np.abs(np.fft.rfft(x, norm="ortho")) ** 2 * np.arange(3.0))

    for f in (
        power,
        lambda x: np.sum(np.fft.irfft(np.fft.rfft(x, norm="forward") ** 2, 5) ** 3),
        lambda x: np.real(np.sum(np.exp(1j * x) * np.fft.fft(x))),
    ):
        found = dk.certify(f, x)
        assert found.within(500)
    assert dk.certify(lambda z: np.abs(z) ** 2, 3.0 + 4.0j).within(1)
    turning = dk.certify(lambda x: np.exp(1j * x), 0.5)
    assert turning.within(2)
    assert turning.lower.real <= -np.sin(0.5) <= np.nextafter(turning.upper.real, 1)


@pytest.mark.parametrize(
    "f",
    [
        lambda a: np.sum(np.linalg.inv(a) ** 2),
        lambda a: np.sum(np.linalg.solve(a, np.array([1.0, -2.0, 0.5])) ** 2),
        np.linalg.det,
        lambda a: np.linalg.slogdet(a)[1],
        lambda a: np.sum(np.linalg.cholesky(a @ a.T)),
        lambda a: np.sum(np.cumprod(a)),
        lambda a: np.median(a) + np.max(a) - np.sort(a, axis=None)[2],
    ],
)
def test_arrays_and_matrices(f):
    a = np.array([[2.0, 0.3, -0.1], [0.7, 1.5, 0.2], [-0.4, 0.6, 3.0]])
    for method in ("reverse", "forward"):
        found = dk.certify(f, a, method=method)
        assert np.all(found.unique)
        assert found.within(1e4)


# --- special functions ---------------------------------------------------------------------------

ONE = {
    "gamma": 2.3, "rgamma": -1.7, "gammaln": -1.3, "loggamma": 2.2, "digamma": 1.4, "erf": 0.7,
    "erfc": 2.1, "erfcx": 3.0, "erfi": 0.6, "dawsn": 1.2, "erfinv": 0.3, "erfcinv": 0.4,
    "ndtr": -1.2, "ndtri": 0.2, "log_ndtr": -3.0, "ndtri_exp": -1.5, "expit": 0.7,
    "log_expit": -2.0, "logit": 0.3, "exp10": 0.4, "cosm1": 0.2, "sindg": 40.0, "cosdg": 40.0,
    "tandg": 20.0, "cotdg": 70.0, "wrightomega": 0.5, "j0": 1.3, "j1": -2.0, "y0": 1.5, "y1": 2.5,
    "i0": 1.1, "i1": -0.4, "k0": 0.8, "k1": 1.8, "i0e": 1.5, "i1e": 2.5, "k0e": 0.9, "k1e": 1.9,
    "exp1": 0.7, "expi": 1.7, "exprel": 0.3, "spence": 1.7, "ellipk": 0.4, "ellipkm1": 0.3,
    "ellipe": 0.6,
}  # fmt: skip
SEVERAL = {
    "polygamma": lambda x: sp.polygamma(2, x),
    "beta": lambda x: sp.beta(x, 2.5), "betaln": lambda x: sp.betaln(1.5, x),
    "poch": lambda x: sp.poch(x, 1.5), "binom": lambda x: sp.binom(x, 2.0),
    "zeta": lambda x: sp.zeta(2.5, x), "gammainc": lambda x: sp.gammainc(2.0, x),
    "gammaincc": lambda x: sp.gammaincc(2.0, x), "betainc": lambda x: sp.betainc(2.0, 3.0, x / 4),
    "betaincc": lambda x: sp.betaincc(2.0, 3.0, x / 4), "stdtr": lambda x: sp.stdtr(5.0, x),
    "jv": lambda x: sp.jv(1.5, x), "yv": lambda x: sp.yv(1.5, x), "iv": lambda x: sp.iv(1.5, x),
    "kv": lambda x: sp.kv(1.5, x), "ive": lambda x: sp.ive(1.5, x), "kve": lambda x: sp.kve(1.5, x),
    "spherical_jn": lambda x: sp.spherical_jn(2, x),
    "spherical_yn": lambda x: sp.spherical_yn(2, x),
    "spherical_in": lambda x: sp.spherical_in(2, x),
    "spherical_kn": lambda x: sp.spherical_kn(2, x),
    "expn": lambda x: sp.expn(2, x), "sici": lambda x: sp.sici(x)[0] + sp.sici(x)[1],
    "shichi": lambda x: sp.shichi(x)[0] + 2 * sp.shichi(x)[1],
    "fresnel": lambda x: sp.fresnel(x)[0] + 2 * sp.fresnel(x)[1],
    "airy": lambda x: sum(k * y for k, y in enumerate(sp.airy(x), 1)),
    "hyp0f1": lambda x: sp.hyp0f1(1.5, x), "hyp1f1": lambda x: sp.hyp1f1(1.5, 2.5, x),
    "hyp2f1": lambda x: sp.hyp2f1(0.5, 1.5, 2.5, x / 4),
    "hyperu": lambda x: sp.hyperu(1.5, 0.5, x), "boxcox": lambda x: sp.boxcox(x, 0.3),
    "boxcox by λ near 0": lambda x: sp.boxcox(1.7, x - 1.3),
    "boxcox1p": lambda x: sp.boxcox1p(x, 0.3), "inv_boxcox": lambda x: sp.inv_boxcox(x, 0.3),
    "inv_boxcox1p": lambda x: sp.inv_boxcox1p(x, 0.3),
    "ellipkinc": lambda x: sp.ellipkinc(x / 2, 0.3),
    "ellipeinc": lambda x: sp.ellipeinc(x / 2, 0.3),
}  # fmt: skip


@pytest.mark.parametrize("name", [*ONE, *SEVERAL])
def test_special_functions_agree_with_scipy_and_the_rules(name):
    """SciPy's value lies beside the ball, and the derivative by diffkit's rule beside that of the
    balls' own: two computations that share no formula's code."""
    f, x = (getattr(sp, name), ONE[name]) if name in ONE else (SEVERAL[name], 1.3)
    found, value = dk.certify(f, x), float(f(x))
    assert found.result.lower[0] == pytest.approx(value, rel=1e-13)
    assert found.within(1e4)


# --- limits --------------------------------------------------------------------------------------


def test_what_has_no_enclosure_is_refused_by_name():
    a = np.array([[2.0, 1.0], [1.0, 3.0]])
    with pytest.raises(UnsupportedError, match=r"eigh at .*test_balls\.py:\d+.*no enclosure"):
        dk.certify(lambda a: np.sum(np.linalg.eigh(a)[0]), a)
    with pytest.raises(UnsupportedError, match="gammaincinv"):
        dk.certify(lambda x: sp.gammaincinv(2.0, x), 0.3)
    with pytest.raises(UnsupportedError, match="callback"):
        dk.certify(lambda x: dk.callback(np.sin, dk.f64[()])(x), 0.3, method=lambda f, x: 0.0)


def test_a_derivative_by_the_order_of_a_bessel_function_is_refused():
    with pytest.raises(UnsupportedError, match="no closed form"):
        dk.certify(lambda v: sp.jv(v, 2.0), 1.5, method=lambda f, v: 0.0)


def test_an_endless_program_ends_in_an_error(monkeypatch):
    monkeypatch.setattr("diffkit.backends.balls.enclosure.MOST_OPERATIONS", 1000)
    with pytest.raises(EvaluationError, match="more than 1,000 operations"):
        dk.certify(lambda x: dk.fori_loop(0, 2000, lambda i, c: np.sin(c), x), 0.5)


def test_an_integer_result_of_a_tie_is_decided_and_spoils_the_slope():
    found = dk.certify(lambda x: x[np.argmax(x)], np.array([1.0, 1.0]))
    assert not np.any(found.unique)
    found = dk.certify(lambda x: x[np.argmax(x)], np.array([1.0, 2.0]))
    assert np.all(found.unique)
    assert list(found.lower) == [0.0, 1.0]
