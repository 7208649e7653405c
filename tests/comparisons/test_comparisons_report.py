"""The report: self-contained, escaped, right about who wins, and willing to work with little."""

import json
import math
from dataclasses import replace
from html.parser import HTMLParser

import numpy
import pytest
from rich.console import Console
from test_comparisons_records import MEASUREMENT, RECORD, TIMING

from comparisons import text
from comparisons.accuracy.ucurve import curves, exact_derivative
from comparisons.records import Journal
from comparisons.report import Results, load, plots, show, write
from comparisons.report.page import COLUMNS, render
from comparisons.report.summary import correct, sentences, verdicts

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Checker(HTMLParser):
    """Collects the tags, and complains about anything unbalanced or loaded from elsewhere."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.words = [], [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster"):
                assert value.startswith(("#", "data:")), (tag, name, value)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


def check(page):
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == []
    assert "http:" not in page and "https:" not in page and "@import" not in page
    assert "link" not in checker.tags and "iframe" not in checker.tags
    return checker


def record(method, error, seconds, problem="helmholtz", size=8):
    measured = replace(
        MEASUREMENT,
        relative_error=error,
        ulps=1.0,
        derivative=replace(TIMING, median=seconds),
        ratio_numpy=seconds / 1e-6,
    )
    return replace(RECORD, problem=problem, size=size, method=method, measurement=measured)


GOOD = record("good", 1e-16, 2e-3)
QUICK = record("quick", 3e-16, 1e-3)
ROUGH = record("rough", 1e-6, 1e-5)
EVIL = replace(
    RECORD,
    method="<script>alert(1)</script>",
    status="error",
    reason="<img src=x onerror='alert(2)'> & more",
    measurement=None,
)


def test_the_page_needs_nothing_else():
    page = render(Results((GOOD, QUICK, ROUGH, EVIL), {"cells": 9, "versions": {"numpy": "<2>"}}))
    checker = check(page)
    assert checker.tags.count("script") == 1
    assert checker.tags.count("svg") == (3 if plots.available() else 0)
    assert checker.tags.count("table") == 2
    assert checker.tags.count("th") == len(COLUMNS) + 5
    words = " ".join(checker.words)
    assert "4 of 9 cells" in words and "<script>alert(1)</script>" in words and "<2>" in words
    assert "onerror='alert(2)'" in words  # as text, not as a tag
    assert "img" not in checker.tags


def test_cells_sort_by_their_numbers():
    page = render(Results((GOOD, replace(QUICK, measurement=replace(MEASUREMENT, ulps=math.nan)))))
    assert "data-value='0.002'" in page
    assert "data-value='nan'" not in page


def test_no_records_give_a_clear_message(tmp_path):
    results = load(tmp_path / "nowhere")
    assert results.records == ()
    page = write(results, tmp_path / "nowhere").read_text()
    assert "There are no records yet" in " ".join(check(page).words)


def test_partial_records_are_reported(tmp_path):
    with Journal(tmp_path / "cells.jsonl") as journal:
        journal.append(replace(GOOD, settings="old", finished="2025-01-01T00:00:00+00:00"))
        journal.append(QUICK)
        journal.append(EVIL)
    with (tmp_path / "cells.jsonl").open("ab") as file:
        file.write(b'{"settings": "ma')
    results = load(tmp_path)  # no header: the newest record decides
    assert [r.method for r in results.records if r.problem == "helmholtz"] == ["quick"]
    assert results.others == 1
    words = " ".join(check(write(results, tmp_path).read_text()).words)
    assert "1 records measured with other settings" in words
    (tmp_path / "run.json").write_text(json.dumps({"fingerprint": "old", "cells": 1}))
    assert [r.method for r in load(tmp_path).records] == ["good"]
    (tmp_path / "run.json").write_text('{"finger')
    assert len(load(tmp_path).records) == 2


def test_the_fastest_correct_method_wins():
    assert [r.method for r in correct([GOOD, ROUGH, QUICK])] == ["quick", "good"]
    (verdict,) = verdicts(Results((GOOD, QUICK, ROUGH)))
    assert (verdict.fastest.method, verdict.second.method) == ("quick", "good")
    assert set(verdict.accurate) == {"good", "quick"}
    lines = sentences(Results((GOOD, QUICK, ROUGH, EVIL)))
    assert lines[0].startswith("helmholtz at size 8: quick is fastest, 1.00 ms")
    assert "2.00× ahead of good" in lines[0]
    assert "No method has a correct result yet for p." in lines
    assert lines[-1] == "Cells without a result: 1 error."


def test_where_the_problem_loses_digits_the_bar_is_lower():
    assert [r.method for r in correct([record("a", 1e-7, 1.0), record("b", 5e-6, 0.5)])] == [
        "b",
        "a",
    ]
    assert correct([record("a", 0.5, 1.0), record("b", math.nan, 0.5), EVIL]) == []


def test_the_largest_size_with_a_result_decides():
    larger = replace(record("slow", 1e-16, 1.0), size=20)
    failed = replace(GOOD, size=50, status="timeout", measurement=None)
    (verdict,) = verdicts(Results((GOOD, QUICK, larger, failed)))
    assert (verdict.size, verdict.fastest.method, verdict.second) == (20, "slow", None)


def test_terminal_shows_figures_and_failures():
    console = Console(width=160, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        show(Results((GOOD, QUICK, EVIL)), console)
    shown = console.export_text()
    assert "2,000×" in shown and "1.0e-16" in shown and "error" in shown
    assert "<script>" in shown


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (text.seconds(1.5), "1.50 s"),
        (text.seconds(2.5e-5), "25.0 µs"),
        (text.seconds(3e-10), "0.30 ns"),
        (text.seconds(None), text.DASH),
        (text.seconds(math.inf), "inf"),
        (text.size(3 << 20), "3.00 MiB"),
        (text.size(0), "0.00 B"),
        (text.error(0.0), "0"),
        (text.error(math.nan), "nan"),
        (text.ratio(1234.5), "1,234×"),
        (text.count(12345), "12,345"),
    ],
)
def test_numbers_as_text(got, expected):
    assert got == expected


def test_u_curve_has_the_published_shape():
    assert exact_derivative(0.2) == pytest.approx(9.0660864, rel=1e-14)
    forward, central, step = curves()
    assert forward.best == pytest.approx((1.78e-9, 2.4e-8), rel=0.05)  # near sqrt(eps)
    assert central.best == pytest.approx((1e-7, 5.5e-11), rel=0.05)  # near eps^(1/3)
    assert step.best[1] < 1e-14
    assert numpy.all(step.errors[step.steps < 1e-10] < 1e-14)


def test_plots_without_records_are_empty():
    if plots.available():
        assert plots.cost_of_helmholtz(Results(())) == ""
        assert plots.error_against_cost(Results((EVIL,))) == ""
