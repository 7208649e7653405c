"""`explain`: the published tables come out, as text and as data, and agree with the operators."""

import subprocess
import sys
from textwrap import dedent

import numpy as np
import pytest

import diffkit as dk
from diffkit.errors import DtypeError, ShapeError, TracingError, TreeError
from diffkit.teach import Contribution, ForwardRow, explain


def f(x1, x2):
    return np.log(x1) + x1 * x2 - np.sin(x2)


def test_baydin_tables_2_and_3_as_text():
    assert str(explain(f)(2.0, 5.0)) == dedent("""\
        graph f(x1: f64[], x2: f64[]) -> (f64[]) {
          a: f64[] = log(x1)
          b: f64[] = mul(x1, x2)
          c: f64[] = add(a, b)
          d: f64[] = sin(x2)
          e: f64[] = sub(c, d)
          return e
        }

        forward trace
          value  formula      at this point  tangent
          x1                  2              1
          x2                  5              0
          a      log(x1)      0.693          0.5
          b      mul(x1, x2)  10             5
          c      add(a, b)    10.693         5.5
          d      sin(x2)      -0.959         0
          e      sub(c, d)    11.652         5.5

        reverse trace of e
          value  adjoint  = sum of contributions (from)
          e      1        1 (seed)
          d      -1       -1 (e)
          c      1        1 (e)
          b      1        1 (c)
          a      1        1 (c)
          x1     5.5      5 (b) + 0.5 (a)
          x2     1.716    -0.284 (d) + 2 (b)

        symbolic derivative
          f      x1*x2 + log(x1) - sin(x2)
          d/dx1  x2 + 1/x1
          d/dx2  x1 - cos(x2)
          operations: 5 in f, 4 in the derivatives, 9 in all with shared subexpressions
        LaTeX
          d/dx1  x_{2} + \\frac{1}{x_{1}}
          d/dx2  x_{1} - \\cos{\\left(x_{2} \\right)}""")


def test_the_rows_are_data():
    e = explain(f)(2.0, 5.0)
    assert e.forward[3] == ForwardRow("b", "mul(x1, x2)", 10.0, 5.0)
    assert [row.name for row in e.forward] == ["x1", "x2", "a", "b", "c", "d", "e"]
    np.testing.assert_allclose(e.forward[-1].value, np.log(2) + 10 - np.sin(5), rtol=1e-15)
    assert e.reverse[0].contributions == (Contribution("seed", 1.0),)
    x2 = e.reverse[-1]
    np.testing.assert_allclose(x2.adjoint, 2 - np.cos(5), rtol=1e-15)
    assert [c.user for c in x2.contributions] == ["d", "b"]
    assert str(e.symbolic.partials[0]) == "x2 + 1/x1"


def test_another_seed_gives_another_directional_derivative():
    e = explain(f, seed=(0.0, 1.0))(2.0, 5.0)
    np.testing.assert_allclose(e.forward[-1].tangent, 2 - np.cos(5), rtol=1e-15)
    assert [row.tangent for row in e.forward[:2]] == [0.0, 1.0]


def test_a_fan_out_shows_every_contribution():
    e = explain(lambda x: x * x * np.exp(x))(1.5)
    x = e.reverse[-1]
    assert [c.user for c in x.contributions] == ["b", "a", "a"]  # x twice in a = x·x
    parts = [1.5**2 * np.exp(1.5), 1.5 * np.exp(1.5), 1.5 * np.exp(1.5)]
    np.testing.assert_allclose([c.value for c in x.contributions], parts, rtol=1e-15)
    np.testing.assert_allclose(x.adjoint, sum(parts), rtol=1e-15)
    assert "10.084 (b) + 6.723 (a) + 6.723 (a)" in str(e)


def layer(params, x):
    h = np.tanh(params["w"] @ x + params["b"])
    return np.sum(h * h) + x[0] + np.max(x[1:])


