"""One problem of one size: prepare every contender, compare, and only then start the clock.

The gradient written by hand in NumPy is what all others must equal to 1e-10 (largest difference
over largest entry, of the value and of each gradient). A contender that does not is "wrong" and is
not timed.
"""

import contextlib
import importlib.util
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy

from comparisons.speed.contenders import CONTENDERS, NEEDS, OP_BY_OP, NotMeasured, Ready
from comparisons.speed.problem import Benchmark, disagreement, leaves
from comparisons.speed.records import Cell
from comparisons.speed.rounds import interleave

__all__ = ["TOLERANCE", "measure"]

TOLERANCE = 1e-10
COMPILE_SECONDS = 60

Prepare = Callable[[Benchmark, tuple[Any, ...]], Ready]


def measure(
    benchmark: Benchmark,
    size: int,
    seconds: float,
    contenders: dict[str, Prepare] = CONTENDERS,
    without: dict[str, str] | None = None,
) -> list[Cell]:
    """The cell of each contender; `without` gives reasons why some do not take part in this run."""
    args = benchmark.inputs(size)
    reference = benchmark.numpy(*args)
    cells: dict[str, Cell] = {}
    ready: dict[str, Ready] = {}
    for method, prepare in contenders.items():
        here = (benchmark.name, size, method)
        reason = excluded(benchmark, size, method, without or {})
        if reason:
            cells[method] = Cell(*here, "not measured", reason)
            continue
        try:
            with time_limit(COMPILE_SECONDS):
                candidate = prepare(benchmark, args)
                error = check(benchmark, candidate, reference)
        except NotMeasured as why:
            cells[method] = Cell(*here, "not measured", str(why))
        except Exception as problem:
            reason = f"{type(problem).__name__}: {' '.join(str(problem).split())}"[:300]
            # PyTorch's compiler is tried where it may work; that it doesn't is no finding here.
            status = "not measured" if method == "torch-compile" else "failed"
            cells[method] = Cell(*here, status, reason)
        else:
            if error <= TOLERANCE:
                ready[method] = candidate
                cells[method] = Cell(*here, "ok", error=error, blocks=candidate.blocks)
            else:  # nan lands here too
                reason = f"differs by {error:.1e} from the gradient by hand"
                cells[method] = Cell(*here, "wrong", reason, error=error)
    return timed(cells, ready, seconds)


def excluded(benchmark: Benchmark, size: int, method: str, without: dict[str, str]) -> str:
    """Why a contender does not take part, or ""."""
    for reasons in (without, benchmark.without):
        if method in reasons:
            return reasons[method]
    package = NEEDS.get(method)
    if package is not None and importlib.util.find_spec(package) is None:
        return f"{package} is not installed"
    limit = benchmark.eager_limit
    if limit is not None and size > limit and method in OP_BY_OP:
        return f"op by op, this size takes too long; see size {limit:,}"
    return ""


def check(benchmark: Benchmark, ready: Ready, reference: Any) -> float:
    """How far the first results are from the reference."""
    error = disagreement(ready.gradient(), reference)
    if ready.primal is None:
        return error
    value = ready.primal()  # what is timed has run before
    if benchmark.jacobian:
        return error
    return float(numpy.max([error, disagreement(value, leaves(reference)[0])]))


def timed(cells: dict[str, Cell], ready: dict[str, Ready], seconds: float) -> list[Cell]:
    """The cells with the times of those that are right."""
    calls = {(method, "gradient"): r.gradient for method, r in ready.items()}
    calls |= {(m, "primal"): r.primal for m, r in ready.items() if r.primal is not None}
    timings = interleave(calls, seconds)
    return [
        replace(
            cell,
            gradient=timings.get((method, "gradient")),
            primal=timings.get((method, "primal")),
        )
        for method, cell in cells.items()
    ]


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise TimeoutError in what takes longer, at its next step in Python."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f"not ready after {seconds} s")

    previous = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)
