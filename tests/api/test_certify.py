"""`dk.certify`: what it encloses, what it finds out, how it says so."""

import sys

import numpy as np
import pytest

import diffkit as dk
from diffkit.errors import DtypeError, EvaluationError, ShapeError, UnsupportedError

pytest.importorskip("flint")


def f(x):
    return np.sum(np.sin(x) * np.exp(x))


X = np.array([0.3, 1.2])
EPS = np.finfo(float).eps


# --- finding errors ------------------------------------------------------------------------------


@dk.custom_jvp
def sine(x):
    return np.sin(x)


@sine.defjvp
def sine_jvp(primals, tangents):
    (x,), (dx,) = primals, tangents
    return np.sin(x), np.cos(x) * dx * (1 + 4 * EPS)


@pytest.mark.parametrize("method", ["reverse", "forward"])
def test_a_rule_off_by_four_ulps_is_found(method):
    found = dk.certify(sine, 0.5, method=method)
    assert 3 <= found.worst <= 9  # of a number below a power of 2, a step of eps is two ulps
    assert dk.certify(np.sin, 0.5, method=method).within(1)


@pytest.mark.parametrize("steps", [4, -4])
def test_an_answer_off_by_four_ulps_is_found(steps):
    def off(f, x):
        out = dk.grad(f)(x)
        for _ in range(abs(steps)):
            out = np.nextafter(out, np.sign(steps) * np.inf)
        return out

    assert 3 <= dk.certify(f, X, method=off).worst <= 6
    assert dk.certify(f, X).within(1)


def test_errors_are_counted_in_the_precision_of_the_answer():
    x = X.astype(np.float32)
    found = dk.certify(f, x)
    assert found.value.dtype == np.float32
    assert found.within(4)
    wide = found.judge(found.value.astype(float))
    assert wide.worst > 1e6


def test_answers_that_are_no_numbers():
    truth = dk.certify(f, X)
    assert truth.judge(np.array([np.nan, 0.0])).worst == np.inf
    assert truth.judge(np.array([np.inf, 0.0])).worst == np.inf
    with pytest.raises(ShapeError, match="an answer of shape"):
        truth.judge(np.zeros(3))


def test_zero_is_judged_exactly():
    truth = dk.certify(lambda x: np.sum(x[:1] ** 2), np.array([1.0, 5.0]))
    assert truth.lower[1] == truth.upper[1] == 0.0
    assert truth.judge(np.array([2.0, 0.0])).worst == 0.0
    assert truth.judge(np.array([2.0, 1e-300])).worst > 1e20


# --- methods and their error bars ----------------------------------------------------------------


@pytest.mark.parametrize("method", ["reverse", "forward", "taylor", "complex-step", "symbolic"])
def test_exact_methods_have_no_bar(method):
    found = dk.certify(lambda x: np.sin(x) * np.exp(x), 0.3, method=method)
    assert found.within(4)
    assert (found.covered, found.error) == (None, None)


@pytest.mark.parametrize("method", [dk.Finite(step=1e-3), "adaptive", "richardson"])
def test_bars_of_numerical_methods_are_held_against_the_truth(method):
    found = dk.certify(f, X, method=method)
    assert found.covered
    assert found.error.shape == (2,)
    assert found.worst > 1
    shrunk = found.judge(found.value, found.error * 1e-12)
    assert shrunk.covered is False
    assert "does NOT cover" in shrunk.summary


def test_an_estimate_is_judged_with_its_bar():
    found = dk.certify(f, X, method=lambda f, x: dk.numerical.gradient(f, x))
    assert found.covered
    assert dk.certify(f, X).judge(dk.numerical.gradient(f, X)).covered


def test_bars_of_trees():
    tree = {"a": np.array([0.5, 0.7]), "b": 2.0}
    found = dk.certify(lambda t, y: np.sum(t["a"] ** 3) * t["b"] * y, tree, 3.0, argnums=(0, 1),
                       method="adaptive")  # fmt: skip
    assert found.covered
    assert found.error[0]["a"].shape == (2,)


# --- structure -----------------------------------------------------------------------------------


def test_trees_and_argnums():
    params = {"w": np.array([1.0, 2.0]), "b": 0.5}

    def model(p, x):
        return np.tanh(np.sum(p["w"] * x) + p["b"])

    both = dk.certify(model, params, np.array([0.1, 0.2]), argnums=(0, 1))
    assert set(both.lower[0]) == {"w", "b"}
    assert both.ulps[1].shape == (2,)
    assert both.within(4)
    last = dk.certify(model, params, np.array([0.1, 0.2]), argnums=-1)
    assert np.all(last.lower == both.lower[1])


