"""The numerical derivative that finds its own steps: its bars cover, and it stays in bounds."""

import math

import numpy as np
import pytest

from comparisons.accuracy.calibration import Answer, score
from comparisons.accuracy.family import draw, hashed, truth
from diffkit.errors import ShapeError, UnsupportedError
from diffkit.modes.numerical.adaptive import derivative
from diffkit.modes.numerical.noise import excess
from diffkit.modes.numerical.windows import windows

CALLS = 31


class Recorded:
    """A function along x + t that remembers the t."""

    def __init__(self, f, x=0.0):
        self.f, self.x, self.steps = f, x, []

    def __call__(self, t):
        self.steps.append(t)
        return self.f(np.float64(self.x + t))


def found(f, x, **settings):
    """The estimate and the steps that were taken."""
    along = Recorded(f, x)
    estimate = derivative(along, abs(x), **settings)
    assert estimate.calls == len(along.steps) <= settings.get("calls", CALLS)
    return estimate, along.steps


def covers(estimate, exact):
    return bool(np.all(np.abs(estimate.value - exact) <= estimate.error))


def squire_trapp(x):
    return np.exp(x) / np.sqrt(np.sin(x) ** 3 + np.cos(x) ** 3)


def logistic(x):
    for _ in range(3):
        x = 4 * x * (1 - x)
    return x


# Function, point, derivative in closed form, the most its relative error bar may be.
KNOWN = {
    "exp at 1": (np.exp, 1.0, math.e, 1e-12),
    "Squire & Trapp": (squire_trapp, 1.5, 4.053427893898621, 1e-11),
    "logistic": (logistic, 0.2, 9.0660864, 1e-12),
    "sin at 1000": (np.sin, 1000.0, math.cos(1000.0), 1e-11),
    "sin(100 x)": (lambda x: np.sin(100 * x), 0.3, 100 * math.cos(30.0), 1e-11),
    "log at 1e-3": (np.log, 1e-3, 1e3, 1e-11),
    "sqrt at 1e-8": (np.sqrt, 1e-8, 5e3, 1e-11),
    "1/x at 1e-2": (lambda x: 1 / x, 1e-2, -1e4, 1e-11),
    "noise": (lambda x: np.exp(x) + 1e-8 * hashed(x), 1.0, math.e, 1e-6),
    "sin(1e4 x)": (lambda x: np.sin(1e4 * x), 1.0, 1e4 * math.cos(1e4), 1e-9),
    "x is much smaller than the scale": (np.exp, 1e-8, math.exp(1e-8), 1e-11),
    "a pole is near": (np.tan, 1.57, 1 + math.tan(1.57) ** 2, 1e-9),
}


@pytest.mark.parametrize("name", KNOWN)
def test_the_truth_is_covered_by_a_useful_bar(name):
    f, x, exact, most = KNOWN[name]
    estimate, _ = found(f, x)
    assert covers(estimate, exact)
    assert estimate.error <= most * abs(exact)


def test_saturated_functions_have_a_bar_nonetheless():
    # Every difference of tanh at 20 is 0; the derivative is 1.7e-17, and no float of tanh shows it.
    estimate, _ = found(np.tanh, 20.0)
    exact = 1.699341702116e-17
    assert covers(estimate, exact)
    assert 0.0 < estimate.error < 1e-14


@pytest.mark.parametrize(("order", "most"), [(1, 1e-12), (2, 1e-9), (3, 1e-7), (4, 1e-5)])
def test_higher_orders(order, most):
    estimate, _ = found(np.exp, 0.7, order=order)
    assert covers(estimate, math.exp(0.7)) and estimate.error <= most
    wave, _ = found(lambda x: np.sin(3 * x), 0.4, order=order)
    assert covers(wave, 3.0**order * math.sin(1.2 + order * math.pi / 2))
    assert wave.error <= 1e3 * most


@pytest.mark.parametrize("order", [1, 2, 3])
def test_polynomials_are_differentiated_to_rounding(order):
    estimate, _ = found(lambda x: x * x * x - 2 * x, 1.5, order=order)
    exact = {1: 3 * 1.5**2 - 2, 2: 9.0, 3: 6.0}[order]
    assert abs(estimate.value - exact) <= estimate.error <= 1e-9


def test_the_steps_are_exact():
    """x + t - x is t again, so that a step is what the formula takes it for, unless x + t has a
    larger exponent than x and the digits of both do not fit."""
    for x in (0.3, -1.7, 1e-3, 1000.1):
        steps = found(np.sin, x)[1]
        inside = [t for t in steps if math.frexp(x + t)[1] <= math.frexp(x)[1]]
        assert len(inside) > 10
        assert all(np.float64(x + t) - x == t for t in inside)


def test_no_step_is_taken_twice():
    for f, x in ((np.exp, 1.0), (np.log, 1e-3), (lambda x: np.sin(1e6 * x), 0.7)):
        steps = found(f, x)[1]
        assert len(set(steps)) == len(steps)


