"""Rational difference formulas, their tables, their errors, and where they are put."""

import math
from fractions import Fraction

import findiff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import diffkit as dk
from diffkit.errors import UnsupportedError
from diffkit.modes.numerical.stencils import stencil, through, weights
from diffkit.modes.numerical.steps import balanced, placed, room

# Fornberg, Mathematics of Computation 51 (1988), tables 1 and 3.
CENTRAL = {
    (1, 2): "-1/2 0 1/2",
    (1, 4): "1/12 -2/3 0 2/3 -1/12",
    (1, 6): "-1/60 3/20 -3/4 0 3/4 -3/20 1/60",
    (1, 8): "1/280 -4/105 1/5 -4/5 0 4/5 -1/5 4/105 -1/280",
    (2, 2): "1 -2 1",
    (2, 4): "-1/12 4/3 -5/2 4/3 -1/12",
    (2, 6): "1/90 -3/20 3/2 -49/18 3/2 -3/20 1/90",
    (3, 2): "-1/2 1 0 -1 1/2",
    (3, 4): "1/8 -1 13/8 0 -13/8 1 -1/8",
    (4, 2): "1 -4 6 -4 1",
    (4, 4): "-1/6 2 -13/2 28/3 -13/2 2 -1/6",
}
FORWARD = {
    (1, 1): "-1 1",
    (1, 2): "-3/2 2 -1/2",
    (1, 3): "-11/6 3 -3/2 1/3",
    (2, 1): "1 -2 1",
    (2, 2): "2 -5 4 -1",
    (3, 1): "-1 3 -3 1",
    (4, 1): "1 -4 6 -4 1",
}
ERRORS = {
    ("central", 1, 2): "1/6", ("central", 2, 2): "1/12", ("central", 1, 4): "-1/30",
    ("forward", 1, 1): "1/2", ("forward", 1, 2): "-1/3", ("backward", 1, 1): "-1/2",
}  # fmt: skip
SCHEMES = [("central", 2), ("central", 4), ("forward", 1), ("forward", 3), ("backward", 2)]


def rationals(text: str) -> tuple[Fraction, ...]:
    return tuple(map(Fraction, text.split()))


@pytest.mark.parametrize(("order", "accuracy"), CENTRAL)
def test_central_weights_are_those_of_the_table(order, accuracy):
    want = rationals(CENTRAL[order, accuracy])
    reach = len(want) // 2
    assert weights(range(-reach, reach + 1), order) == want
    found = stencil("central", order, accuracy)
    assert dict(zip(found.offsets, found.weights, strict=True)) == {
        o: w for o, w in zip(range(-reach, reach + 1), want, strict=True) if w
    }
    assert found.accuracy == accuracy and found.symmetric


@pytest.mark.parametrize(("order", "accuracy"), FORWARD)
def test_one_sided_weights_are_those_of_the_table(order, accuracy):
    ahead, behind = stencil("forward", order, accuracy), stencil("backward", order, accuracy)
    assert ahead.weights == rationals(FORWARD[order, accuracy])
    assert behind.weights == tuple((-1) ** order * w for w in reversed(ahead.weights))
    assert ahead.accuracy == behind.accuracy == accuracy and not ahead.symmetric


@pytest.mark.parametrize("scheme", ERRORS)
def test_the_constant_of_the_error(scheme):
    assert stencil(*scheme).constant == Fraction(ERRORS[scheme])


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("accuracy", [2, 4, 6])
def test_findiff_has_the_same_up_to_rounding(order, accuracy):
    table = findiff.coefficients(order, accuracy)
    for name in ("center", "forward", "backward"):
        offsets = [int(o) for o in table[name]["offsets"]]
        exact = weights(offsets, order)
        scale = max(abs(float(w)) for w in exact)
        np.testing.assert_allclose(
            table[name]["coefficients"], [float(w) for w in exact], rtol=1e-9, atol=1e-9 * scale
        )
        if name == "center" and order % 2:
            assert exact[offsets.index(0)] == 0  # where floating-point tables have rounding


