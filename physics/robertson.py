"""Robertson's reactions: stiff kinetics, integrated implicitly, differentiated implicitly.

    y₁′ = -k₁ y₁ + k₂ y₂ y₃
    y₂′ =  k₁ y₁ - k₂ y₂ y₃ - k₃ y₂²
    y₃′ =  k₃ y₂²

from (1, 0, 0), with k = (0.04, 10⁴, 3·10⁷) 1/s. The rates differ by nine orders of magnitude: after
0.4 s an explicit method is held to steps of a millisecond by a mode that has died out long ago. The
Radau IIA method solves a nonlinear system in each step, and the derivative of its solution comes
from the implicit function theorem, not from the iterations that found it. Three parameters and
three results at each time: forward mode.

The loss compares the logarithms of the concentrations at 0.4, 4 and 40 s with those of the true
rates; the parameters are factors on the rates.

Source: Robertson, in Walsh (ed.), Numerical Analysis, 1966; the sensitivities, example
cvsRoberts_FSA_dns of SUNDIALS.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

import diffkit as dk
import diffkit.numpy as dnp
from physics.descent import descend
from physics.problem import Oracle, Parameter, Params, Problem, Step

RATES = np.array([0.04, 1e4, 3e7])
TIMES = np.array([0.0, 0.4, 4.0, 40.0])
SETTINGS = {"method": "radau", "rtol": 1e-8, "atol": 1e-12}


def concentrations(rates: Any, times: Any = TIMES) -> Any:
    """The fractions float[len(times), 3] at each time."""

    def react(y: Any, t: Any) -> Any:
        first, second, third = rates[0] * y[0], rates[1] * y[1] * y[2], rates[2] * y[1] ** 2
        return dnp.array([second - first, first - second - third, third])

    return dk.solve.odeint(react, np.array([1.0, 0.0, 0.0]), times, **SETTINGS)


@cache
def observed() -> Any:
    """What the true rates give, float[3, 3]."""
    return concentrations(RATES)[1:]


def loss(params: Params) -> Any:
    """The squared distance of the logarithms at all times but the first."""
    found = concentrations(RATES * params["factors"])[1:]
    return np.sum((np.log(found) - np.log(observed())) ** 2)


def train(iterations: int = 8) -> Iterator[Step]:
    """Descent at rate 0.1."""
    return descend(loss, PROBLEM.start(), 0.1, iterations)


@cache
def sensitivities(time: float) -> Any:
    """∂y/∂k after a time, float[3, 3], a column for each rate."""
    times = np.array([0.0, time])
    return dk.jacobian(lambda k: concentrations(k, times)[1], method="forward")(RATES)


def published(
    name: str, time: float, rate: int, expected: tuple[float, ...], tolerance: float
) -> Oracle:
    """One column of the sensitivities."""
    return Oracle(
        f"∂y/∂{name} after {time:g} s",
        expected,
        tolerance,
        "SUNDIALS, cvsRoberts_FSA_dns",
        lambda: sensitivities(time)[:, rate],
    )


PROBLEM = Problem(
    name="robertson",
    title="Robertson's stiff reactions: rates from concentrations",
    source="Robertson, in Walsh (ed.), Numerical Analysis, 1966",
    equations="y₁′ = -k₁y₁ + k₂y₂y₃;  y₃′ = k₃y₂²;  y₂′ = -y₁′ - y₃′;  L = Σ (log y - log y_obs)²",
    parameters=(Parameter("factors", (1.3, 0.8, 1.2), "1", "on the rates k₁, k₂, k₃"),),
    loss=loss,
    oracles=(
        published("k₁", 0.4, 0, (-0.35595, 3.9025e-4, 0.35556), 2e-5),
        published("k₂", 0.4, 1, (9.5428e-8, -2.1310e-10, -9.5215e-8), 1e-4),
        published("k₃", 0.4, 2, (-1.5833e-11, -5.2901e-13, 1.6362e-11), 1e-4),
        published("k₁", 40.0, 0, (-4.2477, 4.5907e-5, 4.2476), 1e-4),
    ),
    train=train,
)
