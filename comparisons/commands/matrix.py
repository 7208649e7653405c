"""The commands of the matrix: run it, report on what is there, list what can be compared."""

from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from comparisons import machine, runner
from comparisons.commands.common import OUT, Out, show_report, stopped
from comparisons.lookup import known_methods, known_problems, select
from comparisons.plugins import method_plugins, problem_plugins
from comparisons.settings import DEFAULT, QUICK, Settings

__all__ = ["Pin", "Quick", "Workers", "list_everything", "measure", "report", "run"]

Quick = Annotated[bool, typer.Option("--quick", help="Small sizes, short timing.")]
Workers = Annotated[int, typer.Option(help="Processes that measure at a time.", min=1)]
Pin = Annotated[bool, typer.Option("--pin", help="Hold each worker on a core of its own.")]


def run(
    problems: Annotated[str, typer.Option(help="Names, comma-separated; all if empty.")] = "",
    methods: Annotated[str, typer.Option(help="Names, comma-separated; all if empty.")] = "",
    quick: Quick = False,
    out: Out = OUT,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget earlier records first.")] = False,
    seconds: Annotated[float | None, typer.Option(help="Timing budget of a cell.", min=0.0)] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds before a cell is stopped.")] = None,
    memory_mib: Annotated[int | None, typer.Option(help="MiB before a cell is stopped.")] = None,
    workers: Workers = 1,
    pin: Pin = False,
) -> None:
    """Measure every cell that has no record yet, then report."""
    settings = QUICK if quick else DEFAULT
    settings = replace(
        settings,
        seconds=settings.seconds if seconds is None else seconds,
        timeout=settings.timeout if timeout is None else timeout,
        memory=settings.memory if memory_mib is None else memory_mib * 2**20,
        workers=workers,
        pin=pin,
    )
    chosen = (
        select(problems.split(","), known_problems()),
        select(methods.split(","), known_methods()),
    )
    for plugin in (*problem_plugins(), *method_plugins()):
        if plugin.error:
            typer.echo(f"left out: plugin {plugin.name} of {plugin.package}: {plugin.error}")
    measure(runner.plan_run(*chosen, settings, out), fresh)
    show_report(out)


def report(out: Out = OUT) -> None:
    """Show the records of a folder and write its report.html."""
    show_report(out)


def list_everything() -> None:
    """List problems and methods."""
    console = Console()
    table = Table(Column("problem", no_wrap=True), "what", "sizes", "source", title="Problems")
    for problem in known_problems():
        table.add_row(
            problem.name, problem.title, " ".join(map(str, problem.sizes)), problem.source
        )
    console.print(table)
    table = Table(Column("method", no_wrap=True), "what", "family", "needs", title="Methods")
    for method in known_methods():
        title = f"{method.title} (when named)" if method.by_name else method.title
        table.add_row(method.name, title, method.family, ", ".join(method.needs))
    console.print(table)
    _list_plugins(console)


def _list_plugins(console: Console) -> None:
    """What other packages add, and what is wrong with those that add nothing."""
    found = (*problem_plugins(), *method_plugins())
    if not found:
        return
    table = Table(Column("plugin", no_wrap=True), "of", "what it adds", title="Plugins")
    for plugin in found:
        adds = ", ".join(item.name for item in plugin.items)
        table.add_row(plugin.name, plugin.package, escape(adds or f"left out: {plugin.error}"))
    console.print(table)


def measure(plan: runner.Plan, fresh: bool = False) -> None:
    """Run a plan, with a bar; say beforehand what is there already, and on Ctrl-C how to go on."""
    console = Console()
    if not fresh:
        for line in _standing_lines(runner.standing(plan), plan.settings):
            typer.echo(line)
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
    except KeyboardInterrupt as interrupt:
        steps.close()
        done = runner.standing(plan).done
        text = (
            f"stopped: {done} of {total} cells are done and kept in {plan.out}; "
            f"run the same command again to go on from there"
        )
        raise stopped(text, interrupt) from None


def _standing_lines(found: runner.Standing, settings: Settings) -> list[str]:
    """What the user should know of the output folder, and of the run, before it begins."""
    lines: list[str] = []
    if found.done:
        lines.append(f"kept: {found.done} of {found.total} cells are done already")
    for name, cells in found.outdated.items():
        lines.append(f"again: {cells} cells were measured with another version of {name}")
    if found.others:
        lines.append(
            f"left out: {found.others} records of other settings, Python, NumPy or processor"
        )
    if found.unreadable:
        lines.append(f"left out: {found.unreadable} lines that cannot be read as records")
    if found.processor:
        here = machine.describe()["processor"]
        lines.append(f"another machine: the last run here was on {found.processor}, this is {here}")
    if settings.workers > 1 and not settings.pin:
        lines.append(
            f"note: {settings.workers} workers measure beside each other and may move between "
            f"cores; --pin holds each on a core of its own"
        )
    return lines
