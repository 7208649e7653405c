"""The form that filters the page. It is of use with the script only, which shows it."""

from collections.abc import Iterable

from comparisons.report.chart import look, swatch
from comparisons.report.markup import Html, element
from comparisons.report.outcomes import MEANINGS
from comparisons.report.results import Results

__all__ = ["form"]


def form(results: Results) -> Html:
    """Problem, size, outcome and methods; how many cells are left; and a way back."""
    sizes = sorted({record.size for record in results.records})
    return element(
        "form",
        choice("problem", "Problem", [(name, name) for name in results.problems]),
        choice(
            "size",
            "Size",
            [
                ("smallest", "smallest of each problem"),
                ("largest", "largest of each problem"),
                *((str(size), f"{size:,}") for size in sizes),
            ],
        ),
        choice("outcome", "Outcome", [(outcome, outcome) for outcome in MEANINGS]),
        element(
            "details",
            element("summary", "Methods"),
            element(
                "fieldset",
                element("legend", "Methods that are shown", class_="unseen"),
                *(
                    element(
                        "label",
                        element("input", type="checkbox", name="method", value=name, checked=True),
                        swatch(look(place)),
                        name,
                    )
                    for place, name in enumerate(results.methods)
                ),
                element("button", "none", type="button", id="none"),
            ),
        ),
        element("button", "Show all", type="reset"),
        element("output", aria_live="polite"),
        id="filters",
        aria_label="Filters",
        hidden=True,
    )


def choice(name: str, label: str, options: Iterable[tuple[str, str]]) -> Html:
    """A labelled list to choose one of, or all."""
    entries = (element("option", word, value=value) for value, word in (("", "all"), *options))
    return element("label", label, " ", element("select", *entries, name=name))
