"""The command line: every command by name."""

import typer

from comparisons.commands import benchmarks, demonstrations, diff, everything, matrix
from comparisons.commands.common import guarded

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Accuracy and cost of differentiation methods, measured.",
)
COMMANDS = {
    "all": everything.everything,
    "run": matrix.run,
    "report": matrix.report,
    "diff": diff.diff,
    "list": matrix.list_everything,
    "accuracy": demonstrations.accuracy,
    "cost": demonstrations.cost,
    "speed": benchmarks.speed,
    "gradbench": benchmarks.gradbench,
    "untraced": benchmarks.untraced,
    "vmath": benchmarks.vmath,
}
for name, command in COMMANDS.items():
    app.command(name)(guarded(command))
