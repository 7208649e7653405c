"""Solvers under the operators that rewrite graphs: batches, Taylor series, nested derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import diffkit as dk

POINTS = np.array([0.5, 1.0, 2.5])
B = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
M = np.array([[2.0, 0.5], [0.5, 1.0]])


def rate(k: Any, **settings: Any) -> Any:
    return dk.solve.odeint(lambda y, t: -k * y * y, 1.0, np.array([0.0, 1.0]), **settings)[-1]


SOLVES = {
    "root": lambda a: dk.solve.root(lambda z: z * z - a, 1.0),
    "fixed_point": lambda a: dk.solve.fixed_point(lambda z: np.cos(a * z / 3), 1.0, tol=1e-15),
    "minimize": lambda a: dk.solve.minimize(lambda x: (x - a) ** 2 + x**4, 0.0),
    "cg": lambda a: np.sum(dk.solve.cg(lambda v: a * (M @ v) + v, B[0], tol=1e-14) ** 2),
    "linear_solve": lambda a: np.sum(dk.solve.linear_solve(a * M + np.eye(2), B[1]) ** 2),
    "dopri5": lambda a: rate(a, rtol=1e-5),
    "radau": lambda a: rate(a, method="radau", steps_per_interval=2),
}
EACH = pytest.mark.parametrize("name", SOLVES)


@EACH
def test_batches(name: str) -> None:
    f = SOLVES[name]
    slopes = [dk.grad(f)(a) for a in POINTS]
    np.testing.assert_allclose(dk.vmap(f)(POINTS), [f(a) for a in POINTS], rtol=1e-12)
    np.testing.assert_allclose(dk.vmap(dk.grad(f))(POINTS), slopes, rtol=1e-9)
    total = dk.grad(lambda x: np.sum(dk.vmap(f)(x)))(POINTS)
    np.testing.assert_allclose(total, slopes, rtol=1e-9)


def test_a_batch_is_flagged_one_by_one() -> None:
    def f(a: Any) -> Any:
        return dk.solve.root(lambda z: z * z - a, 1.0, full=True)[0]

    a = np.array([1.0, -1.0, 4.0])
    for slope in (dk.vmap(dk.grad(f))(a), dk.grad(lambda a: np.sum(dk.vmap(f)(a)))(a)):
        np.testing.assert_array_equal(slope, [0.5, np.nan, 0.25])


@EACH
def test_taylor(name: str) -> None:
    """The series agrees with nested derivatives."""
    f = SOLVES[name]
    want = [f(1.3), dk.grad(f)(1.3), dk.grad(dk.grad(f))(1.3)]
    np.testing.assert_allclose(dk.taylor(f, 1.3, 2), want, rtol=1e-8)
