"""The double pendulum: how long a gradient stays useful depends on how hard it swings.

Two bobs of m = 1 kg on rods of ℓ = 1 m, g = 9.81 m/s², angles θ₁, θ₂ from the vertical, released at
rest; with δ = θ₁ - θ₂ and D = 3 - cos 2δ,

    θ₁″ = (-3g sin θ₁ - g sin(θ₁ - 2θ₂) - 2 sin δ (θ₂′² + θ₁′² cos δ)) / D
    θ₂″ = 2 sin δ (2θ₁′² + 2g cos θ₁ + θ₂′² cos δ) / D

by the fourth-order Runge–Kutta method with dt = 2 ms. The loss is the squared distance (m²), after
1 s, of the lower bob from where the angles (1, 0.5) bring it. Released at 0.1 rad the derivative of
the state by θ₁ stays below 6; at 2 rad it is 10¹¹ after 20 s.

Source: Landau & Lifshitz, Mechanics, section 5; Shinbrot et al., American Journal of Physics 60
(1992).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import diffkit.numpy as dnp
from physics.chaos import growth, integrate
from physics.descent import descend
from physics.problem import Oracle, Parameter, Params, Problem, Step

G, DT, STEPS = 9.81, 2e-3, 500
WANTED = (1.0, 0.5)


def rate(s: Any) -> Any:
    """The derivative of (θ₁, θ₂, θ₁′, θ₂′) by time."""
    a, b, p, q = s[0], s[1], s[2], s[3]
    d = a - b
    den = 3 - np.cos(2 * d)
    first = -3 * G * np.sin(a) - G * np.sin(a - 2 * b)
    first = first - 2 * np.sin(d) * (q * q + p * p * np.cos(d))
    second = 2 * np.sin(d) * (2 * p * p + 2 * G * np.cos(a) + q * q * np.cos(d))
    return dnp.array([p, q, first / den, second / den])


def state(first: Any, second: Any, steps: int = STEPS) -> Any:
    """Angles and angular velocities float[4] after a number of steps."""
    return integrate(rate, dnp.array([first, second, 0.0 * first, 0.0 * second]), DT, steps)


def bob(s: Any) -> Any:
    """Where the lower bob is, in m, float[2]."""
    return dnp.array([np.sin(s[0]) + np.sin(s[1]), -np.cos(s[0]) - np.cos(s[1])])


def energy(s: Any) -> Any:
    """The energy in J."""
    a, b, p, q = s[0], s[1], s[2], s[3]
    kinetic = p * p + 0.5 * q * q + p * q * np.cos(a - b)
    return kinetic - 2 * G * np.cos(a) - G * np.cos(b)


def loss(params: Params) -> Any:
    """The squared distance of the lower bob from its target."""
    reached = bob(state(params["theta1"], params["theta2"]))
    return np.sum((reached - bob(state(*WANTED))) ** 2)


def train(iterations: int = 40) -> Iterator[Step]:
    """Descent at rate 0.1."""
    return descend(loss, PROBLEM.start(), 0.1, iterations)


def sensitivity(angle: float, time: int, expected: float) -> Oracle:
    """|∂state/∂θ₁| for a release at θ₁ = θ₂ = angle."""
    return Oracle(
        f"|∂state/∂θ₁| from {angle} rad, {time} s",
        expected,
        0.02,
        "a tangent-linear run in plain NumPy",
        lambda: growth(lambda first: state(first, angle, 500 * time), angle),
    )


PROBLEM = Problem(
    name="double_pendulum",
    title="A double pendulum is released so as to hit a point",
    source="Shinbrot et al., American Journal of Physics 60, 1992",
    equations="θ₁″, θ₂″ of two bobs on rods;  L = |bob(1 s) - target|²",
    parameters=(
        Parameter("theta1", 0.9, "rad", "angle of the upper rod at release"),
        Parameter("theta2", 0.4, "rad", "angle of the lower rod at release"),
    ),
    loss=loss,
    oracles=(
        sensitivity(2.0, 5, 3.2e2),
        sensitivity(2.0, 10, 3.6e4),
        sensitivity(2.0, 20, 1.4e11),
        Oracle(
            "energy drift after 20 s from 2 rad (J)",
            -9.3e-7,
            0.02,
            "the same run in plain NumPy",
            lambda: energy(state(2.0, 2.0, 10_000)) - energy(np.array([2.0, 2.0, 0.0, 0.0])),
        ),
    ),
    train=train,
)
