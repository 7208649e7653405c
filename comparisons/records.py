"""The journal of finished cells: one JSON object a line, safe against being killed.

A line is written whole or not at all as far as a reader is concerned: an append that fails, on a
full disk for one, takes back what it wrote, and a torn last line, left by a kill, is cut off before
the next append and ignored by readers. JSON has no nan or infinity, and a derivative may be either,
so such floats are written as the strings "nan", "inf" and "-inf" and turned back on reading. A
later record of the same cell replaces an earlier one.
"""

import contextlib
import json
import math
import os
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from comparisons.output import writing

__all__ = [
    "FAILED",
    "Contents",
    "Journal",
    "JournalBusyError",
    "Measurement",
    "Record",
    "Timing",
    "contents",
    "decode",
    "encode",
    "read",
]

# ok, or why not. "skipped" is no status: a size not tried carries the status of the smaller size
# that failed.
FAILED = ("unsupported", "missing", "crashed", "timeout", "memory", "error")


@dataclass(frozen=True, slots=True)
class Timing:
    """Runs of one call: median and least seconds; spread is (Q3 - Q1) / median.

    A sample is the mean of one or more runs, as many as the clock needs; median and quartiles are
    those of the samples. Their number is 0 where it was not kept.
    """

    median: float
    best: float
    spread: float
    runs: int
    samples: int = 0


FEW = 64


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was measured in a cell that went well; None where a figure does not exist.

    Attributes:
        value: f at the point; the 2-norm of f for a Jacobian.
        relative_error: max |d - truth| / max |truth|.
        ulps: the worst entry's error in units of the truth's last place (see `measure.ulp_error`).
        truth: how the truth was obtained, or why there is none.
        numpy, primal, derivative: timings of f in plain NumPy, of f by the method, and of the
            derivative.
        ratio, ratio_numpy: median derivative time over that of `primal` and of `numpy`.
        prepare_seconds, build_seconds: all of the preparation, and tracing and compiling within it.
        first_seconds: the first call of the derivative.
        peak_bytes: by how much the derivative raised resident memory at most.
        nodes, flops, flops_ratio, calls: see `method.Prepared`; the ratio is to the primal's flops.
        derivative_values: the derivative itself, if it has at most `FEW` entries.
        details: titled texts for the reader, such as the graph and the generated source.
    """

    value: float
    relative_error: float | None
    ulps: float | None
    truth: str
    numpy: Timing
    primal: Timing
    derivative: Timing
    ratio: float
    ratio_numpy: float
    prepare_seconds: float
    build_seconds: float
    first_seconds: float
    peak_bytes: int | None
    nodes: int | None
    flops: int | None
    flops_ratio: float | None
    calls: int | None
    derivative_values: tuple[float, ...] | None = None
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """One finished cell.

    Attributes:
        settings: the fingerprint of how it was measured (see `settings`).
        reason: why `status` is not "ok"; else empty.
        seconds: what the cell took, with everything around the measurement.
        finished: UTC, ISO 8601.
        versions: what the cell depends on (see `provenance`).
    """

    settings: str
    problem: str
    size: int
    method: str
    family: str
    status: str
    reason: str
    seconds: float
    finished: str
    measurement: Measurement | None
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, int, str]:
        """What makes two records the same cell."""
        return self.settings, self.problem, self.size, self.method

    @property
    def measured(self) -> Measurement:
        """The measurement of a cell that went well."""
        assert self.measurement is not None, f"{self.key} has no measurement: {self.status}"
        return self.measurement


def encode(value: Any) -> Any:
    """`value` with every non-finite float replaced by its name, so that it is strict JSON."""
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"
    return value


def decode(data: dict[str, Any]) -> Record:
    """The record in a JSON object; ValueError or KeyError or TypeError if it isn't one."""
    measured = data["measurement"]
    values: dict[str, Any] = {**data, "measurement": measured and decode_measurement(measured)}
    return Record(**values)


