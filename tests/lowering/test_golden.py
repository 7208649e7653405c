"""Generated source that reads like code of a person, kept as text.

After a change that is meant: `python -m tests.lowering.test_golden` writes the files anew; read the
difference before it is kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import diffkit as dk

FOLDER = Path(__file__).resolve().parent.parent / "golden"


def classifier_loss(weights: Any, bias: Any, inputs: Any, labels: Any) -> Any:
    """Softmax cross-entropy of a linear classifier: products, rows, a reduction in a reduction."""
    scores = inputs @ weights + bias
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    exps = np.exp(shifted)
    norms = np.sum(exps, axis=1)
    chosen = np.sum(shifted * labels, axis=1)
    losses = np.log(norms) - chosen
    penalty = 0.5 * np.sum(weights**2)
    return np.mean(losses) + 0.01 * penalty


def pendulum_energy(start: Any) -> Any:
    """A loop over time with a state of two numbers, and its sweep backwards."""

    def step(k: Any, state: Any) -> Any:
        angle, speed = state
        speed = speed - 0.01 * np.sin(angle)
        angle = angle + 0.01 * speed
        return angle, speed

    angle, speed = dk.fori_loop(0, 500, step, (start, 0.0))
    kinetic = 0.5 * speed**2
    return kinetic + 1.0 - np.cos(angle)


def rough_fit(curve: Any, data: Any, stiffness: Any) -> Any:
    """A robust fit of a smooth curve: slices, and their transposes in one loop."""
    error = curve - data
    distance = np.sqrt(1.0 + error * error)
    misfit = np.sum(distance - 1.0)
    slope = curve[1:] - curve[:-1]
    bend = slope[1:] - slope[:-1]
    tension = np.sum(bend * bend)
    return misfit + stiffness * tension


RNG = np.random.default_rng(0)
GOLDEN: dict[str, tuple[Callable[..., Any], tuple[int, ...], tuple[Any, ...]]] = {
    "classifier_loss": (classifier_loss, (0, 1), (
        RNG.normal(size=(64, 20)), RNG.normal(size=20), RNG.normal(size=(200, 64)),
        np.eye(20)[RNG.integers(0, 20, 200)])),
    "pendulum_energy": (pendulum_energy, (0,), (0.7,)),
    "rough_fit": (rough_fit, (0, 2), (RNG.normal(size=100), RNG.normal(size=100), 0.3)),
}  # fmt: skip


def source(name: str) -> str:
    """The source of the gradient, without the hash in its name and the lines of this file."""
    f, argnums, args = GOLDEN[name]
    text = dk.jit(dk.grad(f, argnums=argnums)).source(*args)
    text = re.sub(r"^(def \w+?)_[0-9a-f]{8}\(", r"\1(", text, flags=re.MULTILINE)
    return re.sub(r"  # test_golden\.py:\d+$", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", GOLDEN)
def test_source(name: str) -> None:
    assert source(name) == (FOLDER / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", GOLDEN)
def test_the_text_is_code_of_ordinary_width_with_the_names_of_the_user(name: str) -> None:
    f, _, _ = GOLDEN[name]
    text = source(name)
    compile(text, name, "exec")
    names = f.__code__.co_varnames[: f.__code__.co_argcount]
    assert all(re.search(rf"\b{given}\b", text) for given in names)
    lines = text.splitlines()
    assert len(lines) <= 80
    assert max(map(len, lines)) <= 140


@pytest.mark.parametrize("name", GOLDEN)
def test_the_numbers_are_right(name: str) -> None:
    f, argnums, args = GOLDEN[name]
    slope = dk.grad(f, argnums=argnums)
    for got, want in zip(dk.jit(slope)(*args), slope(*args), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-13 * np.max(np.abs(want)))


if __name__ == "__main__":
    for name in GOLDEN:
        (FOLDER / f"{name}.py").write_text(source(name), encoding="utf-8")