# --- bounds and domains ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "bounds",
    [
        (0.0, math.inf),
        (-math.inf, 0.0),
        (0.0, 1.0),
        (-1e-3, 1e-5),
        (-1e-5, 2.0),
        (-1e-9, 1e-9),
        (-0.1, 0.3),
    ],
)
@pytest.mark.parametrize("order", [1, 2])
def test_bounds_are_never_left(bounds, order):
    estimate, steps = found(np.exp, 1.0, bounds=bounds, order=order)
    assert min(steps) >= bounds[0] and max(steps) <= bounds[1]
    assert covers(estimate, math.e)


def test_at_a_bound_the_difference_is_one_sided():
    estimate, steps = found(np.exp, 1.0, bounds=(-math.inf, 0.0))
    assert max(steps) == 0.0 and estimate.how.startswith("one-sided")
    assert estimate.error < 1e-10


def test_without_room_there_is_no_derivative():
    estimate, steps = found(np.exp, 1.0, bounds=(0.0, 0.0))
    assert steps == [0.0] and math.isnan(estimate.value) and estimate.error == math.inf


def test_a_domain_is_left_at_most_once_on_the_way_to_shorter_steps():
    """sqrt is nan below 0: such steps shorten the next ones, and are no error."""
    estimate, steps = found(lambda x: np.sqrt(x), 1e-8)
    assert covers(estimate, 5e3) and sum(1e-8 + t < 0 for t in steps) <= 1
    far, _ = found(lambda x: np.sqrt(x - 100 + 0.01), 100.0)
    assert covers(far, 5.0) and far.error < 1e-11


def test_functions_that_raise_outside_of_their_domain():
    estimate, _ = found(lambda x: math.log(x - 0.999), 1.0)
    assert covers(estimate, 1 / (1.0 - 0.999)) and estimate.error < 1e-6


def test_the_end_of_a_domain():
    estimate, steps = found(lambda x: math.sqrt(1 - x) ** 4, 1.0)
    assert covers(estimate, 0.0) and estimate.how.startswith("one-sided")
    assert max(steps) > 0.0, "the other side was tried"


def test_not_finite_at_the_point():
    for value in (math.nan, math.inf):
        estimate, steps = found(lambda x, value=value: value, 1.0)
        assert math.isnan(estimate.value) and estimate.error == math.inf and len(steps) == 1


def test_not_finite_around_the_point():
    estimate, _ = found(lambda x: 1.0 if x == 1.0 else math.nan, 1.0)
    assert math.isnan(estimate.value) and estimate.error == math.inf


# --- honesty ---------------------------------------------------------------------------------


def test_a_kink_has_no_narrow_bar():
    for f in (np.abs, lambda x: np.maximum(x, 0.0)):
        estimate, _ = found(f, 0.0)
        assert covers(estimate, 1.0) and covers(estimate, 0.0), "both one-sided slopes are possible"


def test_a_jump_has_no_narrow_bar():
    estimate, _ = found(lambda x: np.float64(x > 0), 0.0)
    assert estimate.error > 1e6


def test_an_oscillation_that_is_too_fine_has_no_narrow_bar():
    exact = 1e8 * math.cos(1e8 * 0.7)
    estimate, _ = found(lambda x: np.sin(1e8 * x), 0.7)
    assert covers(estimate, exact)


@pytest.mark.parametrize("noise", [1e-4, 1e-6, 1e-8, 1e-10, 1e-12])
def test_bars_follow_the_noise(noise):
    """Covering at twenty points, and neither blind to the noise nor drowned in it."""
    estimates = [
        derivative(lambda t, x=x: np.exp(x + t) + noise * hashed(x + t), x)
        for x in np.linspace(0.5, 1.5, 20)
    ]
    exact = np.exp(np.linspace(0.5, 1.5, 20))
    assert sum(abs(e.value - y) <= e.error for e, y in zip(estimates, exact, strict=True)) >= 19
    assert noise / 10 < np.median([e.error for e in estimates]) < 1e3 * noise


def test_a_bar_is_never_zero():
    zero, _ = found(lambda x: 0.0 * x, 2.0)
    assert zero.value == 0.0 and zero.error < 1e-300
    for f in (lambda x: 0.0 * x + 5.0, lambda x: 3.0 * x, lambda x: x * x):
        estimate, _ = found(f, 2.0)
        assert 0.0 < estimate.error < 1e-13


def test_extreme_sizes():
    for f, x, exact in (
        (np.exp, 700.0, math.exp(700.0)),
        (lambda x: 1e300 * x * x, 1e3, 2e303),
        (lambda x: 1e-290 * x * x, 1e3, 2e-287),
        (np.log, 1e-300, 1e300),
    ):
        estimate, _ = found(f, x)
        assert covers(estimate, exact) and estimate.error <= 1e-9 * exact


@pytest.mark.parametrize("calls", [1, 2, 3, 4, 5, 7, 9, 12, 15, 21, 61])
@pytest.mark.parametrize("bounds", [(-math.inf, math.inf), (0.0, 5.0)])
def test_any_budget_is_kept(calls, bounds):
    estimate, _ = found(np.exp, 1.0, calls=calls, bounds=bounds)
    assert math.isnan(estimate.value) or covers(estimate, math.e)
    if calls >= 9:
        assert estimate.error < 1e-8


