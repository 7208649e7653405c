"""Functions for the tests of the CUDA backend."""

from __future__ import annotations

from typing import Any

import numpy as np

import diffkit as dk


def cross_entropy(w: Any, x: Any, y: Any) -> Any:
    z = x @ w
    z = z - np.max(z, axis=1, keepdims=True)
    p = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))
    return -np.mean(p[np.arange(len(y)), y])


def heat(u: Any) -> Any:
    """Ten explicit steps of the heat equation on a ring."""

    def step(u: Any, _: Any) -> Any:
        return u + 0.1 * (np.roll(u, 1) - 2 * u + np.roll(u, -1)) * np.cos(u), None

    u, _ = dk.scan(step, u, None, length=10)
    return np.sum(u**3)


def lotka_volterra(state: Any, rates: Any) -> Any:
    """Hunters and prey: ten steps of the classical Runge-Kutta method."""
    a, b, c, d = rates

    def slope(y: Any) -> Any:
        return np.array([a * y[0] - b * y[0] * y[1], d * y[0] * y[1] - c * y[1]])

    def step(y: Any, _: Any) -> Any:
        h = 0.05
        k1 = slope(y)
        k2 = slope(y + h / 2 * k1)
        k3 = slope(y + h / 2 * k2)
        k4 = slope(y + h * k3)
        return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), None

    y, _ = dk.scan(step, state, None, length=10)
    return np.sum(y**2)


def square_root(x: Any) -> Any:
    """By Newton's method."""
    return dk.while_loop(lambda y: np.abs(y * y - x) > 1e-12 * x, lambda y: (y + x / y) / 2, x + 1)
