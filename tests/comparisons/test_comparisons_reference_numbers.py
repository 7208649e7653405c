"""The exact numbers of the literature, each asserted by what diffkit counts or computes."""

import math

import numpy as np
import pytest

import diffkit as dk
from comparisons.accuracy import eigenvalue_gap, implicit, kinks, ucurve
from comparisons.cost import (
    bounds,
    checkpointing,
    compression,
    crossover,
    helmholtz,
    speelpenning,
    swell,
    taylor,
)
from comparisons.cost.counting import occurrences


def baydin(x1, x2):
    """The example of the survey's trace tables."""
    return np.log(x1) + x1 * x2 - np.sin(x2)


# --- 1 and 2: the logistic map -------------------------------------------------------------------


def test_expression_swell_of_the_logistic_map():
    found = [swell.counts(n) for n in range(1, 7)]
    assert [c["function"] for c in found] == [0, 3, 8, 18, 38, 78]
    assert [c["derivative as on paper"] for c in found] == [0, 2, 21, 82, 264, 768]
    assert [c["derivative by Horner's rule"] for c in found] == [0, 2, 6, 14, 30, 62]
    assert [c["both, shared"] for c in found] == [0, 5, 13, 28, 46, 68]
    assert [swell.pushed(n) for n in range(1, 9)] == [0, 7, 14, 21, 28, 35, 42, 49]


@pytest.mark.long
def test_expression_swell_to_the_end_of_the_table():
    found = [swell.counts(n) for n in (7, 8)]
    assert [c["derivative as on paper"] for c in found] == [2096, 5472]
    assert [c["derivative by Horner's rule"] for c in found] == [126, 254]
    assert [c["both, shared"] for c in found] == [94, 124]


def test_the_fourth_logistic_iterate():
    assert round(ucurve.exact_derivative(0.2), 13) == 9.0660864  # at 1/5; 0.2 is not quite that
    assert ucurve.derivative(1) == ucurve.exact_derivative(0.2)
    assert float(dk.grad(ucurve.f)(0.2)) == pytest.approx(9.0660864, rel=1e-14)
    assert float(dk.grad(swell.logistic(4))(0.2)) == pytest.approx(9.0660864, rel=1e-14)


def test_least_errors_of_difference_quotients():
    """At the steps where the survey's figure has them, to the two digits that it gives."""
    best = {c.name: c.best for c in ucurve.curves()}
    (h, error), (h2, error2) = best["forward difference"], best["central difference"]
    assert h == pytest.approx(1.8e-9, rel=0.02) and error == pytest.approx(2.4e-8, rel=0.03)
    assert h2 == pytest.approx(1.0e-7, rel=0.02) and error2 == pytest.approx(5.5e-11, rel=0.03)
    assert best["complex step"][1] <= 3.6e-15


def test_forward_differences_of_exp():
    """Boisgerault's table, at 0."""
    table = {1e-4: 1.000050001667141, 1e-8: 0.99999999392252903, 1e-12: 1.000088900582341}
    for h, quotient in table.items():
        assert (math.exp(h) - math.exp(0.0)) / h == pytest.approx(quotient, rel=1e-15)


def test_squire_and_trapp():
    def f(x):
        return np.exp(x) / np.sqrt(np.sin(x) ** 3 + np.cos(x) ** 3)

    for method in ("forward", "reverse", "complex-step"):
        slope = float(dk.grad(f, method=method)(1.5))
        assert slope == pytest.approx(4.053427893898621, rel=1e-15)


# --- 3 and 4: the trace tables -------------------------------------------------------------------


def test_the_forward_trace():
    told = dk.explain(baydin)(2.0, 5.0)
    rows = {row.formula.split("(")[0] or row.name: row for row in told.forward}
    assert rows["x1"].tangent == 1.0 and rows["x2"].tangent == 0.0
    assert round(float(rows["log"].value), 3) == 0.693 and rows["log"].tangent == 0.5
    assert rows["mul"].value == 10.0 and rows["mul"].tangent == 5.0
    assert round(float(rows["sin"].value), 3) == -0.959 and rows["sin"].tangent == 0.0
    assert round(float(told.forward[-1].value), 3) == 11.652
    assert told.forward[-1].tangent == 5.5


