"""What the commands share: where results lie, exit codes, and showing a folder's report."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

__all__ = ["INTERRUPTED", "OUT", "USAGE", "Out", "show_report"]

Out = Annotated[Path, typer.Option(help="Folder of the records and the report.")]
OUT = Path("comparison-results")
INTERRUPTED, USAGE, WIDE = 130, 2, 180


def show_report(out: Path) -> None:
    """Write the page of a folder, and print its tables."""
    from comparisons.gradbench.tables import show as show_gradbench
    from comparisons.report import load, show, write
    from comparisons.speed.tables import show as show_speed

    results = load(out)
    path = write(results, out)  # first: a closed pipe behind the tables must not cost the page
    # Into a file or a pipe there is no width to keep to, and a table cut short is no use there.
    console = Console()
    console = console if console.is_terminal else Console(width=WIDE)
    if results.records:
        show(results, console)
    if results.speed is not None:
        show_speed(results.speed, console)
    if results.gradbench is not None:
        show_gradbench(results.gradbench, console)
    if not results.records and results.speed is None and results.gradbench is None:
        typer.echo(
            f"nothing to report: {out} holds no records; "
            f"make some with: python -m comparisons run --out {out}"
        )
    typer.echo(f"report: {path}")
