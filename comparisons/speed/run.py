"""Run the benchmark: one worker for all that can share a process, new processes for first calls.

A worker that dies or hangs takes with it the problem at hand, whose contenders are then recorded as
failed; another one goes on with the next problem.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from comparisons import machine
from comparisons.lookup import UnknownNameError, select
from comparisons.speed.contenders import BACKEND, CONTENDERS
from comparisons.speed.problem import Benchmark
from comparisons.speed.problems import BENCHMARKS
from comparisons.speed.processes import answers, environment
from comparisons.speed.records import Call, Cell, FirstCall, Run, call_of, cell_of
from comparisons.speed.settings import Settings

__all__ = ["run"]

FIRST_CALL_TIMEOUT = 120.0

Tell = Callable[[str], None]


def run(settings: Settings, only: Sequence[str] = (), tell: Tell = lambda _: None) -> Run:
    """Measure; `tell` hears what is at hand.

    Args:
        only: names of benchmarks, all if empty.

    Raises:
        UnknownNameError: there is no benchmark of a name.
    """
    chosen = [benchmark_of(name) for name in select(only, BENCHMARKS)]
    header = {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": machine.describe() | {"threads": "one, on one core"},
        "versions": machine.versions(),
        "settings": asdict(settings) | {"backend": BACKEND},
    }
    cells, calls = work(chosen, settings, tell)
    first_calls = list(all_first_calls(chosen[: settings.first_calls], tell))
    header["finished"] = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    return Run(header, tuple(cells), tuple(first_calls), tuple(calls))


def benchmark_of(name: str) -> Benchmark:
    """The benchmark of a name."""
    for benchmark in BENCHMARKS:
        if benchmark.name == name:
            return benchmark
    known = ", ".join(benchmark.name for benchmark in BENCHMARKS)
    raise UnknownNameError(
        f"a benchmark was asked for by name; got {name!r}; expected one of {known}; "
        f"choose one of these"
    )


def work(
    chosen: Sequence[Benchmark], settings: Settings, tell: Tell
) -> tuple[list[Cell], list[Call]]:
    """All cells and calls, from as many workers as it takes."""
    pending, cells, calls = list(chosen), [], []
    with_calls = True
    while pending:
        names = [benchmark.name for benchmark in pending]
        request = {"problems": names, "settings": asdict(settings), "calls": with_calls}
        why = "the worker ended"
        for kind, record in answers("comparisons.speed.worker", request):
            if kind == "begin":
                tell(record)
            elif kind == "call":
                calls.append(call_of(record))
            elif kind == "cell":
                cells.append(cell_of(record))
            elif kind == "end":
                pending.pop(0)
            elif kind == "died":
                why = record
        with_calls = False
        if pending:
            cells += lost(pending.pop(0), settings, cells, why)
    return cells, calls


def lost(benchmark: Benchmark, settings: Settings, cells: list[Cell], why: str) -> list[Cell]:
    """Cells for what a worker took with it."""
    done = {(cell.problem, cell.size) for cell in cells}
    return [
        Cell(benchmark.name, size, method, "failed", why)
        for size in (benchmark.quick if settings.quick else benchmark.sizes)
        if (benchmark.name, size) not in done
        for method in CONTENDERS
    ]


def all_first_calls(chosen: Sequence[Benchmark], tell: Tell) -> Iterator[FirstCall]:
    """Cold and warm for diffkit, cold for JAX, each in its own process."""
    for benchmark in chosen:
        tell(f"first call, {benchmark.name}")
        with tempfile.TemporaryDirectory(prefix="diffkit-") as folder:
            yield first_call(benchmark, "diffkit", "cold", Path(folder))
            yield first_call(benchmark, "diffkit", "warm", Path(folder))
        yield first_call(benchmark, "jax", "cold", None)


def first_call(benchmark: Benchmark, method: str, cache: Any, folder: Path | None) -> FirstCall:
    """One first call."""
    here = (benchmark.name, method, cache)
    if machine.versions().get(method) == "not installed" and method != "diffkit":
        return FirstCall(*here, "not measured", reason=f"{method} is not installed")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "comparisons.speed.first_call", benchmark.name, method],
            capture_output=True,
            text=True,
            timeout=FIRST_CALL_TIMEOUT,
            env=environment(folder),
        )
        return FirstCall(*here, "ok", float(done.stdout.split()[-1]))
    except subprocess.TimeoutExpired:
        return FirstCall(*here, "failed", reason=f"not done after {FIRST_CALL_TIMEOUT:g} s")
    except (IndexError, ValueError):
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        return FirstCall(*here, "failed", reason=last[:300])
