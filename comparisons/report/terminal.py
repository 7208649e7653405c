"""The report at the terminal: cost and accuracy, a row a case, a column a method."""

from collections.abc import Callable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from comparisons import text
from comparisons.records import Record
from comparisons.report.agreement import PEER, distances
from comparisons.report.results import Results
from comparisons.report.summary import correct, sentences

__all__ = ["show"]


def show(results: Results, console: Console) -> None:
    """Print two tables and the summary."""
    console.print(
        _table(
            results,
            "Cost: derivative time / function time in NumPy (bold: fastest correct)",
            lambda r: text.ratio(r.measured.ratio_numpy),
        )
    )
    console.print(
        _table(
            results,
            "Accuracy: relative error of the derivative",
            lambda r: text.error(r.measured.relative_error),
        )
    )
    _print_agreement(results, console)
    for line in sentences(results):
        console.print("-", escape(line), highlight=False)


def _print_agreement(results: Results, console: Console) -> None:
    """The distance from PyTorch, for the cases that have one."""
    apart = distances(results)
    if not apart:
        return
    cases = {(problem, size) for problem, size, _ in apart}
    compared = [r for r in results.records if (r.problem, r.size) in cases and r.method != PEER]
    title = f"Agreement: distance from {PEER}, relative (short derivatives only)"

    def figure(record: Record) -> str:
        return text.error(apart.get((record.problem, record.size, record.method)))

    console.print(_table(Results(tuple(compared)), title, figure))


def _table(results: Results, title: str, figure: Callable[[Record], str]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("problem", no_wrap=True)
    table.add_column("size", justify="right")
    for method in results.methods:
        table.add_column(escape(method), justify="right")
    for (problem, size), records in results.cases().items():
        by_method = {record.method: record for record in records}
        best = next((record.method for record in correct(records)), None)
        cells = [_cell(by_method.get(method), figure, method == best) for method in results.methods]
        table.add_row(escape(problem), f"{size:,}", *cells)
    return table


def _cell(record: Record | None, figure: Callable[[Record], str], best: bool) -> str:
    if record is None:
        return ""
    if record.measurement is None:
        return f"[dim]{escape(record.status)}[/dim]"
    shown = escape(figure(record))
    return f"[bold]{shown}[/bold]" if best else shown
