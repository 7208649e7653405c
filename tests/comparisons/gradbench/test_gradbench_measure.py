"""Wrong derivatives are found and never timed, and the report says what the numbers say."""

import io
import json
import sys
from dataclasses import replace

import numpy
import pytest
from rich.console import Console
from typer.testing import CliRunner

from comparisons.cli import app
from comparisons.gradbench import contenders, measure
from comparisons.gradbench.contenders import METHODS, NotMeasured, Ready, manual_seconds
from comparisons.gradbench.evals import EVALS
from comparisons.gradbench.evaluation import Workload
from comparisons.gradbench.measure import Patience
from comparisons.gradbench.records import Cell, FirstCall, Run, read, write
from comparisons.gradbench.run import evals_named
from comparisons.gradbench.tables import published_rows, rows, show
from comparisons.gradbench.validate import Check, difference, reference, validate
from comparisons.gradbench.verdicts import verdicts
from comparisons.lookup import UnknownNameError
from comparisons.report import Results, load
from comparisons.report.page import render
from comparisons.speed.records import Timing

LSE = EVALS["lse"]
TINY = LSE.small[0]


# --- what counts as equal ------------------------------------------------------------------------


def test_a_difference_is_relative_to_the_array():
    assert difference([3.0, 4.0], [3.0, 4.0]) == 0.0
    assert difference([3.0, 4.5], [3.0, 4.0]) == pytest.approx(0.1)
    assert difference({"a": 1.0, "b": [0.0, 0.0]}, {"a": 1.0, "b": [0.0, 0.0]}) == 0.0
    assert difference({"a": 1.0, "b": [2.0]}, {"a": 1.0, "b": [1.0]}) == 1.0


@pytest.mark.parametrize(
    "found", [None, "1.0", [1.0], [1.0, 2.0, 3.0], {"a": [1.0, 2.0]}, [[1.0, 2.0]], [1.0, None]]
)
def test_another_structure_is_infinitely_far(found):
    assert not difference(found, [1.0, 2.0]) <= 1e300


def test_nan_equals_nothing():
    assert not difference([float("nan"), 2.0], [1.0, 2.0]) <= 1e300
    assert not difference({"a": 1.0, "b": float("nan")}, {"a": 1.0, "b": 1.0}) <= 1e300


def test_where_the_reference_is_zero_so_must_the_result_be():
    assert difference([0.0, 0.0], [0.0, 0.0]) == 0.0
    assert difference([0.0, 1e-300], [0.0, 0.0]) == float("inf")


class Zeros:
    """A tool whose derivatives are all zero: GradBench's own check lets them pass in `lse`."""

    def ask(self, kind, **fields):
        if kind != "evaluate":
            return {"id": 0, "success": True}
        output = reference(LSE, fields["function"], fields["input"])
        zeros = [0.0] * len(output) if isinstance(output, list) else output
        return {"id": 0, "success": True, "output": zeros}


def test_zeros_do_not_pass_for_a_derivative():
    checks = list(validate(LSE, "small", Zeros()))
    assert {c.function: c.outcome for c in checks} == {"primal": "ok", "gradient": "wrong"}
    assert all(c.error == 1.0 for c in checks if c.function == "gradient")


def test_a_tool_that_cannot_define_fails_everything():
    class Lost:
        def ask(self, kind, **fields):
            return {"id": 0, "success": False, "error": "no compiler"}

    checks = list(validate(LSE, "small", Lost()))
    assert len(checks) == 4
    assert {(c.outcome, c.reason) for c in checks} == {("failed", "no compiler")}


# --- measuring -----------------------------------------------------------------------------------


def prepared(monkeypatch, **own):
    """Contenders of which some do as told."""
    real = contenders.prepare

    def prepare(method, eval, function, given):
        made = own.get(method)
        if isinstance(made, Exception):
            raise made
        return Ready(made) if made else real(method, eval, function, given)

    monkeypatch.setattr(measure, "prepare", prepare)


