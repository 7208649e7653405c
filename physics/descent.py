"""Gradient descent on a loss, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import diffkit as dk
from physics.problem import Params, Step


def descend(
    loss: Callable[[Params], Any], start: Params, rate: float, iterations: int
) -> Iterator[Step]:
    """Gradient descent by reverse mode, recorded once; the last step yielded is where it stops."""
    value_and_grad = dk.jit(dk.value_and_grad(loss))
    params = start
    for k in range(iterations + 1):
        value, slope = value_and_grad(params)
        yield Step(k, float(value), params)
        params = {name: p - rate * slope[name] for name, p in params.items()}
