"""Symbolic mode: formulas, their swell, and the way back to a graph."""

from typing import Any

import numpy as np
import pytest
import scipy.special as sp
import sympy

import diffkit as dk
from comparisons.cost.swell import DEMONSTRATION, PUBLISHED, counts, logistic, pushed
from diffkit.errors import UnsupportedError
from diffkit.graph import Builder, evaluate, verify
from diffkit.modes.method import Symbolic
from diffkit.modes.symbolic import jacobian_graph
from diffkit.modes.symbolic.derivative import differentiate
from diffkit.modes.symbolic.formula_graph import to_graph
from diffkit.modes.symbolic.formulas import to_sympy
from diffkit.ops import Expr


def test_expression_swell_of_the_logistic_map():
    """Baydin et al., JMLR 18 (2018), table 1, to the last operation."""
    found = [counts(n) for n in range(1, 9)]
    for form, published in PUBLISHED.items():
        assert tuple(row[form] for row in found) == published, form
    assert pushed(8) == 49
    fourth = dk.formula(logistic(4))(dk.f64[()])
    x = fourth.flat[0]
    published = 64 * sympy.Poly([-2048, 7168, -9984, 7040, -2640, 504, -42, 1], x)
    assert sympy.Poly(fourth.partials[0], x) == published
    assert fourth.partials[0].subs(x, 0.2) == pytest.approx(9.0660864, rel=1e-14)


def test_the_demonstration_of_swell_holds():
    shown = DEMONSTRATION.measure(True)
    assert [f.name for f in shown.figures if f.verdict != "holds"] == []
    assert len(shown.figures) == 6 and len(shown.tables[0].rows) == 6


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
    for _ in range(400):
        x = np.sin(x) * 1.001
    return x


def test_a_custom_function_is_refused_as_its_formula_does_not_know_its_rule():
    @dk.custom_jvp
    def rounded(x):
        return np.floor(x)

    @rounded.defjvp
    def straight_through(primals, tangents):
        return rounded(*primals), tangents[0]

    def f(x):
        return rounded(x) * x

    assert dk.grad(f)(2.5) == 4.5
    for refusing in (dk.grad(f, method="symbolic"), dk.formula(f)):
        with pytest.raises(UnsupportedError, match=r"custom function at .*test_symbolic.*own rule"):
            refusing(2.5)


def test_what_has_no_formula_is_named():
    with pytest.raises(UnsupportedError, match=r"no formula for rint at .*test_symbolic"):
        dk.grad(lambda x: np.rint(x) * x, method="symbolic")(2.2)
    with pytest.raises(UnsupportedError, match="too deep"):
        dk.grad(deep, method=Symbolic(cse=False))(0.3)
    assert dk.grad(deep, method="symbolic")(0.3) == pytest.approx(dk.grad(deep)(0.3), rel=1e-12)


# --- the limits of size -------------------------------------------------------------------------


def squares(n):
    """A formula of 2ⁿ operations and more, a graph of 2n."""

    def f(x):
        for _ in range(n):
            x = (x + 1) * (x + 1)
        return x

    return f


def rolled(x):
    return dk.fori_loop(0, 60, lambda i, c: (c + 1) * (c + 1), x)


def long_chain():
    """A graph of 100,000 nodes, as another tool might build it."""
    b = Builder("chain")
    x = Expr(b, b.param(dk.f64[()], "x").atom)
    for k in range(100_000):
        x = x + (1.5 + k % 7)
    return b.finish([x.atom])


PAPER = Symbolic(cse=False)
TREE = "3,458,764,513,820,540,925 operations in the formula"


@pytest.mark.parametrize("f", [squares(60), rolled], ids=["unrolled", "loop"])
def test_a_tree_too_large_is_refused_before_it_is_expanded(f):
    for ask in (
        lambda: dk.grad(f, method=PAPER)(1.0),
        lambda: dk.formula(f)(1.0),
        lambda: dk.to_sympy(f, 1.0),
    ):
        with pytest.raises(UnsupportedError, match=TREE):
            ask()
    assert dk.grad(f, method="symbolic")(1e-3) == np.inf  # shared, it is a graph of 239 nodes


def test_a_chain_of_100_000_nodes_is_refused():
    graph = long_chain()
    for ask in (
        lambda: jacobian_graph(graph, 1, Symbolic()),
        lambda: jacobian_graph(graph, 1, PAPER),
        lambda: dk.formula(graph)(),
        lambda: dk.to_sympy(graph),
    ):
        with pytest.raises(UnsupportedError, match=r"100,000 operations in the graph.*50,000"):
            ask()


def test_large_arrays_are_refused_by_their_counts():
    with pytest.raises(UnsupportedError, match=r"54,0\d\d,\d{3} operations on 90,000 symbols"):
        dk.grad(lambda w: np.sum(w @ w), method="symbolic")(np.ones((300, 300)))
    with pytest.raises(UnsupportedError, match=r"in its derivatives.*at most 500"):
        dk.grad(lambda w: np.sum(np.tanh(w @ w)), method=Symbolic(limit=500))(np.ones((4, 4)))