def test_a_jacobian_has_the_shape_of_result_and_argument():
    found = dk.certify(lambda x: np.stack([x[0] * x[1], np.sin(x[0]), x[1]]), X, method="forward")
    assert found.balls.shape == (3, 2)
    assert found.within(1)
    assert found.result.lower[0].shape == (3,)


def test_arguments_held_fixed_are_exact():
    """exp(y) is not rounded, although it is no function of x."""
    found = dk.certify(lambda x, y: x * np.exp(y), 1.0, 1.0)
    import flint

    with flint.ctx.workprec(300):
        assert flint.arb(1).exp() in found.balls
    assert found.balls.rad() < 1e-25


def test_python_may_look_at_fixed_arguments():
    def power(x, n):
        return np.prod(np.stack([x] * int(n)))

    assert dk.certify(power, 1.1, 3.0).within(2)


@pytest.mark.parametrize("order", [0, 1, 5, 12])
def test_derivatives_of_higher_order(order):
    found = dk.certify(lambda x: np.exp(x) * np.log(1 + x**2) / np.sqrt(x), 0.8, order=order)
    assert found.balls.shape == (order + 1,)
    assert found.within(1e5)


def test_series_of_functions_without_one():
    for g in (np.tanh, np.arctan, np.cbrt, lambda x: x**2.5, np.arcsinh, lambda x: np.hypot(x, 2)):
        assert dk.certify(g, 0.7, order=4).within(1e4)


def test_bounds_over_a_radius():
    found = dk.certify(lambda x: np.sin(x) ** 2, 0.3, radius=0.05)
    inside = [np.sin(2 * x) for x in np.linspace(0.25, 0.35, 21)]
    assert found.lower <= min(inside) < max(inside) <= found.upper
    assert found.upper - found.lower < 0.5
    values = [np.sin(x) ** 2 for x in np.linspace(0.25, 0.35, 21)]
    assert found.result.lower[0] <= min(values) < max(values) <= found.result.upper[0]
    slope = dk.certify(np.abs, 0.0, radius=1.0)
    assert slope.lower <= -1 < 1 <= slope.upper
    assert np.isnan(found.ulps)


# --- kinks ---------------------------------------------------------------------------------------

KINKS = {
    "abs": (lambda x: np.abs(x), 0.0, "abs", "kink", (-1, 1)),
    "maximum": (lambda x: np.maximum(x, 0.0), 0.0, "maximum", "tie", (0, 1)),
    "two relus": (lambda x: np.maximum(x, 0) - np.maximum(-x, 0), 0.0, "maximum", "tie", (1, 1)),
    "where": (lambda x: np.where(x > 0, x, 0.0), 0.0, "select", "tie", (0, 1)),
    "a jump": (lambda x: np.where(x > 0, 1.0, 0.0) + x, 0.0, "select", "tie", (-1e9, 1e9)),
    "sqrt": (np.sqrt, 0.0, "sqrt", "singularity", (0, 1e9)),
    "norm": (np.linalg.norm, np.zeros(2), "root", "kink", (-1, 1)),
    "sign": (np.sign, 0.0, "sign", "jump", (0, 1e9)),
    "floor": (lambda x: np.floor(x) * x, 2.0, "floor", "jump", (2, 1e9)),
    "largest": (np.max, np.array([1.0, 1.0]), "max", "tie", (0, 1)),
    "hypot": (lambda x: np.hypot(x, x), 0.0, "hypot", "kink", (-1.4, 1.4)),
    "power": (lambda x: x**0.5, 0.0, "pow", "singularity", (0, 1e9)),
    "loop": (
        lambda x: dk.while_loop(lambda c: c < 4.0, lambda c: c * x, x),
        2.0, "while", "tie", (4, 12),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KINKS)
def test_at_a_kink_no_unique_derivative_is_certified(name):
    g, x, op, kind, (low, high) = KINKS[name]
    found = dk.certify(g, x)
    assert not np.any(found.unique)
    assert (op, kind) in [(hit.op, hit.kind) for hit in found.kinks]
    assert all(hit.loc.file.endswith((".py",)) for hit in found.kinks)
    assert np.all(found.lower <= low)
    assert np.all(high <= found.upper)
    assert np.isnan(found.worst)
    assert not found.within(np.inf)
    assert "no unique derivative" in str(found)


def test_the_index_of_a_kink_is_named():
    found = dk.certify(lambda x: np.sum(np.abs(x)), np.array([1.0, 0.0, -2.0]))
    assert [hit.index for hit in found.kinks] == [((1,),)]
    assert list(found.unique) == [True, False, True]


@pytest.mark.parametrize(
    ("g", "x", "slope"),
    [
        (lambda x: np.where(x > 0, x**2, 0.0), 0.0, 0),
        (lambda x: np.abs(x) ** 3, 0.0, 0),
        (lambda x: np.abs(x * x), 0.0, 0),
        (lambda x: np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), x), -1.0, 1),
        (lambda x: np.maximum(x, x), 1.0, 1),
        (lambda x: np.where(x > 0, np.sin(x), x), 0.0, 1),
        (lambda x: np.abs(dk.stop_gradient(x)) + x, 0.0, 1),
    ],
)
def test_smooth_at_what_looks_like_a_kink(g, x, slope):
    found = dk.certify(g, x)
    assert found.unique
    assert found.lower == found.upper == slope
    assert len(found.kinks) == 0