def test_arrays_and_trees_agree_with_the_operators():
    rng = np.random.default_rng(0)
    params, x = {"w": rng.normal(size=(2, 3)), "b": rng.normal(size=2)}, rng.normal(size=3)
    e = explain(layer)(params, x)
    adjoint = {row.name: row.adjoint for row in e.reverse}
    of_params, of_x = dk.grad(layer, argnums=(0, 1))(params, x)
    np.testing.assert_allclose(adjoint["params_w"], of_params["w"], rtol=1e-14)
    np.testing.assert_allclose(adjoint["params_b"], of_params["b"], rtol=1e-14)
    np.testing.assert_allclose(adjoint["x"], of_x, rtol=1e-14)
    ones = {name: np.ones_like(value) for name, value in params.items()}
    value, tangent = dk.jvp(layer, (params, x), (ones, np.zeros(3)))
    np.testing.assert_allclose(e.forward[-1].value, value, rtol=1e-15)
    np.testing.assert_allclose(e.forward[-1].tangent, tangent, rtol=1e-14)
    for row in e.reverse:
        np.testing.assert_array_equal(row.adjoint, sum(c.value for c in row.contributions))


def test_small_arrays_are_shown_and_large_ones_shortened():
    e = explain(lambda x: np.sum(np.sin(x) ** 2))(np.linspace(0, 1, 100))
    lines = str(e).splitlines()
    assert (
        "  x                         [0, 0.01, ..., 0.99, 1]            [1, 1, ..., 1, 1]" in lines
    )
    assert "  x      [0, 0.02, ..., 0.918, 0.909]  [0, 0.02, ..., 0.918, 0.909] (a)" in lines
    assert lines[-1] == "  none: 103 values and operations are too many to read as a formula"
    assert "[[1, 2], [3, 4]]" in str(explain(np.sum)(np.array([[1.0, 2.0], [3.0, 4.0]])))


def test_branches_on_values_and_values_without_derivative_are_shown():
    def g(x):
        rows = x[np.argmax(x)]
        return rows * 2 if rows > 0 else rows

    e = explain(g)(np.array([1.0, 3.0]))
    tangents = {row.name: row.tangent for row in e.forward}
    assert e.forward[-1].value == 6.0
    assert tangents["a"] is None and e.graph.nodes[0].op.name == "argmax"
    np.testing.assert_array_equal(e.reverse[-1].adjoint, [0.0, 2.0])


def test_a_branch_not_taken_contributes_zero_and_not_nan():
    e = explain(lambda x: np.where(x > 0, np.log(np.abs(x)), x))(0.0)
    assert e.reverse[-1].name == "x" and e.reverse[-1].adjoint == 1.0
    assert [c.value for c in e.reverse[-1].contributions] == [1.0, 0.0]


def test_an_argument_without_influence_says_so():
    e = explain(lambda x, y: x * 2)(1.0, 1.0)
    assert e.reverse[-1].contributions == () and e.reverse[-1].adjoint == 0
    assert "  y      0        no influence" in str(e).splitlines()


def test_an_op_without_a_formula_is_reported_instead():
    e = explain(lambda x: x[np.argmax(x)])(np.array([1.0, 2.0]))
    assert e.symbolic is None and "argmax" in e.no_formula
    assert str(e).splitlines()[-1] == f"  none: {e.no_formula}"


def test_inputs_that_would_share_a_symbol_get_no_formula():
    e = explain(lambda x, x_0: np.sum(x) * x_0)(np.array([3.0]), 2.0)
    assert e.symbolic is None and "rename an argument" in str(e)
    assert e.reverse[-1].adjoint == 3.0


def test_digits():
    assert "11.65207" in str(explain(f, digits=5)(2.0, 5.0))
    assert "1.000e-09" in str(explain(lambda x: x * 1e-9)(1.0))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: explain(np.sin)(np.zeros(3)), ShapeError, r"sin returned f64\[3\].*one floating"),
        (lambda: explain(lambda x: (x, x))(1.0), ShapeError, r"f64\[\], f64\[\]"),
        (lambda: explain(lambda x: x)(1), DtypeError, "argument x is i64"),
        (lambda: explain(f, seed=(1.0,))(2.0, 5.0), TreeError, "seed"),
        (lambda: explain(f, seed=(1.0, np.ones(2)))(2.0, 5.0), ShapeError, "seed of x2"),
        (
            lambda: dk.grad(lambda x: explain(f)(x, x).forward[0].value)(1.0),
            TracingError,
            "Call it",
        ),
    ],
)
def test_what_can_not_be_explained_is_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()


def test_importing_teach_and_nn_loads_neither_sympy_nor_scipy():
    code = "import sys, diffkit.teach, diffkit.nn; print({'sympy', 'scipy'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
