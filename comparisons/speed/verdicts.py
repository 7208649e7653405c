"""The targets, and whether a run meets them.

A ratio compares medians of the same run. "each" looks at the worst case and names it, "mean" at the
geometric mean of all cases. Against hand-written code, which is called with bare arrays, the
compiled gradient counts that is called so too; what a user's call through trees adds stands beside
it. A case without the other side (a peer that is not installed, or does
not take part) says nothing and is left out; a case in which diffkit itself is wrong or fails misses
the target, whatever the others are.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from comparisons import text
from comparisons.speed.problems import BENCHMARKS
from comparisons.speed.records import Cell, Run

__all__ = ["Case", "Verdict", "each", "geometric_mean", "small_ratio", "verdicts"]

Outcome = Literal["met", "missed", "not measured"]
SCALAR = frozenset(benchmark.name for benchmark in BENCHMARKS if benchmark.scalar)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure, what it should be, what it is."""

    figure: str
    target: str
    measured: str
    outcome: Outcome
    worst: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One number that counts towards a figure; None where diffkit has none to show."""

    name: str
    value: float | None


def verdicts(run: Run) -> list[Verdict]:
    """All targets."""
    own = ratios(run, "njit", "diffkit-flat")
    through_trees = ratios(run, "njit")
    jax = ratios(run, "jax")
    eager = ratios(run, "torch")
    scalar = [case for case in eager if case.name.split()[0] in SCALAR]
    primal = list(over_primal(run))
    cold = list(first_calls(run, "cold"))
    warm = list(first_calls(run, "warm"))
    blocks = [Case(name(c), c.blocks) for c in of_diffkit(run) if c.blocks is not None]
    return [
        each("gradient, .flat / hand-written njit", own, 1.3, text.ratio),
        mean("gradient, .flat / hand-written njit", own, 1.1),
        each("gradient, through trees / hand-written njit", through_trees, 1.3, text.ratio),
        mean("gradient, through trees / hand-written njit", through_trees, 1.1),
        each("gradient / JAX jit", jax, 1.2, text.ratio),
        mean("gradient / JAX jit", jax, 0.7),
        each("gradient / PyTorch eager", eager, 1.0, text.ratio),
        each("gradient / PyTorch eager, scalar loops", scalar, 1 / 30, small_ratio),
        each("gradient / function, both diffkit", primal, 5.0, text.ratio),
        mean("gradient / function, both diffkit", primal, 3.0),
        each("call of a scalar gradient, through trees", call(run, "diffkit"), 4e-6, text.seconds),
        each("call of a scalar gradient, .flat", call(run, "diffkit-flat"), 1e-6, text.seconds),
        each("first call, cold / JAX", over_jax(run), 1.5, text.ratio),
        each("first call, cold", cold, 2.0, text.seconds),
        each("first call, warm cache", warm, 0.15, text.seconds),
        each("arrays allocated beside the outputs", blocks, 1, lambda n: f"{n:g}"),
    ]


def each(figure: str, cases: Iterable[Case], limit: float, show: Callable[[float], str]) -> Verdict:
    """Every case is at most the limit; shows the worst."""
    cases, target = list(cases), f"≤ {show(limit)} each"
    if all(case.value is None for case in cases):
        return empty(figure, target, cases)
    worst = max(cases, key=lambda case: math.inf if case.value is None else case.value)
    if worst.value is None:
        return Verdict(figure, target, "no result", "missed", failing(cases))
    outcome = "met" if worst.value <= limit else "missed"
    more = sum(case.value > limit for case in cases if case.value is not None)
    note = f" ({more} of {len(cases)} above)" if more else f" ({len(cases)} cases)"
    return Verdict(figure, target, show(worst.value), outcome, worst.name + note)


def mean(figure: str, cases: Iterable[Case], limit: float) -> Verdict:
    """The geometric mean of all cases is at most the limit."""
    cases, target = list(cases), f"≤ {text.ratio(limit)} mean"
    values = [case.value for case in cases if case.value is not None]
    if not values:
        return empty(figure, target, cases)
    found = geometric_mean(values)
    if len(values) < len(cases):
        return Verdict(figure, target, text.ratio(found), "missed", failing(cases))
    outcome = "met" if found <= limit else "missed"
    return Verdict(figure, target, text.ratio(found), outcome, f"{len(cases)} cases")


def empty(figure: str, target: str, cases: list[Case]) -> Verdict:
    """Nothing to judge, or nothing but failures."""
    if cases:
        return Verdict(figure, target, "no result", "missed", failing(cases))
    return Verdict(figure, target, text.DASH, "not measured")


def failing(cases: list[Case]) -> str:
    """Where diffkit has no number."""
    names = [case.name for case in cases if case.value is None]
    return f"no right result: {', '.join(names[:4])}" + (" …" if len(names) > 4 else "")


def geometric_mean(values: Iterable[float]) -> float:
    """exp of the mean logarithm."""
    return math.exp(math.fsum(logs := [math.log(v) for v in values]) / len(logs))


def small_ratio(value: float) -> str:
    """A ratio below 1 as what it saves."""
    return f"1/{1 / value:.0f}"


# --- the cases of each figure --------------------------------------------------------------------


def name(cell: Cell) -> str:
    """Problem and size."""
    return f"{cell.problem} {cell.size:,}"


def of_diffkit(run: Run, method: str = "diffkit") -> Iterable[Cell]:
    """diffkit's cells that were meant to have a result."""
    return (c for c in run.cells if c.method == method and c.status != "not measured")


def ratios(run: Run, other: str, method: str = "diffkit") -> list[Case]:
    """diffkit's gradient over another one's, wherever the other one has a time."""
    found = []
    for mine in of_diffkit(run, method):
        theirs = run.cell(mine.problem, mine.size, other)
        if theirs is None or theirs.gradient is None:
            continue
        own = mine.gradient
        value = None if own is None else own.median / theirs.gradient.median
        found.append(Case(name(mine), value))
    return found


def over_primal(run: Run) -> Iterable[Case]:
    """diffkit's gradient over diffkit's function."""
    for cell in of_diffkit(run):
        timed = cell.gradient is not None and cell.primal is not None
        yield Case(name(cell), cell.gradient.median / cell.primal.median if timed else None)


def call(run: Run, method: str) -> Iterable[Case]:
    """The cost of a call."""
    for c in run.calls:
        if c.method == method and c.status != "not measured":
            yield Case(method, c.timing.median if c.timing else None)


def first_calls(run: Run, cache: str, method: str = "diffkit") -> Iterable[Case]:
    """Seconds of first calls."""
    for c in run.first_calls:
        if (c.method, c.cache) == (method, cache) and c.status != "not measured":
            yield Case(c.problem, c.seconds)


def over_jax(run: Run) -> Iterable[Case]:
    """diffkit's cold first call over JAX's."""
    theirs: dict[str, float | None] = {c.name: c.value for c in first_calls(run, "cold", "jax")}
    for case in first_calls(run, "cold"):
        other = theirs.get(case.name)
        if other is not None:
            yield Case(case.name, None if case.value is None else case.value / other)
