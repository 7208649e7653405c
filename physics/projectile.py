"""A baseball thrown through air: how far it flies, and the derivative of an event.

With v the velocity, w the wind and u = v - w the velocity through the air,

    m dv/dt = -m g ŷ - ½ ρ C_d A |u| u.

The wind is constant, so u itself obeys du/dt = -g ŷ - k |u| u, k = ρ C_d A / 2m. The force does not
depend on the place, which shortens the classical Runge-Kutta step: its four slopes k₁ … k₄ of u
give u ← u + h/6 (k₁ + 2k₂ + 2k₃ + k₄) and x ← x + h (u + w) + h²/6 (k₁ + k₂ + k₃).

Landing is an event: the last step has the length h* at which the height y(h*, p) is 0. Its
derivative is given by the implicit function theorem, dh*/dp = -(∂y/∂p) / (∂y/∂h), and that is what
one Newton step h - y / (∂y/∂h) from a converged, constant h has for its derivative. But only for
its first: the second derivative lacks the term of ∂²y/∂h², and needs a second step that sees the
derivative of the first; n steps give 2ⁿ - 1 orders. So all steps of Newton's iteration are
differentiated. ∂y/∂h is itself a derivative, by forward mode inside whatever mode differentiates
the flight.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import diffkit as dk
from physics.problem import Oracle, Parameter, Params, Problem, Step

MASS = 0.145  # kg
DIAMETER = 0.0737  # m
AIR = 1.225  # kg/m³
GRAVITY = 9.81  # m/s²
HEIGHT = 1.0  # m, of the hand
TARGET = 90.0  # m
DT = 1e-3  # s
COARSE = 2e-2  # s; the range differs from that of DT by 3e-9 m
NEWTON = 4
DOWN = np.array([0.0, -GRAVITY])


class State(NamedTuple):
    """Position and velocity through the air, both float[2]."""

    x: Any
    u: Any


class Landing(NamedTuple):
    """When (s), where (m) and how fast (m/s) the ball meets the ground."""

    time: Any
    distance: Any
    velocity: Any


def launch(params: Params, height: float = HEIGHT) -> State:
    """The state as the ball leaves the hand."""
    angle = params["angle"]
    heading = dk.numpy.array([np.cos(angle), np.sin(angle)])
    return State(np.array([0.0, height]), params["speed"] * heading - params["wind"])


def advance(state: State, params: Params, h: Any) -> State:
    """One Runge-Kutta step of length h (s)."""
    k = AIR * math.pi * DIAMETER**2 / 8 / MASS * params["drag"]
    half = h / 2

    def slope(u: Any) -> Any:
        return DOWN - (k * np.sqrt(u @ u)) * u

    u = state.u
    k1 = slope(u)
    k2 = slope(u + half * k1)
    k3 = slope(u + half * k2)
    k4 = slope(u + h * k3)
    middle = k2 + k3
    first = k1 + middle
    x = state.x + h * (u + params["wind"] + h / 6 * first)
    return State(x, u + h / 6 * (first + middle + k4))


def fly(params: Params, steps: int, h: float, dt: float = DT, height: float = HEIGHT) -> State:
    """The state after a number of steps of dt and one of h."""
    state = launch(params, height)
    for _ in range(steps):
        state = advance(state, params, dt)
    return advance(state, params, h)


def land(params: Params, dt: float = DT, height: float = HEIGHT) -> Landing:
    """Fly until the height is 0.

    Args: params, {"speed": m/s, "angle": rad, "drag": C_d, "wind": m/s [2]}; dt (s); height (m).
    The number of steps depends on values: record eagerly (as `dk.grad` does), not under `dk.jit`.
    """
    state, steps = launch(params, height), 0
    following = advance(state, params, dt)
    while following.x[1] > 0:
        state, steps = following, steps + 1
        following = advance(state, params, dt)

    def height_after(h: Any) -> Any:
        return advance(state, params, h).x[1]

    h: Any = dt / 2
    for _ in range(NEWTON):
        y, rate = dk.jvp(height_after, (h,), (1.0,))
        h = h - y / rate
    end = advance(state, params, h)
    return Landing(steps * dt + h, end.x[0], end.u + params["wind"])


def distance(params: Params, dt: float = DT, height: float = HEIGHT) -> Any:
    """The range (m)."""
    return land(params, dt, height).distance


def loss(params: Params, dt: float = COARSE) -> Any:
    """The squared miss of the target (m²)."""
    return (distance(params, dt) - TARGET) ** 2


# --- closed forms --------------------------------------------------------------------------------


def vacuum_range(params: Params, height: float = HEIGHT) -> Any:
    """The range without air: v cos θ (v sin θ + √(v² sin² θ + 2 g y₀)) / g."""
    across = params["speed"] * np.cos(params["angle"])
    up = params["speed"] * np.sin(params["angle"])
    return across * (up + np.sqrt(up**2 + 2 * GRAVITY * height)) / GRAVITY


def terminal_speed(drag: Any) -> Any:
    """The speed at which drag carries the weight: √(g/k)."""
    return np.sqrt(8 * MASS * GRAVITY / (AIR * math.pi * DIAMETER**2 * drag))


def fall_time(drag: Any, height: float) -> Any:
    """The time to fall from rest: y₀ - (v_t²/g) log cosh(g t/v_t) = 0."""
    v = terminal_speed(drag)
    return v / GRAVITY * np.arccosh(np.exp(GRAVITY * height / v**2))


def fall_speed(drag: Any, height: float) -> Any:
    """The velocity at that time: -v_t tanh(g t/v_t)."""
    v = terminal_speed(drag)
    return -v * np.tanh(GRAVITY * fall_time(drag, height) / v)


def best_angle(params: Params, dt: float = COARSE, iterations: int = 3) -> float:
    """The angle (rad) of the greatest range, by Newton's method on the derivative of an event."""

    def reach(angle: Any) -> Any:
        return distance({**params, "angle": angle}, dt)

    angle = params["angle"]
    for _ in range(iterations):
        slope, curvature = dk.jvp(dk.grad(reach), (angle,), (1.0,))
        angle = angle - slope / curvature
    return float(angle)


