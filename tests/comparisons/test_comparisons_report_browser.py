"""The page in a real browser: wide and narrow, light and dark, by keyboard, on paper, and without
its script."""

from itertools import pairwise

import pytest
from browser import browser, visit
from report_samples import HOSTILE, SOURCE, results

from comparisons.report import write
from comparisons.report.outcomes import judge

WIDE, PHONE = 1280, 390
# The name of what has the focus and whether it shows that; null if it had it before.
STOP = """(() => {
  const e = document.activeElement, style = getComputedStyle(e);
  if (e === document.body || e.wasReached) return null;
  e.wasReached = true;
  const name = e.ariaLabel ?? e.labels?.[0]?.textContent ?? e.textContent;
  return [name.trim() || "", style.outlineStyle !== "none" || parseFloat(style.strokeWidth) > 2];
})()"""
READABLE = 4.5  # W3C, WCAG 2.2, success criterion 1.4.3


@pytest.fixture(scope="module")
def chromium():
    with browser() as launched:
        yield launched


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return write(results(), tmp_path_factory.mktemp("report"))


def rows(seen):
    """Problem, size and method of every row of measurements that is shown."""
    return seen.page.evaluate(
        """[...document.querySelectorAll("tbody tr[data-method]")].filter(r => r.checkVisibility())
        .map(r => [r.dataset.problem, r.dataset.size, r.dataset.method, r.dataset.outcome])"""
    )


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_loads_nothing_and_can_be_read(chromium, path, width, scheme):
    with visit(chromium, path, width=width, color_scheme=scheme) as seen:
        assert seen.overflow() == 0
        found = seen.contrast(READABLE)
        assert found["seen"] > 300 and found["low"] == []
        seen.page.locator(".heat [data-cell] > button").first.click()
        assert seen.page.locator("dialog").is_visible() and seen.overflow() == 0
        assert seen.contrast(READABLE)["low"] == []
        assert seen.complaints == []
        assert seen.requests == [path.as_uri()]


def test_low_contrast_would_be_found(chromium, path):
    with visit(chromium, path) as seen:
        seen.page.add_style_tag(content=":root { --dim: #999 !important }")
        assert seen.contrast(READABLE)["low"] != []


def test_filters_work_by_keyboard_and_make_a_link(chromium, path):
    with visit(chromium, path) as seen:
        page, everything = seen.page, rows(seen)
        assert len(everything) == 17
        page.focus("[name=problem]")
        page.keyboard.type("helm")
        assert {row[0] for row in rows(seen)} == {"helmholtz"}
        assert page.locator("figure[data-problem=rosenbrock]").count() == 0
        seen.press("Tab")
        page.keyboard.type("largest")
        assert {row[1] for row in rows(seen)} == {"50"}
        assert "3 of" not in page.inner_text("#filters output")
        seen.press("Tab")
        page.keyboard.type("wrong")
        assert [row[2] for row in rows(seen)] == ["dk-central"]
        assert page.inner_text("#filters output").startswith("1 of ")
        assert page.evaluate("location.hash") == "#problem=helmholtz&size=largest&outcome=wrong"
        seen.press("Tab", "Enter", "Tab", "Space")  # unfolds the methods, drops the first
        kept = page.evaluate("new URLSearchParams(location.hash.slice(1)).getAll('method')")
        assert kept == list(results().methods[1:])
        link = page.evaluate("location.hash")
        page.click("button[type=reset]")
        page.wait_for_function("location.hash === ''")
        assert rows(seen) == everything
    with visit(chromium, path, link) as again:
        assert [row[2] for row in rows(again)] == ["dk-central"]
        assert again.page.input_value("[name=size]") == "largest"


def test_filters_reach_columns_marks_and_plots(chromium, path):
    with visit(chromium, path, "#method=dk-reverse&method=nobody&size=20") as seen:
        heads = seen.page.locator(".heat thead th:visible").all_inner_texts()
        assert heads == ["problem, size", "dk-reverse"]
        assert seen.page.locator(".heat tbody tr:visible").count() == 1
        marks = seen.page.locator(".plane .mark:visible")
        assert [mark.get_attribute("data-method") for mark in marks.all()] == ["dk-reverse"]
        assert seen.complaints == []
    with visit(chromium, path, "#problem=nowhere&at=nowhere&cell=nothing") as seen:
        assert len(rows(seen)) == 17 and seen.complaints == []


def test_headings_sort_by_keyboard(chromium, path):
    with visit(chromium, path) as seen:
        table = seen.page.locator("div[data-problem=helmholtz] table")
        head = table.locator("th", has_text="relative error")
        head.locator("button").focus()
        seen.press("Enter")
        assert head.get_attribute("aria-sort") == "ascending"
        column = "rows => rows.map(row => row.cells[3].dataset.value)"
        up = table.locator("tbody tr").evaluate_all(column)
        assert up[-1] == "" and [*map(float, up[:-1])] == sorted(map(float, up[:-1]))
        seen.press("Enter")
        assert head.get_attribute("aria-sort") == "descending"
        down = table.locator("tbody tr").evaluate_all(column)
        assert down[-1] == "" and [*map(float, down[:-1])] == sorted(map(float, up[:-1]))[::-1]


