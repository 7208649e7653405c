"""Checkpoints: less memory for the reverse of a loop, at the price of running it again.

The reverse of n steps needs the states in reverse order. Keep all, and memory is n states. Keep
every sqrt(n)-th and one stretch between two of them, 2 sqrt(n) states, and each step runs twice. Do
the same with the stretches, and so on: with a loops inside one another of n^(1/a) steps, a n^(1/a)
states and a + 1 runs of each step; for loops of fixed length that is a logarithm of n.

Best of all, with s checkpoints and no step run more than r times in advance,

    C(s + r, s) = C(s - 1 + r, s - 1) + C(s + r - 1, s)

steps can be reversed: advance C(s + r - 1, s) steps, keep a checkpoint there, reverse what lies
behind it with s - 1 checkpoints and r advances, then what lies before it with s and r - 1. Here
this schedule is carried out, its states and its advances counted.

The loop that is measured has a scalar state, h = h + cos(h) / 10,000. Its memory is counted on the
graph, and measured by Python's own allocation tracer (NumPy reports its arrays to it) as the peak
during one gradient less what was allocated before.

Source: Griewank, Achieving logarithmic growth of temporal and spatial complexity in reverse
automatic differentiation, Optimization Methods and Software 1 (1992); Griewank & Walther, Algorithm
799: revolve, ACM TOMS 26 (2000).
"""

import math
import time
import tracemalloc
from dataclasses import dataclass

import numpy as np

import diffkit as dk
from comparisons.cost.counting import exponent
from comparisons.demonstration import (
    Curve,
    Demonstration,
    Plot,
    Shown,
    Table,
    at_most,
    equal,
    within,
)

__all__ = ["DEMONSTRATION", "PUBLISHED", "Revolved", "Row", "revolve", "row"]

SOURCE = "Griewank & Walther 2000"
PUBLISHED = {(3, 3): 20, (5, 3): 56, (10, 3): 286, (10, 5): 3003, (20, 3): 1771, (20, 5): 53130}
DOUBLE = 8  # bytes
SHORT = 10  # steps of each of the nested loops
OVERHEAD = 12_000  # bytes: the interpreter's own lists and dicts
WAYS = ("none", "sqrt", "nested")


@dataclass(frozen=True)
class Row:
    """One gradient: of how many steps, how checkpointed, the bytes at its peak by the count, and if
    it was run, as measured, with its seconds and its value."""

    steps: int
    checkpoint: str
    counted: int
    measured: int | None = None
    seconds: float | None = None
    gradient: float | None = None


def step(h, _=None):
    """One step of the loop."""
    return h + 1e-4 * np.cos(h), None


