"""Minimisers against closed forms and against the same computation written as a root."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import diffkit as dk

ROUTES = pytest.mark.parametrize("route", ["implicit", "unrolled"])
rng = np.random.default_rng(5)


@ROUTES
def test_quadratic(route: str) -> None:
    """argmin ½ xᵀQx - bᵀx = Q⁻¹b."""
    M = rng.normal(size=(3, 3))
    Q = M @ M.T + np.eye(3)

    def f(Q: Any, b: Any) -> Any:
        def energy(x: Any) -> Any:
            return 0.5 * x @ (Q @ x) - b @ x

        return dk.solve.minimize(energy, np.zeros(3), differentiate=route)

    b = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(f(Q, b), np.linalg.solve(Q, b), rtol=1e-12)
    np.testing.assert_allclose(dk.jacobian(f, 1)(Q, b), np.linalg.inv(Q), rtol=1e-10, atol=1e-11)


def rosenbrock(route: str = "implicit") -> Any:
    def f(a: Any) -> Any:
        def valley(x: Any) -> Any:
            return (a[0] - x[0]) ** 2 + a[1] * (x[1] - x[0] ** 2) ** 2 + 0.1 * x[0] ** 4

        return dk.solve.minimize(valley, np.array([-1.2, 1.0]), differentiate=route)

    return f


def test_valley() -> None:
    a = np.array([1.0, 100.0])
    x = rosenbrock()(a)
    assert abs(2 * (x[0] - 1) + 0.4 * x[0] ** 3) < 1e-14 and abs(x[1] - x[0] ** 2) < 1e-14
    dk.check_grads(rosenbrock(), a)
    slope = 2 / (2 + 1.2 * x[0] ** 2)
    want = np.array([[slope, 0.0], [2 * x[0] * slope, 0.0]])
    for route in ("implicit", "unrolled"):
        np.testing.assert_allclose(dk.jacobian(rosenbrock(route))(a), want, atol=1e-11)


def test_tree_and_regression() -> None:
    """Ridge regression: the derivative of the fit by the penalty, against the normal equations."""
    X, y = rng.normal(size=(8, 2)), rng.normal(size=8)

    def fit(penalty: Any) -> Any:
        def loss(p: Any) -> Any:
            r = X @ p["w"] + p["b"] - y
            return np.sum(r * r) + penalty * np.sum(p["w"] ** 2)

        return dk.solve.minimize(loss, {"w": np.zeros(2), "b": 0.0})

    def normal(penalty: Any) -> Any:
        Z = np.concatenate([X, np.ones((8, 1))], axis=1)
        return np.linalg.solve(Z.T @ Z + penalty * np.diag([1.0, 1.0, 0.0]), Z.T @ y)

    slope, want = dk.jvp(fit, (0.7,), (1.0,))[1], dk.jvp(normal, (0.7,), (1.0,))[1]
    np.testing.assert_allclose([*slope["w"], slope["b"]], want, rtol=1e-10)


def test_bilevel() -> None:
    """A minimum over a root: x = z³ + z at z = a."""

    def f(a: Any) -> Any:
        def distance(x: Any) -> Any:
            return (dk.solve.root(lambda z: z**3 + z - x, 0.0) - a) ** 2

        return dk.solve.minimize(distance, 0.1)

    assert abs(f(0.5) - 0.625) < 1e-14
    assert abs(dk.grad(f)(0.5) - 1.75) < 1e-13
    assert abs(dk.grad(dk.grad(f))(0.5) - 3) < 1e-12
