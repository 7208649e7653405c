"""Plots put numbers where they belong, fits agree with SciPy's, and the files say the same."""

import csv
import io
import json
import math
import re
from dataclasses import replace

import pytest
import scipy.stats
from report_samples import HOSTILE, MEASUREMENT, RECORD, TIMING, record, results

from comparisons.report import Results, exports, write
from comparisons.report.chart import Axis, Line, Look, Mark, chart, look, power, scale
from comparisons.report.fits import exponents, fit
from comparisons.report.markup import Html, data_island, element
from comparisons.report.outcomes import judge
from comparisons.report.page import render
from comparisons.report.plots import plane, scaling

LOOK = Look(0, 0)


def draw(points=(), lines=(), x=None, y=None):
    marks = [Mark(a, b, LOOK, f"{a} {b}") for a, b in points]
    return chart("title", x or Axis("x"), y or Axis("y"), lines, marks)


def centres(svg):
    return [tuple(map(float, c)) for c in re.findall(r'cx="(\S+)" cy="(\S+)"', svg)]


# --- axes ----------------------------------------------------------------------------------------


def test_decades_are_equally_far_apart():
    a, b, c = centres(draw([(1.0, 1e-6), (10.0, 1e-3), (100.0, 1.0)]))
    assert b[0] - a[0] == pytest.approx(c[0] - b[0], abs=0.02)
    assert a[1] - b[1] == pytest.approx(b[1] - c[1], abs=0.02)
    assert a[1] > c[1], "up is more"


def test_linear_axes_are_linear():
    plain = Axis("x", log=False)
    a, b, c = centres(draw([(0.0, 1.0), (1.0, 2.0), (4.0, 5.0)], x=plain, y=plain))
    assert (c[0] - b[0]) == pytest.approx(3 * (b[0] - a[0]), abs=0.05)


@pytest.mark.parametrize(
    "values", [(1e-300, 1e300), (1e-9, 1.0), (3.0, 4.0), (7.0, 7.0), (1.0, 1e6)]
)
@pytest.mark.parametrize("log", [True, False])
def test_ticks_lie_inside_and_are_few(values, log):
    made = scale(Axis("x", log=log), values, 0.0, 100.0)
    ticks = made.ticks()
    assert 1 <= len(ticks) <= 8
    assert all(-0.01 <= made(tick) <= 100.01 for tick in ticks)
    assert len({power(tick) for tick in ticks}) == len(ticks), "no two ticks read the same"


def test_sizes_that_stand_close_share_a_tick():
    made = scale(Axis("size", at=(1.0, 48.0, 50.0)), (1.0, 50.0), 0.0, 300.0)
    assert made.ticks() == [1.0, 48.0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1e-6, "10⁻⁶"), (2e4, "2·10⁴"), (0.01, "0.01"), (1000.0, "1000"), (0.0, "0"), (-5.0, "-5")],
)
def test_powers_of_ten(value, expected):
    assert power(value) == expected


def test_what_has_no_place_is_left_out():
    assert draw([(math.nan, 1.0), (1.0, math.inf), (0.0, 1.0), (1.0, -1.0)]) is None
    assert draw() is None
    assert len(centres(draw([(1.0, 1.0), (2.0, math.nan), (-1.0, 1.0)]))) == 1


def test_a_line_has_gaps_and_a_lone_point_is_a_dot():
    points = [(1.0, 1.0), (2.0, 2.0), (3.0, math.nan), (4.0, 4.0), (5.0, 0.0)]
    svg = draw(lines=[Line(points, LOOK)])
    (path,) = re.findall(r'<path d="([^"]*)" class="line c0"', svg)
    assert path.count("M") == 2 and path.count("L") == 1 and path.endswith("h0")


def test_the_first_methods_do_not_look_alike():
    looks = [look(place) for place in range(56)]
    assert len(set(looks)) == 56


def test_an_exact_result_stands_on_a_line_of_its_own():
    exact, wild = record("exact", 0.0, 1e-3), record("wild", 1e12, 1e-3)
    cells = judge(Results((exact, wild)))
    svg = plane(Results((exact, wild)), cells)
    ticks = dict(re.findall(r'y="(\S+)" dy="0.35em" class="end">([^<]*)<', svg))
    at, _ = re.findall(r'<circle cx="\S+" cy="(\S+)"|points="\S+,(\S+)"', svg)[0]
    assert ticks[at] == "0" and list(ticks.values()).count("0") == 1


def test_a_wide_spread_still_has_its_whisker():
    wide = replace(TIMING, median=3e-6, best=1e-6, spread=4.0)
    records = [
        replace(RECORD, size=n, measurement=replace(MEASUREMENT, derivative=wide)) for n in (1, 2)
    ]
    shown = Results(tuple(records))
    svg = scaling(shown, judge(shown), exponents(shown))
    assert svg.count('class="whisker"') == 2


def test_a_wrong_result_is_hollow_and_says_so():
    page = render(results())
    marks = re.findall(r'<g class="(mark[^"]*)"[^>]*data-outcome="(\w+)"', page)
    assert {outcome for kind, outcome in marks if "hollow" in kind} == {"wrong"}
    assert {outcome for kind, outcome in marks if "hollow" not in kind} == {"right"}


