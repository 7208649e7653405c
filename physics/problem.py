"""What every problem says about itself: equations, units, parameters, a loss, and oracles.

An oracle is a number known from elsewhere (a closed form, a conservation law, a published run)
beside the computation that must reproduce it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

Params = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parameter:
    """An input of the loss: a number or an array, its unit, and what it is."""

    name: str
    value: Any
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Oracle:
    """`compute()` is `expected`, to `tolerance` relative to its greatest element."""

    quantity: str
    expected: Any
    tolerance: float
    source: str
    compute: Callable[[], Any]

    def error(self) -> float:
        """The greatest difference relative to the greatest expected element."""
        expected = np.asarray(self.expected)
        return float(np.max(np.abs(self.compute() - expected)) / np.max(np.abs(expected)))


@dataclass(frozen=True, slots=True)
class Step:
    """One iteration of an optimisation: its number, the loss, and the parameters there."""

    iteration: int
    loss: float
    params: Params


@dataclass(frozen=True, slots=True)
class Problem:
    """A differentiable simulation. `loss(params)` takes the dict that `start` gives; `train()`
    yields the steps of an optimisation that starts there."""

    name: str
    title: str
    source: str
    equations: str
    parameters: tuple[Parameter, ...]
    loss: Callable[[Params], Any]
    oracles: tuple[Oracle, ...]
    train: Callable[[], Iterator[Step]]

    def start(self) -> Params:
        """The parameters as a tree that the loss and every operator take."""
        return {p.name: np.array(p.value, np.float64)[()] for p in self.parameters}
