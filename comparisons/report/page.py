"""The report as ONE HTML file: style, scripts, plots and data are inside it, and it loads nothing.

Everything a reader needs stands in the page without the script: tables, plots, demonstrations. The
script adds filters, sorting, the numbers of a mark, and the details of a cell; so the page also
prints, and reads with scripts off.
"""

from collections.abc import Iterable
from pathlib import Path

from comparisons.methods import METHODS
from comparisons.output import whole
from comparisons.report import details, exports, filters, gradbench, matrix, plots, shown, speed
from comparisons.report.fits import exponents
from comparisons.report.markup import Html, data_island, element, join
from comparisons.report.notes import notes
from comparisons.report.outcomes import MEANINGS, Cells, judge
from comparisons.report.results import Results
from comparisons.report.summary import overall

__all__ = ["render", "write"]

FILE = "report.html"
HERE = Path(__file__).parent
SCRIPTS = ("state.js", "filters.js", "tables.js", "details.js")
GUIDE = (
    "Times are medians of warm runs with one thread; ± is half the distance of the quartiles. The "
    "truth comes from central differences with 120 digits, or from a closed form in extended "
    "precision. The fastest right method of each size has a star, and so has one whose time the "
    "spreads can not tell from it. PyTorch runs a twin of the function written by hand. The same "
    "figures, and more, stand beside this page in results.csv, results.json and results.md."
)
PLANE = (
    "Down is more accurate, left is faster. Point at a mark, or reach it by Tab and the arrow "
    "keys, to read its numbers; Enter opens all of them."
)
GROWTH = (
    "Time against size on logarithmic axes; a whisker is as long as the distance of the quartiles. "
    "A power law n^p is a straight line there: p is fitted by least squares, ± its standard error. "
    "Where sizes are small, the cost of calling flattens it."
)
HEAT = (
    "Each box says how many times the fastest right method of its row was exceeded, and the time "
    "itself. A click, or Tab, the arrow keys and Enter, open the graph, the generated source, the "
    "errors at every size and the environment."
)
WINS = "Each problem at its largest size with a right result."
NOTHING = "There are no records yet. Make some with "


def write(results: Results, out: Path) -> Path:
    """Write the page and its data as CSV, JSON and Markdown into a folder; the page's path.

    Raises:
        OutputError: the folder can't be written.
    """
    contents = {FILE: render(results), **exports.render(results)}
    for name, content in contents.items():
        with whole(out / name) as file:
            file.write(content.encode("utf-8", "replace"))
    return out / FILE


def render(results: Results) -> str:
    """The page as text."""
    cells = judge(results)
    sections = [
        *matrix_sections(results, cells),
        shown.section(results.shown, "accuracy"),
        shown.section(results.shown, "cost"),
        speed.section(results.speed),
        gradbench.section(results.gradbench),
        section("What this run does not tell", items(notes(results, cells))),
        conditions(results),
        guide(),
    ]
    body = element(
        "body",
        element("main", header(results), *sections),
        data_island("data", details.data(results, cells)),
        *(element("script", Html(asset(name))) for name in SCRIPTS),
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", "diffkit comparisons"),
        element("style", Html(asset("page.css"))),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def asset(name: str) -> str:
    """A file of style or script that stands beside this one."""
    return (HERE / name).read_text(encoding="utf-8")


def header(results: Results) -> Html:
    """Title, state, and a list of the sections, which the script fills in."""
    state = f"{len(results.records)} cells" if results.records else ""
    planned = results.header.get("cells", 0)
    if isinstance(planned, int) and len(results.records) < planned:
        state = f"{len(results.records)} of {planned} cells"
    facts = [state, results.header.get("machine", {}).get("processor", "")]
    if results.records:
        facts.append(max(record.finished for record in results.records)[:10])
    return element(
        "header",
        element("h1", "Accuracy and cost of differentiation methods"),
        element("p", " · ".join(fact for fact in facts if fact), class_="state"),
        element("nav", aria_label="Sections", hidden=True),
        element("button", type="button", id="theme", hidden=True),
    )


def matrix_sections(results: Results, cells: Cells) -> list[Html | None]:
    """What the records of problems and methods say, under the filters that they share."""
    if results.empty:
        command = element("code", "python -m comparisons run")
        nothing = element("p", NOTHING, command, ", then come back.", class_="empty")
        return [element("section", nothing)]
    if not results.records:
        return []
    fits = exponents(results)
    plane, growth = plots.plane(results, cells), matrix.growth(results, fits)
    failed = matrix.failures(cells)
    filtered = [
        section("Times at a glance", said(HEAT), key(), matrix.heat(results, cells)),
        plane and section("Accuracy and cost", said(PLANE), plane, plots.legend(results)),
        growth
        and section(
            "How time grows",
            said(GROWTH),
            plots.legend(results),
            plots.scaling(results, cells, fits),
            element("h3", "Exponents of time against size"),
            growth,
        ),
        section("Measurements", matrix.measurements(results, cells)),
        failed and section("Cells without a result", failed),
    ]
    return [
        section("Who wins where", said(WINS), matrix.wins(results), items(overall(results))),
        element("div", filters.form(results), *filtered, class_="matrix"),
    ]


def section(title: str, *content: object) -> Html:
    """A section under its heading."""
    return element("section", element("h2", title), *content)


def said(words: str) -> Html:
    """A paragraph on how to read what follows."""
    return element("p", words, class_="state")


def items(lines: Iterable[str]) -> Html:
    """A list of sentences."""
    return element("ul", *(element("li", line) for line in lines))


def key() -> Html:
    """What the colours of the heat table mean; its boxes say the same in words."""
    _, second, *others = matrix.STEPS
    steps = [f"up to {second:g}×", *(f"over {step:g}×" for step in (second, *others))]
    return element(
        "ul",
        *(element("li", step, class_=f"box r{place}") for place, step in enumerate(steps)),
        *(
            element("li", outcome, class_=f"box {outcome.replace(' ', '-')}")
            for outcome in MEANINGS
            if outcome != "right"
        ),
        class_="key",
    )


def conditions(results: Results) -> Html | None:
    """Machine, versions and settings."""
    groups = details.environment(results)
    return section("Measured on", facts(groups)) if groups else None


def guide() -> Html:
    """What the words and the columns mean."""
    return section(
        "How to read this",
        element("p", GUIDE),
        facts(
            [
                ("Outcomes", list(MEANINGS.items())),
                ("Columns", list(matrix.COLUMNS)),
                ("Methods", [(method.name, method.title) for method in METHODS]),
            ]
        ),
    )


def facts(groups: Iterable[tuple[str, Iterable[tuple[str, str]]]]) -> Html:
    """Lists of names and what they are, side by side where there is room."""
    return element(
        "div",
        *(
            element(
                "div",
                element("h3", name),
                element(
                    "dl",
                    *(
                        join((element("dt", term), element("dd", meaning)))
                        for term, meaning in entries
                    ),
                ),
            )
            for name, entries in groups
        ),
        class_="facts",
    )
