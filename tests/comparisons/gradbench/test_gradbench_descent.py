"""particle and saddle: GradBench's results, and the objective's derivative from a complex step."""

import cmath

import numpy
import pytest

import diffkit as dk
from comparisons.gradbench.compiled import compiled
from comparisons.gradbench.evals import EVALS
from comparisons.gradbench.evals.descent import MODES, NESTINGS, argmin
from comparisons.gradbench.evals.particle import landing
from comparisons.gradbench.validate import kernels_of

CONTROL = 0.20719187464861216
SADDLE = 8.246324826140356e-06


def found(name, nesting, **sizes):
    """What diffkit and the code by hand find."""
    eval = EVALS[name]
    arguments = eval.arguments(eval.generate(**sizes))
    program = compiled(eval.functions[nesting], arguments)
    return program.tree(program.run()), kernels_of(name)[nesting](*arguments.data)


@pytest.mark.parametrize("nesting", NESTINGS)
def test_particle(nesting):
    control, by_hand = found("particle", nesting, w=0.0)
    assert abs(control - CONTROL) <= 1e-11
    assert abs(by_hand - CONTROL) <= 1e-11


@pytest.mark.parametrize("nesting", NESTINGS)
def test_saddle(nesting):
    point, by_hand = found("saddle", nesting, start=(1.0, 1.0))
    numpy.testing.assert_allclose(point, [SADDLE] * 4, rtol=1e-10)
    numpy.testing.assert_allclose(by_hand, [SADDLE] * 4, rtol=1e-10)


def flight(w):
    """The objective in complex numbers, with the force written out."""
    x, y, u, v = 0.0, 8.0, 0.75, 0.0
    while True:
        a = b = 0.0
        for p, q in ((10.0, 10.0 - w), (10.0, 0.0)):
            cube = cmath.sqrt((x - p) ** 2 + (y - q) ** 2) ** 3
            a, b = a + (x - p) / cube, b + (y - q) / cube
        x, y = x + 0.1 * u, y + 0.1 * v
        if y.real <= 0:
            return (x - y / v * u) ** 2
        u, v = u + 0.1 * a, v + 0.1 * b


@pytest.mark.parametrize("w", [0.0, 0.15, -1.0])
def test_the_flight_and_its_derivative(w):
    stepped = flight(w + 1e-30j)
    for inner in MODES.values():
        value, slope = dk.value_and_grad(landing, method="reverse")(w, inner)
        assert value == pytest.approx(stepped.real, rel=1e-11)
        assert slope == pytest.approx(stepped.imag / 1e-30, rel=1e-10)
        tangent = dk.jvp(lambda w, inner=inner: landing(w, inner), (w,), (1.0,))[1]
        assert tangent == pytest.approx(stepped.imag / 1e-30, rel=1e-10)


def plain(f, gradient, x):
    """The rules of the descent in plain Python, and how often f and its gradient were asked."""
    asked = {"f": 1, "gradient": 1}
    fx, gx, eta, successes = f(x), gradient(x), 1e-5, 0
    while abs(gx) > 1e-5:
        if successes == 10:
            eta, successes = 2 * eta, 0
            continue
        new = x - eta * gx
        if abs(x - new) <= 1e-5:
            break
        asked["f"] += 1
        if f(new) < fx:
            asked["gradient"] += 1
            x, fx, gx, successes = new, f(new), gradient(new), successes + 1
        else:
            eta, successes = eta / 2, 0
    return x, asked


def test_the_descent_follows_its_rules():
    """A valley with a narrow ground, where steps fail; and the benchmark's own counts."""

    def valley(x):
        return 3 * (x * x + 1e-6) ** 0.5

    def slope(x):
        return 9 * x / valley(x)

    expected, asked = plain(valley, slope, 2.0)
    assert asked["f"] > asked["gradient"] > 100
    assert argmin(valley, slope, 2.0) == pytest.approx(expected, abs=1e-13)
    _, asked = plain(lambda w: flight(w).real, lambda w: flight(w + 1e-30j).imag / 1e-30, 0.0)
    assert asked == {"f": 84, "gradient": 84}
