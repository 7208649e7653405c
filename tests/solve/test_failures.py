"""A solve that did not converge raises or is nan, also in derivatives and compiled graphs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.errors import (
    DtypeError,
    EvaluationError,
    ShapeError,
    TreeError,
    UnsupportedError,
)
from tests.replay import replayed

TIMES = np.array([0.0, 1.0])
# fmt: off
FAILING: dict[str, tuple[Callable[..., Any], str]] = {
    "no root": (lambda a, **k: dk.solve.root(lambda z: z * z + a, 1.0, **k), "root"),
    "few steps": (lambda a, **k: dk.solve.root(lambda z: z * z - a, 9.0, max_steps=2, **k), "root"),
    "unrolled": (lambda a, **k: dk.solve.root(lambda z: z * z + a, 1.0, differentiate="unrolled",
                                              **k), "root"),
    "expands": (lambda a, **k: dk.solve.fixed_point(lambda z: 2 * z + a, 1.0, **k), "fixed_point"),
    "maximum": (lambda a, **k: dk.solve.minimize(lambda x: -a * x * x, 1.0, **k), "minimize"),
    "indefinite": (lambda a, **k: sum_of(dk.solve.cg(
        np.array([[1.0, 2.0], [2.0, 1.0]]), a * np.array([1.0, -1.0]), **k)), "cg"),
    "affine": (lambda a, **k: sum_of(dk.solve.cg(lambda v: v + a, np.ones(2), **k)), "cg"),
    "short of steps": (lambda a, **k: sum_of(dk.solve.odeint(
        lambda y, t: -a * y, 1.0, TIMES, max_steps=5, **k)), "odeint"),
    "blow-up": (lambda a, **k: sum_of(dk.solve.odeint(
        lambda y, t: a * y * y, 1.0, 2 * TIMES, max_steps=60, **k)), "odeint"),
    "out of order": (lambda a, **k: sum_of(dk.solve.odeint(
        lambda y, t: a * y, 1.0, np.array([0.0, 2.0, 1.0]), method="rk4", **k)), "odeint"),
}
# fmt: on


AFFINE = ("expands", "indefinite", "affine")
"""The solution is affine in a: its second derivative is zero whatever happens."""


def sum_of(result: Any) -> Any:
    """The sum of a solution, with its info if it has one."""
    return (np.sum(result[0]), result[1]) if isinstance(result, tuple) else np.sum(result)


@pytest.mark.parametrize("name", FAILING)
def test_raises(name: str) -> None:
    f, solver = FAILING[name]
    calls = [f, dk.grad(f), lambda a: dk.jvp(f, (a,), (1.0,)), replayed(f), replayed(dk.grad(f))]
    for call in calls:
        with pytest.raises(EvaluationError, match=f"^{solver} at .*not converged: .* after "):
            call(1.0)


@pytest.mark.parametrize("name", FAILING)
def test_flags(name: str) -> None:
    f, _ = FAILING[name]

    def value(a: Any) -> Any:
        return f(a, full=True)[0]

    result, info = f(1.0, full=True)
    assert np.isnan(result) and not info.converged
    assert np.isnan(dk.grad(value)(1.0))
    assert np.all(np.isnan(dk.jvp(value, (1.0,), (1.0,))))
    second = dk.grad(dk.grad(value))(1.0)
    assert np.isnan(second) or (second == 0 and name in AFFINE)


def test_good_solves_are_not_flagged() -> None:
    z, info = replayed(lambda a: dk.solve.root(lambda z: z * z - a, 1.0, full=True))(2.0)
    assert info.converged and 3 < info.steps < 10 and info.residual < 1e-15 and z > 1.4
    rows, info = dk.solve.odeint(lambda y, t: -y, 1.0, TIMES, full=True)
    assert info.converged and info.residual == 0 and abs(rows[-1] - np.exp(-1)) < 1e-7


def test_a_derivative_solve_that_fails_raises_too() -> None:
    """The matrix is good for this right-hand side and too ill-conditioned for the cotangent."""
    A = np.diag([1.0, 1e-6, 1e-3, 1e-9])

    def f(b: Any) -> Any:
        return np.sum(dk.solve.cg(A, b, max_steps=2) ** 2 * np.arange(4.0) + b)

    b = np.array([1.0, 0.0, 0.0, 0.0])
    assert np.isfinite(f(b))
    with pytest.raises(EvaluationError, match="cg at"):
        dk.grad(lambda b: np.sum(dk.solve.cg(A, b, max_steps=2) * np.arange(4.0)))(b)


def test_singular_matrices() -> None:
    for f in (dk.solve.linear_solve, replayed(dk.solve.linear_solve), replayed(np.linalg.solve)):
        with pytest.raises(EvaluationError, match=r"solve.*Singular matrix"):
            f(np.ones((2, 2)), np.ones(2))
    # the root of z³ at 0 has no derivative by the theorem
    with pytest.raises(EvaluationError, match=r"Singular|not converged"):
        dk.grad(lambda a: dk.solve.root(lambda z: z**3 - a, 0.0))(0.0)


def test_bad_input() -> None:
    with pytest.raises(TreeError, match="what f returned is"):
        dk.solve.root(lambda z: [z], 1.0)
    with pytest.raises(ShapeError, match="has shape"):
        dk.solve.root(lambda z: z[:1], np.ones(2))
    with pytest.raises(UnsupportedError, match='"implicit" or "unrolled"'):
        dk.solve.fixed_point(np.cos, 1.0, differentiate="both")
    with pytest.raises(ShapeError, match=r"np\.sum"):
        dk.solve.minimize(lambda x: x, np.ones(2))
    with pytest.raises(ShapeError, match="is empty"):
        dk.solve.root(lambda z: z, np.ones(0))
    with pytest.raises(DtypeError, match="complex"):
        dk.solve.root(lambda z: z, 1j)
    with pytest.raises(ShapeError, match="square matrix"):
        dk.solve.cg(np.ones((2, 3)), np.ones(3))
    with pytest.raises(ShapeError, match="rows"):
        replayed(np.linalg.solve)(np.eye(2), np.ones(3))

    def decay(y: Any, t: Any) -> Any:
        return -y

    for wrong in (
        {"method": "euler"},
        {"adjoint": "none"},
        {"adjoint": "backsolve", "full": True},
    ):
        with pytest.raises(UnsupportedError, match="odeint at"):
            dk.solve.odeint(decay, 1.0, TIMES, **wrong)
    with pytest.raises(ShapeError, match="ts of shape"):
        dk.solve.odeint(decay, 1.0, 2.0)
    with pytest.raises(ShapeError, match="steps_per_interval"):
        dk.solve.odeint(decay, 1.0, TIMES, steps_per_interval=0)
