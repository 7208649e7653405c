"""What a run of the evals leaves behind: one JSON file, beside the records of the other benchmarks.

A cell is one method on one workload. As in `comparisons.speed.records` its status tells four things
apart, and only a cell that is "ok" has times.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from comparisons.speed.records import Status, Timing, keep, timing_of

__all__ = ["Cell", "FirstCall", "Run", "read", "write"]

FILE = "gradbench.json"


@dataclass(frozen=True, slots=True)
class Cell:
    """A method on a workload of an eval.

    Attributes:
        function: the derivative's name.
        derivative, primal: times of one call.
        error: the relative difference from the derivative by hand (see `validate.difference`).
        peak: bytes by which a call raised the memory of the process, its result included, where the
            system tells.
    """

    eval: str
    workload: str
    function: str
    method: str
    status: Status
    reason: str = ""
    derivative: Timing | None = None
    primal: Timing | None = None
    error: float | None = None
    peak: int | None = None


@dataclass(frozen=True, slots=True)
class FirstCall:
    """Seconds from the message `define` in a new process without compiled code to the answer of the
    first `evaluate`, of the derivative on an eval's smallest workload."""

    eval: str
    status: Status
    seconds: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """All of one run; the header says where, when and how."""

    header: dict[str, Any] = field(default_factory=dict)
    cells: tuple[Cell, ...] = ()
    first_calls: tuple[FirstCall, ...] = ()

    def cases(self) -> tuple[tuple[str, str, str], ...]:
        """The (eval, workload, function) triples, in order."""
        return tuple(dict.fromkeys((c.eval, c.workload, c.function) for c in self.cells))

    def cell(self, case: tuple[str, str, str], method: str) -> Cell | None:
        """The cell of a method, if it has one."""
        for cell in self.cells:
            if ((cell.eval, cell.workload, cell.function), cell.method) == (case, method):
                return cell
        return None


def write(run: Run, out: Path) -> Path:
    """Keep a run in a folder; its path."""
    return keep(run, out / FILE)


def read(out: Path) -> Run | None:
    """The run in a folder, or None if there is none that can be read."""
    try:
        data = json.loads((out / FILE).read_text(encoding="utf-8"))
        return Run(
            header=data["header"],
            cells=tuple(cell_of(item) for item in data["cells"]),
            first_calls=tuple(FirstCall(**item) for item in data["first_calls"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def cell_of(data: dict[str, Any]) -> Cell:
    """The cell in a JSON object."""
    times = {name: timing_of(data[name]) for name in ("derivative", "primal")}
    error = data["error"]
    return Cell(**data | times | {"error": None if error is None else float(error)})