@pytest.mark.parametrize("f", [logistic(5), lambda x: np.tanh(x) * x / (1 + x), squares(3)])
def test_the_projected_size_is_near_the_true_one(f):
    """What is counted on the graph is no less than half of what sympy counts in the end, and no
    more than twenty times as much."""
    report = dk.formula(f)(1.0)
    true = report.operations + report.operations_derivative
    with pytest.raises(UnsupportedError):
        dk.formula(f, limit=true // 2)(1.0)
    assert dk.formula(f, limit=20 * true)(1.0) == report


# --- kinks ---------------------------------------------------------------------------------------


def leaking(x):
    t = np.log(x)
    return np.where(x > 0, t * t, 3 * x)


KINKS: list[tuple[Any, Any]] = [
    (lambda x: np.maximum(x, 0.0) - np.maximum(-x, 0.0), 0.0),
    (lambda x: np.abs(x) * 3 + x, 0.0), (lambda x: np.where(x > 1, x**2, x**3), 1.0),
    (lambda x: np.max(x), np.ones(3)), (lambda x: np.min(x * x), np.array([1.0, -1.0, 1.0, 2.0])),
    (lambda x: np.sum(np.clip(x, -1, 1)), np.array([-1.0, 0.0, 1.0, 2.0])),
    (leaking, 0.0), (leaking, -2.0), (lambda x: x * dk.stop_gradient(x * x), 3.0),
    (lambda x: sp.xlogy(x, x + 1), 0.0), (lambda x: np.sinc(x), 0.0), (np.cbrt, -8.0),
]  # fmt: skip


@pytest.mark.parametrize("settings", [Symbolic(), PAPER], ids=["shared", "as on paper"])
@pytest.mark.parametrize(("f", "x"), KINKS)
def test_kinks_are_as_in_the_other_modes(f, x, settings):
    np.testing.assert_allclose(dk.grad(f, method=settings)(x), dk.grad(f)(x), rtol=1e-15)


def test_what_is_held_constant_looks_as_it_is():
    report = dk.formula(lambda x: x * dk.stop_gradient(np.sin(x)))(1.0)
    assert str(report.formula) == "x*sin(x)" and str(report.partials[0]) == "sin(x)"
    largest = dk.formula(lambda x: np.max(x))(dk.f64[3])
    assert str(largest.formula) == "Max(x_0, x_1, x_2)"
    at = dict(zip(largest.flat, (2, 2, 1), strict=True))
    assert [d.subs(at) for d in largest.partials] == [sympy.Rational(1, 2)] * 2 + [0]


# --- what a person reads ------------------------------------------------------------------------


def test_a_report_of_a_function_with_a_choice_in_latex():
    report = dk.formula(lambda x, y: np.where(x > y, x**2, np.sin(y)))(1.0, 2.0)
    assert report.latex() == (
        "\\begin{aligned}\n"
        "f\\left(x, y\\right) &= \\begin{cases} x^{2} & \\text{for}\\: x > y \\\\"
        "\\sin{\\left(y \\right)} & \\text{otherwise} \\end{cases} \\\\\n"
        "\\frac{\\partial f}{\\partial x} &= \\begin{cases} 2 x & \\text{for}\\: x > y \\\\"
        "0 & \\text{otherwise} \\end{cases} \\\\\n"
        "\\frac{\\partial f}{\\partial y} &= \\begin{cases} 0 & \\text{for}\\: x > y \\\\"
        "\\cos{\\left(y \\right)} & \\text{otherwise} \\end{cases}\n"
        "\\end{aligned}"
    )


def test_a_report_of_several_results_is_a_jacobian():
    def turned(r, angle):
        return np.stack([r[0] * np.cos(angle), r[1] * np.sin(angle)])

    report = dk.formula(turned)(dk.f64[2], dk.f64[()])
    r0, r1, angle = report.flat
    sin, cos = sympy.sin(angle), sympy.cos(angle)
    assert report.jacobian == sympy.Matrix([[cos, 0, -r0 * sin], [0, sin, r1 * cos]])
    text = report.latex()
    assert "\\operatorname{turned}\\left(r_{0}, r_{1}, angle\\right)" in text
    assert "J_{\\operatorname{turned}} &= \\left[\\begin{matrix}" in text


def test_a_report_takes_jitted_functions_graphs_and_loops():
    f = dk.jit(lambda x: dk.fori_loop(0, 3, lambda i, c: c * x + i, x))
    report = dk.formula(f)(2.0)
    assert dk.formula(dk.trace(f)(2.0))() == report
    x = report.flat[0]
    assert sympy.expand(report.formula) == x**4 + x + 2
    wave = lambda x: np.sin(x) ** 2 + np.cos(x) ** 2  # noqa: E731
    assert dk.formula(wave)(2.0).operations_derivative == 0  # the graph's terms cancel in sympy
    decay = lambda x: np.exp(-x) * (x + 1) * np.cos(x) ** 2 + np.exp(-x) * np.sin(x) ** 2  # noqa: E731
    plain, simple = (dk.formula(decay, simplify=yes)(2.0) for yes in (False, True))
    assert simple.partials[0].equals(plain.partials[0])
    assert simple.operations_derivative < plain.operations_derivative
    names = dict(report.lets)
    unfolded = report.shared[1]
    while unfolded.free_symbols & set(names):
        unfolded = unfolded.subs(names)
    assert sympy.expand(unfolded - report.partials[0]) == 0
