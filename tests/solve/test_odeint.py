"""Differential equations against matrix exponentials, differences, and published sensitivities."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from scipy.linalg import expm, expm_frechet

import diffkit as dk
from tests.replay import replayed

SPIRAL = np.array([[-0.1, 2.0], [-2.0, -0.1]])
START = np.array([2.0, 0.3])
TIMES = np.array([0.0, 0.4, 0.7, 1.2])
# fmt: off
METHODS = {
    "rk4": {"method": "rk4", "steps_per_interval": 20},
    "dopri5": {"rtol": 1e-10, "atol": 1e-12},
    "dopri5, equal steps": {"method": "dopri5", "steps_per_interval": 10},
    "radau": {"method": "radau", "rtol": 1e-8, "atol": 1e-10},
    "radau, equal steps": {"method": "radau", "steps_per_interval": 8},
}
# fmt: on


def linear(A: Any, y0: Any, ts: Any, **settings: Any) -> Any:
    return dk.solve.odeint(lambda y, t: A @ y, y0, ts, **settings)


@pytest.mark.parametrize("name", METHODS)
def test_linear_system(name: str) -> None:
    """y = e^{At} y₀, and its derivatives by A, y₀ and the times."""
    exact = np.stack([expm(SPIRAL * t) @ START for t in TIMES])
    settings = METHODS[name]
    rows = linear(SPIRAL, START, TIMES, **settings)
    np.testing.assert_allclose(rows, exact, atol=2e-6)
    error = np.max(np.abs(rows - exact)) + 1e-12

    def last(A: Any, y0: Any, ts: Any) -> Any:
        return linear(A, y0, ts, **settings)[-1] @ np.array([1.0, -0.5])

    V = np.array([[0.3, -0.2], [0.5, 0.1]])
    T = TIMES[-1]
    c = np.array([1.0, -0.5])
    by_A, by_y0, by_ts = dk.grad(last, argnums=(0, 1, 2))(SPIRAL, START, TIMES)
    want = c @ (expm_frechet(SPIRAL * T, V * T)[1] @ START)
    assert abs(np.sum(by_A * V) - want) < 30 * error
    np.testing.assert_allclose(by_y0, c @ expm(SPIRAL * T), atol=30 * error)
    speed = c @ (SPIRAL @ exact[-1])
    np.testing.assert_allclose(by_ts, [-speed, 0, 0, speed], atol=200 * error)


def lotka_volterra(p: Any, y0: Any, **settings: Any) -> Any:
    def f(y: Any, t: Any) -> Any:
        prey, hunters = y["prey"], y["hunters"]
        return {
            "prey": p[0] * prey - p[1] * prey * hunters,
            "hunters": p[2] * prey * hunters - p[3] * hunters,
        }

    return dk.solve.odeint(f, y0, np.linspace(0, 2, 3), **settings)


RATES = np.array([1.5, 1.0, 1.0, 3.0])
ANIMALS = {"prey": 1.0, "hunters": 0.8}


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "rk4", "steps_per_interval": 6},
        {"rtol": 1e-5, "atol": 1e-7},
        {"method": "radau", "rtol": 1e-3, "atol": 1e-4},
    ],
    ids=lambda s: "-".join(map(str, s.values())),
)
def test_derivatives_are_those_of_the_program(settings: dict[str, Any]) -> None:
    """Forward, reverse and extrapolated differences of the computed numbers agree, however coarse
    the tolerance is."""
    dk.check_grads(lambda p, y: lotka_volterra(p, y, **settings), RATES, ANIMALS, order=1)


@pytest.mark.parametrize(
    "settings",
    [{"rtol": 1e-3, "atol": 1e-4}, {"method": "radau", "steps_per_interval": 1}],
    ids=["dopri5", "radau"],
)
def test_second_derivatives(settings: dict[str, Any]) -> None:
    """All four orders of modes, and differences of the gradient."""

    def f(s: Any) -> Any:
        return lotka_volterra(s * RATES, ANIMALS, **settings)["prey"][-1]

    def push(f: Any) -> Any:
        return lambda s: dk.jvp(f, (s,), (1.0,))[1]

    h = 1e-4
    central = [(dk.grad(f)(1 + x) - dk.grad(f)(1 - x)) / (2 * x) for x in (h, 2 * h)]
    want = (4 * central[0] - central[1]) / 3
    for inner in (dk.grad, push):
        for outer in (dk.grad, push):
            assert abs(outer(inner(f))(1.0) - want) < 1e-7 * abs(want)


def test_both_routes_through_the_stages() -> None:
    def f(p: Any, route: str) -> Any:
        settings = {"method": "radau", "steps_per_interval": 2, "differentiate": route}
        return lotka_volterra(p, ANIMALS, **settings)["prey"][-1]

    implicit, unrolled = (dk.grad(f)(RATES, route) for route in ("implicit", "unrolled"))
    np.testing.assert_allclose(implicit, unrolled, rtol=1e-12)


@pytest.mark.parametrize(("method", "order"), [("rk4", 4), ("dopri5", 5), ("radau", 5)])
def test_order_of_convergence(method: str, order: int) -> None:
    """Halving the step divides the error by 2^order; that of the derivative likewise."""
    T = 1.2
    exact = expm(SPIRAL * T) @ START
    by_k = T * SPIRAL @ exact

    def last(k: Any, steps: int) -> Any:
        settings = {"method": method, "steps_per_interval": steps}
        return linear(k * SPIRAL, START, np.array([0.0, T]), **settings)[-1]

    counts = np.array([6, 12, 24])
    moved = [dk.jvp(lambda k, n=n: last(k, n), (1.0,), (1.0,)) for n in counts]
    for place, want in enumerate((exact, by_k)):
        errors = [np.max(np.abs(pair[place] - want)) for pair in moved]
        found = -np.polyfit(np.log(counts), np.log(errors), 1)[0]
        assert abs(found - order) < 0.3


def test_tolerance_is_kept() -> None:
    for tol in (1e-4, 1e-7, 1e-10):
        rows = linear(SPIRAL, START, TIMES, rtol=tol, atol=tol)
        exact = np.stack([expm(SPIRAL * t) @ START for t in TIMES])
        assert np.max(np.abs(rows - exact)) < 20 * tol


def test_backward_in_time_and_time_dependence() -> None:
    def f(k: Any, ts: Any) -> Any:
        return dk.solve.odeint(lambda y, t, k: k * t * y, 1.0, ts, k)[-1]

    ts = np.array([1.0, 0.5, -0.5])
    assert abs(f(0.6, ts) - np.exp(0.3 * (0.25 - 1))) < 1e-7
    dk.check_grads(f, 0.6, ts, order=1)


def test_repeated_times_one_time_and_rest() -> None:
    ts = np.array([0.0, 1.0, 1.0])
    for settings in METHODS.values():
        rows = linear(SPIRAL, START, ts, **settings)
        np.testing.assert_array_equal(rows[1], rows[2])
        assert linear(SPIRAL, START, ts[:1], **settings).shape == (1, 2)
        still = dk.jacobian(partial(linear, 0 * SPIRAL, ts=ts, **settings))(np.zeros(2))
        np.testing.assert_array_equal(still, np.stack([np.eye(2)] * 3))


def test_checkpoints_and_jit_change_nothing() -> None:
    def loss(A: Any, checkpoint: Any = None) -> Any:
        ts = np.linspace(0, 1, 10)
        settings = {"method": "rk4", "steps_per_interval": 3, "checkpoint": checkpoint}
        return np.sum(linear(A, START, ts, **settings) ** 2)

    want = dk.grad(loss)(SPIRAL)
    np.testing.assert_allclose(dk.grad(lambda A: loss(A, "sqrt"))(SPIRAL), want, rtol=1e-13)
    np.testing.assert_allclose(replayed(dk.grad(loss))(SPIRAL), want, rtol=1e-13)


def test_steps_whose_stages_can_not_be_solved_are_taken_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """dy/dt = k e^y, y = -log(1 - kt): one step to the end has no real stages. Its rejection leaves
    no trace in the derivatives, 9 and 81."""

    def long(settings: Any, y: Any, slope: Any) -> Any:
        return np.full((), 5.0)[()]

    monkeypatch.setattr("diffkit.solve.integrate.first_length", long)
    ts = np.array([0.0, 0.9])

    def last(k: Any, **settings: Any) -> Any:
        settings = {"method": "radau", "rtol": 1e-5, **settings}
        return dk.solve.odeint(lambda y, t: k * np.exp(y), 0.0, ts, **settings)[-1]

    with pytest.raises(dk.DiffkitError, match="not converged"):
        last(1.0, steps_per_interval=1)
    assert abs(last(1.0) - np.log(10)) < 1e-5
    assert abs(dk.grad(last)(1.0) - 9) < 1e-4
    second = [dk.grad(dk.grad(last))(1.0), dk.jvp(dk.grad(last), (1.0,), (1.0,))[1]]
    np.testing.assert_allclose(second, 81, rtol=1e-3)


def test_single_precision() -> None:
    rows = linear(SPIRAL.astype(np.float32), START.astype(np.float32), TIMES, rtol=1e-4, atol=1e-4)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(rows[-1], expm(SPIRAL * TIMES[-1]) @ START, atol=1e-3)


# --- the continuous adjoint ----------------------------------------------------------------------


def cubic_spiral(p: Any, y0: Any, ts: Any, **settings: Any) -> Any:
    """dy/dt = A y³, of torchdiffeq's demonstration; the parameters are captured as a tree."""
    return dk.solve.odeint(lambda y, t: p["A"] @ y**3, y0, ts, **settings)