def train(iterations: int = 5, dt: float = COARSE) -> Iterator[Step]:
    """Reach the target by speed and angle: Newton's method for one equation in two unknowns, which
    takes the shortest step to where the range would be right if it were linear."""
    params = PROBLEM.start()
    both = dk.value_and_grad(lambda aim: distance({**params, **aim}, dt))
    for k in range(iterations):
        aim = {name: params[name] for name in ("speed", "angle")}
        reached, slope = both(aim)
        miss = reached - TARGET
        yield Step(k, float(miss**2), params)
        length = sum(s**2 for s in slope.values())
        params = {**params, **{name: aim[name] - miss * slope[name] / length for name in aim}}


def named_slopes() -> Any:
    """∂R/∂(v₀, θ, C_d)."""
    slope = dk.grad(lambda p: distance(p, COARSE))(PROBLEM.start())
    return np.array([slope["speed"], slope["angle"], slope["drag"]])


REFERENCE = "complex-step differentiation of an independent NumPy program"
PROBLEM = Problem(
    name="projectile",
    title="A baseball through air, and the derivative of its landing",
    source="Runge-Kutta: Hairer, Norsett & Wanner (1993); drag: Adair, The Physics of Baseball",
    equations="m dv/dt = -m g ŷ - ½ ρ C_d A |v - w| (v - w);  L = (x_land - 90 m)²",
    parameters=(
        Parameter("speed", 40.0, "m/s", "of the throw"),
        Parameter("angle", math.radians(35), "rad", "above the horizon"),
        Parameter("drag", 0.35, "1", "drag coefficient C_d"),
        Parameter("wind", (0.0, 0.0), "m/s", "along and up"),
    ),
    loss=loss,
    oracles=(
        Oracle("range (m)", 95.102039, 1e-8, REFERENCE, lambda: distance(PROBLEM.start(), COARSE)),
        Oracle(
            "dR/d(speed, angle, drag)",
            (3.03345, 29.8505, -95.7761),
            1e-6,
            REFERENCE,
            named_slopes,
        ),
        Oracle(
            "range without air (m)",
            float(vacuum_range({"speed": 40.0, "angle": math.radians(35)})),
            1e-13,
            "closed form",
            lambda: distance({**PROBLEM.start(), "drag": 0.0}, COARSE),
        ),
        Oracle(
            "angle of the greatest range (degrees)",
            40.5944,
            2e-6,
            REFERENCE,
            lambda: math.degrees(best_angle(PROBLEM.start(), 0.1)),
        ),
    ),
    train=train,
)
