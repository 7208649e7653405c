"""Runge–Kutta methods as tables, and the step that each takes.

A step from y at t over h computes slopes kᵢ = f(y + h Σⱼ aᵢⱼ kⱼ, t + cᵢ h) and goes to
y + h Σ bᵢ kᵢ. The difference to a second set of weights on the same slopes estimates the error.

    rk4      the classical method: order 4, 4 slopes, no estimate
    dopri5   Dormand & Prince (J. Comp. Appl. Math. 6, 1980): order 5, estimate of order 4, 7
             slopes, the last of which is the first of the next step
    radau    Radau IIA with 3 stages (Hairer & Wanner, Solving Ordinary Differential Equations II,
             1996, chapter IV.8): order 5, implicit, for stiff equations
"""

# NumPy's stubs leave the results of many functions untyped, and no annotation of a lambda can help.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from .dense import jacobian_columns, solve_or_nan
from .implicit import solution
from .info import default_tol
from .recorded import explicit, vector_type
from .root import root_equation

Function = Callable[..., Any]


NEWTON_STEPS = 20


class Step(NamedTuple):
    """What a step leads to."""

    y: Any
    error: Any
    """An estimate of the error of y, or None."""
    slope: Any
    """f at the new point, with which the next step begins."""
    ok: Any
    """False where the step could not be computed."""


@dataclass(frozen=True, slots=True)
class Tableau:
    """An explicit method; `error` are the weights minus those of the second method. Where the last
    row of a is b, the last slope is that at the new point."""

    order: int
    c: tuple[float, ...]
    a: tuple[tuple[float, ...], ...]
    b: tuple[float, ...]
    error: tuple[float, ...] | None = None


RK4 = Tableau(
    order=4,
    c=(0.0, 1 / 2, 1 / 2, 1.0),
    a=((), (1 / 2,), (0.0, 1 / 2), (0.0, 0.0, 1.0)),
    b=(1 / 6, 1 / 3, 1 / 3, 1 / 6),
)

# fmt: off
DOPRI5 = Tableau(
    order=5,
    c=(0.0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1.0, 1.0),
    a=(
        (),
        (1 / 5,),
        (3 / 40, 9 / 40),
        (44 / 45, -56 / 15, 32 / 9),
        (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
        (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
        (35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
    ),
    b=(35 / 384, 0.0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0.0),
    error=(71 / 57600, 0.0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40),
)

ROOT6 = 6**0.5
RADAU_C = np.array([(4 - ROOT6) / 10, (4 + ROOT6) / 10, 1.0])
RADAU_A = np.array([
    [(88 - 7 * ROOT6) / 360, (296 - 169 * ROOT6) / 1800, (-2 + 3 * ROOT6) / 225],
    [(296 + 169 * ROOT6) / 1800, (88 + 7 * ROOT6) / 360, (-2 - 3 * ROOT6) / 225],
    [(16 - ROOT6) / 36, (16 + ROOT6) / 36, 1 / 9],
])
RADAU_ERROR = np.array([-13 - 7 * ROOT6, -13 + 7 * ROOT6, -1.0]) / 3
RADAU_REAL = 3.637834252744496  # 3 + 3^(2/3) - 3^(1/3), the real eigenvalue of the inverse of A
# fmt: on


def explicit_step(method: Tableau, f: Function, y: Any, t: Any, h: Any, slope: Any) -> Step:
    """One step of an explicit method; `slope` is f(y, t)."""
    slopes = [slope]
    for c, row in zip(method.c[1:], method.a[1:], strict=True):
        slopes.append(f(y + h * weighted(row, slopes), t + c * h))
    end = y + h * weighted(method.b, slopes)
    if method.error is None:
        return Step(end, None, f(end, t + h), np.asarray(True)[()])
    # The last slope was taken at the new point.
    return Step(end, h * weighted(method.error, slopes), slopes[-1], np.asarray(True)[()])


def weighted(weights: tuple[float, ...], slopes: list[Any]) -> Any:
    """Σ wᵢ kᵢ."""
    terms = [w * k for w, k in zip(weights, slopes, strict=True) if w != 0]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def radau_step(by_theorem: bool, f: Function, y: Any, t: Any, h: Any, slope: Any) -> Step:
    """One step of Radau IIA.

    The stages zᵢ = h Σⱼ aᵢⱼ f(y + zⱼ, t + cⱼ h) are the root of a system of 3n equations, found by
    Newton's method and differentiated by the implicit function theorem (or, for comparison, through
    Newton's steps). The last stage is the step.
    """
    (n,) = np.shape(y)
    dtype = y.dtype
    A, c = RADAU_A.astype(dtype), RADAU_C.astype(dtype)

    def stages(v: Any) -> Any:
        z = np.reshape(v, (3, n))
        slopes = np.stack([f(y + z[k], t + c[k] * h) for k in range(3)])
        return v - np.reshape(h * (A @ slopes), (3 * n,))

    g, captured = explicit(stages, [vector_type(3 * n, dtype)], "odeint")
    eq = root_equation("odeint", g, default_tol(dtype), NEWTON_STEPS)
    v, info = solution(eq, np.zeros(3 * n, dtype), captured, by_theorem, "return")
    z = np.reshape(v, (3, n))
    end = y + z[2]
    J = jacobian_columns(lambda x: f(x, t), y).T
    right = slope + RADAU_ERROR.astype(dtype) @ z / h
    error = solve_or_nan(np.eye(n, dtype=dtype) * (RADAU_REAL / h) - J, right)
    return Step(end, error, f(end, t + h), info.converged)
