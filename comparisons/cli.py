"""The command line: every command by name."""

import typer

from comparisons.commands import benchmarks, demonstrations, matrix

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Accuracy and cost of differentiation methods, measured.",
)
for command in (matrix.run, matrix.report):
    app.command()(command)
app.command("list")(matrix.list_everything)
for command in (demonstrations.accuracy, demonstrations.cost):
    app.command()(command)
for command in (
    benchmarks.speed,
    benchmarks.gradbench,
    benchmarks.untraced,
    benchmarks.loops,
    benchmarks.vmath,
):
    app.command()(command)