def test_the_reverse_trace_in_one_sweep():
    told = dk.explain(baydin)(2.0, 5.0)
    adjoints = {row.name: row for row in told.reverse}
    assert adjoints["x1"].adjoint == 5.5
    assert round(float(adjoints["x2"].adjoint), 7) == 1.7163378
    assert len(adjoints["x2"].contributions) == 2  # the fan-out
    value, (by_x1, by_x2) = dk.value_and_grad(baydin, argnums=(0, 1))(2.0, 5.0)
    assert round(float(value), 3) == 11.652
    assert (float(by_x1), round(float(by_x2), 7)) == (5.5, 1.7163378)


# --- 5 to 8: what derivatives cost ---------------------------------------------------------------


def test_helmholtz_energy():
    """No number of the published table is exact; that a gradient costs at most 5 functions is."""
    for n in (1, 8, 15, 22, 29, 36, 43, 50):
        assert helmholtz.counted(n)["reverse"] <= 5.0
    assert all(len(row) == len(helmholtz.SIZES) for row in helmholtz.PUBLISHED.values())


def test_cost_bounds():
    multiply = bounds.row("multiply")
    assert multiply[1:4] == (1, 4, 3)  # with the accumulation of two adjoints, 5
    for f in bounds.PROGRAMS.values():
        found = bounds.ratios(f, 30)
        assert found["tangent"] <= 4.0
        assert found["gradient"] <= 5.0
        assert found["second-order adjoint"] <= 16.0


def test_speelpenning():
    assert speelpenning.in_a_loop(1000) == (999, 2997)
    assert speelpenning.in_the_formulas(1000) == 998000
    assert speelpenning.straight(1000) == 2995  # 3 (n - 1) - 1 = 2996, less a product with 1


def test_speelpenning_of_a_formula_by_sympy():
    import sympy

    x = sympy.symbols("x:10")
    partials = [sympy.Mul(*x).diff(factor) for factor in x]
    assert sum(len(p.args) - 1 for p in partials) == speelpenning.in_the_formulas(10) == 10 * 8


def test_a_hessian_product_costs_a_few_gradients_and_a_hessian_n():
    for n in (10, 100):
        product, hessian = crossover.second_order(n)
        assert product <= 4.0
        assert n / 2 <= hessian <= 4 * n


# --- 9: compression ------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [10, 1000])
def test_three_passes_show_a_tridiagonal_jacobian(n):
    assert compression.passes(compression.banded(1), n) == 3


@pytest.mark.parametrize("b", [1, 2, 5, 10])
def test_passes_of_a_band(b):
    assert compression.passes(compression.banded(b), 200) == 2 * b + 1


def test_passes_of_an_arrowhead():
    counts = [
        compression.passes(compression.arrowhead, 50, method)
        for method in ("forward", "reverse", "bidirectional")
    ]
    assert counts == [50, 50, 3]


def test_hessians():
    assert dk.sparse_hessian(compression.chain).plan(np.ones(100)).passes == 3
    plan = dk.sparse_hessian(compression.rosenbrock).plan(np.ones(50))
    assert plan.pattern.nnz == 148
    assert plan.pattern.shape == (50, 50)


# --- 10: checkpoints -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("s", "r", "steps"),
    [(3, 3, 20), (5, 3, 56), (10, 3, 286), (10, 5, 3003), (20, 3, 1771), (20, 5, 53130)],
)
def test_binomial_schedules(s, r, steps):
    assert math.comb(s + r, s) == steps
    done = checkpointing.revolve(s, r)
    assert done.order == [*range(steps)][::-1]
    assert done.kept == s + 1  # the state at hand is one of them
    assert done.advances == r


def test_the_root_of_ten_thousand_steps():
    """Two hundred states, and eight numbers of the step itself."""
    live = checkpointing.row(10_000, "sqrt", False).counted / 8
    own = checkpointing.row(100, "sqrt", False).counted / 8 - 2 * 10
    assert live - own == 200
    rows = [checkpointing.row(n, "none", False).counted for n in (1000, 10_000)]
    assert rows[1] - rows[0] == 9000 * 8


