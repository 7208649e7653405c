"""A triangle of masses and springs learns the rest lengths that give it an area.

For a spring from mass a to mass b, d = x_a - x_b and ℓ = |d| + ε, the force on a is
-k (ℓ - L₀) d/ℓ and on b its opposite. One step of semi-implicit Euler with damping α is

    v ← e^(-α dt) v + dt F/m,    x ← x + dt v,

after which a mass beyond the wall x = 0.4 that moves outwards loses its normal speed, and by
friction μ at most μ v_x of its tangential speed. The loss is (area - 0.1)² after 1023 steps, in the
three rest lengths. All quantities are without units.

Few parameters and a long history: forward mode needs no memory of it, reverse mode keeps it all.

Source: Hu et al., DiffTaichi (ICLR 2020, arXiv 1910.00935), example mass_spring_simple. Written for
arrays: with B the incidence matrix (a row for each spring, +1 at a and -1 at b), d = B x and
F = -Bᵀ k (d - L₀ d/ℓ).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

import diffkit as dk
from physics.descent import descend
from physics.problem import Oracle, Parameter, Params, Problem, Step

STIFFNESS, DAMPING, FRICTION = 10.0, 20.0, 0.01
WALL, AREA, EPSILON, DT = 0.4, 0.1, 1e-4, 1e-3
STEPS = 1023
START = np.array([[0.3, 0.5], [0.3, 0.4], [0.4, 0.4]])
SPRINGS = ((0, 1), (1, 2), (2, 0))
INCIDENCE = np.eye(3)[[a for a, _ in SPRINGS]] - np.eye(3)[[b for _, b in SPRINGS]]
KEEP, KICK = math.exp(-DAMPING * DT), -DT * STIFFNESS * INCIDENCE.T
TANGENT = np.array([0.0, 1.0])


def advance(x: Any, v: Any, rest: Any) -> tuple[Any, Any]:
    """One step: positions and velocities float[3, 2], rest lengths float[3, 1]."""
    d = INCIDENCE @ x
    length = np.sqrt(np.sum(d * d, axis=1, keepdims=True)) + EPSILON
    v = KEEP * v + KICK @ (d - rest / length * d)
    x = x + DT * v
    return x, stop_at_wall(x, v)


def stop_at_wall(x: Any, v: Any) -> Any:
    """Velocities after the wall has taken the normal part of those that run into it."""
    normal = v[:, :1]
    hit = (x[:, :1] > WALL) & (normal > 0)
    sliding, grip = TANGENT * v, FRICTION * normal
    return np.where(hit, sliding - np.clip(sliding, -grip, grip), v)


def simulate(params: Params, steps: int = STEPS) -> tuple[Any, Any]:
    """Positions and velocities after a number of steps."""
    rest = np.reshape(params["rest_length"], (3, 1))
    return dk.fori_loop(0, steps, lambda _, s: advance(*s, rest), (START, np.zeros((3, 2))))


def area(x: Any) -> Any:
    """The area of the triangle."""
    e, f = x[1] - x[0], x[2] - x[0]
    return 0.5 * np.abs(e[0] * f[1] - e[1] * f[0])


def loss(params: Params, steps: int = STEPS) -> Any:
    """The squared difference from the wanted area."""
    return (area(simulate(params, steps)[0]) - AREA) ** 2


def train(iterations: int = 25, steps: int = STEPS) -> Iterator[Step]:
    """Descent at rate 5."""
    return descend(lambda p: loss(p, steps), PROBLEM.start(), 5.0, iterations)


PUBLISHED = "a float64 port of DiffTaichi's program, complex-step derivatives"
PROBLEM = Problem(
    name="mass_spring",
    title="A triangle of springs learns its area",
    source="Hu et al., DiffTaichi, ICLR 2020 (arXiv 1910.00935), mass_spring_simple",
    equations="v ← e^(-α dt) v + dt F/m;  x ← x + dt v;  F = -k (ℓ - L₀) d/ℓ;  L = (area - 0.1)²",
    parameters=(Parameter("rest_length", (0.1, 0.1, 0.1 * math.sqrt(2)), "1", "of each spring"),),
    loss=loss,
    oracles=(
        Oracle("loss at the start", 9.026402e-3, 1e-7, PUBLISHED, lambda: loss(PROBLEM.start())),
        Oracle(
            "gradient at the start",
            (-5.65966e-3, -5.65966e-3, -2.69581e-3),
            1e-6,
            PUBLISHED,
            lambda: dk.grad(loss)(PROBLEM.start())["rest_length"],
        ),
    ),
    train=train,
)
