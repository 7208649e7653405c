"""Taylor mode against nested tangents, against mpmath, and by its count of operations."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.backends.interpreter import prepare
from diffkit.graph import Builder, Graph, Op, Rule, flops, verify
from diffkit.modes.forward import jvp
from diffkit.modes.taylor import taylor
from diffkit.ops.arithmetic import neg
from diffkit.ops.contract import einsum
from tests.ops.numerics import coarseness, directions
from tests.ops.scenario import Scenario
from tests.ops.scenarios import SCENARIOS, active, arguments, by_op, differentiable, graph_of
from tests.ops.test_kinks import SAFE
from tests.replay import replayed

DIGITS = 60
TEN = 10
Function = Callable[..., Any]


def truth(f: Function, x: float, order: int = TEN) -> list[Any]:
    """f, f′, … at x, to about 50 digits."""
    with mp.workdps(DIGITS):
        found = mp.taylor(f, mp.mpf(x), order)
        return [c * mp.factorial(k) for k, c in enumerate(found)]


def agree(got: Any, want: Sequence[Any], tol: float = 1e-12) -> None:
    """Every derivative is right to `tol`, relative."""
    for k, (a, b) in enumerate(zip(got, want, strict=True)):
        assert abs(float(a) - b) <= tol * abs(b) + 1e-40, (k, a, b)


# --- every op, against tangents of tangents -------------------------------------------------------


def nested(graph: Graph, on: Sequence[bool], order: int) -> list[Graph]:
    """The graphs (params, directions) -> k-th derivatives along them, by jvp of jvp of …"""
    b = Builder("along")
    params = [b.param(p.type).atom for p in graph.params]
    vs = [b.param(p.type).atom for p, moves in zip(graph.params, on, strict=True) if moves]
    floats = [k for k, t in enumerate(graph.types) if t.differentiable]
    outs = b.inline(graph, params)
    current = b.finish([outs[k] for k in floats])
    found: list[Graph] = []
    for _ in range(order):
        step = jvp(current, [*on, *(False for _ in vs)])
        b = Builder("along")
        params = [b.param(p.type).atom for p in current.params]
        outs = b.inline(step, [*params, *params[len(graph.params) :]])
        current = b.finish(outs[len(floats) :])
        found.append(current)
    return found


@pytest.mark.parametrize("scenario", by_op([s for s in SCENARIOS if differentiable(s)]))
def test_three_orders_of_every_op(scenario: Scenario) -> None:
    graph, on, args = graph_of(scenario), active(scenario), arguments(scenario)
    xs = [x for x, moves in zip(args, on, strict=True) if moves]
    vs = directions(scenario.rng, xs)
    expansion = verify(taylor(graph, on, 3, [1] * len(vs)))
    parts = prepare(expansion)([*args, *vs])[len(graph.outputs) :]
    want = [prepare(g)([*args, *vs]) for g in nested(graph, on, 3)]
    for i in range(len(want[0])):
        size = max(np.max(np.abs(w[i]), initial=0.0) for w in want)
        for k in (1, 2, 3):
            got = parts[3 * i + k - 1] * math.factorial(k)
            assert np.shape(got) == np.shape(want[k - 1][i])
            error = np.max(np.abs(got - want[k - 1][i]), initial=0.0)
            assert error <= 1e-13 * coarseness(graph) * max(size, 1e-3)


# --- functions, against mpmath --------------------------------------------------------------------

# name, function, the same for mpmath, point
CURVES: list[tuple[str, Function, Function, float]] = [
    ("exp", np.exp, mp.exp, 0.7),
    ("exp2", np.exp2, lambda x: mp.mpf(2) ** x, 0.7),
    ("expm1", np.expm1, mp.expm1, 0.01),
    ("log", np.log, mp.log, 1.7),
    ("log1p", np.log1p, mp.log1p, 0.3),
    ("log10", np.log10, mp.log10, 1.7),
    ("sqrt", np.sqrt, mp.sqrt, 1.3),
    ("cbrt", np.cbrt, mp.cbrt, 1.3),
    ("sin", np.sin, mp.sin, 0.9),
    ("cos", np.cos, mp.cos, 0.9),
    ("tan", np.tan, mp.tan, 0.6),
    ("arcsin", np.arcsin, mp.asin, 0.4),
    ("arccos", np.arccos, mp.acos, 0.4),
    ("arctan", np.arctan, mp.atan, 0.7),
    ("sinh", np.sinh, mp.sinh, 0.7),
    ("cosh", np.cosh, mp.cosh, 0.7),
    ("tanh", np.tanh, mp.tanh, 0.4),
    ("arcsinh", np.arcsinh, mp.asinh, 0.7),
    ("arccosh", np.arccosh, mp.acosh, 2.3),
    ("arctanh", np.arctanh, mp.atanh, 0.4),
    ("erf", dnp.erf, mp.erf, 0.4),
    ("1/x", lambda x: 1 / x, lambda x: 1 / x, 0.7),
    ("x^7", lambda x: x**7, lambda x: x**7, 0.7),
    ("x^-3", lambda x: x**-3.0, lambda x: x**-3, 0.7),
    ("x^2.5", lambda x: x**2.5, lambda x: x ** mp.mpf(2.5), 0.7),
    ("negative^5", lambda x: x**5.0, lambda x: x**5, -0.7),
    ("2^x", lambda x: 2.0**x, lambda x: mp.mpf(2) ** x, 0.7),
    ("x^x", lambda x: x**x, lambda x: x**x, 0.7),
    ("hypot", lambda x: np.hypot(x, 2 * x + 1), lambda x: mp.hypot(x, 2 * x + 1), 0.7),
    ("arctan2", lambda x: np.arctan2(x, x * x - 3), lambda x: mp.atan2(x, x * x - 3), 0.7),
    ("exp of sin", lambda x: np.exp(np.sin(x)), lambda x: mp.exp(mp.sin(x)), 0.3),
    (
        "a quotient",
        lambda x: np.tanh(x * np.sqrt(1 + x * x)) / (2 + np.cos(3 * x)),
        lambda x: mp.tanh(x * mp.sqrt(1 + x * x)) / (2 + mp.cos(3 * x)),
        0.3,
    ),
    (
        "a product of many",
        lambda x: np.prod(np.sin(x * np.arange(1.0, 5.0))),
        lambda x: mp.sin(x) * mp.sin(2 * x) * mp.sin(3 * x) * mp.sin(4 * x),
        0.4,
    ),
    (
        "softplus",
        lambda x: np.logaddexp(0.0, x),
        lambda x: mp.log(1 + mp.exp(x)),
        0.8,
    ),
]


@pytest.mark.parametrize("curve", CURVES, ids=lambda c: c[0])
def test_ten_derivatives(curve: tuple[str, Function, Function, float]) -> None:
    _, f, f_mp, x = curve
    agree(dk.taylor(f, x, TEN), truth(f_mp, x))


def test_ten_derivatives_of_lgamma() -> None:
    with mp.workdps(DIGITS):
        x = mp.mpf(2.6)
        want = [mp.loggamma(x), *(mp.psi(k, x) for k in range(TEN))]
    agree(dk.taylor(dnp.lgamma, 2.6, TEN), want)


# --- loops, against mpmath ------------------------------------------------------------------------


def logistic(c: Any, x: Any, sin: Function, exp: Function) -> Any:
    """One step of a recurrence that mixes product, quotient and elementary functions."""
    return sin(c * x) + c / (2 + exp(-x * c))


def logistic_truth(x: Any, steps: int) -> Any:
    c = x
    for _ in range(steps):
        c = logistic(c, x, mp.sin, mp.exp)
    return mp.exp(c) * x


def by_fori(x: Any) -> Any:
    return np.exp(dk.fori_loop(0, 5, lambda i, c: logistic(c, x, np.sin, np.exp), x)) * x


def by_scan(x: Any) -> Any:
    end, _ = dk.scan(lambda c, r: (logistic(c, r, np.sin, np.exp), c), x, x * np.ones(5))
    return np.exp(end) * x


def by_ys(x: Any) -> Any:
    _, ys = dk.scan(lambda c, _: (logistic(c, x, np.sin, np.exp), c), x, None, length=6)
    return np.exp(ys[-1]) * x


def by_while(x: Any) -> Any:
    _, c = dk.while_loop(
        lambda s: s[0] < 5, lambda s: (s[0] + 1, logistic(s[1], x, np.sin, np.exp)), (0, x),
        max_steps=8,
    )  # fmt: skip
    return np.exp(c) * x


LOOPS = [by_fori, by_scan, by_ys, by_while]


@pytest.mark.parametrize("loop", LOOPS)
def test_ten_derivatives_through_a_loop(loop: Function) -> None:
    want = truth(lambda x: logistic_truth(x, 5), 0.35)
    agree(dk.taylor(loop, 0.35, TEN), want)
    agree(replayed(lambda x: dk.taylor(loop, x, TEN))(0.35), want)


def test_ten_derivatives_through_an_iteration_that_converges() -> None:
    def root(a: Any) -> Any:
        return dk.while_loop(
            lambda x: abs(x * x - a) > 1e-15 * a, lambda x: (x + a / x) / 2, a, max_steps=50
        )

    # The derivative of an iterate lags behind it: n more digits-doubling steps for order n.
    def polished(a: Any) -> Any:
        return dk.fori_loop(0, 4, lambda _, x: (x + a / x) / 2, root(a))

    agree(dk.taylor(polished, 2.0, TEN), truth(mp.sqrt, 2.0))


def test_branches_and_calls() -> None:
    def f(x: Any) -> Any:
        y = dk.cond(x > 0.2, lambda x: np.sin(x) * x, lambda x: x**3, x)
        z = dk.switch(np.floor(4 * x).astype(np.int64), [np.cos, np.exp, np.log], x)
        return dk.checkpoint(lambda a, b: np.exp(a) * b)(y, z)

    x = np.float64(0.4)
    agree(dk.taylor(f, x, TEN), truth(lambda x: mp.exp(mp.sin(x) * x + x), 0.4))


def test_rules_of_ones_own() -> None:
    @dk.custom_jvp
    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    @sigmoid.defjvp
    def _(primals, tangents):
        s = sigmoid(primals[0])
        return s, s * (1 - s) * tangents[0]

    @dk.custom_vjp
    def cube(x, y):
        return x**3 * y

    cube.defvjp(
        lambda x, y: (x**3 * y, (x, y)),
        lambda r, ct: (3 * r[0] ** 2 * r[1] * ct, r[0] ** 3 * ct),
    )
    want = truth(lambda x: (1 / (1 + mp.exp(-x * x))) ** 3 * mp.sin(x), 0.7, 6)
    agree(dk.taylor(lambda x: cube(sigmoid(x * x), np.sin(x)), 0.7, 6), want)


def test_linear_systems() -> None:
    A = np.array([[3.0, 1.0], [1.0, 2.0]])

    def f(t: Any) -> Any:
        return np.linalg.solve(A + t * t * np.eye(2), np.array([1.0, 2.0]) * np.sin(t))[0]

    def f_mp(t: Any) -> Any:
        matrix = mp.matrix([[3 + t * t, 1], [1, 2 + t * t]])
        return mp.lu_solve(matrix, mp.matrix([mp.sin(t), 2 * mp.sin(t)]))[0]

    agree(dk.taylor(f, 0.7, TEN), truth(f_mp, 0.7))
    graph = dk.trace(f)(dk.f64[()])
    counts = [flops(taylor(graph, [True], k)) for k in (10, 20, 40)]
    assert counts[1] < 4.2 * counts[0] and counts[2] < 4.2 * counts[1]


def test_solutions_of_equations() -> None:
    found = dk.taylor(lambda a: dk.solve.root(lambda z: z**3 - a, 1.0), 2.0, 8)
    agree(found, truth(mp.cbrt, 2.0, 8))


def test_an_op_that_is_its_own_rule() -> None:
    def times(x, y):
        return einsum(x, y, spec="ij,jk->ik")

    inverse = Op(
        "inverse", lambda x: x, np.linalg.inv,
        Rule(lambda i, dx, x, ans: neg(times(times(ans, dx), ans)), lambda *_: None),
    )  # fmt: skip
    x = np.array([[2.0, 0.3], [0.1, 1.5]])
    v = np.array([[0.5, -1.0], [0.7, 0.2]])

    def f(t: Any) -> Any:
        return inverse(t.owner.value(x + t * v * t))[0, 1]

    got = dk.taylor(f, 0.3, 6)
    want = dk.taylor(lambda t: np.linalg.solve(x + t * v * t, np.eye(2))[0, 1], 0.3, 6)
    np.testing.assert_allclose(got, want, rtol=1e-12)


# --- counts ---------------------------------------------------------------------------------------


def growth(f: Function, orders: Sequence[int]) -> list[int]:
    """Counted operations of all derivatives up to an order, of a function of one number."""
    graph = dk.trace(f)(dk.f64[()])
    return [taylor(graph, [True], k).cost(trips=5).flops for k in orders]


def test_a_product_takes_66_multiplications_for_ten_derivatives() -> None:
    graph = dk.trace(lambda x, y: x * y)(dk.f64[()], dk.f64[()])
    nodes = taylor(graph, [True, True], TEN).nodes
    assert sum(node.op.name == "mul" for node in nodes) == 66  # (k + 1)(k + 2)/2
    assert flops(taylor(graph, [True, True], TEN)) == 66 + 55


@pytest.mark.parametrize("curve", CURVES, ids=lambda c: c[0])
def test_operations_grow_as_the_square_of_the_order(curve: Any) -> None:
    """Quadratic in k, exactly so from some order on: third differences vanish."""
    counts = growth(curve[1], [12, 16, 20, 24])
    assert 0 <= np.diff(counts, 3)[0] <= 0.01 * counts[0]
    assert counts[3] <= 4.2 * counts[0]


@pytest.mark.parametrize("loop", LOOPS)
def test_loops_count_as_their_bodies(loop: Function) -> None:
    plain, one, ten = growth(loop, [0, 1, TEN])
    assert one <= 5 * plain
    assert ten <= 15 * 66 * plain
    counts = growth(loop, [10, 20, 40])
    assert counts[1] <= 4.1 * counts[0] and counts[2] <= 4.1 * counts[1]


def test_tangents_of_tangents_grow_exponentially() -> None:
    """Ten derivatives through a loop cost less than 80 times the function, six by tangents of
    tangents more than 200 times: each order carries all that the one before did, twice."""
    graph = dk.trace(by_fori)(dk.f64[()])
    plain = flops(graph)
    tangents = [flops(g) / plain for g in nested(graph, [True], 6)]
    assert all(after > 2 * before for before, after in pairwise(tangents))
    assert tangents[-1] > 200
    assert flops(taylor(graph, [True], TEN, [1])) < 80 * plain


def test_a_long_chain_needs_no_deep_stack() -> None:
    def f(x: Any) -> Any:
        for _ in range(5_000):
            x = 1.0001 * x + 1e-5
        return x

    got = dk.taylor(f, 0.5, 2)
    assert got[2] == 0 and abs(got[1] / 1.0001**5_000 - 1) < 1e-10


# --- what is chosen, what is not ------------------------------------------------------------------


@pytest.mark.parametrize("row", SAFE, ids=lambda row: row[0])
def test_a_branch_not_taken_leaks_into_no_order(row: Any) -> None:
    _, f, x, first, second = row
    found = dk.taylor(f, float(x), 6)
    np.testing.assert_array_equal(found[1:], [first, second, 0, 0, 0, 0])


def test_powers_at_zero() -> None:
    def at_zero(f: Function, order: int = 5) -> list[float]:
        return list(dk.taylor(f, 0.0, order))

    assert at_zero(lambda x: x**3) == [0, 0, 0, 6, 0, 0]
    assert at_zero(lambda x: x**101.0) == [0] * 6
    assert at_zero(lambda x: x**2.5) == [0, 0, 0, np.inf, -np.inf, np.inf]
    assert at_zero(lambda x: np.sum(x ** np.arange(5.0))) == [1, 1, 2, 6, 24, 0]
    assert at_zero(lambda x: x**-2.0) == [np.inf, -np.inf, np.inf, -np.inf, np.inf, -np.inf]
    given = replayed(lambda x, p: dk.taylor(lambda y: y**p, x, 7))
    for p in (0.0, 1.0, 2.0, 3.0, 4.0, 7.0, 9.0):
        want = [float(k == p) * math.factorial(k) for k in range(8)]
        np.testing.assert_array_equal(given(0.0, p), want)
    assert np.isnan(given(0.0, 5.0)[6])  # not known, and not told wrong


def test_what_has_ended_has_no_derivatives() -> None:
    for f in (np.log, np.log1p, np.sqrt, np.arccosh, lambda x: x**1.5):
        assert np.all(np.isnan(dk.taylor(f, -2.0, 4)))


def test_kinks_follow_the_winner() -> None:
    x = np.array([0.3, -1.2, 2.0])

    def f(x: Any) -> Any:
        return np.max(np.abs(x) ** 3) + np.sum(np.minimum(x, 0.5) ** 2) + np.sum(np.floor(x) * x)

    v = np.array([1.0, 2.0, -1.0])
    want = [f(x), -12 + 0.6 - 4.8 - 4 - 2, 12 + 2 + 8, -6, 0]
    np.testing.assert_allclose(dk.taylor(f, x, 4, v), want, rtol=1e-13, atol=1e-13)


# --- the operator ---------------------------------------------------------------------------------


def test_trees_directions_and_types() -> None:
    def f(t: Any) -> Any:
        return {"a": t["u"] * t["w"], "n": 3, "c": (np.float64(2.0), t["w"] > 0)}

    x = {"u": np.array([1.0, 2.0]), "w": 2.0}
    got = dk.taylor(f, x, 2, {"u": np.array([1.0, 1.0]), "w": 1.0})
    np.testing.assert_array_equal(got["a"], [[2, 4], [3, 4], [2, 2]])
    np.testing.assert_array_equal(got["n"], [3, 0, 0])
    np.testing.assert_array_equal(got["c"][0], [2, 0, 0])
    assert got["n"].dtype == np.int64 and got["c"][1].dtype == np.bool_
    single = dk.taylor(np.exp, np.float32(0.5), 3)
    assert single.dtype == np.float32 and np.all(np.abs(single / np.exp(0.5) - 1) < 1e-6)
    assert dk.taylor(np.exp, 0.5, 0).shape == (1,)


def test_coefficients() -> None:
    got = dk.taylor(lambda x: 1 / (1 - x), 0.0, 200, coefficients=True)
    np.testing.assert_array_equal(got, np.ones(201))


def test_python_branches_on_values() -> None:
    def f(x: Any) -> Any:
        return np.sin(x) if x > 0 else x**2

    np.testing.assert_array_equal(dk.taylor(f, -1.0, 2), [1, -2, 2])


def test_it_nests() -> None:
    x = 0.3
    third = dk.grad(lambda x: dk.taylor(np.sin, x, 2)[2])
    assert abs(third(x) + np.cos(x)) < 1e-15
    twice = dk.taylor(lambda x: dk.taylor(np.sin, x, 2)[1], x, 2)
    np.testing.assert_allclose(twice, [np.cos(x), -np.sin(x), -np.cos(x)], rtol=1e-14)
    of_grad = dk.taylor(dk.grad(by_fori), x, 3)
    np.testing.assert_allclose(of_grad, dk.taylor(by_fori, x, 4)[1:], rtol=1e-12)
    of_while = dk.taylor(dk.grad(by_while), x, 3)
    np.testing.assert_allclose(of_while, dk.taylor(by_while, x, 4)[1:], rtol=1e-12)
    by_direction = dk.grad(lambda v: dk.taylor(np.exp, 0.0, 3, v)[3])
    assert by_direction(2.0) == 12  # d(v³)/dv
    loop = dk.grad(lambda x: dk.taylor(by_scan, x, 2)[2])
    assert abs(loop(x) / dk.taylor(by_scan, x, 3)[3] - 1) < 1e-12


def test_as_a_method() -> None:
    def f(x: Any) -> Any:
        return dk.fori_loop(0, 3, lambda _, y: np.sin(y) * x, x)

    x = np.array([0.4, 1.2])
    want = dk.jacobian(f)(x)
    for method in ("taylor", dk.Taylor()):
        np.testing.assert_allclose(dk.jacobian(f, method=method)(x), want, rtol=1e-14)
    np.testing.assert_allclose(dk.grad(lambda x: np.sum(f(x)), method="taylor")(x), want.sum(0))


# --- refusals -------------------------------------------------------------------------------------


def test_an_unbounded_while_is_refused_by_line() -> None:
    def newton(a: Any) -> Any:
        return dk.while_loop(lambda x: abs(x * x - a) > 1e-12, lambda x: (x + a / x) / 2, a)

    line = newton.__code__.co_firstlineno + 1
    for call in (
        lambda: dk.taylor(newton, 2.0, 3),
        lambda: dk.jacobian(newton, method="taylor")(2.0),
        lambda: replayed(lambda a: dk.taylor(newton, a, 3))(2.0),
    ):
        with pytest.raises(dk.DiffkitError, match=rf"test_taylor.py:{line}.*max_steps") as caught:
            call()
        assert isinstance(caught.value, NotImplementedError)
    # One that nothing moves in runs as it is.
    assert list(dk.taylor(lambda x: x * newton(2.0) + newton(dk.stop_gradient(x)), 4.0, 1)[1:]) == [
        pytest.approx(math.sqrt(2))
    ]


def test_refusals_say_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"no direction .*direction=v"):
        dk.taylor(np.sum, np.ones(3), 2)
    with pytest.raises(ValueError, match=r"the direction of x has shape \(2,\)"):
        dk.taylor(lambda x: x, np.ones(3), 2, np.ones(2))
    with pytest.raises(TypeError, match="floating point"):
        dk.taylor(lambda x: x, 3, 2)
    with pytest.raises(ValueError, match="order=-1"):
        dk.taylor(np.sin, 1.0, -1)
    with pytest.raises(NotImplementedError, match="coefficients=True"):
        dk.taylor(np.sin, 1.0, 171)
    with pytest.raises(NotImplementedError, match="a callback"):
        dk.taylor(dk.callback(np.sort, dk.f64[3]), np.ones(3), 2, np.ones(3))


def test_the_graph_can_be_read() -> None:
    graph = taylor(dk.trace(lambda x: np.exp(x) * x)(dk.f64[()]), [True], 2, [1])
    assert str(graph) == GOLDEN


GOLDEN = """\
graph lambda_taylor(x: f64[], x_1: f64[]) -> (f64[], f64[], f64[]) {
  a: f64[] = exp(x)
  b: f64[] = mul(a, x_1)
  c: f64[] = mul(b, x_1)
  d: f64[] = div(c, 2.0)
  e: f64[] = mul(a, x)
  f: f64[] = mul(b, x)
  g: f64[] = add(b, f)
  h: f64[] = mul(d, x)
  i: f64[] = add(c, h)
  return e, g, i
}"""