def test_a_step_that_runs_keeps_what_is_counted():
    row = checkpointing.row(1000, "none", True)
    assert row.counted <= row.measured <= row.counted + checkpointing.OVERHEAD


# --- 11 and 12: higher derivatives ---------------------------------------------------------------


def test_products_of_higher_derivatives():
    assert [taylor.nested_products(k) for k in (1, 2, 5, 10)] == [2, 4, 32, 1024]
    assert [taylor.series_products(k) for k in (1, 2, 5, 10)] == [3, 6, 21, 66]


def test_eulers_numbers():
    assert taylor.zigzag(11) == [1, 1, 1, 2, 5, 16, 61, 272, 1385, 7936, 50521]
    series = dk.taylor(np.tan, 0.0, 9)
    assert series == pytest.approx([0, 1, 0, 2, 0, 16, 0, 272, 0, 7936], rel=1e-14)


def test_levels_are_told_apart():
    assert taylor.confusion() == 1.0
    nested = dk.grad(lambda x: x * dk.grad(lambda y: x + y)(1.0))
    assert float(nested(1.0)) == 1.0


# --- 13 to 16 ------------------------------------------------------------------------------------


def test_kinks():
    for name, (f, x) in kinks.CASES.items():
        with np.errstate(all="ignore"):
            assert kinks.by_diffkit(f, x) == kinks.EXPECTED[name], name
    assert kinks.EXPECTED["relu(x) - relu(-x) at 0"] == [0.0]
    away = [float(dk.grad(kinks.identity)(x)) for x in (-1.0, 1.0)]
    assert away == [1.0, 1.0]


def test_newton_for_a_root_is_exact_by_the_theorem_and_late_through_the_steps():
    slope = float(dk.grad(lambda a: dk.solve.root(lambda z: z * z - a, 1.0))(2.0))
    assert slope == pytest.approx(1 / (2 * math.sqrt(2)), rel=2e-16)
    for k in (2, 3, 4):
        (before, _, _), (value, through, one_step) = implicit.unrolled(k - 1), implicit.unrolled(k)
        assert value < through <= before
        assert one_step == pytest.approx(value, rel=0.1)


def test_memory_of_iterations():
    through = [implicit.kept(n, False) for n in (100, 1000)]
    solved = [implicit.kept(n, True) for n in (100, 1000)]
    assert through[1] - through[0] == 900 * 8
    assert solved[1] == solved[0]


def test_eigenvectors_over_the_gap():
    for gap in (1.0, 1e-3, 1e-6):
        slope = eigenvalue_gap.eigenvector_slope(gap)
        assert slope == pytest.approx(1 / gap, rel=8 * 2.0**-52 / gap)
        assert eigenvalue_gap.trace_slope(gap) == pytest.approx(0.75, rel=1e-14)
    assert eigenvalue_gap.by_difference(1e-8) < 0.1 * 1e8


# --- 18: micrograd's first page ------------------------------------------------------------------


def test_micrograds_example():
    def relu(x):
        return np.maximum(x, 0.0)

    def g(a, b):
        c = a + b
        d = a * b + b**3
        c = c + c + 1
        c = c + 1 + c + (-a)
        d = d + d * 2 + relu(b + a)
        d = d + 3 * d + relu(b - a)
        e = c - d
        f = e**2
        return f / 2.0 + 10.0 / f

    value, (by_a, by_b) = dk.value_and_grad(g, argnums=(0, 1))(-4.0, 2.0)
    found = [round(float(number), 4) for number in (value, by_a, by_b)]
    assert found == [24.7041, 138.8338, 645.5773]


# --- the counter itself --------------------------------------------------------------------------


def test_occurrences_count_elements_and_steps():
    def f(x, y):
        z = dk.scan(lambda c, row: (c * row, None), 1.0, x)[0]
        return z * np.sum(x * y)

    graph = dk.trace(f)(np.ones(7), np.ones(7))
    assert occurrences(graph, "mul") == 7 + 7 + 1
    assert occurrences(graph, "sin") == 0