def loop(h: float, steps: int, checkpoint: str) -> float:
    """The state after all steps; "nested" takes a power of ten of them, in loops of ten."""
    if checkpoint != "nested":
        kept = None if checkpoint == "none" else checkpoint
        return dk.scan(step, h, length=steps, checkpoint=kept)[0]
    if steps == 1:
        return step(h)[0]
    return dk.scan(lambda inner, _: (loop(inner, steps // SHORT, "nested"), None), h, length=SHORT)[
        0
    ]


def row(steps: int, checkpoint: str, run: bool) -> Row:
    """Count one gradient, and measure it; it has run once before, so that only the run itself
    counts."""
    gradient = dk.jit(dk.grad(lambda h: loop(h, steps, checkpoint)), backend="interpreter")
    counted = gradient.graph(0.5).cost().peak
    if not run:
        return Row(steps, checkpoint, counted)
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


@dataclass
class Revolved:
    """What a reversal by the binomial schedule took."""

    order: list[int]
    """The steps in the order in which they were reversed."""
    kept: int = 0
    """The states kept at the same time, at most."""
    advances: int = 0
    """The times that any one step was run in advance, at most."""


def revolve(s: int, r: int) -> Revolved:
    """Reverse C(s + r, s) steps with s checkpoints (the start is one), no step more than r times
    advanced. A state is the number of steps done; to run a step is to add one."""
    done = Revolved([])
    runs: dict[int, int] = {}
    # What is left to do: reverse the steps from a kept state on, as many as (s, r) allow. The
    # top of the stack comes first, and its state is the last that was kept.
    tasks = [(0, s, r)]
    while tasks:
        done.kept = max(done.kept, len(tasks))
        start, s, r = tasks.pop()
        if s == 0 or r == 0:  # one step: its state is at hand
            done.order.append(start)
            continue
        ahead = math.comb(s + r - 1, s)
        for k in range(start, start + ahead):
            runs[k] = runs.get(k, 0) + 1
        tasks += [(start, s, r - 1), (start + ahead, s - 1, r)]
    done.advances = max(runs.values())
    return done


def grown(rows: list[Row], checkpoint: str) -> float:
    """The exponent with which the counted peak grows, by the last two of the rows."""
    last = [r for r in rows if r.checkpoint == checkpoint][-2:]
    return exponent([r.steps for r in last], [r.counted for r in last])


def measure(quick: bool) -> Shown:
    """Carry out binomial schedules, then count and measure what real gradients keep."""
    figures, schedules = [], []
    for (s, r), published in PUBLISHED.items():
        done = revolve(s, r)
        right = done.order == [*range(published)][::-1]
        figures.append(
            equal(
                f"steps reversed, s = {s}, r = {r}",
                len(done.order) if right else 0,
                published,
                SOURCE,
            )
        )
        schedules.append((s, r, len(done.order), done.kept, done.advances))
    beyond = max(max(kept - s - 1, runs - r) for s, r, _, kept, runs in schedules)
    longest = 1_000 if quick else 10_000
    rows = [row(10**k, way, 10**k <= longest) for way in WAYS for k in (2, 3, 4, 5, 6)]
    found = {(r.steps, r.checkpoint): r for r in rows}
    slopes = {r.gradient for r in rows if r.steps == longest}
    more = (found[10**6, "nested"].counted - found[10**5, "nested"].counted) / DOUBLE
    live = {way: found[10_000, way].counted / DOUBLE for way in WAYS}
    at_peak, growth = "doubles live at the peak of 10^4 steps", "exponent of the memory's growth"
    figures += [
        at_most("states kept beyond s + 1, or advances beyond r", beyond, 0, SOURCE),
        within(f"{at_peak}, all kept", live["none"], 10_000, 10_016, "n states, and the step's"),
        within(f"{at_peak}, checkpoint='sqrt'", live["sqrt"], 200, 216, "2 sqrt(n) states"),
        within(f"{at_peak}, loops of ten nested", live["nested"], 40, 56, "10 log10(n) states"),
        within(f"{growth}, all kept", grown(rows, "none"), 0.99, 1.01),
        within(f"{growth}, checkpoint='sqrt'", grown(rows, "sqrt"), 0.45, 0.55),
        at_most("doubles more for ten times the steps, loops of ten nested", more, 12),
        at_most("measured bytes beyond the count, the most of all",
                max(r.measured - r.counted for r in rows if r.measured is not None), OVERHEAD),
        equal(f"gradients of {longest} steps that differ", len(slopes) - 1, 0),
    ]  # fmt: skip
    table = tuple((r.steps, r.checkpoint, r.counted, r.measured, r.seconds) for r in rows)
    steps = tuple(float(10**k) for k in (2, 3, 4, 5, 6))
    curves = [
        Curve(way, steps, tuple(float(found[int(n), way].counted) for n in steps)) for way in WAYS
    ]
    curves += [
        Curve("8 n", steps, tuple(DOUBLE * n for n in steps), theory=True),
        Curve("16 sqrt(n)", steps, tuple(2 * DOUBLE * math.sqrt(n) for n in steps), theory=True),
        Curve("80 log10(n)", steps, tuple(10 * DOUBLE * math.log10(n) for n in steps), theory=True),
    ]
    return Shown(
        tuple(figures),
        (
            Table("Binomial schedules carried out",
                  ("s", "r", "steps", "states kept", "advances of a step"), tuple(schedules)),
            Table("What the gradient of a loop keeps",
                  ("steps", "checkpoint", "counted bytes", "measured bytes", "seconds"), table),
        ),
        (Plot("What the gradient of a loop keeps", "steps n", "bytes", tuple(curves)),),
    )  # fmt: skip


DEMONSTRATION = Demonstration(
    name="checkpointing",
    title="Checkpoints: the memory of a reversed loop, linear, by the root, by the logarithm",
    text=(
        "Binomial schedules carried out, their states and advances counted; then gradients of a "
        "loop that keep every state, every sqrt(n)-th, or ten of each of log10(n) nested loops: "
        "peak memory counted on the graph, measured, and the time that running steps again costs "
        "(under the tracer of memory, which slows it down)."
    ),
    source=f"Griewank 1992; {SOURCE}",
    measure=measure,
)
