"""What opens when a reader asks for a cell: the data behind the page's dialogs.

Every number is written here, so that a dialog and a table can not round differently; the script
only arranges texts. A long text (a graph, a generated source) is cut for the page and whole in
results.json.
"""

from collections.abc import Iterable
from typing import Any

from comparisons import text
from comparisons.methods import METHODS
from comparisons.records import Record
from comparisons.report.outcomes import Cell, Cells
from comparisons.report.results import Results

__all__ = ["data", "environment"]

LONGEST, WIDEST = 120, 20_000  # lines, characters


def data(results: Results, cells: Cells) -> dict[str, Any]:
    """All cells in order, the methods' titles, and the environment of the run."""
    return {
        "cells": [described(cell, results.earlier.get(cell.key, ())) for cell in cells.values()],
        "methods": {method.name: method.title for method in METHODS},
        "environment": environment(results),
    }


def described(cell: Cell, earlier: Iterable[Record]) -> dict[str, Any]:
    """One cell: where it stands, what came of it, its figures, texts and history."""
    record = cell.record
    found: dict[str, Any] = {
        "problem": cell.problem,
        "size": cell.size,
        "method": cell.method,
        "outcome": cell.outcome,
        "reason": cell.reason,
        "history": history(cell),
        "earlier": [past(record) for record in earlier],
        "facts": [],
        "texts": [],
    }
    if record is not None:
        found["facts"] = facts(cell)
    if record is not None and record.measurement is not None:
        found["texts"] = [(title, cut(body)) for title, body in record.measured.details.items()]
    return found


def facts(cell: Cell) -> list[tuple[str, str]]:
    """Name and value of everything that is known of a recorded cell."""
    assert cell.record is not None
    record, m = cell.record, cell.record.measurement
    depends = ", ".join(f"{name} {version}" for name, version in record.versions.items())
    about = [("finished", record.finished), ("settings", record.settings)]
    about += [("made with", depends)] if depends else []
    if m is None:
        return [*about, ("time spent", text.seconds(record.seconds))]
    return [
        ("relative error", text.error(m.relative_error)),
        ("error in ulps", text.ulps(m.ulps)),
        ("truth", m.truth),
        ("derivative", spread(m.derivative)),
        ("function, same method", spread(m.primal)),
        ("function, NumPy", spread(m.numpy)),
        ("/ fastest right method", text.ratio(cell.ratio)),
        ("/ NumPy", text.ratio(m.ratio_numpy)),
        ("/ own function", text.ratio(m.ratio)),
        ("preparation", f"{text.seconds(m.prepare_seconds)} (once)"),
        ("of it tracing, compiling", f"{text.seconds(m.build_seconds)} (once)"),
        ("first call", f"{text.seconds(m.first_seconds)} (once)"),
        ("peak memory", text.size(m.peak_bytes)),
        ("nodes", text.count(m.nodes)),
        ("flops", text.count(m.flops)),
        ("flops / function's", text.ratio(m.flops_ratio)),
        ("calls or sweeps", text.count(m.calls)),
        ("value of the function", f"{m.value:.17g}"),
        *about,
    ]


def spread(taken: Any) -> str:
    """A timing in full."""
    return f"{text.timing(taken)}, least {text.seconds(taken.best)}, {taken.runs:,} runs"


def history(cell: Cell) -> tuple[str, ...]:
    """Size, outcome, errors and time: a row of the errors of a method at every size."""
    measured = cell.record.measurement if cell.record else None
    if measured is None:
        return (f"{cell.size:,}", cell.short(), text.DASH, text.DASH, text.DASH)
    return (
        f"{cell.size:,}",
        cell.outcome,
        text.error(measured.relative_error),
        text.ulps(measured.ulps),
        text.timing(measured.derivative),
    )


def past(record: Record) -> tuple[str, ...]:
    """When, with what settings, how it went, error and time: a row of a cell's earlier records."""
    m = record.measurement
    error = text.DASH if m is None else text.error(m.relative_error)
    taken = text.DASH if m is None else text.timing(m.derivative)
    return record.finished, record.settings, record.status, error, taken


def cut(body: str) -> str:
    """What a page can bear of a text."""
    shown = text.shorten(body, LONGEST)
    if len(shown) <= WIDEST:
        return shown
    return shown[:WIDEST] + f"\n… and {len(shown) - WIDEST:,} more characters"


def environment(results: Results) -> list[tuple[str, list[tuple[str, str]]]]:
    """The groups of facts in the run's header, or in that of the first benchmark."""
    runs = [run.header for run in (results.speed, results.gradbench) if run]
    header = results.header or (runs[0] if runs else {})
    if not header and results.shown:
        header = {"machine": results.shown[0].machine, "versions": results.shown[0].versions}
    return [
        (name.capitalize(), [(str(key), worded(key, value)) for key, value in header[name].items()])
        for name in ("machine", "versions", "settings")
        if isinstance(header.get(name), dict) and header[name]
    ]


def worded(name: str, value: object) -> str:
    """A fact of the header; memory in the unit that people use."""
    return text.size(value) if name == "memory" and isinstance(value, int) else str(value)