@given(
    st.lists(st.fractions(-5, 5, max_denominator=12), min_size=2, max_size=7, unique=True),
    st.integers(1, 6),
)
@settings(deadline=None, max_examples=60)
def test_a_stencil_is_exact_for_polynomials_and_errs_as_it_says(offsets, order):
    if order >= len(offsets):
        with pytest.raises(UnsupportedError, match="more different offsets"):
            weights(offsets, order)
        return
    found = through(tuple(offsets), order)
    pairs = list(zip(found.offsets, found.weights, strict=True))
    last = order + found.accuracy
    for power in range(last):
        moment = sum(w * o**power for o, w in pairs)
        assert moment == (math.factorial(order) if power == order else 0)
    assert sum(w * o**last for o, w in pairs) == found.constant * math.factorial(last)
    assert found.accuracy >= len(offsets) - order


@pytest.mark.parametrize(("scheme", "accuracy"), SCHEMES)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_order_of_convergence(scheme, accuracy, order):
    formula = stencil(scheme, order, accuracy)

    def error(h: float) -> float:
        found = formula.quotient([np.exp(1 + move * h) for move in formula.moves], h)
        return float(found - np.e)

    h = 2.0**-5
    slope = math.log2(error(h) / error(h / 2))
    assert abs(slope - accuracy) < 0.15
    expected = float(formula.constant) * h**accuracy * math.e
    assert abs(error(h) - expected) < 0.25 * abs(expected)


@pytest.mark.parametrize(
    ("step", "slope"),
    [(1e-4, 1.000050001667141), (1e-8, 0.99999999392252903), (1e-12, 1.000088900582341)],
)
def test_published_forward_differences_of_exp(step, slope):
    """S. Boisgérault, Numerical differentiation: rounding prevails at 1e-12."""
    assert dk.grad(np.exp, method=dk.Finite("forward", step=step))(0.0) == slope


@pytest.mark.parametrize(
    ("method", "bound"),
    [
        (dk.Finite("forward"), 3e-8),  # ε^(1/2)
        (dk.Finite(), 1e-10),  # ε^(2/3)
        (dk.Finite(accuracy=4), 1e-12),  # ε^(4/5)
        (dk.Finite(accuracy=8), 1e-13),  # ε^(8/9)
        (dk.Finite("backward", accuracy=3), 1e-10),
    ],
)
def test_default_steps_keep_the_digits_of_the_theory(method, bound):
    for x in (0.1, 0.5, 1.0):  # of the scale that the theory speaks of
        assert abs(dk.grad(np.exp, method=method)(x) / np.exp(x) - 1) < bound


def test_balanced_steps_are_the_published_ones():
    eps = 2.0**-52
    assert balanced(stencil("forward")) == pytest.approx(2 * eps**0.5)
    assert balanced(stencil("central")) == pytest.approx((3 * eps) ** (1 / 3))
    assert balanced(stencil("central", 2)) == pytest.approx((48 * eps) ** 0.25)


@given(
    st.sampled_from([(*scheme, order) for scheme in SCHEMES for order in (1, 2)]),
    st.floats(0, 10), st.floats(0, 10), st.integers(-20, 2),
)  # fmt: skip
@settings(deadline=None, max_examples=100)
def test_a_formula_is_placed_within_its_room(scheme, behind, ahead, exponent):
    name, accuracy, order = scheme
    asked, h = stencil(name, order, accuracy), 2.0**exponent
    if behind + ahead < 1e-300:
        return
    found, step = placed(asked, h, (-behind, ahead))
    assert -behind <= found.moves[0] * step and found.moves[-1] * step <= ahead
    assert found.order == order and found.accuracy >= accuracy and step <= h
    if -behind <= asked.moves[0] * h and asked.moves[-1] * h <= ahead:
        assert (found, step) == (asked, h)


def test_the_room_of_a_line_is_that_of_the_nearest_bound():
    x, dx = np.array([1.0, 2.0, 3.0]), np.array([1.0, -2.0, 0.0])
    assert room([x], [dx], [(np.zeros(3), np.full(3, 3.0))]) == (-0.5, 1.0)


def test_what_is_no_formula_is_refused():
    for arguments in (("upward",), ("central", 1, 3), ("forward", 1, 0), ("central", 0)):
        with pytest.raises(UnsupportedError, match="Expected"):
            stencil(*arguments)
    with pytest.raises(UnsupportedError, match="room to move"):
        placed(stencil("central"), 1.0, (0.0, 0.0))
