"""The commands of the matrix: run it, report on what is there, list what can be compared."""

from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from comparisons import runner
from comparisons.commands.common import INTERRUPTED, OUT, USAGE, Out, show_report
from comparisons.lookup import UnknownNameError, select
from comparisons.records import JournalBusyError
from comparisons.settings import DEFAULT, QUICK

__all__ = ["list_everything", "report", "run"]


def run(
    problems: Annotated[str, typer.Option(help="Names, comma-separated; all if empty.")] = "",
    methods: Annotated[str, typer.Option(help="Names, comma-separated; all if empty.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes, short timing.")] = False,
    out: Out = OUT,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget earlier records first.")] = False,
    seconds: Annotated[float | None, typer.Option(help="Timing budget of a cell.", min=0.0)] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds before a cell is stopped.")] = None,
    memory_mib: Annotated[int | None, typer.Option(help="MiB before a cell is stopped.")] = None,
) -> None:
    """Measure every cell that has no record yet, then report."""
    from comparisons.methods import METHODS
    from comparisons.problems import PROBLEMS

    settings = QUICK if quick else DEFAULT
    settings = replace(
        settings,
        seconds=settings.seconds if seconds is None else seconds,
        timeout=settings.timeout if timeout is None else timeout,
        memory=settings.memory if memory_mib is None else memory_mib * 2**20,
    )
    try:
        plan = runner.plan_run(
            select(problems.split(","), PROBLEMS),
            select(methods.split(","), METHODS),
            settings,
            out,
        )
        _run(plan, fresh)
    except (UnknownNameError, JournalBusyError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(USAGE) from None
    show_report(out)


def report(out: Out = OUT) -> None:
    """Show the records of a folder and write its report.html."""
    show_report(out)


def list_everything() -> None:
    """List problems and methods."""
    from comparisons.methods import METHODS
    from comparisons.problems import PROBLEMS

    console = Console()
    table = Table(Column("problem", no_wrap=True), "what", "sizes", "source", title="Problems")
    for problem in PROBLEMS:
        table.add_row(
            problem.name, problem.title, " ".join(map(str, problem.sizes)), problem.source
        )
    console.print(table)
    table = Table(Column("method", no_wrap=True), "what", "family", "needs", title="Methods")
    for method in METHODS:
        table.add_row(method.name, method.title, method.family, ", ".join(method.needs))
    console.print(table)


def _run(plan: runner.Plan, fresh: bool) -> None:
    console = Console()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    total = len(plan.cells)
    steps = runner.run(plan, fresh)
    try:
        # Two refreshes a second: the bar must not take the processor from what is being timed.
        with Progress(*columns, console=console, refresh_per_second=2) as progress:
            task = progress.add_task("starting", total=total)
            for step in steps:
                progress.update(task, completed=step.done)
                if isinstance(step, runner.Started):
                    cell = step.cell
                    text = f"{cell.problem} {cell.size} {cell.method}"
                    progress.update(task, description=f"{text:<42.42}")
            progress.update(task, completed=total, description=f"{'done':<42}")
    except KeyboardInterrupt:
        steps.close()
        typer.echo(
            f"stopped: {runner.count_done(plan)} of {total} cells are done and kept in {plan.out}; "
            f"run the same command again to go on from there",
            err=True,
        )
        raise typer.Exit(INTERRUPTED) from None