def decode_measurement(data: dict[str, Any]) -> Measurement:
    """The measurement in a JSON object, names of non-finite floats turned back into floats."""
    values = {}
    for entry in fields(Measurement):
        value = data[entry.name]
        if entry.type is Timing:
            value = Timing(**{key: _number(item) for key, item in value.items()})
        elif entry.type is not str:
            value = _number(value)
        values[entry.name] = value
    return Measurement(**values)


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Contents:
    """The newest record of each cell, oldest first; those that they have replaced; and how many
    whole lines are no records."""

    records: tuple[Record, ...]
    unreadable: int
    replaced: tuple[Record, ...] = ()


def contents(path: Path) -> Contents:
    """What is in a journal; nothing if there is no file.

    Lines that are not records are passed over and counted: remains of one in the middle, or records
    of a format of another time. A torn last line is the cell that a killed run was at, so it does
    not count.
    """
    newest: dict[tuple[str, str, int, str], Record] = {}
    replaced: list[Record] = []
    unreadable = 0
    *lines, last = path.read_bytes().split(b"\n") if path.exists() else [b""]
    for line in lines:
        record = _record(line)
        if record is None:
            unreadable += bool(line.strip())
        else:
            replaced += _renew(newest, record)
    if (record := _record(last)) is not None:
        replaced += _renew(newest, record)
    return Contents(tuple(newest.values()), unreadable, tuple(replaced))


def read(path: Path) -> list[Record]:
    """The records in a journal, the newest of each cell; [] if there is no file."""
    return list(contents(path).records)


def _renew(newest: dict[tuple[str, str, int, str], Record], record: Record) -> list[Record]:
    """Let a record take the place of an earlier one of its cell, at the end; the earlier one."""
    earlier = newest.pop(record.key, None)
    newest[record.key] = record
    return [] if earlier is None else [earlier]


def _record(line: bytes) -> Record | None:
    try:
        return decode(json.loads(line))
    except (ValueError, KeyError, TypeError):
        return None


class JournalBusyError(RuntimeError):
    """Another run is writing to the same journal."""


class Journal:
    """An open journal. Use as a context manager; only one process at a time can hold one.

    Raises:
        JournalBusyError: another process holds it.
        OutputError: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            # Unbuffered: a buffer would keep what a full disk refused, and write it on closing.
            self._file = path.open("a+b", buffering=0)
            try:
                _lock(self._file, path)
                self._mend()
            except BaseException:
                self._file.close()
                raise

    def __enter__(self) -> "Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, record: Record) -> None:
        """Write one record and wait until it is on the disk; take it back if that fails.

        Raises:
            OutputError: the system refuses; the journal is as it was.
        """
        line = (json.dumps(encode(asdict(record)), allow_nan=False) + "\n").encode()
        with writing(self._path):
            end = os.fstat(self._file.fileno()).st_size
            try:
                self._write(line)
                os.fsync(self._file.fileno())
            except BaseException:
                with contextlib.suppress(OSError):
                    self._file.truncate(end)
                raise

    def clear(self) -> None:
        """Forget every record."""
        with writing(self._path):
            self._file.truncate(0)

    def _write(self, content: bytes) -> None:
        left = memoryview(content)
        while left:  # a disk that is nearly full takes a part, and refuses the next
            left = left[self._file.write(left) :]

    def _mend(self) -> None:
        """Cut off a torn last line, or end it if only its newline is missing."""
        self._file.seek(0)
        content = self._file.read()
        tail = content[content.rfind(b"\n") + 1 :]
        if not tail:
            return
        if _record(tail) is not None:
            self._write(b"\n")
        else:
            self._file.truncate(len(content) - len(tail))


def _lock(file: Any, path: Path) -> None:
    """Hold the file for this process; the system lets go when it ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # not a POSIX system: no lock to take
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise JournalBusyError(
            f"a run was asked to write to {path}; got a file that another run is writing to; "
            f"expected to be the only writer; wait for the other run, or choose another --out"
        ) from error
    except OSError:  # a file system without locks: go on without
        return
