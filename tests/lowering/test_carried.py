"""What one step of a loop hands to the next: passes that move or repeat steps must not lose it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from diffkit.lowering import peel, recompute

from .agreement import graph_of, variants_agree_in_python

X = np.random.default_rng(3).uniform(0.5, 1.5, 40)
RISING = np.sort(X)
"""Its greatest element stands in the last place, which only the longer of two loops sees."""


def running_sum_read_by_neighbours(x: Any) -> Any:
    c = np.cumsum(x)
    return (c[1:] - c[:-1]) * x[0] + c[5]


def running_product_read_by_neighbours(x: Any) -> Any:
    c = np.cumprod(x)
    return np.sum(c[1:] * c[:-1]) + np.sum(c * c)


def place_of_the_greatest_beside_neighbours(x: Any) -> Any:
    y = x * 2
    return np.sum(y[1:] * x[:-1]), x[np.argmax(y)], x[np.argmin(-x[:-1])]


FUNCTIONS = [
    running_sum_read_by_neighbours,
    running_product_read_by_neighbours,
    place_of_the_greatest_beside_neighbours,
]


@pytest.mark.parametrize("f", FUNCTIONS)
def test_large_loops_that_carry_a_variable(
    f: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peel, "LEAST", 16)
    monkeypatch.setattr(recompute, "LEAST", 16)
    graph = graph_of(f, (RISING,))
    variants_agree_in_python(graph, (RISING,))
