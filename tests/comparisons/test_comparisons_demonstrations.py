"""Every demonstration runs and holds; one that fails costs only itself, and the command says so."""

import json
import math

import numpy as np
import pytest
from typer.testing import CliRunner

import diffkit as dk
from comparisons import cost, demonstrations
from comparisons.accuracy import kinks
from comparisons.cli import app
from comparisons.cost import speelpenning
from comparisons.demonstration import (
    Curve,
    Demonstration,
    Figure,
    Plot,
    Shown,
    Table,
    at_most,
    beside,
    equal,
    within,
)

ALL = [(room, d) for room, ds in demonstrations.rooms().items() for d in ds]
SLOW = {"calibration"}  # with tests of its own


def kept_of(room, demonstration, out):
    (kept,) = demonstrations.measure(room, [demonstration], True, out)
    return kept


def made(name, measure, **more):
    return Demonstration(name, name.title(), "A text.", "A source.", measure, **more)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # of PyTorch about itself
@pytest.mark.parametrize(
    ("room", "demonstration"),
    [pytest.param(r, d, id=f"{r}-{d.name}") for r, d in ALL if d.name not in SLOW],
)
def test_it_holds_and_is_kept(room, demonstration, tmp_path):
    kept = kept_of(room, demonstration, tmp_path)
    if kept.reason.startswith("not measured"):
        pytest.skip(kept.reason)
    assert kept.reason == ""
    assert kept.shown.figures
    assert [f.name for f in kept.shown.figures if f.verdict == "fails"] == []
    names = [f.name for f in kept.shown.figures]
    assert len(set(names)) == len(names), "two figures of one name"
    for table in kept.shown.tables:
        assert all(len(row) == len(table.head) for row in table.rows)
    for curve in (c for plot in kept.shown.plots for c in plot.curves):
        assert len(curve.x) == len(curve.y) > 0
    (read,) = demonstrations.read(tmp_path)
    assert text_of(read) == text_of(kept)
    assert read.shown.plots == kept.shown.plots


def text_of(kept):
    """All that a reader sees, apart from curves."""
    with_numbers = [
        *((f.name, demonstrations.word(f.ours), f.verdict) for f in kept.shown.figures),
        *(demonstrations.word(c) for t in kept.shown.tables for row in t.rows for c in row),
    ]
    return kept.title, kept.text, kept.source, kept.quick, with_numbers


def fails(shown):
    return [f.name for f in shown.figures if f.verdict == "fails"]


def test_another_convention_fails_at_the_kinks_where_it_differs():
    with dk.kinks("jax"):
        found = fails(kinks.measure(True))
    assert "abs at 0" in found and "norm at 0" in found
    assert "max of (1, 1, 0)" not in found


def test_a_wasteful_program_fails_the_bound(monkeypatch):
    def wasteful(x):
        p = x[0]
        for k, factor in enumerate(x[1:]):
            p = p * (factor * (2.0 + k)) * (1.0 / (2.0 + k))
        return p

    monkeypatch.setattr(speelpenning, "SIZES", (10,))
    monkeypatch.setattr(speelpenning, "product", wasteful)
    found = fails(speelpenning.measure(True))
    assert "multiplications of value and gradient, straight-line, n = 10" in found
    assert "multiplications of the value, n = 10" not in found  # counted on the loop


@pytest.mark.parametrize(
    ("library", "case", "answer"),
    [
        ("torch", "abs at 0", "0"),
        ("torch", "where(x > 0, sqrt(x), 0) at 0", "nan"),
        ("jax", "abs at 0", "1"),
        ("jax", "clip(x, -1, 1) at 1", "0.5"),
        ("autograd", "norm at 0", "nan nan"),
        ("autograd", "the same, double where", "0"),
    ],
)
def test_what_other_libraries_answer_at_kinks(library, case, answer):
    pytest.importorskip(library)
    assert kinks.peer(library, *kinks.CASES[case]) == answer