# --- growth --------------------------------------------------------------------------------------


def test_an_exact_power_law_is_found():
    found = fit([(n, 3e-6 * n**1.5) for n in (2, 8, 50, 200)])
    assert found.exponent == pytest.approx(1.5, rel=1e-12)
    assert found.error == pytest.approx(0.0, abs=1e-7)
    assert str(found) == "1.50 ± 0.00"


def test_the_standard_error_is_that_of_scipy():
    sizes, times = (1, 3, 10, 40, 99), (1.0, 2.0, 11.0, 30.0, 120.0)
    found = fit(zip(sizes, times, strict=True))
    oracle = scipy.stats.linregress([math.log(n) for n in sizes], [math.log(t) for t in times])
    assert found.exponent == pytest.approx(oracle.slope, rel=1e-12)
    assert found.error == pytest.approx(oracle.stderr, rel=1e-12)


def test_two_sizes_tell_no_error_and_one_tells_nothing():
    assert fit([(1, 1.0), (10, 10.0)]).error is None
    assert str(fit([(1, 1.0), (10, 0.9999999)])) == "0.00 (2 sizes)"
    assert fit([(5, 1.0), (5, 2.0)]) is None
    assert fit([(1, math.nan), (2, 0.0), (3, 1.0)]) is None


def test_exponents_are_by_problem_and_method():
    found = exponents(results())
    assert found["helmholtz", "dk-reverse"].exponent == pytest.approx(1.0)
    assert found["helmholtz", "autograd"].exponent == pytest.approx(2.0)
    assert ("gmm", "autograd") not in found


# --- markup --------------------------------------------------------------------------------------


def test_only_markup_is_not_escaped():
    assert element("b", "<i>", Html("<i>"), None, 3) == "<b>&lt;i&gt;<i>3</b>"
    assert element("a", title="\"'<", hidden=True, lang=None) == (
        '<a title="&quot;&#x27;&lt;" hidden></a>'
    )


def test_an_island_can_not_be_left():
    island = data_island("data", {HOSTILE: [HOSTILE, math.nan]})
    assert island.count("<") == 2 and island.isascii()
    assert json.loads(island[island.index(">") + 1 : island.rindex("<")]) == {
        HOSTILE: [HOSTILE, "nan"]
    }


# --- files ---------------------------------------------------------------------------------------


def test_every_place_is_a_line_of_csv():
    lines = list(csv.DictReader(io.StringIO(exports.render(results())["results.csv"])))
    assert list(lines[0]) == list(exports.COLUMNS)
    assert len(lines) == len(judge(results()))
    found = {(r["problem"], int(r["size"]), r["method"]): r for r in lines}
    central = found["helmholtz", 8, "dk-central"]
    assert (central["outcome"], float(central["relative_error"])) == ("wrong", 1e-6)
    assert float(central["derivative_median"]) == 8e-5 and central["derivative_spread"] == "0.1"
    empty = found["helmholtz", 50, "jax-reverse"]
    assert (empty["outcome"], empty["status"], empty["ulps"]) == ("not measured", "", "")
    assert found["helmholtz", 20, "dk-forward"]["relative_error"] == "nan"
    assert found["rosenbrock", 10, HOSTILE]["outcome"] == "right"


def test_json_is_strict_and_whole():
    def refuse(name):
        raise AssertionError(f"{name} is not strict JSON")

    content = json.loads(exports.render(results())["results.json"], parse_constant=refuse)
    assert content["columns"] == exports.COLUMNS
    hostile = [cell for cell in content["cells"] if cell["method"] == HOSTILE]
    assert {HOSTILE: HOSTILE} in [cell["details"] for cell in hostile]
    assert {"problem", "method", "exponent", "error", "sizes"} == set(content["exponents"][0])
    assert [d["name"] for d in content["demonstrations"]] == ["absent", "products"]


def test_markdown_keeps_its_tables_whole():
    content = exports.render(results())["results.md"]
    for line in content.splitlines():
        if line.startswith("|"):
            cells = re.split(r"(?<!\\)\|", line)
            assert cells[0] == cells[-1] == ""
    assert "\u2028" not in content and "<script>" not in content.replace("\\<", "")
    assert "**8.00 µs ± 5.0 %, 1.0e-16**" in content
    assert "80.0 µs ± 5.0 %, 1.0e-06 (wrong)" in content
    assert "| timeout |" in content and "| not installed |" in content


def test_all_files_are_written(tmp_path):
    path = write(results(), tmp_path)
    assert path == tmp_path / "report.html"
    names = {"report.html", "results.csv", "results.json", "results.md"}
    assert {p.name for p in tmp_path.iterdir()} == names
    write(Results(()), tmp_path)
    assert (tmp_path / "results.csv").read_text().count("\n") == 1


def test_a_text_that_no_encoding_holds_costs_nothing(tmp_path):
    odd = replace(RECORD, measurement=replace(MEASUREMENT, details={"source": "\ud800"}))
    write(Results((odd,)), tmp_path)