def test_every_contender_has_a_cell_and_only_right_ones_have_times(monkeypatch):
    prepared(
        monkeypatch, diffkit=lambda: numpy.zeros(7), jax=NotMeasured("not today"),
        torch=RuntimeError("out of\nluck"), autograd=lambda: numpy.full(7, numpy.nan),
    )  # fmt: skip
    cells = measure.measure(LSE, TINY, "gradient", 0.0, Patience())
    by_method = {cell.method: cell for cell in cells}
    assert tuple(by_method) == METHODS
    statuses = {method: cell.status for method, cell in by_method.items()}
    assert statuses == {
        "diffkit": "wrong", "njit": "ok", "jax": "not measured", "torch": "failed",
        "autograd": "wrong", "torch.func": "not measured",
    }  # fmt: skip
    assert by_method["diffkit"].error == 1.0
    assert by_method["torch"].reason == "RuntimeError: out of luck"
    timed = {method for method, cell in by_method.items() if cell.derivative}
    assert timed == {"njit"}
    assert by_method["njit"].primal is not None


def test_a_workload_in_blocks_is_not_measured():
    in_blocks = replace(LSE, blocks=lambda given: [given, given])
    cells = measure.measure(in_blocks, TINY, "gradient", 0.0, Patience())
    assert [cell.method for cell in cells] == [*METHODS]
    assert {cell.status for cell in cells} == {"not measured"}
    assert all("does not fit into memory" in cell.reason for cell in cells)


def test_a_peer_that_takes_long_is_spared_larger_workloads(monkeypatch):
    right = contenders.prepare("njit", LSE, "gradient", LSE.generate(7)).derivative
    prepared(monkeypatch, diffkit=right, jax=NotMeasured(""), autograd=NotMeasured(""), torch=right)

    def first_result(ready, method):
        return ready.derivative(), None, 7.0 if method == "torch" else 0.0

    monkeypatch.setattr(measure, "first_result", first_result)
    patience = Patience()
    cells = {c.method: c for c in measure.measure(LSE, TINY, "gradient", 0.0, patience)}
    assert cells["torch"].derivative == Timing(7.0, 7.0, 7.0, 1)
    again = {c.method: c for c in measure.measure(LSE, TINY, "gradient", 0.0, patience)}
    assert again["torch"].status == "not measured" and "took 7 s at 7" in again["torch"].reason
    assert again["diffkit"].status == "ok"


def test_the_cpp_tool_times_itself(tmp_path):
    program = tmp_path / "lse"
    lines = ["[0.5]", *(json.dumps({"name": n, "nanoseconds": t}) for n, t in
             (("prepare", 7), ("evaluate", 2000), ("evaluate", 4000)))]  # fmt: skip
    program.write_text(f"#!{sys.executable}\nprint({chr(10).join(lines)!r})\n")
    program.chmod(0o755)
    assert manual_seconds(tmp_path, "lse", "gradient", {"x": numpy.ones(2)}) == [2e-6, 4e-6]
    given = LSE.generate(7)
    cell = measure.in_cpp(LSE, TINY, "gradient", given, tmp_path)
    assert cell.status == "ok" and cell.derivative.median == pytest.approx(3e-6)
    with pytest.raises(NotMeasured, match="does not exist"):
        manual_seconds(tmp_path, "llsq", "gradient", {})
    program.write_text(f"#!{sys.executable}\nraise SystemExit(3)\n")
    with pytest.raises(NotMeasured, match="exit status 3"):
        manual_seconds(tmp_path, "lse", "gradient", {})


# --- records, tables, verdicts -------------------------------------------------------------------


def timing(seconds):
    return Timing(seconds, seconds, seconds, 3)


def cell(eval, workload, method, seconds, primal=None, peak=None, function="gradient"):
    return Cell(
        eval, workload, function, method, "ok", "", timing(seconds),
        timing(primal) if primal else None, 1e-16, peak,
    )  # fmt: skip


RUN = Run(
    header={"machine": {"processor": "a processor"}},
    cells=(
        cell("lse", "2500", "diffkit", 1.0, peak=2**24),
        cell("lse", "2500", "njit", 2.0, peak=2**23),
        cell("lse", "2500", "jax", 0.5),
        cell("lse", "2500", "torch", 4.0),
        cell("lse", "2500", "manual", 2.0),
        cell("ode", "1000, 1", "diffkit", 4.0, primal=2.0),
        Cell("llsq", "16", "gradient", "diffkit", "wrong", "differs by 1"),
        cell("llsq", "16", "jax", 1.0),
    ),
    first_calls=(FirstCall("lse", "ok", 3.0), FirstCall("llsq", "failed", None, "died")),
)


def test_a_run_is_read_as_it_was_written(tmp_path):
    assert read(tmp_path) is None
    path = write(RUN, tmp_path)
    assert read(tmp_path) == RUN
    path.write_text(path.read_text()[:100])
    assert read(tmp_path) is None


