"""The command line: run the comparison, report on what is there, list what can be compared."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from comparisons import runner
from comparisons.lookup import UnknownNameError, select
from comparisons.records import JournalBusyError
from comparisons.settings import DEFAULT, QUICK

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Accuracy and cost of differentiation methods, measured.",
)
Out = Annotated[Path, typer.Option(help="Folder of the records and the report.")]
OUT = Path("comparison-results")
LARGEST = 1_000_000
INTERRUPTED, USAGE, WIDE = 130, 2, 180


@app.command()
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
    _report(out)


@app.command()
def report(out: Out = OUT) -> None:
    """Show the records of a folder and write its report.html."""
    _report(out)


@app.command()
def loops(
    largest: Annotated[int, typer.Option(help="Steps of the longest loop.", min=10_000)] = LARGEST,
) -> None:
    """Measure what the reverse mode of a loop keeps, with and without checkpoints."""
    from comparisons.loops import measure, slope

    console = Console()
    table = Table("steps", "checkpoint", "counted bytes", "measured bytes", "seconds")
    rows = []
    for row in measure(largest):
        rows.append(row)
        counted, measured = f"{row.counted:,}", f"{row.measured:,}"
        table.add_row(
            f"{row.steps:,}", row.checkpoint or "none", counted, measured, f"{row.seconds:.2f}"
        )
    console.print(table)
    for checkpoint in (None, "sqrt"):
        counted, measured = slope(rows, checkpoint)
        console.print(
            f"checkpoint {checkpoint or 'none'}: the peak grows as n^{counted:.2f} by the count, "
            f"n^{measured:.2f} as measured"
        )


@app.command()
def vmath(
    size: Annotated[int, typer.Option(help="Elements of the arrays.", min=1)] = 100_000,
) -> None:
    """Measure diffkit's vector functions against NumPy's and SciPy's."""
    from comparisons.vmath import measure

    table = Table("function", "dtype", "ns", "peer", "its ns", "times as fast")
    for row in measure(size):
        own, other = f"{row.nanoseconds:.2f}", f"{row.peer_nanoseconds:.2f}"
        table.add_row(row.name, row.dtype, own, row.peer, other, f"{row.ratio:.2f}")
    Console().print(table)


@app.command()
def untraced(
    seconds: Annotated[float, typer.Option(help="Timing of a gradient.", min=0.0)] = 1.0,
) -> None:
    """Measure gradients without jit, of 50 operations on one number, against autograd's."""
    from comparisons.untraced import measure

    table = Table("function", "diffkit µs", "autograd µs", "ratio")
    for row in measure(seconds):
        if row.diffkit is None or row.autograd is None:
            table.add_row(row.name, *(f"wrong: {value!r}" for value in row.values), "")
            continue
        times = (f"{1e6 * t.median:.0f}" for t in (row.diffkit, row.autograd))
        table.add_row(row.name, *times, f"{row.ratio:.2f}")
    Console().print(table)


@app.command()
def speed(
    only: Annotated[str, typer.Option(help="Names, comma-separated; all if empty.")] = "",
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes, short timing.")] = False,
    seconds: Annotated[float | None, typer.Option(help="Timing of a call.", min=0.0)] = None,
    out: Out = OUT,
) -> None:
    """Measure compiled gradients against hand-written ones and the peers."""
    from comparisons.speed import settings as known
    from comparisons.speed.records import write
    from comparisons.speed.run import run as measure

    settings = known.QUICK if quick else known.DEFAULT
    settings = replace(settings, seconds=settings.seconds if seconds is None else seconds)
    console = Console()
    try:
        with console.status("starting", refresh_per_second=2) as status:
            result = measure(settings, only.split(","), status.update)
    except UnknownNameError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(USAGE) from None
    write(result, out)
    _report(out)


@app.command()
def gradbench(
    names: Annotated[str, typer.Option("--eval", help="Names, comma-separated, or all.")] = "all",
    sizes: Annotated[str, typer.Option(help="small, default (GradBench's own) or all.")] = "small",
    check: Annotated[bool, typer.Option("--check", help="Compare only, do not measure.")] = False,
    seconds: Annotated[float, typer.Option(help="Timing of a call.", min=0.0)] = 0.1,
    manual: Annotated[Path | None, typer.Option(help="Folder of GradBench's C++ programs.")] = None,
    out: Out = OUT,
) -> None:
    """Check GradBench's evals over its protocol, then measure them."""
    from comparisons.gradbench import run as runs
    from comparisons.gradbench.records import write
    from comparisons.gradbench.tables import check_table

    console = Console()
    try:
        if sizes not in ("small", "default", "all"):
            raise UnknownNameError(
                f"sizes were asked for by name; got {sizes!r}; expected small, default or all; "
                f"choose one of these"
            )
        evals = runs.evals_named(names.split(","))
        with console.status("starting", refresh_per_second=2) as status:
            checks = list(runs.check(evals, sizes, status.update))
    except UnknownNameError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(USAGE) from None
    console.print(check_table(checks))
    if any(found.outcome != "ok" for found in checks):
        raise typer.Exit(1)
    if check:
        return
    with console.status("starting", refresh_per_second=2) as status:
        result = runs.run(evals, sizes, seconds, manual, status.update)
    write(result, out)
    _report(out)


@app.command("list")
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


def _report(out: Path) -> None:
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