def test_backsolve_approaches_the_discrete_adjoint() -> None:
    """The gap between the two adjoints goes down with the tolerance."""
    target = np.linspace(1, 2, 6).reshape(3, 2)
    ts = np.array([0.0, 0.2, 0.5])

    def loss(p: Any, y0: Any, ts: Any, **settings: Any) -> Any:
        return np.sum((cubic_spiral(p, y0, ts, **settings) - target) ** 2)

    args = ({"A": SPIRAL}, START, ts)
    gaps: list[float] = []
    for tol in (1e-4, 1e-6, 1e-8):
        found = [
            dk.grad(lambda *xs, a=a, tol=tol: loss(*xs, adjoint=a, rtol=tol, atol=tol),
                    argnums=(0, 1, 2))(*args)
            for a in ("discrete", "backsolve")
        ]  # fmt: skip
        pairs = zip(*([p["A"], y0, t] for p, y0, t in found), strict=True)
        gaps.append(max(float(np.max(np.abs(x - y))) for x, y in pairs))
    assert gaps[0] > 10 * gaps[1] > 100 * gaps[2] and gaps[2] < 1e-6


def test_backsolve_in_forward_mode_and_twice() -> None:
    ts = np.array([0.0, 0.3])

    def f(s: Any, adjoint: str) -> Any:
        p = {"A": SPIRAL * s}
        settings = {"adjoint": adjoint, "rtol": 1e-9, "atol": 1e-9}
        return np.sum(cubic_spiral(p, START, ts * s, **settings)[-1] ** 2)

    for derivative in (dk.grad, lambda f: lambda s: dk.jvp(f, (s,), (1.0,))[1]):
        found, want = (derivative(lambda s, a=a: f(s, a))(1.1) for a in ("backsolve", "discrete"))
        assert abs(found - want) < 1e-6 * abs(want)
    found, want = (dk.grad(dk.grad(lambda s, a=a: f(s, a)))(1.1) for a in ("backsolve", "discrete"))
    assert abs(found - want) < 1e-5 * abs(want)


