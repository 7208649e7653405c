"""The family of functions and the count of bars that cover: what is wrong must come out wrong."""

import math
from dataclasses import replace

import numpy as np
import pytest

from comparisons.accuracy.calibration import METHODS, Answer, ask, bound, score
from comparisons.accuracy.family import FAMILY, KNOWN, Case, draw, hashed, truth

pytest.importorskip("mpmath")

# The derivative of the members that have one in closed form without parameters.
CLOSED = {
    "far sine": math.cos,
    "reciprocal": lambda x: -1 / x**2,
    "runge": lambda x: -50 * x / (1 + 25 * x * x) ** 2,
    "log": lambda x: 1 / x,
    "sqrt": lambda x: 0.5 / math.sqrt(x),
    "tanh": lambda x: 1 / math.cosh(x) ** 2,
    "noisy": math.exp,
    "flat": lambda x: 2 * math.exp(-1 / x**2) / x**3,
}


def test_truths_are_those_of_the_closed_forms():
    checked = set()
    for member, case in draw(5 * len(FAMILY), seed=11):
        if member.name in CLOSED:
            checked.add(member.name)
            assert truth(case) == pytest.approx(CLOSED[member.name](case.x), rel=1e-13)
    assert checked == set(CLOSED)


def test_published_truths():
    exact = dict(zip([case.text for case in KNOWN], map(truth, KNOWN), strict=True))
    assert exact["Squire & Trapp at 1.5"] == 4.053427893898621
    assert exact["logistic iterate 4 at 0.2"] == pytest.approx(9.0660864, rel=1e-15)
    assert exact["tanh at 20"] == pytest.approx(1.699341702116e-17, rel=1e-12)
    assert exact["exp with noise 1e-8 at 1"] == math.e
    assert truth(Case("sin", lambda m, x: m.sin(x), 0.5), order=3) == -math.cos(0.5)


def test_draws_are_reproducible_and_defined():
    first, again, other = draw(38, 5), draw(38, 5), draw(38, 6)
    points = [[case.x for _, case in drawn] for drawn in (first, again, other)]
    assert points[0] == points[1] != points[2]
    assert [member.name for member, _ in first] == 2 * [member.name for member in FAMILY]
    for _, case in first:
        value = case.f(case.x)
        assert np.isfinite(value) and np.isfinite(truth(case))
        assert case.f(np.array([case.x, case.x])).tolist() == [value, value]


def test_noise_is_noise_and_the_same_each_time():
    x = np.linspace(1.0, 1.0 + 1e-9, 4000)
    noise = hashed(x)
    assert noise.tolist() == [float(hashed(t)) for t in x]
    assert -1.0 <= noise.min() < -0.99 and 0.99 < noise.max() < 1.0
    assert abs(noise.mean()) < 0.05 and abs(noise.std() - 3**-0.5) < 0.02
    assert abs(np.corrcoef(noise[1:], noise[:-1])[0, 1]) < 0.06


def test_the_score_of_known_answers():
    answers = [Answer(1.0, 0.5, 10), Answer(2.5, 0.4, 20), Answer(math.nan, math.inf, 30)]
    result = score(answers, [1.25, 2.0, 3.0])
    assert result.coverage == 1 / 3
    assert result.median == 0.25 and result.tenth == math.inf
    assert result.ratio == pytest.approx(0.8) and result.calls == 20.0 and result.most == 30
    exact = score([Answer(0.1, 0.0, 1), Answer(np.nextafter(0.1, 1), 0.0, 1)], [0.1, 0.1])
    assert exact.coverage == 0.5, "half a unit is granted, a whole one is not"


def test_bars_that_are_too_short_are_caught():
    """Plant bars of a fiftieth, and of 0; and values that are off by ten bars."""
    drawn = [case for _, case in draw(8 * len(FAMILY), seed=4)]
    truths = [truth(case) for case in drawn]
    honest = [ask(METHODS["diffkit"], case) for case in drawn]
    assert score(honest, truths).coverage >= 0.95
    for planted in (
        [replace(answer, bar=answer.bar / 50) for answer in honest],
        [replace(answer, bar=0.0) for answer in honest],
        [replace(answer, value=answer.value + 10 * answer.bar) for answer in honest],
    ):
        wrong = score(planted, truths)
        assert wrong.coverage < 0.7
        assert bound("coverage", wrong.coverage, 0.95, at_least=True).verdict == "fails"


def test_a_method_that_raises_or_answers_nan_covers_nothing():
    def broken(f, x):
        f(x)
        raise ZeroDivisionError

    case = KNOWN[0]
    for method in (broken, lambda f, x: (f(x) * math.nan, math.inf)):
        answer = ask(method, case)
        assert math.isnan(answer.value) and answer.calls == 1
        result = score([answer], [truth(case)])
        assert result.coverage == 0.0 and result.median == math.inf


def test_every_point_is_counted():
    assert ask(lambda f, x: (f(np.ones((3, 4))).sum() + f(x), 0.0), KNOWN[0]).calls == 13


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_right_where_it_is_easy(name):
    pytest.importorskip({"scipy.differentiate": "scipy"}.get(name, name))
    answer = ask(METHODS[name], KNOWN[0])
    assert answer.value == pytest.approx(math.e, rel=1e-10) and 0.0 <= answer.bar < 1e-9
    assert 5 < answer.calls <= 31
