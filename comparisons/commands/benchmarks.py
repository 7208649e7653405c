"""The commands that measure one thing each, apart from the matrix."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from comparisons.commands.common import OUT, USAGE, Out, show_report
from comparisons.lookup import UnknownNameError

__all__ = ["gradbench", "speed", "untraced", "vmath"]


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
    show_report(out)


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
    show_report(out)
