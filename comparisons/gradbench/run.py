"""Run the evals: check them over the protocol, or measure them, a worker for each eval.

A worker that dies or hangs leaves the cells that it has measured, and one that says why the rest is
missing.
"""

import os
import tempfile
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from comparisons import machine
from comparisons.gradbench.client import Client, ToolError
from comparisons.gradbench.evals import EVALS
from comparisons.gradbench.evaluation import Eval
from comparisons.gradbench.records import Cell, FirstCall, Run, cell_of
from comparisons.gradbench.validate import Check, Sizes, validate
from comparisons.lookup import UnknownNameError, select
from comparisons.speed.processes import answers

__all__ = ["check", "evals_named", "run"]

Tell = Callable[[str], None]
Lines = Generator[tuple[str, Any], None, None]


def evals_named(names: Sequence[str]) -> list[Eval]:
    """The evals of these names, all of them for none or for "all".

    Raises:
        UnknownNameError: there is no eval of a name.
    """
    wanted = select([name for name in names if name.strip() != "all"], [*EVALS.values()])
    unknown = [name for name in wanted if name not in EVALS]
    if unknown:
        raise UnknownNameError(
            f"an eval was asked for by name; got {unknown[0]!r}; expected one of "
            f"{', '.join(EVALS)}, or all; choose one of these"
        )
    return [EVALS[name] for name in wanted]


def check(evals: Sequence[Eval], sizes: Sizes, tell: Tell = lambda _: None) -> Iterator[Check]:
    """Every function on every workload, each eval in a session of its own."""
    for eval in evals:
        tell(eval.name)
        with Client() as client:
            yield from validate(eval, sizes, client)


def run(
    evals: Sequence[Eval],
    sizes: Sizes,
    seconds: float = 0.1,
    manual: Path | None = None,
    tell: Tell = lambda _: None,
    first_calls: bool = True,
    at_once: int = 1,
) -> Run:
    """Measure all contenders, and the first call in a new process if asked to; `tell` hears what is
    at hand. Of `at_once` evals each has a core of its own, if there are so many: most of the time
    is compiling."""
    at_once = min(at_once, os.cpu_count() or 1)
    header: dict[str, Any] = {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": machine.describe() | {"threads": f"one, on one core, {at_once} evals at a time"},
        "versions": machine.versions(),
        "settings": {"sizes": sizes, "seconds": seconds, "manual": manual is not None},
    }
    cells: list[Cell] = []
    first: list[FirstCall] = []
    with ExitStack() as stopping:  # whatever happens, no process is left behind
        running: deque[tuple[Eval, Lines]] = deque()
        for k, eval in enumerate(evals):
            if first_calls:
                tell(f"{eval.name}, first call")
                first.append(first_call(eval))
            running.append((eval, started(eval, sizes, seconds, manual, k % at_once)))
            stopping.callback(running[-1][1].close)
            if len(running) == at_once:
                cells += measured(*running.popleft(), tell)
        for eval, lines in running:
            cells += measured(eval, lines, tell)
    header["finished"] = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    return Run(header, tuple(cells), tuple(first))


def started(eval: Eval, sizes: Sizes, seconds: float, manual: Path | None, core: int) -> Lines:
    """The lines of a worker whose process runs from now on."""
    request = {
        "eval": eval.name,
        "sizes": sizes,
        "seconds": seconds,
        "manual": str(manual) if manual else None,
        "core": core,
    }
    lines = answers("comparisons.gradbench.worker", request)
    next(lines)
    return lines


def measured(eval: Eval, lines: Lines, tell: Tell) -> Iterator[Cell]:
    """The cells of an eval."""
    workload = ""
    for kind, record in lines:
        if kind == "begin":
            workload = record
            tell(f"{eval.name} {workload}")
        elif kind == "cell":
            yield cell_of(record)
        else:
            yield Cell(eval.name, workload, eval.derivative, "diffkit", "failed", str(record))


def first_call(eval: Eval) -> FirstCall:
    """Define an eval in a new process with an empty cache, and ask for the derivative once."""
    given = eval.generate(**eval.workloads[0].sizes)
    with tempfile.TemporaryDirectory(prefix="diffkit-") as folder:
        try:
            with Client(cache=Path(folder)) as client:
                client.ask("start", eval=eval.name)
                start = time.perf_counter()
                replies = [
                    client.ask("define", module=eval.name),
                    client.ask("evaluate", module=eval.name, function=eval.derivative, input=given),
                ]
                seconds = time.perf_counter() - start
        except ToolError as error:
            return FirstCall(eval.name, "failed", reason=str(error))
    for reply in replies:
        if not reply.get("success"):
            return FirstCall(eval.name, "failed", reason=str(reply.get("error")))
    return FirstCall(eval.name, "ok", seconds)
