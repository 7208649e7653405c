"""The Lorenz system: derivatives that are right, and useless after a while.

    x′ = σ (y - x),   y′ = x (ρ - z) - y,   z′ = x y - β z

with σ = 10, β = 8/3, from (1, 1, 1), by the fourth-order Runge–Kutta method with dt = 0.01. The
loss is the squared distance, after one unit of time, from the state that ρ = 30 leads to. Two
trajectories part like e^(0.906 t), and so does the derivative of the state by ρ: after 40 units it
is 1.5·10¹², while the mean of z over a long time changes by 1.0 per unit of ρ. Every mode agrees on
the first number, and it says nothing about the second.

Source: Lorenz, Journal of the Atmospheric Sciences 20 (1963); the failure of such gradients, Lea,
Allen & Haine, Tellus A 52 (2000).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import diffkit.numpy as dnp
from physics.chaos import growth, integrate
from physics.descent import descend
from physics.problem import Oracle, Parameter, Params, Problem, Step

SIGMA, BETA, DT, STEPS = 10.0, 8.0 / 3.0, 0.01, 100
START, WANTED = np.ones(3), 30.0


def state(rho: Any, steps: int = STEPS) -> Any:
    """The state float[3] after a number of steps."""

    def rate(u: Any) -> Any:
        x, y, z = u[0], u[1], u[2]
        return dnp.array([SIGMA * (y - x), x * (rho - z) - y, x * y - BETA * z])

    return integrate(rate, START, DT, steps)


def loss(params: Params) -> Any:
    """The squared distance from the wanted state."""
    return np.sum((state(params["rho"]) - state(WANTED)) ** 2)


def train(iterations: int = 30) -> Iterator[Step]:
    """Descent at rate 0.4 recovers ρ = 30."""
    return descend(loss, PROBLEM.start(), 0.4, iterations)


def sensitivity(time: int, expected: float, tolerance: float) -> Oracle:
    """|∂u/∂ρ| at ρ = 28 after a time."""
    return Oracle(
        f"|∂u/∂ρ| after {time}",
        expected,
        tolerance,
        "a tangent-linear run in plain NumPy",
        lambda: growth(lambda rho: state(rho, 100 * time), 28.0),
    )


PROBLEM = Problem(
    name="lorenz",
    title="The Lorenz system: a right gradient that says nothing",
    source="Lorenz, J. Atmos. Sci. 20, 1963",
    equations="x′ = σ (y - x);  y′ = x (ρ - z) - y;  z′ = x y - β z;  L = |u(1; ρ) - u(1; 30)|²",
    parameters=(Parameter("rho", 28.0, "1", "heating (reduced Rayleigh number)"),),
    loss=loss,
    oracles=(
        sensitivity(1, 0.63, 0.01),
        sensitivity(5, 2.8, 0.01),
        sensitivity(10, 10.6, 0.01),
        sensitivity(20, 7.3e2, 0.01),
        sensitivity(30, 1.5e7, 0.02),
        sensitivity(40, 1.5e12, 0.02),
    ),
    train=train,
)
