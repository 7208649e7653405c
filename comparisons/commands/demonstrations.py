"""The commands of the demonstrations: `accuracy` and `cost`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from comparisons import demonstrations
from comparisons.commands.common import OUT, USAGE, WIDE, Out
from comparisons.demonstrations import Room
from comparisons.lookup import UnknownNameError

__all__ = ["accuracy", "cost"]

Names = Annotated[list[str] | None, typer.Argument(help="Names of demonstrations; all if none.")]
Quick = Annotated[bool, typer.Option("--quick", help="Small sizes, a few seconds each.")]


def accuracy(names: Names = None, quick: Quick = False, out: Out = OUT) -> None:
    """How right derivatives are, beside the published figures."""
    _measure("accuracy", names, quick, out)


def cost(names: Names = None, quick: Quick = False, out: Out = OUT) -> None:
    """What derivatives cost, beside the theorems."""
    _measure("cost", names, quick, out)


def _measure(room: Room, names: list[str] | None, quick: bool, out: Path) -> None:
    console = Console()
    console = console if console.is_terminal else Console(width=WIDE)  # as reports are shown
    try:
        chosen = demonstrations.named(room, names or [])
    except UnknownNameError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(USAGE) from None
    failed = False
    for kept in demonstrations.measure(room, chosen, quick, out):
        demonstrations.show(kept, console)
        failed |= kept.reason.startswith("failed")
        failed |= any(figure.verdict == "fails" for figure in kept.shown.figures)
    raise typer.Exit(1 if failed else 0)