def test_details_open_and_close_by_keyboard(chromium, path):
    with visit(chromium, path, "#problem=helmholtz") as seen:
        page = seen.page
        stops = page.locator(".heat [tabindex='0']")
        assert stops.count() == 1, "a table is one stop of Tab"
        stops.focus()
        seen.press("End", "Home")
        while seen.focused() != "dk-reverse":
            seen.press("ArrowRight")
        seen.press("ArrowDown")
        first = seen.focused()
        assert first.startswith("dk-reverse, helmholtz at size 8: right; ★ 1.00×")
        seen.press("ArrowDown")
        assert seen.focused().startswith("dk-reverse, helmholtz at size 20")
        seen.press("ArrowUp", "Enter")
        dialog = page.locator("dialog")
        assert dialog.is_visible() and seen.focused() == "Close"
        assert page.evaluate("new URLSearchParams(location.hash.slice(1)).get('cell')") == (
            "helmholtz/8/dk-reverse"
        )
        assert SOURCE in dialog.locator("pre").all_inner_texts()
        history, earlier = dialog.locator("table").all()
        sizes = history.locator("tbody td:first-child").all_inner_texts()
        assert sizes == ["8", "20", "50"]
        assert "5.00 ms ± 5.0 %" in earlier.inner_text() and "old" in earlier.inner_text()
        assert "<processor>" in dialog.inner_text() and "50.0 µs" in history.inner_text()
        seen.press("Escape")
        assert not dialog.is_visible() and seen.focused() == first
        assert page.evaluate("location.hash") == "#problem=helmholtz"
        # The words of the page do not let a reader take one outcome for another.
        for outcome, expected in (("failed", "timeout: stopped"), ("unsupported", "a formula of")):
            page.locator(f".heat .{outcome} > button").first.click()
            assert f"{outcome}: " in dialog.inner_text() and expected in dialog.inner_text()
            page.click("dialog .close")
        assert seen.complaints == []


def test_a_mark_tells_its_numbers_and_opens(chromium, path):
    with visit(chromium, path) as seen:
        page = seen.page
        page.locator(".plane .mark[tabindex='0']").focus()
        seen.press("End", "ArrowLeft", "ArrowRight")
        assert page.locator(".tip").inner_text() == seen.focused()
        assert "relative error" in seen.focused() and "±" in seen.focused()
        seen.press("Enter")
        assert page.locator("dialog").is_visible()
        seen.press("Escape")
        faint = page.locator(".plane .faint")
        page.locator(".legend [data-method=dk-central]").first.hover()
        others = page.locator(".plane .mark:not([data-method=dk-central])").count()
        assert faint.count() == others > 0, "the method that is pointed at stands out"
        page.locator("article .mark").first.hover()
        assert faint.count() == 0
        assert page.locator(".tip").inner_text() == "ours: 1, 1"


def test_hostile_names_stay_names(chromium, path):
    with visit(chromium, path) as seen:
        place = list(judge(results())).index(("rosenbrock", 10, HOSTILE))
        seen.page.locator(f".heat [data-cell='{place}'] > button").click()
        shown = seen.page.locator("dialog").evaluate("dialog => dialog.textContent")
        assert shown.count(HOSTILE) == 3  # its name, and a text with its title
        assert seen.complaints == []


def test_paper_shows_every_table_in_light_colours(chromium, path):
    with visit(chromium, path, color_scheme="dark") as seen:
        seen.page.emulate_media(media="print", color_scheme="dark")
        assert seen.hidden_tables() == 0
        assert not seen.page.locator("#filters").is_visible()
        ground = "getComputedStyle(document.body).backgroundColor"
        assert seen.page.evaluate(ground) == "rgb(255, 255, 255)"
        assert seen.contrast(READABLE)["low"] == []


def test_it_reads_without_its_script(chromium, path):
    with visit(chromium, path, width=PHONE, java_script_enabled=False) as seen:
        page = seen.page
        tables = page.locator("table")
        assert tables.count() > 5
        assert all(table.is_visible() for table in tables.all())
        assert not page.locator("#filters").is_visible()
        assert not page.locator("#theme").is_visible()
        assert page.locator("button:visible").count() == 0, "nothing that would not work"


def test_the_theme_is_chosen_and_kept(chromium, path):
    with visit(chromium, path, color_scheme="dark") as seen:
        page, ground = seen.page, "getComputedStyle(document.body).backgroundColor"
        dark = page.evaluate(ground)
        page.focus("#theme")
        seen.press("Enter")
        assert page.inner_text("#theme") == "Theme: light"
        assert page.evaluate(ground) == "rgb(255, 255, 255)" != dark
        page.reload()
        assert page.inner_text("#theme") == "Theme: light"


def test_everything_that_can_be_reached_has_a_name_and_shows_the_focus(chromium, path):
    with visit(chromium, path) as seen:
        reached = []
        while True:
            seen.press("Tab")
            stop = seen.page.evaluate(STOP)
            if stop is None:
                break
            reached.append(stop)
            assert len(reached) < 80, "a table or a plot is one stop"
        assert [stop for stop in reached if not stop[0] or not stop[1]] == []
        names = [name for name, _ in reached]
        assert "How to read this" in names and "Show all" in names
        levels = seen.page.evaluate(
            "[...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]))"
        )
        assert levels[0] == 1 and all(after <= before + 1 for before, after in pairwise(levels))
