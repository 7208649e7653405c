"""The order of a run: which cells there are, which are done, and what becomes of each.

A cell is (problem, size, method). A worker runs the cells of one problem one at a time, size by
size, and is kept while it is healthy, so that the truth of a case is computed once and a method
that ran out of time or memory at one size is not tried at the larger ones. Several workers take a
problem each. Each finished cell is on the disk before its worker begins the next; a run that was
stopped, in whatever way, continues from there when it is started again.
"""

import contextlib
import datetime
import json
import time
from collections import Counter, deque
from collections.abc import Generator, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from comparisons import machine
from comparisons import truth as truth_module
from comparisons.client import Answer, Worker
from comparisons.cores import cores_for
from comparisons.lookup import find_method, find_problem
from comparisons.output import OutputError, whole
from comparisons.problem import Problem
from comparisons.provenance import differences, of_cell, source_digest
from comparisons.records import Journal, Measurement, Record, contents, decode_measurement
from comparisons.selection import HEADER, JOURNAL, read_header
from comparisons.settings import Settings, fingerprint

__all__ = ["Cell", "Finished", "Plan", "Standing", "Started", "plan_run", "run", "standing"]

LOG, TRUTHS = "worker.log", "truth"
# A truth takes longer than a cell, is computed once, and serves every method.
TRUTH_TIMEOUT = 120.0
# Results that say nothing for good: the package may be there next time.
RETRIED = ("missing",)

Key = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Cell:
    """One place in the table.

    Attributes:
        problem, method: names, or "module:attribute".
        versions: what the cell depends on (see `provenance`), as it was when the run was planned.
    """

    problem: str
    size: int
    method: str
    versions: dict[str, str]

    @property
    def key(self) -> Key:
        """Problem, size and method by the names in their records."""
        return find_problem(self.problem).name, self.size, find_method(self.method).name


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do: its cells in order, and how to measure."""

    cells: tuple[Cell, ...]
    settings: Settings
    out: Path


@dataclass(frozen=True, slots=True)
class Standing:
    """What the output folder holds of a plan before it runs.

    Attributes:
        done: cells that need not be run.
        outdated: how many records are older than what is installed now, by the name of that.
        others: records measured with other settings, or by another Python, NumPy or processor.
        unreadable: lines that are no records.
        processor: the processor of the last run, if it was another one; else "".
    """

    done: int
    total: int
    outdated: dict[str, int]
    others: int
    unreadable: int
    processor: str


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


Steps = Generator[Started | Finished, None, None]
Waiting = Generator[Started | Finished | None, None, None]


def plan_run(
    problems: tuple[str, ...], methods: tuple[str, ...], settings: Settings, out: Path
) -> Plan:
    """Every cell of these problems and methods, in running order.

    Raises:
        UnknownNameError: a name is neither known nor importable.
        PinError: the workers can't be held on cores as the settings say.
    """
    cores_for(settings.workers, settings.pin)
    found = [(method, find_method(method)) for method in methods]
    cells: list[Cell] = []
    for name in problems:
        problem = find_problem(name)
        versions = [(method, of_cell(problem, known)) for method, known in found]
        for size in sorted(problem.quick if settings.quick else problem.sizes):
            cells.extend(Cell(name, size, method, facts) for method, facts in versions)
    return Plan(tuple(cells), settings, out)


def standing(plan: Plan) -> Standing:
    """How a plan and its output folder stand, read from the disk."""
    mark = fingerprint(plan.settings)
    found = contents(plan.out / JOURNAL)
    alike = {_key(record): record for record in found.records if record.settings == mark}
    outdated = Counter(
        name
        for cell in plan.cells
        if (record := alike.get(cell.key)) is not None
        for name in differences(record, cell.versions)
    )
    before = read_header(plan.out).get("machine", {}).get("processor", "")
    return Standing(
        done=len(_done(plan, found.records)),
        total=len(plan.cells),
        outdated=dict(sorted(outdated.items())),
        others=len(found.records) - len(alike),
        unreadable=found.unreadable,
        processor="" if before == machine.describe()["processor"] else before,
    )


def run(plan: Plan, fresh: bool = False) -> Steps:
    """Run what is left of a plan, yielding before and after each cell.

    Closing the iterator, or an interrupt inside it, stops the workers and leaves the records whole.

    Args:
        fresh: forget the records and truths in the output folder first.

    Raises:
        JournalBusyError: another run is writing to the same folder.
        OutputError: the output folder can't be written; what is in it stays.
    """
    with Journal(plan.out / JOURNAL) as journal:
        if fresh:
            journal.clear()
            for path in (plan.out / TRUTHS).glob("*"):
                path.unlink()
        _write_header(plan)
        state = _Run(plan, journal)
        problems: dict[str, list[Cell]] = {}
        for cell in plan.cells:
            if cell.key not in state.finished:
                problems.setdefault(cell.problem, []).append(cell)
        left = deque(problems.values())
        settings = plan.settings
        with contextlib.ExitStack() as stack:
            cores = cores_for(settings.workers, settings.pin)
            workers = [
                stack.enter_context(Worker(settings.memory, plan.out / LOG, core, len(cores)))
                for core in cores
            ]
            yield from _in_turn(_lane(state, left, worker) for worker in workers)


class _Run:
    """A run under way: what the workers share."""

    def __init__(self, plan: Plan, journal: Journal) -> None:
        self.plan = plan
        self.mark = fingerprint(plan.settings)
        self.finished = _done(plan, contents(plan.out / JOURNAL).records)
        self.done = len(self.finished)
        self._journal = journal

    def keep(self, record: Record) -> None:
        """Put a record on the disk."""
        self._journal.append(record)
        self.finished[_key(record)] = record
        self.done += 1


def _lane(state: _Run, problems: deque[list[Cell]], worker: Worker) -> Waiting:
    """One worker's part: problem after problem until none is left; None while it waits."""
    total = len(state.plan.cells)
    while problems:
        for cell in problems.popleft():
            yield Started(cell, state.done, total)
            record = yield from _run_cell(cell, state, worker)
            state.keep(record)
            yield Finished(record, state.done, total)


