"""Programs for the tests of the CUDA backend, small enough for a simulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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


def choice(x: Any, n: Any) -> Any:
    """One branch for all elements, another for each."""
    y = dk.cond(n > 2, lambda y: np.sin(y), lambda y: y * y, x)
    return np.where(x > 0, np.sqrt(np.abs(x)), y)


def pieces(x: Any) -> Any:
    """One array put together from parts of another."""
    y = np.concatenate([x[3:], 2 * x[:3], np.zeros(2)])
    y[1:4] = y[1:4] * x[0]
    return np.pad(y[::-2], 1)


def matrix_products(theta: Any, b: Any, v: Any) -> Any:
    """Big enough for BLAS on a CPU; operands transposed, and within a vector of parameters."""
    a = theta[2:].reshape(16, 16)
    return a @ b, b.T @ a.T @ v


@dataclass(frozen=True)
class Case:
    """A program and its arguments; its derivative too, if it has one on a device."""

    f: Callable[..., Any]
    args: tuple[Any, ...]
    derivative: bool = True


RNG = np.random.default_rng(7)
INDICES = np.array([3, 0, 3, -1, 3, 2, -7])  # repeated: many threads add to one element

PROGRAMS: dict[str, Case] = {
    "elements and their sum": Case(lambda x: np.sum(np.tanh(x) * x), (RNG.normal(size=37),)),
    "extremes and products": Case(
        lambda x: (np.max(x), np.min(x * x), np.prod(x), np.any(x > 1)), (RNG.normal(size=19),)
    ),
    "single precision": Case(
        lambda x: np.mean(np.exp(x) ** 2), (RNG.normal(size=23).astype(np.float32),)
    ),
    "cross-entropy": Case(
        cross_entropy, (RNG.normal(size=(5, 3)), RNG.normal(size=(9, 5)), np.arange(9) % 3)
    ),
    "small products": Case(
        lambda a, v: (a @ a.T, a @ v, v @ v), (RNG.normal(size=(7, 5)), RNG.normal(size=5))
    ),
    "products": Case(
        matrix_products,
        (RNG.normal(size=258), RNG.normal(size=(16, 16)), RNG.normal(size=16)),
    ),
    "batched products": Case(
        lambda a, b: a @ b, (RNG.normal(size=(2, 16, 8)), RNG.normal(size=(2, 8, 16)))
    ),
    "gathers and scatters": Case(
        lambda x, k: np.sum(np.sin(x[k]) ** 2), (RNG.normal(size=7), INDICES)
    ),
    "sums along axes": Case(
        lambda x: (np.sum(x * x, axis=0), np.sum(np.cos(x), axis=1), np.argmax(x, axis=1)),
        (RNG.normal(size=(9, 7)),),
    ),
    "a running sum": Case(lambda x: np.cumsum(x) + np.max(x), (RNG.normal(size=7),)),
    "another shape": Case(
        lambda x, w: np.tanh(w @ x).reshape(3, 4).T, (RNG.normal(size=9), np.eye(12, 9))
    ),
    "pieces": Case(pieces, (RNG.normal(size=8),)),
    "choice": Case(choice, (RNG.normal(size=6), 3)),
    "a scan over arrays": Case(heat, (RNG.normal(size=13),)),
    "a scan over numbers": Case(lotka_volterra, (1 + RNG.random(2), 0.5 + RNG.random(4))),
    "a while loop": Case(square_root, (2.0,), derivative=False),
}
