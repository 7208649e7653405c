"""The targets, and whether a run meets them.

A ratio compares medians of the same run. "each" is the worst workload, "best" the best nesting. The
target over GradBench's hand-written C++ ("manual") needs its programs (`--manual`); without them it
is not measured, and the times by hand in Numba stand beside diffkit's.
"""

from collections.abc import Iterable

from comparisons import text
from comparisons.gradbench.records import Cell, Run
from comparisons.speed.verdicts import Case, Verdict, each, small_ratio

__all__ = ["verdicts"]

MANUAL = {
    "gmm": 0.5, "ba": 1.0, "ht": 1.2, "lstm": 0.35, "lse": 0.6, "llsq": 0.9, "kmeans": 0.6,
}  # fmt: skip
FASTER = ("gmm", "ode", "lse", "llsq", "kmeans")  # than JAX and PyTorch, at every size
TIMES = {"ba": 1000, "ht": 500, "lstm": 100}  # as fast as PyTorch
NESTED = {"particle": 2e-3, "saddle": 3e-3}  # seconds, the best nesting
LARGEST_DET = 9
FIRST_CALL, MEMORY, OVER_PRIMAL = 5.0, 1.5, 3.0


def verdicts(run: Run) -> list[Verdict]:
    """All targets."""
    found = []
    for name in FASTER:
        for peer, title in (("jax", "JAX"), ("torch", "PyTorch")):
            found.append(each(f"{name} / {title}", over(run, name, peer), 1.0, text.ratio))
    for name, times in TIMES.items():
        found.append(each(f"{name} / PyTorch", over(run, name, "torch"), 1 / times, small_ratio))
    for name, limit in MANUAL.items():
        found.append(each(f"{name} / manual C++", over(run, name, "manual"), limit, text.ratio))
    det = [c for c in over(run, "det", "manual") if int(c.name.split()[1]) <= LARGEST_DET]
    found.append(each(f"det / manual C++, up to {LARGEST_DET}×{LARGEST_DET}", det, 0.5, text.ratio))
    found.append(each("ode / its primal", over_primal(run, "ode"), OVER_PRIMAL, text.ratio))
    for name, seconds in NESTED.items():
        found.append(best(f"{name}, best nesting", run, name, seconds))
    found.append(each("define and first call, cold", first_calls(run), FIRST_CALL, text.seconds))
    found.append(each("peak memory / by hand in Numba", memory(run), MEMORY, text.ratio))
    return found


def own(run: Run, name: str = "") -> Iterable[Cell]:
    """diffkit's cells that were meant to have a result."""
    for cell in run.cells:
        named = not name or cell.eval == name
        if named and cell.method == "diffkit" and cell.status != "not measured":
            yield cell


def label(cell: Cell) -> str:
    """Eval and workload."""
    return f"{cell.eval} {cell.workload}"


def over(run: Run, name: str, other: str) -> list[Case]:
    """diffkit's derivative over another one's, wherever the other one has a time."""
    found = []
    for mine in own(run, name):
        theirs = run.cell((mine.eval, mine.workload, mine.function), other)
        if theirs is None or theirs.derivative is None:
            continue
        time = mine.derivative
        value = None if time is None else time.median / theirs.derivative.median
        found.append(Case(label(mine), value))
    return found


def over_primal(run: Run, name: str) -> Iterable[Case]:
    """diffkit's derivative over diffkit's primal."""
    for cell in own(run, name):
        timed = cell.derivative is not None and cell.primal is not None
        yield Case(label(cell), cell.derivative.median / cell.primal.median if timed else None)


def best(figure: str, run: Run, name: str, limit: float) -> Verdict:
    """The fastest of an eval's functions; all must be right."""
    cases = [
        Case(f"{c.eval} {c.function}", c.derivative.median if c.derivative else None)
        for c in own(run, name)
    ]
    times = [case for case in cases if case.value is not None]
    if not cases or len(times) < len(cases):
        return each(figure, cases, limit, text.seconds)
    return each(figure, [min(times, key=lambda case: case.value)], limit, text.seconds)


def first_calls(run: Run) -> Iterable[Case]:
    """Seconds of `define` and the first call."""
    for call in run.first_calls:
        yield Case(call.eval, call.seconds)


ENOUGH = 2**23  # bytes; what the allocator and the page size add is small beside them


def memory(run: Run) -> Iterable[Case]:
    """diffkit's peak over that of the code by hand, where either is above some megabytes."""
    for mine in own(run):
        by_hand = run.cell((mine.eval, mine.workload, mine.function), "njit")
        if by_hand is None or by_hand.peak is None or mine.peak is None:
            continue
        if max(mine.peak, by_hand.peak) >= ENOUGH:
            yield Case(label(mine), mine.peak / max(by_hand.peak, 1))
