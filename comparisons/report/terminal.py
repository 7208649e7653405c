"""The report at the terminal: cost and accuracy, a row a case, a column a method.

As many methods stand side by side as the terminal is wide for; the others follow in tables below.
"""

from collections.abc import Callable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from comparisons import text
from comparisons.records import Record
from comparisons.report.agreement import PEER, distances
from comparisons.report.outcomes import Cell, Cells, judge
from comparisons.report.results import Results
from comparisons.report.summary import sentences

__all__ = ["show"]

CASE, COLUMN = 30, 15  # characters that a case and a method take


def show(results: Results, console: Console) -> None:
    """Print the tables and the summary."""
    cells = judge(results)

    def cost(record: Record) -> str:
        return text.ratio(record.measured.ratio_numpy)

    def error(record: Record) -> str:
        return text.error(record.measured.relative_error)

    title = "Cost: derivative time / function time in NumPy (bold: fastest right, or level with it)"
    _print(results, cells, title, cost, console)
    _print(results, cells, "Accuracy: relative error of the derivative", error, console)
    _print_agreement(results, console)
    for line in sentences(results):
        console.print("-", escape(line), highlight=False)
    for clause in results.left_out:
        console.print("- left out:", escape(clause), highlight=False)


def _print_agreement(results: Results, console: Console) -> None:
    """The distance from PyTorch, for the cases that have one."""
    apart = distances(results)
    if not apart:
        return
    cases = {(problem, size) for problem, size, _ in apart}
    records = [r for r in results.records if (r.problem, r.size) in cases and r.method != PEER]
    compared = Results(tuple(records))
    title = f"Agreement: distance from {PEER}, relative (short derivatives only)"

    def figure(record: Record) -> str:
        return text.error(apart.get((record.problem, record.size, record.method)))

    _print(compared, judge(compared), title, figure, console)


def _print(
    results: Results, cells: Cells, title: str, figure: Callable[[Record], str], console: Console
) -> None:
    """One figure of all cells, in as many tables as the width asks for."""
    together = max(1, (console.width - CASE) // COLUMN)
    for first in range(0, len(results.methods), together):
        methods = results.methods[first : first + together]
        table = Table(title=title if first == 0 else None, title_justify="left")
        table.add_column("problem", no_wrap=True)
        table.add_column("size", justify="right", no_wrap=True)
        for method in methods:
            table.add_column(escape(method), justify="right", overflow="fold")
        for problem, size in results.cases():
            shown = (_cell(cells[problem, size, method], figure) for method in methods)
            table.add_row(escape(problem), f"{size:,}", *shown)
        console.print(table)


def _cell(cell: Cell, figure: Callable[[Record], str]) -> str:
    """A figure; what is wrong says so, and what is not there says why."""
    if cell.record is None or cell.record.measurement is None:
        return f"[dim]{escape(cell.short())}[/dim]"
    shown = escape(figure(cell.record))
    if cell.outcome == "wrong":
        return f"[red]{shown} wrong[/red]"
    return f"[bold]{shown}[/bold]" if cell.fastest else shown
