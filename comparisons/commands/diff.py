"""The command `diff`: what two runs say differently, beyond noise."""

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from comparisons import text
from comparisons.changes import Change, Comparison, compare
from comparisons.commands.common import USAGE, WIDE
from comparisons.records import encode
from comparisons.report import load
from comparisons.report.results import Results

__all__ = ["diff"]

CHANGED = 1

Folder = Annotated[Path, typer.Argument(help="Folder of a run.", show_default=False)]


def diff(
    before: Folder,
    after: Folder,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Compare two runs: exit code 0 if nothing has changed beyond noise, 1 if something has."""
    found = compare(_load(before), _load(after))
    if as_json:
        content = asdict(found) | {"count": found.count(), "summary": _summary(found)}
        typer.echo(json.dumps(encode(content), indent=1, allow_nan=False))
    else:
        _show(found)
    raise typer.Exit(CHANGED if found.changes or found.shifts else 0)


def _load(folder: Path) -> Results:
    results = load(folder)
    if not results.records:
        typer.echo(
            f"error: two runs were to be compared; got {folder}, which holds no records; expected "
            f"the output folder of a run; give the folder that was its --out",
            err=True,
        )
        raise typer.Exit(USAGE)
    return results


def _show(found: Comparison) -> None:
    console = Console()
    console = console if console.is_terminal else Console(width=WIDE)
    for name, (a, b) in found.conditions.items():
        typer.echo(f"{name}: {a}, then {b}")
    if found.changes:
        head = ("what", "problem", "size", "method", "before", "after", "ratio", "between")
        table = Table(*head)
        for change in found.changes:
            table.add_row(*map(escape, _row(change)))
        console.print(table)
    for shift in found.shifts:
        typer.echo(
            f"{shift.method}: {shift.ratio:.2f} times the time over {shift.cells} cells, "
            f"between {shift.low:.2f} and {shift.high:.2f}"
        )
    typer.echo(_basis(found))
    typer.echo(_summary(found))


def _row(change: Change) -> tuple[str, ...]:
    ratio = between = ""
    if change.ratio is not None and change.low is not None and change.high is not None:
        ratio, between = f"{change.ratio:.2f}", f"{change.low:.2f} to {change.high:.2f}"
    shown = text.seconds if change.ratio is not None else text.error
    words = (
        "" if value is None else value if isinstance(value, str) else shown(value)
        for value in (change.before, change.after)
    )
    place = change.problem, f"{change.size:,}", change.method
    return change.kind, *place, *words, ratio, between


def _basis(found: Comparison) -> str:
    """What the verdicts on times stand on."""
    noise = found.noise
    if noise is None:
        if "processor" in found.conditions:
            return "times: not compared, since the processors differ"
        return "times: none to compare"
    how = "assumed, for want of cells" if noise.assumed else "the same code, run to run"
    return (
        f"times: noise {math.expm1(noise.scale):.1%} ({how}; at worst "
        f"{math.expm1(noise.worst):.0%}), drift of the whole run {math.expm1(noise.drift):+.1%} "
        f"(divided out); a change must be {noise.quantile:.1f} times the noise and beyond the worst"
    )


def _summary(found: Comparison) -> str:
    """One sentence."""
    scope = f"{found.cells} cells in both, {found.timed} of them timed"
    if not found.changes and not found.shifts:
        return f"Nothing has changed beyond noise: {scope}."
    parts = [f"{number} {kind}" for kind, number in found.count().items()]
    if found.shifts:
        parts.append(f"on the whole {', '.join(shift.method for shift in found.shifts)}")
    return f"Changed: {', '.join(parts)}; {scope}."