@pytest.mark.parametrize(("order", "count"), [(1, 300), (2, 190)])
def test_bars_cover_draws_of_the_family(order, count):
    drawn = draw(count, seed=3)
    answers = []
    for _, case in drawn:
        estimate = derivative(lambda t, case=case: case.f(case.x + t), abs(case.x), order=order)
        answers.append(Answer(float(estimate.value), float(estimate.error), estimate.calls))
    result = score(answers, [truth(case, order) for _, case in drawn])
    assert result.coverage >= 0.95
    assert result.ratio <= 30 and result.most <= CALLS
    assert result.median <= {1: 2e-14, 2: 1e-11}[order]


# --- arrays ----------------------------------------------------------------------------------


def test_entries_have_their_own_values_and_bars():
    exact = np.array([[math.e, 100 * math.cos(100.0)], [0.5, 0.0]])
    estimate, _ = found(lambda x: np.array([[np.exp(x), np.sin(100 * x)], [np.sqrt(x), 5.0]]), 1.0)
    assert estimate.value.shape == estimate.error.shape == (2, 2)
    assert covers(estimate, exact)
    assert len(np.unique(estimate.error)) == 4 and estimate.error.max() < 1e-10


def test_an_entry_that_is_nan_leaves_the_others_alone():
    estimate, _ = found(lambda x: np.array([np.exp(x), np.nan, x * x]), 1.0)
    assert math.isnan(estimate.value[1]) and estimate.error[1] == math.inf
    assert np.all(np.abs(estimate.value[[0, 2]] - [math.e, 2.0]) <= estimate.error[[0, 2]])
    assert estimate.error[[0, 2]].max() < 1e-10


def test_a_function_that_reuses_its_array():
    buffer = np.empty(2)

    def f(x):
        buffer[:] = np.exp(x), x
        return buffer

    estimate, _ = found(f, 1.0)
    assert covers(estimate, np.array([math.e, 1.0]))


def test_numbers_and_empty_arrays():
    estimate, _ = found(lambda x: 3, 1.0)
    assert estimate.value == 0.0 and np.shape(estimate.value) == ()
    empty, _ = found(lambda x: np.zeros((0, 3)), 1.0)
    assert empty.value.shape == empty.error.shape == (0, 3)


def test_what_is_reported():
    estimate, steps = found(np.exp, 1.0)
    assert estimate.steps == tuple(sorted(estimate.steps, reverse=True))
    assert set(estimate.steps) <= {abs(t) for t in steps}
    scales = len({abs(t) for t in steps} - {0.0})
    assert estimate.how == f"central, {len(estimate.steps)} of {scales} scales, extrapolated"


# --- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings", [{"order": 0}, {"calls": 0}, {"bounds": (0.1, 1.0)}, {"bounds": (-1.0, math.nan)}]
)
def test_settings_that_mean_nothing(settings):
    with pytest.raises(UnsupportedError, match="adaptive"):
        derivative(np.exp, 1.0, **settings)


def test_shapes_that_vary():
    with pytest.raises(ShapeError, match="one shape"):
        derivative(lambda t: np.zeros(2 if t else 3), 1.0)


# --- the parts -------------------------------------------------------------------------------


def test_windows_are_rombergs_weights():
    table = windows((0, 1, 2), 1, False, 6)
    np.testing.assert_allclose(table.own[6], [64 / 45, -20 / 90, 1 / 180], rtol=1e-14)
    np.testing.assert_allclose(table.own[:3], np.diag([1, 1 / 2, 1 / 4]), rtol=0)


@pytest.mark.parametrize("sided", [False, True])
@pytest.mark.parametrize("order", [1, 2, 3, 4, 5])
def test_windows_are_exact_for_polynomials(order, sided):
    """Each usable window gives the derivative of the monomials that it has steps enough for, and
    each judged one sees no change in those of one step less."""
    exponents = (0, 1, 2, 4, 5, 7)
    table = windows(exponents, order, sided, 6)
    h = np.exp2(np.array(exponents, dtype=float))
    rows = len(table.start)
    stride, lead = (1, 1) if sided else (2, 2 - order % 2)
    for row in np.nonzero(table.usable)[0]:
        length = row // len(h) + 1
        for j in range(length):
            power = lead + stride * j
            exact = math.factorial(order) if power == order else 0.0
            scale = np.abs(table.own[row]) @ h**power
            assert abs(table.own[row] @ h**power - exact) <= 1e-11 * scale
            if table.judged[row] and j < length - 1:
                change = table.own[rows + row]
                assert abs(change @ h**power) <= 1e-11 * np.abs(change) @ h**power


def test_noise_is_the_plateau_of_the_ratios():
    ratios = np.full((3, 4, 1), 100.0)
    ratios[:, 3] = 1e9  # from here on the smooth part shows
    ratios[0, 1] = 1e4  # in a short window it does so earlier
    factors = excess(ratios.reshape(12, 1), 4)[:, 0]
    assert 40 < factors[0] < factors[1] < factors[2] < 100
    assert factors[3] > 1e8
    np.testing.assert_allclose(excess(np.full((12, 1), np.inf), 4), 1.0)
