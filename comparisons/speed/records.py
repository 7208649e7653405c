"""What a run of the benchmark leaves behind: one JSON file, written whole or not at all.

A cell is one contender on one problem of one size. Its status tells four things apart: "ok";
"wrong", a result that differs, which is never timed; "failed", an error; and "not measured", a
contender that was not meant to take part, or is not installed. Only the first has times.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from comparisons.records import encode

__all__ = [
    "Call", "Cell", "FirstCall", "Run", "Status", "Timing", "keep", "read", "timing_of", "write",
]  # fmt: skip

FILE = "speed.json"
Status = Literal["ok", "wrong", "failed", "not measured"]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one call: median and quartiles of the samples, and how many of them."""

    median: float
    low: float
    high: float
    samples: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A contender on a problem of one size.

    Attributes:
        gradient, primal: times of the value with its gradient, and of the value alone.
        error: the largest difference from the gradient by hand, relative.
        blocks: arrays allocated in a call beside its outputs, where known.
    """

    problem: str
    size: int
    method: str
    status: Status
    reason: str = ""
    gradient: Timing | None = None
    primal: Timing | None = None
    error: float | None = None
    blocks: int | None = None


@dataclass(frozen=True, slots=True)
class FirstCall:
    """Seconds of the first call in a new process, imports apart; `cache` is "cold", or "warm" where
    an earlier process has left its compiled code."""

    problem: str
    method: str
    cache: Literal["cold", "warm"]
    status: Status
    seconds: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of the compiled gradient of a function of one number: what calling costs."""

    method: str
    status: Status
    timing: Timing | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """All of one run; the header says where, when and how."""

    header: dict[str, Any] = field(default_factory=dict)
    cells: tuple[Cell, ...] = ()
    first_calls: tuple[FirstCall, ...] = ()
    calls: tuple[Call, ...] = ()

    def cases(self) -> tuple[tuple[str, int], ...]:
        """The (problem, size) pairs, in order."""
        return tuple(dict.fromkeys((cell.problem, cell.size) for cell in self.cells))

    def cell(self, problem: str, size: int, method: str) -> Cell | None:
        """The cell of a contender, if it has one."""
        for cell in self.cells:
            if (cell.problem, cell.size, cell.method) == (problem, size, method):
                return cell
        return None


def write(run: Run, out: Path) -> Path:
    """Keep a run in a folder; its path."""
    return keep(run, out / FILE)


def keep(record: Any, path: Path) -> Path:
    """Write a dataclass as JSON, whole or not at all; its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    text = json.dumps(encode(asdict(record)), indent=1, allow_nan=False) + "\n"
    partial.write_text(text, "utf-8")
    partial.replace(path)
    return path


def read(out: Path) -> Run | None:
    """The run in a folder, or None if there is none that can be read."""
    try:
        data = json.loads((out / FILE).read_text(encoding="utf-8"))
        return Run(
            header=data["header"],
            cells=tuple(cell_of(item) for item in data["cells"]),
            first_calls=tuple(FirstCall(**item) for item in data["first_calls"]),
            calls=tuple(call_of(item) for item in data["calls"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def cell_of(data: dict[str, Any]) -> Cell:
    """The cell in a JSON object."""
    error = data["error"]
    return Cell(
        **data
        | {
            "gradient": timing_of(data["gradient"]),
            "primal": timing_of(data["primal"]),
            "error": None if error is None else float(error),  # "nan" is written as a string
        }
    )


def call_of(data: dict[str, Any]) -> Call:
    """The call in a JSON object."""
    return Call(**data | {"timing": timing_of(data["timing"])})


def timing_of(data: dict[str, Any] | None) -> Timing | None:
    """The timing in a JSON object."""
    return None if data is None else Timing(**data)