def test_a_library_that_is_absent_or_breaks_is_a_word_in_the_table(monkeypatch):
    f, x = kinks.CASES["abs at 0"]
    monkeypatch.setitem(kinks.LIBRARIES, "json", lambda f, x: breaking(True))
    assert kinks.peer("json", f, x) == "ZeroDivisionError"
    assert kinks.peer("a_package_that_nobody_has", f, x) == "not installed"


def test_names_are_unique():
    names = [d.name for _, d in ALL]
    assert len(set(names)) == len(names)


def test_verdicts():
    assert equal("a", 3, 3).verdict == "holds"
    assert equal("a", 3, 4).verdict == "fails"
    assert at_most("a", 4.0, 4.0).verdict == "holds"
    assert at_most("a", 4.1, 4.0).verdict == "fails"
    assert at_most("a", math.nan, 4.0).verdict == "fails"
    assert within("a", 1.5, 1, 2).verdict == "holds"
    assert within("a", 2.5, 1, 2).verdict == within("a", math.nan, 1, 2).verdict == "fails"
    assert beside("a", 1.0, 2.0).verdict == "beside"


def test_what_numpy_and_infinity_leave_is_kept(tmp_path):
    shown = Shown(
        (Figure("count", np.int64(3), np.float64(2.5), "beside"),),
        (Table("rows", ("a", "b"), ((np.float32(0.5), math.inf),)),),
        (Plot("lines", "x", "y", (Curve("c", (1.0, 2.0), (math.nan, math.inf)),)),),
    )
    kept_of("cost", made("numbers", lambda _: shown), tmp_path)
    (read,) = demonstrations.read(tmp_path)
    assert read.shown.figures[0].ours == 3
    assert read.shown.tables[0].rows[0][0] == 0.5
    assert math.isnan(read.shown.plots[0].curves[0].y[0])
    assert read.shown.plots[0].curves[0].y[1] == math.inf


def breaking(_quick):
    raise ZeroDivisionError("planted")


def test_one_that_raises_costs_only_itself(tmp_path):
    good = made("good", lambda _: Shown((equal("one", 1, 1),)))
    missing = made("missing", breaking, needs=("a_package_that_nobody_has",))
    wanted = [made("broken", breaking), missing, good]
    kept = list(demonstrations.measure("cost", wanted, True, tmp_path))
    assert [k.reason for k in kept] == [
        "failed: ZeroDivisionError: planted",
        "not measured: a_package_that_nobody_has is not installed",
        "",
    ]
    assert {k.name: k.reason for k in demonstrations.read(tmp_path)} == {
        k.name: k.reason for k in kept
    }


@pytest.mark.parametrize(
    ("measure", "code"),
    [
        (lambda _: Shown((equal("one", 1, 1), beside("two", 2, 3))), 0),
        (lambda _: Shown((equal("one", 1, 1), equal("two", 2, 3))), 1),
        (breaking, 1),
    ],
    ids=["holds", "fails", "raises"],
)
def test_the_command_says_whether_all_holds(measure, code, tmp_path, monkeypatch):
    monkeypatch.setattr(cost, "DEMONSTRATIONS", (made("planted", measure),))
    result = CliRunner().invoke(app, ["cost", "planted", "--quick", "--out", str(tmp_path)])
    assert result.exit_code == code, result.output
    assert "Planted" in result.output


def test_the_command_takes_names(tmp_path):
    out = str(tmp_path / "out")
    result = CliRunner().invoke(app, ["accuracy", "u-curve", "--quick", "--out", out])
    assert result.exit_code == 0, result.output
    assert "error over theory" in " ".join(result.output.split())
    unknown = CliRunner().invoke(app, ["accuracy", "nonsense", "--out", out])
    assert unknown.exit_code == 2
    assert "u-curve" in unknown.output
    (read,) = demonstrations.read(tmp_path / "out")
    assert read.name == "u-curve"


def test_a_damaged_file_is_left_out(tmp_path):
    kept_of("cost", made("good", lambda _: Shown()), tmp_path)
    folder = tmp_path / "shown" / "cost"
    (folder / "cut.json").write_text("{")
    (folder / "other.json").write_text(json.dumps({"shown": 1}))
    assert [k.name for k in demonstrations.read(tmp_path)] == ["good"]