def test_verdicts_are_what_the_ratios_say():
    found = {v.figure: v for v in verdicts(RUN)}
    assert found["lse / JAX"].outcome == "missed" and found["lse / JAX"].measured == "2.00×"
    assert found["lse / PyTorch"].outcome == "met"
    assert found["lse / manual C++"].outcome == "met"
    assert found["ode / its primal"].outcome == "met"
    assert found["llsq / JAX"].outcome == "missed"  # a wrong result beats nobody
    assert found["gmm / JAX"].outcome == "not measured"
    assert found["peak memory / by hand in Numba"].measured == "2.00×"
    assert found["define and first call, cold"].outcome == "missed"  # one of them died
    faster = replace(RUN, cells=(*RUN.cells[:2], cell("lse", "2500", "jax", 1.5)))
    assert {v.figure: v for v in verdicts(faster)}["lse / JAX"].outcome == "met"


def test_of_several_nestings_the_best_counts_but_all_must_be_right():
    rr = cell("particle", "", "diffkit", 5e-3, function="rr")
    ff = cell("particle", "", "diffkit", 1e-3, function="ff")
    figure = "particle, best nesting"
    found = {v.figure: v for v in verdicts(Run(cells=(rr, ff)))}[figure]
    assert found.outcome == "met" and found.measured == "1.00 ms" and "ff" in found.worst
    wrong = replace(rr, status="wrong", derivative=None)
    assert {v.figure: v for v in verdicts(Run(cells=(wrong, ff)))}[figure].outcome == "missed"


def test_the_tables_show_times_ratios_and_reasons():
    text = io.StringIO()
    show(RUN, Console(file=text, width=240))
    for expected in (
        "1e+03",
        "0.50×",
        "wrong",
        "differs by 1",
        "ANOTHER machine",
        "died",
        "3.00 s",
    ):
        assert expected in text.getvalue()
    first = next(iter(rows(RUN)))
    assert first[:2] == ("lse", "2500") and first[-1] == "2.00×"


def test_published_times_stand_beside_gradbenchs_own_workloads_only():
    assert [row[:3] for row in published_rows(RUN)] == [("lse", "2500", "1e+03")]
    other = Run(cells=(cell("lse", "7", "diffkit", 1.0),))
    assert not list(published_rows(other))


def test_the_page_has_a_section(tmp_path):
    assert "GradBench" not in render(Results(()))
    page = render(Results((), gradbench=RUN))
    assert "<h2>GradBench</h2>" in page and "on another machine" in page
    assert "a processor" in page
    write(RUN, tmp_path)
    assert load(tmp_path).gradbench == RUN


# --- the command ---------------------------------------------------------------------------------


def test_an_unknown_eval_lists_the_known_ones(tmp_path):
    result = CliRunner().invoke(app, ["gradbench", "--eval", "mnist", "--out", str(tmp_path)])
    assert result.exit_code == 2 and "'mnist'" in result.output and "hello" in result.output
    result = CliRunner().invoke(app, ["gradbench", "--sizes", "huge", "--out", str(tmp_path)])
    assert result.exit_code == 2 and "'huge'" in result.output
    assert [e.name for e in evals_named(["all"])] == [*EVALS]
    with pytest.raises(UnknownNameError):
        evals_named(["lse", "x"])


def test_the_command_checks_and_measures(tmp_path, monkeypatch):
    tiny = replace(EVALS["hello"], small=(Workload("2.0", {"x": 2.0}),))
    monkeypatch.setitem(EVALS, "hello", tiny)
    command = ["gradbench", "--eval", "hello", "--seconds", "0", "--out", str(tmp_path)]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    run = read(tmp_path)
    ok = {cell.method for cell in run.cells if cell.status == "ok"}
    assert ok == {"diffkit", "njit"}
    assert run.first_calls[0].seconds > 0
    assert "<h2>GradBench</h2>" in (tmp_path / "report.html").read_text()


def test_the_command_fails_where_an_output_is_wrong(tmp_path, monkeypatch):
    from comparisons.gradbench import run

    def check(evals, sizes, tell):
        yield Check("hello", "1.0", "double", "wrong", 1.0, "differs by 1")

    monkeypatch.setattr(run, "check", check)
    result = CliRunner().invoke(app, ["gradbench", "--eval", "hello", "--out", str(tmp_path)])
    assert result.exit_code == 1 and "differs by 1" in result.output
    assert read(tmp_path) is None
