"""The report as ONE HTML file: style, script and plots are inside it, and it loads nothing.

Every text that comes from a record (names, reasons, versions) is escaped. The tables sort by
clicking a heading: each cell carries the number it shows in `data-value`, so that 1.2 ms sorts
below 3 s.
"""

import html
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from comparisons import text
from comparisons.methods import METHODS
from comparisons.problems import PROBLEMS
from comparisons.records import Record
from comparisons.report import gradbench, plots, speed
from comparisons.report.agreement import distances
from comparisons.report.assets import SCRIPT, STYLE
from comparisons.report.results import Results
from comparisons.report.summary import correct, sentences

__all__ = ["render", "write"]

FILE = "report.html"
COLUMNS = (
    ("size", "the size of the problem"),
    ("method", "the differentiation method"),
    ("relative error", "max |d - truth| / max |truth|"),
    ("ulps", "worst entry's error in units in the last place of the truth"),
    (
        "from PyTorch",
        "relative distance from PyTorch's derivative, where it is short enough to keep",
    ),
    ("derivative", "median time of one derivative, warm"),
    ("spread", "(third - first quartile) / median"),
    ("/ NumPy", "derivative time over the time of the function in plain NumPy"),
    ("/ own", "derivative time over the time of the function by the same method"),
    ("first call", "the first derivative after preparation"),
    ("build", "tracing and compiling"),
    ("peak memory", "rise of resident memory during one derivative"),
    ("nodes", "operations in the derivative's graph"),
    ("flops ratio", "scalar operations of the derivative over those of the function"),
    ("calls", "evaluations of the function, or sweeps through it, for one derivative"),
)
GUIDE = """
Times are medians of warm runs with one thread. The truth comes from central differences with 120
digits, or from a closed form in extended precision. A derivative is correct if its relative error
is at most 1e-10 or, where the problem itself loses digits, at most 100 times the least error of any
method. The fastest correct method of each size is shown in bold. PyTorch runs a twin of the
function written by hand.
"""


def write(results: Results, out: Path) -> Path:
    """Write the page into a folder, whole or not at all; its path."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / FILE
    partial = path.with_suffix(".partial")
    partial.write_text(render(results), encoding="utf-8")
    partial.replace(path)
    return path


def render(results: Results) -> str:
    """The page as text."""
    parts = [_head(results)]
    if results.records:
        parts += [_summary(results), _plots(results), _tables(results), _failures(results)]
    elif results.speed is None and results.gradbench is None:
        parts.append(
            "<section><p class='empty'>There are no records yet. Make some with "
            "<code>python -m comparisons run</code>, then come back.</p></section>"
        )
    parts += [speed.section(results.speed), gradbench.section(results.gradbench)]
    parts += [_conditions(results), _guide()]
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>diffkit comparisons</title><style>{STYLE}</style></head>\n<body><main>\n"
        + "\n".join(part for part in parts if part)
        + f"\n</main><script>{SCRIPT}</script></body></html>\n"
    )


def _head(results: Results) -> str:
    done, planned = len(results.records), results.header.get("cells", len(results.records))
    state = f"{done} of {planned} cells" if done < planned else f"{done} cells"
    if results.others:
        state += f"; {results.others} records measured with other settings are left out"
    return (
        "<header><h1>Accuracy and cost of differentiation methods</h1>"
        f"<p class='state'>{html.escape(state)}</p></header>"
    )


def _summary(results: Results) -> str:
    items = "".join(f"<li>{html.escape(line)}</li>" for line in sentences(results))
    return f"<section><h2>Who wins where</h2><ul>{items}</ul></section>"


def _plots(results: Results) -> str:
    if not plots.available():
        return "<section><h2>Plots</h2><p>Install matplotlib to see the plots here.</p></section>"
    figures = (
        ("Cost of the gradient of the Helmholtz energy", plots.cost_of_helmholtz(results)),
        ("Error against cost, all problems and sizes", plots.error_against_cost(results)),
        ("Truncation and round-off of difference quotients", plots.u_curve()),
    )
    shown = "".join(
        f"<figure><figcaption>{html.escape(title)}</figcaption>{svg}</figure>"
        for title, svg in figures
        if svg
    )
    return f"<section><h2>Plots</h2>{shown}</section>"


def _tables(results: Results) -> str:
    titles = {problem.name: (problem.title, problem.source) for problem in PROBLEMS}
    best = {
        (record.problem, record.size): record.method
        for records in results.cases().values()
        for record in correct(records)[:1]
    }
    apart = distances(results)
    sections = []
    for problem in results.problems:
        title, source = titles.get(problem, (problem, ""))
        rows = [r for r in results.records if r.problem == problem and r.measurement is not None]
        if rows:
            body = "".join(
                _row(
                    record,
                    best.get((problem, record.size)),
                    apart.get((problem, record.size, record.method)),
                )
                for record in rows
            )
            sections.append(
                f"<h3>{html.escape(title)}</h3><p class='source'>{html.escape(source)}</p>"
                + _table(COLUMNS, body)
            )
    return "<section><h2>Measurements</h2>" + "".join(sections) + "</section>"


def _row(record: Record, best: str | None, apart: float | None) -> str:
    m = record.measured
    cells = (
        (f"{record.size:,}", record.size),
        (record.method, record.method),
        (text.error(m.relative_error), m.relative_error),
        (_ulps(m.ulps), m.ulps),
        (text.error(apart), apart),
        (text.seconds(m.derivative.median), m.derivative.median),
        (f"{m.derivative.spread:.0%}" if m.derivative.runs > 1 else text.DASH, m.derivative.spread),
        (text.ratio(m.ratio_numpy), m.ratio_numpy),
        (text.ratio(m.ratio), m.ratio),
        (text.seconds(m.first_seconds), m.first_seconds),
        (text.seconds(m.build_seconds) if m.build_seconds else text.DASH, m.build_seconds),
        (text.size(m.peak_bytes), m.peak_bytes),
        (text.count(m.nodes), m.nodes),
        (text.ratio(m.flops_ratio), m.flops_ratio),
        (text.count(m.calls), m.calls),
    )
    shown = "".join(
        f"<td data-value='{html.escape(_sort_value(value))}'>{html.escape(label)}</td>"
        for label, value in cells
    )
    mark = " class='best'" if record.method == best else ""
    return f"<tr{mark}>{shown}</tr>"


def _ulps(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return text.error(value)
    return f"{value:.1f}" if value < 1e4 else f"{value:.0e}"


def _sort_value(value: object) -> str:
    """What the script compares: missing and nan come last."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value)