def _in_turn(lanes: Iterable[Waiting]) -> Steps:
    """The steps of several lanes, each asked in turn until all have ended."""
    waiting = deque(lanes)
    while waiting:
        lane = waiting.popleft()
        try:
            step = next(lane)
        except StopIteration:
            continue
        waiting.append(lane)
        if step is not None:
            yield step


def _done(plan: Plan, records: Iterable[Record]) -> dict[Key, Record]:
    """The records of a plan that need not be made again."""
    mark = fingerprint(plan.settings)
    known = {_key(record): record for record in records if record.settings == mark}
    found: dict[Key, Record] = {}
    for cell in plan.cells:
        record = known.get(cell.key)
        if record is None or record.status in RETRIED or differences(record, cell.versions):
            continue
        found[cell.key] = record
    return found


def _key(record: Record) -> Key:
    return record.problem, record.size, record.method


def _run_cell(cell: Cell, state: _Run, worker: Worker) -> Generator[None, None, Record]:
    problem, method = find_problem(cell.problem), find_method(cell.method)
    start = time.monotonic()
    answer = _hopeless(state.finished, *cell.key)
    if answer is None:
        answer = yield from _measure(cell, state.plan, worker)
    measured: Measurement | None = None
    if answer["measurement"] is not None:
        measured = decode_measurement(answer["measurement"])
    return Record(
        settings=state.mark,
        problem=problem.name,
        size=cell.size,
        method=method.name,
        family=method.family,
        status=answer["status"],
        reason=answer["reason"],
        seconds=time.monotonic() - start,
        finished=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        measurement=measured,
        versions=cell.versions,
    )


def _measure(cell: Cell, plan: Plan, worker: Worker) -> Generator[None, None, Answer]:
    """A worker's answer to a cell."""
    path, why = yield from _truth(find_problem(cell.problem), cell, plan, worker)
    loaded = yield from worker.load(find_method(cell.method).needs)
    if loaded["status"] != "ok":
        return loaded
    request = {
        "job": "cell",
        "problem": cell.problem,
        "size": cell.size,
        "method": cell.method,
        "truth": path and str(path),
        "why": why,
        "seconds": plan.settings.seconds,
    }
    return (yield from worker.ask(request, plan.settings.timeout))


def _hopeless(finished: dict[Key, Record], problem: str, size: int, method: str) -> Answer | None:
    """The answer for a cell whose method already ran out of time or memory at a smaller size."""
    for (other, smaller, by), record in finished.items():
        same = other == problem and by == method and smaller < size
        if same and record.status in ("timeout", "memory"):
            reason = f"not tried: {record.status} at size {smaller} ({record.reason})"
            if record.reason.startswith("not tried"):
                reason = record.reason
            return {"status": record.status, "reason": reason, "measurement": None}
    return None


def _truth(
    problem: Problem, cell: Cell, plan: Plan, worker: Worker
) -> Generator[None, None, tuple[Path | None, str]]:
    """The file with the truth of a case, computed if need be; or None and the reason."""
    version = source_digest(problem.make) + source_digest(truth_module.truth)
    path = (plan.out / TRUTHS / f"{problem.name}-{cell.size}-{version}.npz").absolute()
    if path.exists():
        return path, ""
    request = {"job": "truth", "problem": cell.problem, "size": cell.size, "path": str(path)}
    answer = yield from worker.ask(request, TRUTH_TIMEOUT)
    if answer["status"] == "unwritable":
        raise OutputError(answer["reason"])
    if answer["status"] == "ok":
        return path, ""
    return None, f"no truth: {answer['reason']}"


def _write_header(plan: Plan) -> None:
    """Say what this run is, for the report; written whole or not at all."""
    header = {
        "fingerprint": fingerprint(plan.settings),
        "settings": asdict(plan.settings),
        "cells": len(plan.cells),
        "machine": machine.describe(),
        "versions": machine.versions(),
    }
    with whole(plan.out / HEADER) as file:
        file.write(json.dumps(header, indent=1).encode())
