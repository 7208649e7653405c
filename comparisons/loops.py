"""What the reverse mode of a loop keeps: counted from the graph, and measured.

The loop is a scan over a scalar state, h = sin(h)·1.01 + 0.1. Its reverse saves the state of each
step; with `checkpoint="sqrt"` that of every √n-th step, and of one stretch of √n steps at a time.
The count is `graph.cost().peak`, the measurement Python's own allocation tracer (NumPy reports its
arrays to it), the peak during one gradient minus what was allocated before.
"""

import math
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

import diffkit as dk

__all__ = ["Row", "measure", "slope"]


@dataclass(frozen=True)
class Row:
    """One gradient: of how many steps, how checkpointed, the bytes at its peak, its seconds."""

    steps: int
    checkpoint: str | None
    counted: int
    measured: int
    seconds: float
    gradient: float


def loop(h: float, steps: int, checkpoint: str | None) -> float:
    """The state after all steps."""
    return dk.scan(
        lambda h, _: (np.sin(h) * 1.01 + 0.1, None), h, length=steps, checkpoint=checkpoint
    )[0]


def measure(largest: int) -> Iterator[Row]:
    """The rows for n = 10³, 10⁴, … up to the largest, one by one."""
    for power in range(3, int(math.log10(largest)) + 1):
        for checkpoint in (None, "sqrt"):
            yield row(10**power, checkpoint)


def row(steps: int, checkpoint: str | None) -> Row:
    """Measure one gradient. It has run once before, so that only the run itself counts."""
    gradient = dk.jit(dk.grad(lambda h: loop(h, steps, checkpoint)), backend="interpreter")
    counted = gradient.graph(0.5).cost().peak
    gradient(0.5)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        start = time.perf_counter()
        value = float(gradient(0.5))
        seconds = time.perf_counter() - start
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    return Row(steps, checkpoint, counted, peak - before, seconds, value)


def slope(rows: list[Row], checkpoint: str | None) -> tuple[float, float]:
    """How the counted and the measured peak grow: the exponents between the first and last row."""
    mine = [r for r in rows if r.checkpoint == checkpoint]
    first, last = mine[0], mine[-1]
    factor = math.log(last.steps / first.steps)
    return (
        math.log(last.counted / first.counted) / factor,
        math.log(last.measured / first.measured) / factor,
    )
