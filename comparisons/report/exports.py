"""The same results for other programs and for other pages: CSV, JSON and GitHub's Markdown.

The tables hold every place of the page's table, the empty ones too: `outcome` tells apart what was
right, wrong, unjudged, unsupported, failed and not measured. Times are in seconds; a spread is
(third - first quartile) / median; an empty field is a figure that does not exist. In JSON a number
that is none is the text "nan", "inf" or "-inf".
"""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from comparisons import text
from comparisons.demonstrations import word
from comparisons.records import Measurement, encode
from comparisons.report.fits import exponents
from comparisons.report.notes import notes
from comparisons.report.outcomes import Cell, Cells, judge
from comparisons.report.plots import title_of
from comparisons.report.results import Results
from comparisons.report.summary import sentences

__all__ = ["COLUMNS", "render"]

# The columns and what they mean, in their order.
COLUMNS: dict[str, str] = {
    "problem": "name of the problem",
    "size": "its size",
    "method": "name of the method",
    "outcome": "right, wrong, unjudged, unsupported, failed, or not measured",
    "status": "what the run recorded: ok, or how the cell ended; empty without a record",
    "reason": "why there is no result or no verdict",
    "relative_error": "max |d - truth| / max |truth|",
    "ulps": "worst entry's error in units in the last place of the truth",
    "derivative_median": "seconds of one derivative, warm",
    "derivative_spread": "its spread",
    "derivative_best": "the least of its samples",
    "derivative_runs": "how many runs there were",
    "function_median": "seconds of the function by the same method",
    "function_spread": "its spread",
    "numpy_median": "seconds of the function in plain NumPy",
    "numpy_spread": "its spread",
    "ratio_fastest": "derivative time over that of the fastest right method of the case",
    "ratio_numpy": "derivative time over function time in plain NumPy",
    "ratio_own": "derivative time over function time by the same method",
    "first_call": "seconds of the first derivative",
    "build": "seconds of tracing and compiling",
    "prepare": "seconds of all preparation",
    "peak_bytes": "rise of resident memory during one derivative",
    "nodes": "operations in the derivative's graph",
    "flops": "scalar operations of one derivative",
    "flops_ratio": "the same over those of the function",
    "calls": "evaluations of the function, or sweeps through it",
    "truth": "how the truth was obtained",
    "finished": "when, UTC",
    "settings": "fingerprint of how it was measured",
}
_MEASURED: dict[str, Callable[[Measurement], object]] = {
    "relative_error": lambda m: m.relative_error,
    "ulps": lambda m: m.ulps,
    "derivative_median": lambda m: m.derivative.median,
    "derivative_spread": lambda m: m.derivative.spread,
    "derivative_best": lambda m: m.derivative.best,
    "derivative_runs": lambda m: m.derivative.runs,
    "function_median": lambda m: m.primal.median,
    "function_spread": lambda m: m.primal.spread,
    "numpy_median": lambda m: m.numpy.median,
    "numpy_spread": lambda m: m.numpy.spread,
    "ratio_numpy": lambda m: m.ratio_numpy,
    "ratio_own": lambda m: m.ratio,
    "first_call": lambda m: m.first_seconds,
    "build": lambda m: m.build_seconds,
    "prepare": lambda m: m.prepare_seconds,
    "peak_bytes": lambda m: m.peak_bytes,
    "nodes": lambda m: m.nodes,
    "flops": lambda m: m.flops,
    "flops_ratio": lambda m: m.flops_ratio,
    "calls": lambda m: m.calls,
    "truth": lambda m: m.truth,
}


def render(results: Results) -> dict[str, str]:
    """The files: their names and contents."""
    cells = judge(results)
    return {
        "results.csv": as_csv(cells),
        "results.json": as_json(results, cells),
        "results.md": as_markdown(results, cells),
    }


def fields(cell: Cell) -> dict[str, Any]:
    """A place of the table as a row with the columns of `COLUMNS`."""
    record = cell.record
    measured = record.measurement if record else None
    known = {
        "problem": cell.problem,
        "size": cell.size,
        "method": cell.method,
        "outcome": cell.outcome,
        "status": record and record.status,
        "reason": cell.reason,
        "ratio_fastest": cell.ratio,
        "finished": record and record.finished,
        "settings": record and record.settings,
    }
    if measured is not None:
        known |= {name: read(measured) for name, read in _MEASURED.items()}
    return {name: known.get(name) for name in COLUMNS}


def as_csv(cells: Cells) -> str:
    """Comma-separated values with a line of names."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(map(fields, cells.values()))
    return file.getvalue()


def as_json(results: Results, cells: Cells) -> str:
    """Everything: the cells with their whole details, the exponents, the demonstrations."""
    everything = {
        "columns": COLUMNS,
        "header": results.header,
        "notes": notes(results, cells),
        "cells": [fields(cell) | {"details": texts(cell)} for cell in cells.values()],
        "exponents": [
            {"problem": problem, "method": method} | asdict(found)
            for (problem, method), found in exponents(results).items()
        ],
        "demonstrations": [asdict(kept) for kept in results.shown],
    }
    return json.dumps(encode(everything), indent=1, allow_nan=False) + "\n"


def texts(cell: Cell) -> dict[str, str]:
    """The titled texts of a measured cell."""
    measured = cell.record.measurement if cell.record else None
    return measured.details if measured else {}


def as_markdown(results: Results, cells: Cells) -> str:
    """A table for each problem: methods down, sizes across; and the demonstrations' figures."""
    parts = ["# Accuracy and cost of differentiation methods", *bullets(sentences(results))]
    if cells:
        parts.append(
            "\nTimes are medians ± half the distance of the quartiles; then the relative error. "
            "The fastest right method is bold; – is not measured."
        )
    for problem in results.problems:
        sizes = [size for name, size in results.cases() if name == problem]
        rows = [
            (method, *(entry(cells[problem, size, method]) for size in sizes))
            for method in results.methods
        ]
        head = ("method", *(f"size {size:,}" for size in sizes))
        parts += [f"\n## {plain(title_of(problem)[0])}\n", grid(head, rows)]
    for kept in results.shown:
        parts.append(f"\n## {plain(kept.title)}\n\n{plain(kept.text)}\n\n{plain(kept.source)}\n")
        if kept.reason:
            parts.append(plain(kept.reason))
        if kept.shown.figures:
            rows = [
                (f.name, word(f.ours), word(f.expected), f.verdict, f.source)
                for f in kept.shown.figures
            ]
            parts.append(grid(("figure", "ours", "expected", "verdict", "source"), rows))
    parts += ["\n## What this run does not tell\n", *bullets(notes(results, cells))]
    return "\n".join(parts) + "\n"


def entry(cell: Cell) -> str:
    """A place of a Markdown table."""
    if cell.record is None or cell.record.measurement is None:
        return cell.short()
    m = cell.record.measured
    shown = f"{text.timing(m.derivative)}, {text.error(m.relative_error)}"
    if cell.outcome == "right":
        return f"**{shown}**" if cell.fastest else shown
    return f"{shown} ({cell.outcome})"


def bullets(lines: list[str]) -> list[str]:
    """A list."""
    return [f"- {plain(line)}" for line in lines]


def grid(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table, numbers to the right."""
    rule = ["---", *["---:"] * (len(head) - 1)]
    lines = [map(plain, head), rule, *(map(plain, row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def plain(words: str) -> str:
    """A text on one line that Markdown takes for text; ** stays, for what is bold."""
    line = " ".join(words.split())
    return re.sub(r"([\\`_|<>\[\]])", r"\\\1", line)
