"""Solvers on lanes: each lane has its own solution, its own number of steps and its derivative."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.testing import assert_allclose

import diffkit as dk
from diffkit import solve

A = np.array([2.0, 9.0, 0.3])
M = np.array([[4.0, 1.0, 0.0], [1.0, 3.0, 0.5], [0.0, 0.5, 2.0]])


def test_systems_with_a_matrix_or_a_side_for_each_lane() -> None:
    f = lambda a, b: solve.linear_solve(a * M + np.eye(3), b)  # noqa: E731
    sides = np.arange(9.0).reshape(3, 3) + 1
    want = np.stack([np.linalg.solve(a * M + np.eye(3), b) for a, b in zip(A, sides, strict=True)])
    assert_allclose(dk.vmap(f)(A, sides), want, rtol=1e-12)
    assert_allclose(dk.vmap(f, (None, 0))(2.0, sides)[0], f(2.0, sides[0]), rtol=1e-12)
    g = lambda a: np.sum(f(a, sides[0]) ** 2)  # noqa: E731
    slopes = np.stack([dk.grad(g)(a) for a in A])
    assert_allclose(dk.vmap(dk.grad(g))(A), slopes, rtol=1e-11)
    assert_allclose(dk.grad(lambda v: np.sum(dk.vmap(g)(v)))(A), slopes, rtol=1e-11)


def test_a_singular_matrix_in_a_branch_not_taken_raises_nothing() -> None:
    def f(a: Any) -> Any:
        here = lambda: np.sum(solve.linear_solve(a * M, np.ones(3)))  # noqa: E731
        return dk.cond(a > 0, here, lambda: 1.0 * a)

    xs = np.array([1.0, 0.0, 2.0])
    assert_allclose(dk.vmap(f)(xs), [f(x) for x in xs], rtol=1e-12)
    slopes = np.stack([dk.grad(f)(x) for x in xs])
    assert_allclose(dk.vmap(dk.grad(f))(xs), slopes, rtol=1e-11)
    assert_allclose(dk.grad(lambda v: np.sum(dk.vmap(f)(v)))(xs), slopes, rtol=1e-11)


def test_roots_by_lane() -> None:
    f = lambda a: solve.root(lambda x: x**3 + x - a, np.asarray(1.0))  # noqa: E731
    slope = lambda x: 1 / (3 * x * x + 1)  # noqa: E731
    xs = np.stack([f(a) for a in A])
    assert_allclose(dk.vmap(f)(A), xs, rtol=1e-12)
    assert_allclose(dk.vmap(dk.grad(f))(A), slope(xs), rtol=1e-11)
    assert_allclose(dk.grad(lambda v: np.sum(dk.vmap(f)(v)))(A), slope(xs), rtol=1e-11)
