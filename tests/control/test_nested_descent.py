"""Derivatives of programs that differentiate inside loops that run until they are done.

Two problems of Siskind & Pearlmutter, which GradBench has as `particle` and `saddle`: a gradient
descent whose objective contains a derivative, in all four nestings of the modes. The expected
numbers are those that GradBench publishes.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from tests.replay import replayed

MODES = {"r": "reverse", "f": "forward"}
NESTINGS = ["rr", "ff", "fr", "rf"]


def argmin(f: Callable[..., Any], gradient: Callable[..., Any], x: Any) -> Any:
    """Gradient descent with a step that doubles after ten successes and halves at a failure."""

    def grow(x: Any, fx: Any, gx: Any, eta: Any, successes: Any) -> Any:
        return x, fx, gx, 2 * eta, 0 * successes, True

    def stop(x: Any, fx: Any, gx: Any, eta: Any, successes: Any) -> Any:
        return x, fx, gx, eta, successes, False

    def step(x: Any, fx: Any, gx: Any, eta: Any, successes: Any) -> Any:
        new = x - eta * gx

        def compare(x: Any, fx: Any, gx: Any, eta: Any, successes: Any) -> Any:
            f_new = f(new)
            return dk.cond(
                f_new < fx,
                lambda: (new, f_new, gradient(new), eta, successes + 1, True),
                lambda: (x, fx, gx, eta / 2, 0 * successes, True),
            )

        near = np.linalg.norm(x - new) <= 1e-5
        return dk.cond(near, stop, compare, x, fx, gx, eta, successes)

    def body(state: Any) -> Any:
        x, fx, gx, eta, successes, _ = state

        def go_on(*now: Any) -> Any:
            return dk.cond(successes == 10, grow, step, *now)

        return dk.cond(np.linalg.norm(gx) <= 1e-5, stop, go_on, x, fx, gx, eta, successes)

    start = (x, f(x), gradient(x), 1e-5, 0, True)
    return dk.while_loop(lambda state: state[-1], body, start)[0]


def particle(outer: str, inner: str) -> Callable[..., Any]:
    """The control w that lets a charged particle land nearest to the origin, from a start."""

    def landing(control: Any) -> Any:
        def potential(x: Any) -> Any:
            first = x - np.array([10.0, 10.0 - control[0]])
            second = x - np.array([10.0, 0.0])
            return 1 / np.linalg.norm(first) + 1 / np.linalg.norm(second)

        def fall(state: Any) -> Any:
            x, v = state
            acceleration = -dk.grad(potential, method=inner)(x)
            new = x + 0.1 * v
            return new, np.where(new[1] > 0, v + 0.1 * acceleration, v)

        start = np.array([0.0, 8.0]), np.array([0.75, 0.0])
        x, v = dk.while_loop(lambda state: state[0][1] > 0, fall, start)
        return (x - x[1] / v[1] * v)[0] ** 2

    return lambda start: argmin(landing, dk.grad(landing, method=outer), start)[0]


def saddle(outer: str, inner: str) -> Callable[..., Any]:
    """argmin over p of max over q of |p|² - |q|², and the q there."""

    def f(p: Any, q: Any) -> Any:
        return np.sum(p**2) - np.sum(q**2)

    def solve(start: Any) -> Any:
        def argmax(p: Any) -> Any:
            return argmin(
                lambda q: -f(p, q), lambda q: -dk.grad(f, argnums=1, method=inner)(p, q), start
            )

        def best(p: Any) -> Any:
            return f(p, argmax(p))

        p = argmin(best, dk.grad(best, method=outer), start)
        return np.concatenate([p, argmax(p)])

    return solve


@pytest.mark.parametrize(
    "nesting", [pytest.param(n, marks=pytest.mark.long if n == "rf" else ()) for n in NESTINGS]
)
def test_particle(nesting: str) -> None:
    """Compiled, for it takes a million operations; the saddle is interpreted."""
    found = dk.jit(particle(MODES[nesting[0]], MODES[nesting[1]]))(np.array([0.0]))
    assert abs(found - 0.2071918746486116) < 1e-10


@pytest.mark.parametrize("nesting", NESTINGS)
def test_saddle(nesting: str) -> None:
    found = replayed(saddle(MODES[nesting[0]], MODES[nesting[1]]))(np.array([1.0, 1.0]))
    np.testing.assert_allclose(found, 8.246324826140356e-06, rtol=0, atol=1e-15)
