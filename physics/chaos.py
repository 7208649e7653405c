"""What chaotic problems share: a Runge–Kutta loop, and how far a small change has grown.

One step of the classical fourth-order method of Kutta for u′ = f(u),

    u ← u + h/6 (k₁ + 2 k₂ + 2 k₃ + k₄),

as a loop of the graph: tracing takes the same time for a thousand steps as for a million.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import diffkit as dk


def integrate(f: Callable[[Any], Any], start: Any, h: float, steps: int) -> Any:
    """The state after a number of steps of length h."""

    def step(_: Any, u: Any) -> Any:
        k1 = f(u)
        k2 = f(u + h / 2 * k1)
        k3 = f(u + h / 2 * k2)
        k4 = f(u + h * k3)
        return u + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    return dk.fori_loop(0, steps, step, start)


def growth(state: Callable[[Any], Any], at: float) -> float:
    """|d state / d parameter|, by forward mode: one parameter, many steps."""
    return float(np.linalg.norm(dk.jvp(state, (at,), (1.0,))[1]))
