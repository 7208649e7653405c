"""Roots and fixed points against closed forms, by both routes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.graph import all_nodes, verify
from tests.replay import replayed

ROUTES = pytest.mark.parametrize("route", ["implicit", "unrolled"])


def sqrt(route: str) -> Any:
    return lambda a: dk.solve.root(lambda z: z * z - a, 1.0, differentiate=route)


@ROUTES
@pytest.mark.parametrize("a", [0.3, 2.0, 50.0])
def test_square_root(route: str, a: float) -> None:
    """1/(2√a) and -1/(4a√a), to the last digits, in every order of modes."""
    f = sqrt(route)
    first, second, third = 0.5 / np.sqrt(a), -0.25 * a**-1.5, 0.375 * a**-2.5
    assert abs(f(a) - np.sqrt(a)) <= 1e-15 * np.sqrt(a)
    for found in (dk.grad(f)(a), dk.jvp(f, (a,), (1.0,))[1], replayed(dk.grad(f))(a)):
        assert abs(found - first) <= 1e-15

    def push(x: Any) -> Any:
        return dk.jvp(f, (x,), (1.0,))[1]

    twice = dk.grad(dk.grad(f))(a), dk.hessian(f)(a), dk.grad(push)(a)
    for found in (*twice, dk.jvp(push, (a,), (1.0,))[1]):
        assert abs(found - second) <= 2e-15 * max(1, abs(second))
    assert abs(dk.grad(dk.grad(dk.grad(f)))(a) - third) <= 1e-14 * max(1, abs(third))


def test_square_root_by_other_methods() -> None:
    f = sqrt("implicit")
    assert abs(dk.grad(f, method="complex-step")(2.0) - 0.5 / np.sqrt(2)) < 1e-15
    assert abs(dk.grad(f, method="finite")(2.0) - 0.5 / np.sqrt(2)) < 1e-9


@ROUTES
def test_kepler(route: str) -> None:
    """M = E - e sin E: dE/dM = 1/(1 - e cos E), dE/de = sin E/(1 - e cos E)."""

    def anomaly(mean: Any, e: Any) -> Any:
        return dk.solve.root(lambda x: x - e * np.sin(x) - mean, mean, differentiate=route)

    E = anomaly(0.8, 0.6)
    assert abs(E - 0.6 * np.sin(E) - 0.8) < 1e-15
    by_mean, by_e = dk.grad(anomaly, argnums=(0, 1))(0.8, 0.6)
    assert abs(by_mean - 1 / (1 - 0.6 * np.cos(E))) < 1e-14
    assert abs(by_e - np.sin(E) / (1 - 0.6 * np.cos(E))) < 1e-14
    dk.check_grads(anomaly, 0.8, 0.6)


def test_only_the_implicit_route_forgets_the_steps() -> None:
    """By the theorem, the joint graph solves with no loop but that of the solve itself."""
    loops = {}
    for route in ("implicit", "unrolled"):
        graph = verify(dk.trace(dk.grad(sqrt(route)))(dk.f64[()]))
        loops[route] = [n.op.name for n in all_nodes(graph) if n.op.name in ("while", "scan")]
        assert [n.op.name for n in graph.nodes].count("implicit") == (route == "implicit")
    # the solve and its line search, and these two backwards
    assert "scan" not in loops["implicit"] and "scan" in loops["unrolled"]


def coupled(p: Any, n: int) -> Any:
    """n equations whose Jacobian is a full matrix."""
    M = np.cos(np.arange(n * n).reshape(n, n)) / n

    def f(z: Any) -> Any:
        return z + p["mix"] * np.tanh(M @ z) - p["right"]

    return dk.solve.root(f, np.zeros(n))


@pytest.mark.parametrize("n", [2, 4, 7])
def test_systems(n: int) -> None:
    """Columns side by side, and by a scan."""
    p = {"mix": 0.8, "right": np.linspace(-1, 2, n)}
    dk.check_grads(lambda p: coupled(p, n), p)


def test_trees_and_dtypes() -> None:
    def f(a: Any) -> Any:
        def equations(z: Any) -> Any:
            x, (y,) = z["x"], z["rest"]
            return {"x": x**2 - a * np.sum(y), "rest": (y * y * y - a * np.array([1.0, 8.0]),)}

        return dk.solve.root(equations, {"x": np.float32(1), "rest": (np.array([1.0, 1.5]),)})

    z = f(2.0)
    assert z["x"].dtype == np.float32 and z["x"].shape == ()
    c = 2.0 ** (1 / 3)
    np.testing.assert_allclose(z["rest"][0], [c, 2 * c], rtol=1e-15)
    assert abs(z["x"] - np.sqrt(6 * c)) < 1e-6
    slope = dk.jvp(f, (2.0,), (1.0,))[1]
    np.testing.assert_allclose(slope["rest"][0], np.array([c, 2 * c]) / 6, rtol=1e-14)


def test_captured_values_at_every_level() -> None:
    """The function captures from two traces around it, next to plain arrays."""

    def outer(a: Any) -> Any:
        def inner(b: Any) -> Any:
            return dk.solve.root(lambda z: z**3 + a * z - b * np.array([1.0, 2.0]), np.ones(2))[1]

        return dk.grad(inner)(a + 1.0)

    dk.check_grads(outer, 0.7)


def test_inside_control_flow() -> None:
    def f(a: Any) -> Any:
        def step(c: Any, x: Any) -> Any:
            return dk.solve.root(lambda z: z**3 + z - c - x * a, c), c

        return dk.scan(step, a, np.array([1.0, 2.0, 3.0]))[0]

    dk.check_grads(f, 0.7)
    branch = sqrt("implicit")
    dk.check_grads(lambda a: dk.cond(a > 0, branch, lambda a: a, a), 0.7)


def test_start_has_no_derivative() -> None:
    f = dk.grad(lambda z0: dk.solve.root(lambda z: z * z - 2.0, z0))
    assert f(1.3) == 0


def test_far_starts_need_the_line_search() -> None:
    """Newton's method alone diverges on arctan from 3."""
    f = replayed(lambda a: dk.solve.root(lambda z: np.arctan(z - a), 3.0 + a))
    assert abs(f(0.5) - 0.5) < 1e-12


@ROUTES
def test_fixed_point_of_cosine(route: str) -> None:
    def f(a: Any) -> Any:
        return dk.solve.fixed_point(lambda z: np.cos(a * z), 1.0, tol=1e-15, differentiate=route)

    z = f(1.0)
    assert abs(z - 0.7390851332151607) < 1e-12
    slope = -z * np.sin(z) / (1 + np.sin(z))
    for found in (dk.grad(f)(1.0), dk.jvp(f, (1.0,), (1.0,))[1]):
        assert abs(found - slope) < 1e-10
    dk.check_grads(f, 1.1)


def test_fixed_point_of_a_tree() -> None:
    def f(a: Any) -> Any:
        def g(z: Any) -> Any:
            return {"p": np.cos(a * z["q"]), "q": np.sin(z["p"]) * a}

        return dk.solve.fixed_point(g, {"p": 1.0, "q": 2.0})

    dk.check_grads(f, 0.7)
