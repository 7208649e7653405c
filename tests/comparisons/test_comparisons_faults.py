"""A method that crashes, hangs, eats memory, is missing or wrong costs its own cell and nothing
else."""

import math

import pytest

from comparisons.lookup import UnknownNameError
from comparisons.records import read
from comparisons.runner import JOURNAL, Finished, plan_run, run
from comparisons.settings import Settings, fingerprint

FAST = Settings(quick=True, seconds=0.01, timeout=5.0, memory=600 << 20)


def go(out, methods, settings=FAST, problem="QUADRATIC", fresh=False):
    names = tuple(f"comparison_fakes:{name}" for name in methods)
    plan = plan_run((f"comparison_fakes:{problem}",), names, settings, out)
    steps = list(run(plan, fresh))
    return {
        (step.record.size, step.record.method): step.record
        for step in steps
        if isinstance(step, Finished)
    }


def test_each_fault_costs_its_own_cell(tmp_path):
    faults = ["CRASH", "EXIT", "TOO_LARGE", "UNSUPPORTED", "ERROR", "WRONG_SHAPE", "MISSING"]
    methods = [name for fault in faults for name in (fault, "RIGHT")]
    records = go(tmp_path, [*methods, "CHATTY", "NAN"])
    status = {method: record.status for (size, method), record in records.items() if size == 2}
    assert status == {
        "crash": "crashed",
        "exit": "crashed",
        "too-large": "memory",
        "unsupported": "unsupported",
        "error": "error",
        "wrong-shape": "error",
        "missing": "missing",
        "right": "ok",
        "chatty": "ok",
        "nan": "ok",
    }
    reason = {method: record.reason for (size, method), record in records.items() if size == 2}
    assert "SIGSEGV" in reason["crash"]
    assert "exit status 3" in reason["exit"]
    assert reason["unsupported"] == "this fake does <nothing> & says so"
    assert reason["error"] == "ValueError: a plain mistake"
    assert "a_package_that_is_not_there" in reason["missing"]
    assert reason["right"] == ""
    assert records[4, "right"].measurement.relative_error == 0.0
    assert math.isnan(records[4, "nan"].measurement.relative_error)
    # Out of memory at size 2 is not tried at size 4; a crash is.
    assert records[4, "too-large"].reason.startswith("not tried: memory at size 2")
    assert records[4, "crash"].reason == reason["crash"]
    assert {record.key for record in read(tmp_path / JOURNAL)} == {
        (fingerprint(FAST), "quadratic", size, method) for size, method in records
    }
    assert "raw" in (tmp_path / "worker.log").read_text()


def test_a_hanging_method_is_stopped_and_not_tried_again(tmp_path):
    settings = Settings(quick=True, seconds=0.01, timeout=3.0)
    records = go(tmp_path, ["HANG", "RIGHT"], settings)
    assert records[2, "hang"].status == "timeout"
    assert records[2, "hang"].reason == "stopped after 3 s"
    assert records[4, "hang"].status == "timeout"
    assert records[4, "hang"].reason.startswith("not tried: timeout at size 2")
    assert records[2, "right"].status == records[4, "right"].status == "ok"


def test_a_memory_hog_is_stopped(tmp_path):
    records = go(tmp_path, ["HOG", "RIGHT"])
    assert records[2, "hog"].status == "memory"
    assert "limit 600 MiB" in records[2, "hog"].reason
    assert records[2, "right"].status == records[4, "right"].status == "ok"


def test_a_problem_without_truth_is_still_timed(tmp_path):
    records = go(tmp_path, ["RIGHT"], problem="NO_TRUTH")
    measured = records[2, "right"].measurement
    assert measured.relative_error is None
    assert measured.truth == "no truth: this case has no reference"
    assert measured.derivative.runs > 0


def test_a_second_run_only_retries_what_was_missing(tmp_path):
    first = go(tmp_path, ["RIGHT", "MISSING", "ERROR"])
    assert len(first) == 6
    assert {method for _, method in go(tmp_path, ["RIGHT", "MISSING", "ERROR"])} == {"missing"}
    assert len(go(tmp_path, ["RIGHT", "ERROR"], fresh=True)) == 4
    assert len(read(tmp_path / JOURNAL)) == 4


def test_other_settings_are_other_cells(tmp_path):
    go(tmp_path, ["RIGHT"])
    other = Settings(quick=False, seconds=0.01)
    assert fingerprint(other) != fingerprint(FAST)
    assert [size for size, _ in go(tmp_path, ["RIGHT"], other)] == [2, 4, 6]
    assert len(read(tmp_path / JOURNAL)) == 5


def test_truths_are_kept_and_reused(tmp_path):
    go(tmp_path, ["RIGHT"])
    files = sorted((tmp_path / "truth").iterdir())
    assert [path.name.split("-")[:2] for path in files] == [["quadratic", "2"], ["quadratic", "4"]]
    written = [path.stat().st_mtime_ns for path in files]
    go(tmp_path, ["WRONG"])
    assert [path.stat().st_mtime_ns for path in files] == written


@pytest.mark.parametrize(
    "name", ["nothing", "comparison_fakes:NOTHING", "no_such_module:X", "comparison_fakes:make"]
)
def test_unknown_names_are_refused_before_anything_runs(tmp_path, name):
    with pytest.raises(UnknownNameError, match="was asked for"):
        plan_run(("rosenbrock",), (name,), FAST, tmp_path)
    with pytest.raises(UnknownNameError, match="was asked for"):
        plan_run((name,), ("autograd",), FAST, tmp_path)
    assert not list(tmp_path.iterdir())
