"""Extrapolated differences: the tableau in exact numbers, its order, and its error bars."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import diffkit as dk
from diffkit.errors import UnsupportedError
from diffkit.modes.numerical.richardson import exponents, tableau
from diffkit.modes.numerical.stencils import stencil


def logistic(x):
    for _ in range(3):
        x = 4 * x * (1 - x)
    return x


def squire_trapp(x):
    return np.exp(x) / np.sqrt(np.sin(x) ** 3 + np.cos(x) ** 3)


# function, point, slope by a formula (or published), and the relative error that is allowed
SET = {
    "exp": (np.exp, 1.0, math.e, 1e-13),
    "Squire-Trapp": (squire_trapp, 1.5, 4.053427893898621, 1e-12),
    "logistic": (logistic, 0.2, 9.0660864, 1e-13),
    "sin far out": (np.sin, 1000.0, math.cos(1000.0), 1e-13),
    "fast sin": (lambda x: np.sin(100 * x), 0.3, 100 * math.cos(30.0), 1e-12),
    "log near 0": (np.log, 1e-3, 1e3, 1e-12),
    "sqrt near 0": (np.sqrt, 1e-8, 5e3, 1e-12),
    "pole nearby": (lambda x: 1 / x, 1e-2, -1e4, 1e-6),
}  # fmt: skip


@pytest.mark.parametrize("name", SET)
def test_values_and_bars(name):
    f, x, slope, close = SET[name]
    found = dk.numerical.derivative(f, x, method="richardson")
    assert abs(found.value - slope) <= min(found.error, close * abs(slope))
    assert dk.grad(f, method="richardson")(x) == found.value


@pytest.mark.parametrize("name", SET)
def test_the_complex_step_on_the_same(name):
    f, x, slope, _ = SET[name]
    bound = 4e-15 * max(abs(slope), 1)
    assert abs(dk.grad(f, method="complex-step")(x) - slope) < bound
    found = dk.numerical.derivative(f, x, method="complex-step")
    assert abs(found.value - slope) < bound


def test_noise_is_seen_and_the_bar_covers_it():
    rng = np.random.default_rng(7)
    covered = 0
    for amplitude in 10 ** rng.uniform(-12, -4, 60):
        w, x = rng.uniform(1e7, 1e9), rng.uniform(0.1, 3)

        def noisy(x, w=w, amplitude=amplitude):
            return np.sin(x) + amplitude * np.sin(w * x + 1e3 * np.cos(w * x))

        found = dk.numerical.derivative(noisy, x, method="richardson")
        covered += abs(found.value - np.cos(x)) <= found.error
        assert found.error < 1e4 * amplitude
    assert covered >= 55


def test_flat_values_have_a_bar_that_admits_a_slope():
    found = dk.numerical.derivative(np.tanh, 20.0, method="richardson")
    assert abs(found.value - 1.6993417021166355e-17) <= found.error < 1e-13


@pytest.mark.parametrize(
    ("scheme", "order", "accuracy"),
    [("central", 1, 2), ("central", 2, 4), ("central", 3, 2), ("forward", 1, 1), ("forward", 2, 2)],
)
def test_the_tableau_is_exact_for_polynomials_in_rational_numbers(scheme, order, accuracy):
    """Column j is exact for all powers that the j removed ones leave."""
    formula, ratio, levels = stencil(scheme, order, accuracy), Fraction(3, 2), 4
    powers = exponents(formula, levels)
    degree = order + powers[-1] + (1 if scheme == "central" else 0)
    x, coefficients = Fraction(1, 3), [Fraction((-1) ** k, k + 1) for k in range(degree + 1)]

    def p(t):
        return sum(c * t**k for k, c in enumerate(coefficients))

    def quotient(h):
        pairs = zip(formula.offsets, formula.weights, strict=True)
        return sum(w * p(x + o * h) for o, w in pairs) / h**order

    first = np.array([quotient(Fraction(1, 2) / ratio**k) for k in range(levels)], object)
    columns = tableau(first, [ratio**e for e in powers])
    exact = sum(
        c * math.perm(k, order) * x ** (k - order)
        for k, c in enumerate(coefficients) if k >= order
    )  # fmt: skip
    assert columns[-1][0] == exact
    assert all(columns[-2] != exact)


@pytest.mark.parametrize("scheme", ["central", "forward", "backward"])
def test_each_column_gains_its_order(scheme):
    formula = stencil(scheme)
    powers = exponents(formula, 5)
    with mpmath.workdps(60):
        steps = [mpmath.mpf(2) ** -k for k in range(4, 12)]
        pairs = list(zip(formula.offsets, formula.weights, strict=True))
        first = [
            sum(w.numerator * mpmath.exp(int(o) * h) / w.denominator for o, w in pairs) / h
            for h in steps
        ]
        columns = tableau(np.array(first, object), [2**e for e in powers])
        for column, power in zip(columns, [*powers, 0], strict=False):
            if power:
                slope = mpmath.log((column[-2] - 1) / (column[-1] - 1), 2)
                assert abs(slope - power) < 0.05


@pytest.mark.parametrize("ratio", [1.5, 2.0, 3.0])
@pytest.mark.parametrize(("scheme", "close"), [("central", 1e-11), ("forward", 1e-9)])
def test_settings(ratio, scheme, close):
    method = dk.Richardson(scheme, ratio=ratio, levels=7, step=0.25)
    found = dk.numerical.derivative(np.exp, 1.0, method=method)
    assert abs(found.value - math.e) <= min(found.error, close * math.e)
    assert found.steps == tuple(0.25 / ratio**k for k in range(7))
    assert found.calls == 1 + 7 * (2 if scheme == "central" else 1)


@pytest.mark.parametrize("order", [2, 3, 4])
def test_higher_orders(order):
    found = dk.numerical.derivative(np.exp, 0.5, order, method="richardson")
    assert abs(found.value - math.exp(0.5)) <= found.error < 1e-5


def test_a_point_where_no_step_is_inside_the_domain():
    found = dk.numerical.derivative(np.sqrt, 0.0, method="richardson")
    assert np.isnan(found.value) and found.error == np.inf
    ahead = dk.numerical.derivative(lambda x: x**1.5, 0.0, method=dk.Richardson("forward"))
    assert abs(ahead.value) <= ahead.error < 0.1


def test_bad_settings_are_refused():
    for method in (dk.Richardson(levels=1), dk.Richardson(ratio=1.0), dk.Richardson(step=-1.0)):
        with pytest.raises(UnsupportedError, match="Expected levels of at least 2"):
            dk.grad(np.sin, method=method)(1.0)
    with pytest.raises(UnsupportedError, match="outermost"):
        dk.jit(dk.grad(np.sin, method="richardson"))(1.0)
