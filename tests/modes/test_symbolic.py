"""Symbolic mode: formulas, their swell, and the way back to a graph."""

import numpy as np
import pytest

import diffkit as dk
from diffkit.errors import UnsupportedError
from diffkit.graph import evaluate, verify
from diffkit.modes.method import Symbolic
from diffkit.modes.symbolic import jacobian_graph
from diffkit.modes.symbolic.derivative import differentiate
from diffkit.modes.symbolic.formula_graph import to_graph
from diffkit.modes.symbolic.formulas import to_sympy


def logistic(n):
    def f(x):
        for _ in range(n - 1):
            x = 4 * x * (1 - x)
        return x

    return f


def test_expression_swell_of_the_logistic_map():
    """Baydin et al., JMLR 18 (2018), table 1: the derivative as on paper grows much faster than the
    function, and shared subexpressions undo most of it."""
    reports = [dk.formula(logistic(n))(dk.f64[()]) for n in range(1, 6)]
    assert [r.operations for r in reports] == [0, 3, 8, 18, 38]
    swell = [r.operations_derivative for r in reports]
    assert swell == sorted(swell) and swell[-1] > 5 * reports[-1].operations
    assert reports[-1].operations_shared < swell[-1] / 3
    fourth = reports[3]
    x = fourth.formula.free_symbols.pop()
    assert fourth.partials[0].subs(x, 0.2) == pytest.approx(9.0660864, rel=1e-14)


@pytest.mark.parametrize("settings", [Symbolic(), Symbolic(cse=False), Symbolic(simplify=True)])
def test_settings_change_the_form_and_not_the_value(settings):
    f = lambda x: np.sin(x[0]) ** 2 * np.exp(x[1]) + np.cos(x[0]) ** 2 * np.exp(x[1])  # noqa: E731
    x = np.array([0.4, 1.1])
    np.testing.assert_allclose(
        dk.grad(f, method=settings)(x), dk.grad(f)(x), rtol=1e-14, atol=1e-15
    )


def test_without_sharing_the_graph_is_larger():
    graph = dk.trace(logistic(6))(dk.f64[()])
    sizes = [len(jacobian_graph(graph, 1, Symbolic(cse=cse)).nodes) for cse in (True, False)]
    assert sizes[0] * 2 < sizes[1]


def test_a_formula_goes_there_and_back():
    f = lambda x, y: np.tanh(x[0] * y) + x[1] ** 3 / y - np.sqrt(y)  # noqa: E731
    graph = dk.trace(f)(dk.f64[2], dk.f64[()])
    back = verify(to_graph(differentiate(to_sympy(graph), 2, Symbolic()), graph))
    args = [np.array([0.3, -0.7]), np.float64(1.9)]
    value, dx, dy = evaluate(back, args)
    np.testing.assert_allclose(value, f(*args), rtol=1e-15)
    np.testing.assert_allclose(dx, dk.grad(f)(*args), rtol=1e-14)
    np.testing.assert_allclose(dy, dk.grad(f, argnums=1)(*args), rtol=1e-14)


def test_names_of_arguments_do_not_collide():
    h = lambda x, x_0: np.sum(x**2) * x_0  # noqa: E731
    dx, dx_0 = dk.grad(h, argnums=(0, 1), method="symbolic")(np.array([3.0]), 2.0)
    assert dx.tolist() == [12.0] and dx_0 == 9.0


def test_choices_and_kinks_become_piecewise():
    f = lambda x: np.where(x > 1, x**2, np.abs(x)) + np.maximum(x, 0.5)  # noqa: E731
    for x in (-2.0, 0.2, 0.7, 3.0):
        assert dk.grad(f, method="symbolic")(x) == dk.grad(f)(x)
    assert dk.grad(lambda x: np.maximum(x, 0.5), method="symbolic")(0.5) == 0.5
    assert dk.grad(lambda x: np.floor(x) * x, method="symbolic")(2.5) == 2.0


def deep(x):
    for _ in range(3000):
        x = np.sin(x) * 1.001
    return x


def test_what_has_no_formula_is_named():
    with pytest.raises(UnsupportedError, match=r"no formula for rint at .*test_symbolic"):
        dk.grad(lambda x: np.rint(x) * x, method="symbolic")(2.2)
    with pytest.raises(UnsupportedError, match="too deep"):
        dk.grad(deep, method=Symbolic(cse=False))(0.3)
    assert dk.grad(deep, method="symbolic")(0.3) == pytest.approx(dk.grad(deep)(0.3), rel=1e-12)
