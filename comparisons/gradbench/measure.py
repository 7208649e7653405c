"""One workload: prepare every contender, compare, and only then start the clock.

The derivative by hand is what all others must equal (see `validate`). A contender that does not is
"wrong" and is not timed. A call that takes seconds is timed once, by the call that was compared,
and its library is spared the larger workloads of the eval.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from comparisons.gradbench.contenders import (
    METHODS,
    NotMeasured,
    Ready,
    manual_seconds,
    prepare,
)
from comparisons.gradbench.evaluation import Eval, Workload
from comparisons.gradbench.records import Cell
from comparisons.gradbench.validate import TOLERANCE, difference
from comparisons.memory import peak_increase
from comparisons.speed.measure import time_limit
from comparisons.speed.records import Timing
from comparisons.speed.rounds import interleave, summary

__all__ = ["Patience", "cases", "measure"]

LONG = 3.0  # seconds of a call that is timed once
TOO_LONG = 5.0  # seconds of a call after which larger workloads are left out
LIMIT = 90  # seconds for a contender to get ready


@dataclass(slots=True)
class Patience:
    """Which peers have taken too long, and where."""

    lost: dict[tuple[str, str], str] = field(default_factory=dict)


def cases(eval: Eval, workloads: tuple[Workload, ...]) -> list[tuple[Workload, str]]:
    """What is measured: the derivative on each workload, or, where an eval has no primal to go with
    it, each of its functions."""
    functions = [eval.derivative] if eval.primal else [*eval.functions]
    return [(workload, function) for workload in workloads for function in functions]


def measure(
    eval: Eval,
    workload: Workload,
    function: str,
    seconds: float,
    patience: Patience,
    manual: Path | None = None,
) -> list[Cell]:
    """The cell of each contender."""
    given = eval.generate(**workload.sizes)
    cells: dict[str, Cell] = {}
    ready: dict[str, Ready] = {}
    once: dict[str, float] = {}
    try:
        by_hand = prepare("njit", eval, function, given)
    except NotMeasured as why:  # there is nothing that the others could be compared with
        here = Cell(eval.name, workload.name, function, "", "not measured", str(why))
        return [replace(here, method=method) for method in METHODS]
    reference = arrays(by_hand.derivative())
    for method in METHODS:
        here = Cell(eval.name, workload.name, function, method, "not measured")
        reason = patience.lost.get((eval.name, method))
        if reason:
            cells[method] = replace(here, reason=reason)
            continue
        try:
            with time_limit(LIMIT):
                mine = by_hand if method == "njit" else prepare(method, eval, function, given)
                found, peak, took = first_result(mine, method)
                error = difference(arrays(mine.result(found)), reference)
                del found
                if mine.primal is not None:
                    mine.primal()  # what is timed has run before
        except NotMeasured as why:
            cells[method] = replace(here, reason=str(why))
        except Exception as problem:
            reason = f"{type(problem).__name__}: {' '.join(str(problem).split())}"[:300]
            cells[method] = replace(here, status="failed", reason=reason)
            if isinstance(problem, TimeoutError):
                patience.lost[eval.name, method] = f"not ready after {LIMIT} s at {workload.name}"
        else:
            if method not in ("diffkit", "njit") and took > TOO_LONG:
                why = f"took {took:.0f} s at {workload.name}; larger ones are left out"
                patience.lost[eval.name, method] = why
            if error <= TOLERANCE:
                ready[method] = mine
                cells[method] = replace(here, status="ok", error=error, peak=peak)
                if took > LONG:
                    once[method] = took
            else:  # nan lands here too
                reason = f"differs by {error:.1e} from the derivative by hand"
                cells[method] = replace(here, status="wrong", reason=reason, error=error)
    found = timed(cells, ready, once, seconds)
    return found if manual is None else [*found, in_cpp(eval, workload, function, given, manual)]


def first_result(ready: Ready, method: str) -> tuple[Any, int | None, float]:
    """The first result of a prepared contender, the bytes and the seconds that a call takes."""
    start = time.perf_counter()
    found = ready.derivative()
    took = time.perf_counter() - start
    if method not in ("diffkit", "njit") or took > LONG:
        return found, None, took
    del found  # the first call may have compiled
    start = time.perf_counter()
    found, peak = peak_increase(ready.derivative)
    return found, peak, time.perf_counter() - start


def timed(
    cells: dict[str, Cell], ready: dict[str, Ready], once: dict[str, float], seconds: float
) -> list[Cell]:
    """The cells with the times of those that are right."""
    calls = {(m, "derivative"): r.derivative for m, r in ready.items() if m not in once}
    calls |= {(m, "primal"): r.primal for m, r in ready.items() if r.primal and m not in once}
    timings = interleave(calls, seconds)
    timings |= {(m, "derivative"): Timing(took, took, took, 1) for m, took in once.items()}
    return [
        replace(
            cell,
            derivative=timings.get((method, "derivative")),
            primal=timings.get((method, "primal")),
        )
        for method, cell in cells.items()
    ]


def in_cpp(eval: Eval, workload: Workload, function: str, given: Any, folder: Path) -> Cell:
    """The cell of GradBench's hand-written C++, which times itself, in a process of its own."""
    here = Cell(eval.name, workload.name, function, "manual", "not measured")
    if not isinstance(given, Mapping):
        return replace(here, reason="its input is a bare number")
    runs = given | {"min_runs": 3, "min_seconds": 0.2}
    try:
        times = {
            name: manual_seconds(folder, eval.name, asked, runs)
            for name, asked in (("derivative", function), ("primal", eval.primal))
            if asked
        }
    except NotMeasured as why:
        return replace(here, reason=str(why))
    return replace(here, status="ok", **{name: summary(runs) for name, runs in times.items()})


def arrays(result: Any) -> Any:
    """A result of any library as arrays in the same nesting, dictionaries by name."""
    if isinstance(result, Mapping):
        return {name: arrays(part) for name, part in result.items()}
    if isinstance(result, tuple | list):
        return {k: arrays(part) for k, part in enumerate(result)}
    return result.detach() if hasattr(result, "detach") else result
