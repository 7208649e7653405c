"""The report: self-contained, escaped, right about who wins, and willing to work with little."""

import json
import math
from dataclasses import replace
from html.parser import HTMLParser

import numpy
import pytest
from report_samples import (
    ALL_OUTCOMES,
    HEADER,
    HOSTILE,
    MEASUREMENT,
    RECORD,
    TIMING,
    failed,
    record,
    results,
)
from rich.console import Console

from comparisons import text
from comparisons.accuracy.ucurve import curves, exact_derivative
from comparisons.records import Journal
from comparisons.report import Results, load, show, write
from comparisons.report.matrix import COLUMNS
from comparisons.report.notes import notes
from comparisons.report.outcomes import MEANINGS, judge
from comparisons.report.page import render
from comparisons.report.summary import correct, level, sentences, verdicts

VOID = {"meta", "br", "hr", "img", "link", "input", "wbr"}


class Checker(HTMLParser):
    """Collects the tags, and complains about anything unbalanced or loaded from elsewhere."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.words, self.data = [], [], [], None

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attributes:
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href", "xlink:href", "srcset", "data", "action", "poster"):
                assert value.startswith(("#", "data:")), (tag, name, value)
        if ("id", "data") in attributes:
            self.data = ""

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] == "script":
            self.data = data if self.data == "" else self.data
        elif self.open and self.open[-1] != "style":
            self.words.append(data)


def check(page):
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == []
    assert "http:" not in page and "https:" not in page and "@import" not in page
    assert not {"link", "iframe", "img", "object", "embed"} & set(checker.tags)
    return checker


GOOD = record("good", 1e-16, 2e-3)
QUICK = record("quick", 3e-16, 1e-3)
ROUGH = record("rough", 1e-6, 1e-5)
EVIL = failed("<script>alert(1)</script>", "error", "<img src=x onerror='alert(2)'> & more", "p")


def test_the_page_needs_nothing_else_and_shows_every_text_as_text():
    checker = check(render(results()))
    assert checker.tags.count("script") == 5  # one of data, four of ours
    words = " ".join(checker.words)
    for shown in ("<processor>", "<2>", "Products <counted>", "17 of 20 cells", "4.00 GiB"):
        assert shown in words, shown
    assert HOSTILE in words


def test_data_for_the_script_can_not_break_out():
    page = render(results())
    data = json.loads(check(page).data)
    assert len(data["cells"]) == len(judge(results()))
    hostile = [cell for cell in data["cells"] if cell["method"] == HOSTILE]
    assert [HOSTILE, HOSTILE] in [t for cell in hostile for t in cell["texts"]]
    assert "\u2028" not in page[page.index('id="data"') :].split("</script>")[0]


def test_tables_and_plots_are_there_without_a_script():
    checker = check(render(results()))
    problems = 3
    assert checker.tags.count("table") == 1 + 1 + 1 + problems + 1 + 2
    # the plane, one of scaling (two problems have one size each), one of the demonstration
    assert checker.tags.count("figure") == 3
    words = " ".join(checker.words)
    assert all(name in words for name, _ in COLUMNS)
    assert all(meaning in words for meaning in MEANINGS.values())
    assert "Checks: 1 hold, 1 fail." in words
    assert "✓ holds" in words and "✗ fails" in words and "not measured: torch" in words


def test_cells_sort_by_their_numbers():
    page = render(Results((GOOD, replace(QUICK, measurement=replace(MEASUREMENT, ulps=math.nan)))))
    assert 'data-value="0.002"' in page
    assert 'data-value="nan"' not in page


def test_a_time_never_stands_without_its_spread():
    words = " ".join(check(render(Results((GOOD, QUICK), HEADER))).words)
    assert "2.00 ms ± 5.0 %" in words and "2.00 ms " in words
    assert words.count("2.00 ms") == words.count("2.00 ms ± 5.0 %")


# --- outcomes ------------------------------------------------------------------------------------


def test_six_outcomes_are_told_apart():
    cells = judge(results())
    found = {key: (cell.outcome, cell.short()) for key, cell in cells.items()}
    assert found["helmholtz", 8, "dk-reverse"] == ("right", "1.00×")
    assert found["helmholtz", 20, "autograd"] == ("right", "200×")
    assert found["helmholtz", 20, "torch-reverse"] == ("right", "10.0×")
    assert found["helmholtz", 8, "dk-central"] == ("wrong", "wrong, 1.0e-06")
    assert found["helmholtz", 20, "dk-forward"] == ("wrong", "wrong, nan")
    assert found["helmholtz", 50, "autograd"] == ("failed", "timeout")
    assert found["helmholtz", 8, "dk-symbolic"] == ("unsupported", "n/a")
    assert found["helmholtz", 8, "jax-reverse"] == ("not measured", "not installed")
    assert found["helmholtz", 50, "jax-reverse"] == ("not measured", text.DASH)
    assert found["gmm", 5, "autograd"] == ("unjudged", "no truth")
    assert {cell.outcome for cell in cells.values()} == set(MEANINGS)


def test_two_that_the_spreads_can_not_tell_apart_are_level():
    near = record("near", 1e-16, 1.09e-3)  # within 5 % and 5 %
    far = record("far", 1e-16, 1.11e-3)
    assert level(QUICK, near) and level(near, QUICK) and not level(QUICK, far)
    stars = {key[2]: cell.fastest for key, cell in judge(Results((QUICK, near, far))).items()}
    assert stars == {"quick": True, "near": True, "far": False}
    assert "level with near" in sentences(Results((QUICK, near, far)))[0]


def test_a_wide_spread_does_not_make_a_slow_method_level():
    wide = replace(TIMING, median=0.1, spread=3.0)
    slow = replace(RECORD, method="slow", measurement=replace(MEASUREMENT, derivative=wide))
    assert not level(QUICK, slow)


def test_the_fastest_correct_method_wins():
    assert [r.method for r in correct([GOOD, ROUGH, QUICK])] == ["quick", "good"]
    (verdict,) = verdicts(Results((GOOD, QUICK, ROUGH)))
    assert (verdict.fastest.method, verdict.second.method) == ("quick", "good")
    assert set(verdict.accurate) == {"good", "quick"}
    lines = sentences(Results((GOOD, QUICK, ROUGH, EVIL)))
    assert lines[0].startswith("helmholtz at size 8: quick is fastest, 1.00 ms ± 5.0 %")
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
    late = replace(GOOD, size=50, status="timeout", measurement=None)
    (verdict,) = verdicts(Results((GOOD, QUICK, larger, late)))
    assert (verdict.size, verdict.fastest.method, verdict.second) == (20, "slow", None)
    assert verdict.lead == ""


def test_a_time_of_zero_costs_no_page():
    check(render(Results((record("a", 1e-16, 0.0), record("b", 1e-16, math.nan)))))


# --- what is there, and what is not --------------------------------------------------------------


def test_no_records_give_a_clear_message(tmp_path):
    found = load(tmp_path / "nowhere")
    assert found.records == () and found.empty
    page = write(found, tmp_path / "nowhere").read_text()
    assert "There are no records yet" in " ".join(check(page).words)


def test_partial_records_are_reported(tmp_path):
    old = replace(GOOD, settings="old", finished="2025-01-01T00:00:00+00:00")
    with Journal(tmp_path / "cells.jsonl") as journal:
        journal.append(old)
        journal.append(replace(QUICK, finished="2025-02-01T00:00:00+00:00"))
        journal.append(QUICK)
        journal.append(EVIL)
    with (tmp_path / "cells.jsonl").open("ab") as file:
        file.write(b'{"settings": "ma')
    found = load(tmp_path)  # no header: the newest record decides
    assert [r.method for r in found.records if r.problem == "helmholtz"] == ["quick"]
    assert len(found.left_out) == 1 and found.left_out[0].startswith("1 record of other settings")
    words = " ".join(check(write(found, tmp_path).read_text()).words)
    assert "1 record of other settings" in words
    # A cell's own earlier records, replaced or of other settings, are kept for its details.
    assert [r.settings for r in found.earlier["helmholtz", 8, "good"]] == ["old"]
    assert [r.finished[:7] for r in found.earlier["helmholtz", 8, "quick"]] == ["2025-02"]
    (tmp_path / "run.json").write_text(json.dumps({"fingerprint": "old", "cells": 1}))
    assert [r.method for r in load(tmp_path).records] == ["good"]
    (tmp_path / "run.json").write_text('{"finger')
    assert len(load(tmp_path).records) == 2


def test_notes_say_what_is_missing():
    told = "\n".join(notes(results(), judge(results())))
    for words in (
        "not complete: 17 of 20",
        "3 records of other settings",
        "quick run",
        "jax-reverse: not measured, jax is not installed.",
        "gmm at size 5: closed form",
        "Demonstration absent: not measured: torch is not installed.",
        "Not run here: compiled gradients (speed), GradBench's evals (gradbench).",
        "Methods that were not part of this run: ",
        "Problems that were not part of this run: ",
    ):
        assert words in told, words
    beside = replace(results(), header={"settings": {"workers": 2, "pin": False}})
    assert "2 processes beside each other" in "\n".join(notes(beside, {}))


def test_terminal_shows_figures_and_failures():
    console = Console(width=160, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        show(Results((GOOD, QUICK, EVIL)), console)
    shown = console.export_text()
    assert "1,000×" in shown and "1.0e-16" in shown and "error" in shown
    assert "<script>" in shown


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (text.seconds(1.5), "1.50 s"),
        (text.seconds(2.5e-5), "25.0 µs"),
        (text.seconds(3e-10), "0.30 ns"),
        (text.seconds(None), text.DASH),
        (text.seconds(math.inf), "inf"),
        (text.timing(replace(TIMING, median=1.234e-3, spread=0.08)), "1.23 ms ± 4.0 %"),
        (text.timing(replace(TIMING, median=1.234e-3, spread=0.5)), "1.23 ms ± 25 %"),
        (text.timing(replace(TIMING, runs=1)), "2.00 µs (one run)"),
        (text.timing(replace(TIMING, spread=math.nan)), "2.00 µs ± ?"),
        (text.timing(None), text.DASH),
        (text.ulps(1234.5), "1234.5"),
        (text.ulps(123456.0), "1e+05"),
        (text.ulps(math.nan), "nan"),
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


def test_the_samples_hold_every_status_once():
    statuses = [r.status for r in ALL_OUTCOMES if r.status != "ok"]
    assert sorted(statuses) == ["error", "missing", "timeout", "unsupported"]