# --- stiff chemistry -----------------------------------------------------------------------------


def robertson(k: Any, T: float) -> Any:
    """The concentrations at T (Robertson 1966; rates in SUNDIALS' order)."""

    def f(y: Any, t: Any) -> Any:
        slow, back, fast = k[0] * y[0], k[1] * y[1] * y[2], k[2] * y[1] * y[1]
        return np.stack([back - slow, slow - back - fast, fast])

    ts = np.array([0.0, T])
    settings = {"method": "radau", "rtol": 1e-6, "atol": 1e-10}
    return dk.solve.odeint(f, np.array([1.0, 0.0, 0.0]), ts, **settings)[-1]


K = np.array([0.04, 1e4, 3e7])
# From the output of cvsRoberts_FSA_dns (SUNDIALS), which integrates to a relative tolerance of
# 1e-4: its own error shows in the fifth digit, as each row should sum to 0 (Σ y is constant).
PUBLISHED = {
    0.4: [
        [-3.5595e-1, 3.9025e-4, 3.5556e-1],
        [9.5428e-8, -2.1310e-10, -9.5215e-8],
        [-1.5833e-11, -5.2901e-13, 1.6362e-11],
    ],
    40.0: [[-4.2477, 4.5907e-5, 4.2476]],
}


def test_robertson_sensitivities() -> None:
    forward = dk.jacobian(lambda k: robertson(k, 0.4), method="forward")(K).T
    np.testing.assert_allclose(forward, PUBLISHED[0.4], rtol=2e-4)
    # a variational RK4 with 1e-4 s steps gives these to all digits shown
    np.testing.assert_allclose(forward[:, 0], [-0.35595257, 9.54238e-8, -1.58318e-11], rtol=5e-6)
    np.testing.assert_allclose(forward.sum(axis=1) / np.abs(forward).max(axis=1), 0, atol=1e-9)
    reverse = dk.grad(lambda k: robertson(k, 0.4)[0])(K)
    np.testing.assert_allclose(reverse, forward[:, 0], rtol=1e-9)


def test_robertson_later() -> None:
    value, slope = dk.jvp(lambda k: robertson(k, 40.0), (K,), (np.array([1.0, 0.0, 0.0]),))
    np.testing.assert_allclose(value, [7.1583e-1, 9.1855e-6, 2.8416e-1], rtol=1e-4)
    np.testing.assert_allclose(slope, PUBLISHED[40.0][0], rtol=2e-4)
