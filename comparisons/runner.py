"""The order of a run: which cells there are, which are done, and what becomes of each.

A cell is (problem, size, method). Cells run one at a time, in one worker that is kept while it is
healthy, problem by problem and size by size, so that the truth of a case is computed once and a
method that ran out of time or memory at one size is not tried at the larger ones. Each finished
cell is on the disk before the next begins; a run that was stopped, in whatever way, continues from
there when it is started again.
"""

import datetime
import hashlib
import inspect
import json
import os
import sys
import time
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from comparisons import machine
from comparisons import truth as truth_module
from comparisons.client import Worker
from comparisons.lookup import find_method, find_problem
from comparisons.problem import Problem
from comparisons.records import Journal, Measurement, Record, decode_measurement, read
from comparisons.settings import Settings, fingerprint

__all__ = ["Cell", "Finished", "Plan", "Started", "plan_run", "run"]

JOURNAL, HEADER, LOG, TRUTHS = "cells.jsonl", "run.json", "worker.log", "truth"
# A truth takes longer than a cell, is computed once, and serves every method.
TRUTH_TIMEOUT = 120.0
# Results that say nothing for good: the package may be there next time.
RETRIED = ("missing",)


@dataclass(frozen=True, slots=True)
class Cell:
    """One place in the table. `problem` and `method` are names, or "module:attribute"."""

    problem: str
    size: int
    method: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do: its cells in order, how many are done already, and how to measure."""

    cells: tuple[Cell, ...]
    settings: Settings
    out: Path


@dataclass(frozen=True, slots=True)
class Started:
    """A cell begins; `done` of `total` are finished."""

    cell: Cell
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Finished:
    """A cell has ended and its record is on the disk."""

    record: Record
    done: int
    total: int


def plan_run(
    problems: tuple[str, ...], methods: tuple[str, ...], settings: Settings, out: Path
) -> Plan:
    """Every cell of these problems and methods, in running order.

    Raises:
        UnknownNameError: a name is neither known nor importable.
    """
    for method in methods:
        find_method(method)
    cells = []
    for name in problems:
        problem = find_problem(name)
        for size in sorted(problem.quick if settings.quick else problem.sizes):
            cells.extend(Cell(name, size, method) for method in methods)
    return Plan(tuple(cells), settings, out)


def run(plan: Plan, fresh: bool = False) -> Generator[Started | Finished, None, None]:
    """Run what is left of a plan, yielding before and after each cell.

    Closing the iterator, or an interrupt inside it, stops the worker and leaves the records whole.

    Args:
        fresh: forget the records and truths in the output folder first.

    Raises:
        JournalBusyError: another run is writing to the same folder.
    """
    mark = fingerprint(plan.settings)
    with Journal(plan.out / JOURNAL) as journal:
        if fresh:
            journal.clear()
            for path in (plan.out / TRUTHS).glob("*"):
                path.unlink()
        _write_header(plan, mark)
        finished = _finished(plan, mark)
        left = [cell for cell in plan.cells if _key(cell) not in finished]
        total = len(plan.cells)
        with Worker(plan.settings.memory, plan.out / LOG) as worker:
            for done, cell in enumerate(left, start=total - len(left)):
                yield Started(cell, done, total)
                record = _run_cell(cell, plan, mark, finished, worker)
                journal.append(record)
                finished[_key(cell)] = record
                yield Finished(record, done + 1, total)


def count_done(plan: Plan) -> int:
    """How many cells of a plan have their record on the disk."""
    finished = _finished(plan, fingerprint(plan.settings))
    return sum(_key(cell) in finished for cell in plan.cells)


def _finished(plan: Plan, mark: str) -> dict[tuple[str, int, str], Record]:
    """The records that need not be made again."""
    known = [record for record in read(plan.out / JOURNAL) if record.settings == mark]
    return {(r.problem, r.size, r.method): r for r in known if r.status not in RETRIED}


def _key(cell: Cell) -> tuple[str, int, str]:
    return find_problem(cell.problem).name, cell.size, find_method(cell.method).name


def _run_cell(
    cell: Cell,
    plan: Plan,
    mark: str,
    finished: dict[tuple[str, int, str], Record],
    worker: Worker,
) -> Record:
    problem, method = find_problem(cell.problem), find_method(cell.method)
    start = time.monotonic()
    answer = _hopeless(finished, *_key(cell))
    if answer is None:
        path, why = _truth(problem, cell, plan, worker)
        request = {
            "job": "cell",
            **asdict(cell),
            "truth": path and str(path),
            "why": why,
            "seconds": plan.settings.seconds,
        }
        answer = worker.ask(request, plan.settings.timeout)
    measured: Measurement | None = None
    if answer["measurement"] is not None:
        measured = decode_measurement(answer["measurement"])
    return Record(
        settings=mark,
        problem=problem.name,
        size=cell.size,
        method=method.name,
        family=method.family,
        status=answer["status"],
        reason=answer["reason"],
        seconds=time.monotonic() - start,
        finished=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        measurement=measured,
    )


def _hopeless(
    finished: dict[tuple[str, int, str], Record], problem: str, size: int, method: str
) -> dict[str, Any] | None:
    """The answer for a cell whose method already ran out of time or memory at a smaller size."""
    for (other, smaller, by), record in finished.items():
        same = other == problem and by == method and smaller < size
        if same and record.status in ("timeout", "memory"):
            reason = f"not tried: {record.status} at size {smaller} ({record.reason})"
            if record.reason.startswith("not tried"):
                reason = record.reason
            return {"status": record.status, "reason": reason, "measurement": None}
    return None


def _truth(problem: Problem, cell: Cell, plan: Plan, worker: Worker) -> tuple[Path | None, str]:
    """The file with the truth of a case, computed if need be; or None and the reason."""
    source = "".join(map(inspect.getsource, (sys.modules[problem.make.__module__], truth_module)))
    version = hashlib.sha256(source.encode()).hexdigest()[:8]
    path = (plan.out / TRUTHS / f"{problem.name}-{cell.size}-{version}.npz").absolute()
    if path.exists():
        return path, ""
    request = {"job": "truth", "problem": cell.problem, "size": cell.size, "path": str(path)}
    answer = worker.ask(request, TRUTH_TIMEOUT)
    if answer["status"] == "ok":
        return path, ""
    return None, f"no truth: {answer['reason']}"


def _write_header(plan: Plan, mark: str) -> None:
    """Say what this run is, for the report; written whole or not at all."""
    header = {
        "fingerprint": mark,
        "settings": asdict(plan.settings),
        "cells": len(plan.cells),
        "machine": machine.describe(),
        "versions": machine.versions(),
    }
    path = plan.out / HEADER
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8") as file:
        json.dump(header, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
