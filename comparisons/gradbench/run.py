"""Run the evals: check them over the protocol, or measure them, a worker for each eval.

A worker that dies or hangs leaves the cells that it has measured, and one that says why the rest is
missing.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
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
) -> Run:
    """Measure all contenders, and the first call in a new process if asked to; `tell` hears what is
    at hand."""
    header: dict[str, Any] = {
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": machine.describe() | {"threads": "one, on one core"},
        "versions": machine.versions(),
        "settings": {"sizes": sizes, "seconds": seconds, "manual": manual is not None},
    }
    cells: list[Cell] = []
    first: list[FirstCall] = []
    for eval in evals:
        if first_calls:
            tell(f"{eval.name}, first call")
            first.append(first_call(eval))
        cells += measured(eval, sizes, seconds, manual, tell)
    header["finished"] = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    return Run(header, tuple(cells), tuple(first))


def measured(
    eval: Eval, sizes: Sizes, seconds: float, manual: Path | None, tell: Tell
) -> Iterator[Cell]:
    """The cells of an eval."""
    request = {
        "eval": eval.name,
        "sizes": sizes,
        "seconds": seconds,
        "manual": str(manual) if manual else None,
    }
    workload = ""
    for kind, record in answers("comparisons.gradbench.worker", request):
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
