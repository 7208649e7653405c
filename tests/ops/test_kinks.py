"""The conventions at kinks and the branch not taken: minimum-norm derivatives, even shares of ties,
and no nan from what was not chosen; in both modes, and in second order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp

MODES = pytest.mark.parametrize("method", ["forward", "reverse"])
Function = Callable[..., Any]


def slope(f: Function, x: Any, method: str) -> Any:
    return dk.jacobian(f, method=method)(np.asarray(x, np.float64)[()])


# name, function, point, derivative by the documented convention
POINTS: list[tuple[str, Function, Any, Any]] = [
    ("abs", np.abs, 0.0, 0.0),
    ("abs at -0", np.abs, -0.0, 0.0),
    ("sign", np.sign, 0.0, 0.0),
    ("relu by maximum", lambda x: np.maximum(x, 0), 0.0, 0.5),
    ("relu by where", lambda x: np.where(x > 0, x, 0.0), 0.0, 0.0),
    ("maximum of itself", lambda x: np.maximum(x, x), 1.5, 1.0),
    ("minimum of itself", lambda x: np.minimum(x, x), 1.5, 1.0),
    ("maximum of x and -x", lambda x: np.maximum(x, -x), 0.0, 0.0),
    ("minimum of x and 2x", lambda x: np.minimum(x, 2 * x), 0.0, 1.5),
    ("clip at the lower bound", lambda x: np.clip(x, -1, 1), -1.0, 0.5),
    ("clip at the upper bound", lambda x: np.clip(x, -1, 1), 1.0, 0.5),
    ("clip inside", lambda x: np.clip(x, -1, 1), 0.3, 1.0),
    ("clip outside", lambda x: np.clip(x, -1, 1), 7.0, 0.0),
    ("max, two winners", np.max, [1.0, 3.0, 3.0], [0.0, 0.5, 0.5]),
    ("min, three winners", np.min, [2.0, 2.0, 2.0], [1 / 3, 1 / 3, 1 / 3]),
    (
        "max along rows",
        lambda x: np.sum(np.max(x, 1)),
        [[1.0, 1.0], [5.0, 2.0]],
        [[0.5, 0.5], [1, 0]],
    ),
    ("norm at 0", np.linalg.norm, [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
    (
        "norm of a row of zeros",
        lambda x: np.sum(np.linalg.norm(x, axis=1)),
        [[0.0, 0.0], [0.0, 4.0]],
        [[0.0, 0.0], [0.0, 1.0]],
    ),
    ("1-norm at 0", lambda x: np.linalg.norm(x, 1), [0.0, -2.0], [0.0, -1.0]),
    ("std of equal numbers", np.std, [1.5, 1.5, 1.5], [0.0, 0.0, 0.0]),
    ("var of equal numbers", np.var, [1.5, 1.5, 1.5], [0.0, 0.0, 0.0]),
    ("hypot at the origin", lambda x: np.hypot(x[0], x[1]), [0.0, 0.0], [0.0, 0.0]),
    ("prod with a zero", np.prod, [2.0, 0.0, 5.0], [0.0, 10.0, 0.0]),
    ("prod with two zeros", np.prod, [0.0, 3.0, 0.0], [0.0, 0.0, 0.0]),
    (
        "prod along rows",
        lambda x: np.sum(np.prod(x, 1)),
        [[2.0, 3.0], [0.0, 4.0]],
        [[3, 2], [4, 0]],
    ),
    ("floor on a step", np.floor, 2.0, 0.0),
    ("x^2 at 0", lambda x: x**2, 0.0, 0.0),
    ("x^1 at 0", lambda x: x**1.0, 0.0, 1.0),
    ("x^0 at 0", lambda x: x**0, 0.0, 0.0),
    ("x^3 at 0", lambda x: x**3, 0.0, 0.0),
    ("x^0, x^1, x^2 at 0", lambda x: x ** np.arange(3.0), 0.0, [0.0, 1.0, 0.0]),
    ("x^y, the exponent 0, by x", lambda x: np.power(x[0], x[1]), [0.0, 0.0], [0.0, 0.0]),
    ("x^y at x = 0, by both", lambda x: np.power(x[0], x[1]), [0.0, 2.0], [0.0, 0.0]),
    ("x^y at y = 0, by both", lambda x: np.power(x[0], x[1]), [3.0, 0.0], [0.0, np.log(3.0)]),
    ("0^x", lambda x: 0.0**x, 2.0, 0.0),
    ("(-2)^3 by the base", lambda x: np.power(x, 3.0), -2.0, 12.0),
    ("stop_gradient", lambda x: dnp.stop_gradient(x) * x, 3.0, 3.0),
    ("logsumexp of ties", dnp.logsumexp, [0.0, 0.0], [0.5, 0.5]),
    ("logaddexp of a tie", lambda x: np.logaddexp(x[0], x[1]), [1.0, 1.0], [0.5, 0.5]),
    (
        "set_at, the last write counts",
        lambda x: np.sum(dnp.set_at(np.zeros(3), [1, 1], x)),
        [2.0, 7.0],
        [0.0, 1.0],
    ),
]


@MODES
@pytest.mark.parametrize("row", POINTS, ids=lambda row: row[0])
def test_convention(row: tuple[str, Function, Any, Any], method: str) -> None:
    _, f, x, want = row
    np.testing.assert_array_equal(slope(f, x, method), np.asarray(want, np.float64))


# Each is smooth on the branch that is taken; the other one is singular, infinite or nan there.
SAFE: list[tuple[str, Function, Any, Any, Any]] = [
    ("sqrt", lambda x: np.where(x > 0, np.sqrt(x), 0.0), 0.0, 0.0, 0.0),
    ("sqrt of negative", lambda x: np.where(x > 0, np.sqrt(x), x * x), -3.0, -6.0, 2.0),
    ("log", lambda x: np.where(x > 0, np.log(x), 2 * x), 0.0, 2.0, 0.0),
    ("x log x", lambda x: np.where(x > 0, x * np.log(x), 0.0), 0.0, 0.0, 0.0),
    ("1/x", lambda x: np.where(x == 0, 1.0, np.sin(x) / x), 0.0, 0.0, 0.0),
    ("exp overflow", lambda x: np.where(x < 100, np.exp(x), x**2), 1000.0, 2000.0, 2.0),
    ("exp of exp", lambda x: np.where(x < 1, np.exp(np.exp(x)), 3 * x), 1000.0, 3.0, 0.0),
    ("softplus", lambda x: np.where(x > 30, x, np.log1p(np.exp(x))), 1000.0, 1.0, 0.0),
    ("power", lambda x: np.where(x > 0, x**1.5, 0.0), -1.0, 0.0, 0.0),
    ("arccos", lambda x: np.where(np.abs(x) < 1, np.arccos(x), 0.0), 1.0, 0.0, 0.0),
    ("arctanh", lambda x: np.where(np.abs(x) < 1, np.arctanh(x), x), 2.0, 1.0, 0.0),
    ("lgamma", lambda x: np.where(x > 0, dnp.lgamma(x), x), -2.0, 1.0, 0.0),
    (
        "product of infinities",
        lambda x: np.where(x > 0, np.sqrt(x) * np.log(x), 5 * x),
        0.0,
        5.0,
        0.0,
    ),
    (
        "two wheres",
        lambda x: np.where(x > 0, np.where(x > 1, np.log(x), np.sqrt(x)), x),
        0.0,
        1.0,
        0.0,
    ),
    ("minimum", lambda x: np.minimum(np.exp(x), 2 * x), 1000.0, 2.0, 0.0),
    ("maximum", lambda x: np.maximum(-np.exp(x), 2 * x), 1000.0, 2.0, 0.0),
    ("clip", lambda x: np.clip(np.exp(x), 0.0, 9.0) + x * x, 1000.0, 2000.0, 2.0),
    ("min of an array", lambda x: np.min(np.exp(x * np.array([1.0, 0.0]))) + x, 1000.0, 1.0, 0.0),
]


@MODES
@pytest.mark.parametrize("row", SAFE, ids=lambda row: row[0])
def test_branch_not_taken(row: tuple[str, Function, Any, Any, Any], method: str) -> None:
    _, f, x, first, _ = row
    assert slope(f, x, method) == first


@pytest.mark.parametrize("outer", ["forward", "reverse"])
@pytest.mark.parametrize("inner", ["forward", "reverse"])
@pytest.mark.parametrize("row", SAFE, ids=lambda row: row[0])
def test_branch_not_taken_twice(row: Any, inner: str, outer: str) -> None:
    _, f, x, _, second = row
    assert slope(dk.grad(f, method=inner), x, outer) == second


@MODES
def test_read_of_a_part(method: str) -> None:
    """Two reads share one accumulator; the one that was not taken stays silent in it."""

    def f(x: Any) -> Any:
        y = np.exp(x)
        return y[1] + np.where(x[0] < 1, y[0], 0.0) + np.where(x[0] < 1, y[0:1], 0.0)[0]

    assert slope(f, [0.0, 0.5], method)[1] == np.exp(0.5)
    assert slope(f, [0.0, 0.5], method)[0] == 2.0


@MODES
def test_what_is_not_read_or_overwritten_stays_silent(method: str) -> None:
    for part in (
        lambda x: np.exp(x)[1],
        lambda x: np.exp(x)[1:][0],
        lambda x: np.sum(dnp.set_at(np.exp(x), 0, 0.0)),
    ):
        np.testing.assert_array_equal(slope(part, [1000.0, 0.5], method), [0.0, np.exp(0.5)])


@pytest.mark.parametrize("f", [np.linalg.norm, np.std])
def test_second_derivatives_at_the_tip_of_a_cone_are_zero(f: Function) -> None:
    np.testing.assert_array_equal(dk.hessian(f)(np.zeros(2)), np.zeros((2, 2)))


@MODES
@pytest.mark.parametrize(
    ("f", "x"),
    [(np.log, -2.0), (np.log2, -2.0), (np.log10, -2.0), (np.log1p, -3.0), (np.sqrt, -1.0),
     (np.arccosh, -2.0), (np.arctanh, 2.0), (np.arcsin, 2.0), (lambda x: x**1.5, -1.0)],
)  # fmt: skip
def test_the_derivative_of_nan_is_nan(f: Function, x: float, method: str) -> None:
    assert np.isnan(slope(f, x, method))
    assert np.isnan(slope(dk.grad(f), x, method))


@pytest.mark.parametrize("method", ["symbolic", "complex-step"])
def test_the_derivative_of_nan_is_nan_by_formula_and_step(method: str) -> None:
    J = dk.jacobian(np.log, method=method)(np.array([2.0, -2.0]))
    np.testing.assert_array_equal(np.isnan(J[1]), [True, True])
    np.testing.assert_array_equal(J[0], [0.5, 0.0])


def test_domain_edges_are_infinite_not_wrong() -> None:
    """Where a function is singular, and the point is on the branch taken, the slope says so."""
    assert dk.grad(np.sqrt)(0.0) == np.inf
    assert dk.grad(np.cbrt)(0.0) == np.inf
    assert dk.grad(np.log)(0.0) == np.inf
    assert dk.grad(np.arcsin)(1.0) == np.inf
    assert dk.grad(np.arccosh)(1.0) == np.inf
    assert np.isnan(dk.grad(lambda x: np.sqrt(x) * x)(-1.0))


OUTSIDE: list[tuple[Function, float]] = [
    (np.log, -2.0), (np.log1p, -2.0), (np.sqrt, -2.0), (np.arccosh, -2.0),
    (np.arcsin, 2.0), (np.arccos, 2.0), (np.arctanh, 2.0), (lambda x: x**1.5, -2.0),
]  # fmt: skip


@pytest.mark.parametrize(("f", "x"), OUTSIDE)
def test_complex_step_outside_the_domain(f: Function, x: float) -> None:
    """The complex function goes on where the real one ends; its imaginary part is no derivative."""
    assert np.isnan(slope(f, x, "complex-step"))
    assert slope(lambda x: np.where(x == 7, f(x), 3 * x), x, "complex-step") == 3


@MODES
def test_nan_is_passed_on(method: str) -> None:
    """A nan that was taken is not hidden."""
    for f in (np.sin, np.abs, np.square, lambda x: np.maximum(x, 1.0) * x):
        assert np.isnan(slope(f, np.nan, method)) or f is np.abs