def _table(columns: Iterable[tuple[str, str]], body: str) -> str:
    head = "".join(
        f"<th scope='col' title='{html.escape(hint)}'><button>{html.escape(name)}</button></th>"
        for name, hint in columns
    )
    return (
        "<div class='wide'><table class='sortable'>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _failures(results: Results) -> str:
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td data-value='{html.escape(str(value))}'>{html.escape(str(value))}</td>"
            for value in (r.problem, r.size, r.method, r.status, r.reason)
        )
        + "</tr>"
        for r in results.records
        if r.measurement is None
    )
    if not rows:
        return ""
    columns = (("problem", ""), ("size", ""), ("method", ""), ("status", ""), ("reason", ""))
    table = _table(columns, rows)
    return f"<section class='failures'><h2>Cells without a result</h2>{table}</section>"


def _conditions(results: Results) -> str:
    runs = [run.header for run in (results.speed, results.gradbench) if run]
    header = results.header or (runs[0] if runs else {})
    groups: list[tuple[str, dict[str, Any]]] = [
        ("Machine", header.get("machine", {})),
        ("Versions", header.get("versions", {})),
        ("Settings", header.get("settings", {})),
    ]
    lists = "".join(
        f"<div><h3>{name}</h3><dl>"
        + "".join(
            f"<dt>{html.escape(str(key))}</dt><dd>{html.escape(str(value))}</dd>"
            for key, value in facts.items()
        )
        + "</dl></div>"
        for name, facts in groups
        if facts
    )
    return (
        f"<section><h2>Measured on</h2><div class='facts'>{lists}</div></section>" if lists else ""
    )


def _guide() -> str:
    columns = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(hint)}</dd>" for name, hint in COLUMNS
    )
    methods = "".join(
        f"<dt>{html.escape(method.name)}</dt><dd>{html.escape(method.title)}</dd>"
        for method in METHODS
    )
    return (
        f"<section><h2>How to read this</h2><p>{html.escape(GUIDE)}</p>"
        f"<div class='facts'><div><h3>Columns</h3><dl>{columns}</dl></div>"
        f"<div><h3>Methods</h3><dl>{methods}</dl></div></div></section>"
    )