def test_fewer_digits_are_still_more_than_a_double():
    assert dk.certify(f, X, digits=5).within(1)
    found = dk.certify(f, X, digits=100)
    assert all(ball.rel_accuracy_bits() > 330 for ball in found.balls)


def test_complex_functions_of_real_arguments():
    """A real number below zero has a logarithm once it is complex."""
    found = dk.certify(lambda x: np.imag(np.log(x.astype(complex)) ** 2), -2.0)
    assert found.within(4)
    assert found.lower <= 2 * np.pi / -2.0 <= found.upper


def test_a_number_that_may_be_zero_has_no_certain_slope_of_its_size():
    """x² - 2x + 1 at 1 is a ball that begins at zero."""
    found = dk.certify(lambda x: np.abs(np.sqrt(x * x) - x), 3.0)
    assert not found.unique or found.lower <= 0 <= found.upper


def test_slopes_at_a_kink_are_bounded_sharply():
    found = dk.certify(lambda x: np.maximum(x, 2 * x) + np.abs(x), 0.0)
    assert found.lower == pytest.approx(0.0, abs=1e-7)
    assert found.upper == pytest.approx(3.0, abs=1e-7)
    many = dk.certify(lambda x: sum(np.abs(k * x) for k in range(1, 10)), 0.0)
    assert many.lower <= -45 < 45 <= many.upper


def test_softplus_is_smooth_where_its_operands_tie():
    found = dk.certify(lambda x: np.logaddexp(x, 0.0), 0.0)
    assert found.unique
    assert found.lower == found.upper == 0.5


def test_a_branch_not_taken_leaks_nothing():
    found = dk.certify(lambda x: np.where(x > 0, np.sqrt(x), 2 * x), -1.0)
    assert (found.lower, found.upper) == (2.0, 2.0)


def test_a_kink_that_no_digits_tell_from_a_smooth_point():
    found = dk.certify(lambda x: np.abs(np.exp(np.log(x)) - 2), 2.0)
    assert not found.unique
    assert found.lower <= -1 < 1 <= found.upper


# --- reports and errors --------------------------------------------------------------------------


def test_the_report_is_a_table():
    text = str(dk.certify(lambda t: t["a"][0] * t["b"], {"a": np.array([0.5, 2.0]), "b": 3.0}))
    assert text.splitlines() == [
        "gradient of lambda by reverse: within 0 ulps of the truth, 106 bits",
        "          value  lower  upper  ulps",
        "['a'][0]  3.0    3.0    3.0    0",
        "['a'][1]  0.0    0.0    0.0    0",
        "['b']     0.5    0.5    0.5    0",
    ]


def test_long_reports_are_cut():
    assert "… and 40 more" in str(dk.certify(lambda x: np.sum(x), np.ones(50)))


def test_faults_of_calls():
    with pytest.raises(ShapeError, match="radius"):
        dk.certify(f, X, radius=-1.0)
    with pytest.raises(ShapeError, match="a function of one number"):
        dk.certify(f, X, order=2)
    with pytest.raises(ShapeError, match="one scalar"):
        dk.certify(lambda x: np.stack([x, x]), 1.0, order=2)
    with pytest.raises(DtypeError, match="floating point"):
        dk.certify(lambda x: x * x, 3)
    with pytest.raises(DtypeError, match="complex"):
        dk.certify(lambda z: z * z, 1 + 2j)
    with pytest.raises(EvaluationError, match="singular"):
        dk.certify(lambda a: np.sum(np.linalg.inv(a)), np.zeros((2, 2)), method=lambda f, a: a)
    with pytest.raises(UnsupportedError, match="method"):
        dk.certify(f, X, method="guess")


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "flint", None)
    with pytest.raises(UnsupportedError, match=r"pip install 'diffkit\[certify\]'"):
        dk.certify(np.sin, 1.0)
