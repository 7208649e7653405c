"""How a run is spread over workers, what it measures again, and what it leaves out."""

import json
import os
from collections import Counter
from dataclasses import replace

import pytest
from test_comparisons_records import RECORD
from typer.testing import CliRunner

from comparisons import cores, provenance, runner, stages
from comparisons.cli import app
from comparisons.commands import everything
from comparisons.cores import PinError, cores_for
from comparisons.lookup import find_method, find_problem
from comparisons.records import Journal, contents, read
from comparisons.runner import Finished, Started, plan_run, run, standing
from comparisons.selection import JOURNAL, Selection, select_records
from comparisons.settings import Settings, fingerprint

FAST = Settings(quick=True, seconds=0.002, memory=600 << 20)
PINS = hasattr(os, "sched_getaffinity")


def plan(out, methods=("RIGHT",), problems=("QUADRATIC",), settings=FAST):
    methods, problems = (
        tuple(f"comparison_fakes:{name}" for name in names) for names in (methods, problems)
    )
    return plan_run(problems, methods, settings, out)


def finished(steps):
    return [step.record for step in steps if isinstance(step, Finished)]


def test_two_workers_take_a_problem_each(tmp_path):
    settings = replace(FAST, workers=2)
    chosen = plan(tmp_path, ("SLOW", "WRONG"), ("QUADRATIC", "NO_TRUTH"), settings)
    steps = list(run(chosen))
    open_cells, beside = set(), 0
    for step in steps:
        if isinstance(step, Started):
            open_cells.add(step.cell.key)
        else:
            open_cells.discard((step.record.problem, step.record.size, step.record.method))
        beside = max(beside, len(open_cells))
        assert len({problem for problem, _, _ in open_cells}) == len(open_cells)
    assert beside == 2
    records = finished(steps)
    assert [step.done for step in steps if isinstance(step, Finished)] == list(range(1, 9))
    assert len(records) == len(read(tmp_path / JOURNAL)) == 8
    assert {record.status for record in records} == {"ok"}
    for problem in ("quadratic", "no_truth"):  # within a problem the order is the plan's
        order = [(r.size, r.method) for r in records if r.problem == problem]
        assert order == [(size, method) for size in (2, 4) for method in ("slow", "wrong")]


def test_a_run_with_more_workers_has_records_of_its_own(tmp_path):
    list(run(plan(tmp_path)))
    several = plan(tmp_path, settings=replace(FAST, workers=3))
    found = standing(several)
    assert (found.done, found.total, found.others) == (0, 2, 2)
    assert len(finished(run(several))) == 2
    assert json.loads((tmp_path / "run.json").read_text())["settings"]["workers"] == 3


@pytest.mark.skipif(not PINS, reason="the system holds no process on a core")
def test_pinned_workers_stay_on_their_cores(tmp_path):
    allowed = os.sched_getaffinity(0)
    (last,) = cores_for(1, pin=True)
    assert last == max(allowed)
    settings = replace(FAST, pin=True)
    (small, _) = finished(run(plan(tmp_path, ("CORES",), settings=settings)))
    assert small.measured.details == {"cores": str([last])}
    (small, _) = finished(run(plan(tmp_path, ("CORES",))))
    assert small.measured.details == {"cores": str(sorted(allowed))}


def test_more_workers_than_cores_cannot_be_pinned(tmp_path, monkeypatch):
    assert cores_for(500, pin=False) == (None,) * 500
    with pytest.raises(PinError, match="500 workers were to be held on a core each; got"):
        cores_for(500, pin=True)
    options = ["--workers", "500", "--pin", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, ["run", *options])
    assert result.exit_code == 2 and "--workers" in result.output
    assert not (tmp_path / "out").exists()
    monkeypatch.delattr(cores.os, "sched_setaffinity", raising=False)
    with pytest.raises(PinError, match="a system that cannot hold"):
        cores_for(1, pin=True)


def test_another_version_of_a_peer_is_measured_again(tmp_path, monkeypatch):
    def cells(**versions):
        found = {"right": versions, "wrong": {}}
        monkeypatch.setattr(runner, "of_cell", lambda problem, method: found[method.name])
        chosen = plan(tmp_path, ("RIGHT", "WRONG"))
        before = standing(chosen)
        return before, [(r.method, r.versions) for r in finished(run(chosen))]

    assert len(cells(peer="1")[1]) == 4
    before, again = cells(peer="1")
    assert (before.done, before.outdated, again) == (4, {}, [])
    before, again = cells(peer="2")
    assert (before.done, before.outdated) == (2, {"peer": 2})
    assert again == [("right", {"peer": "2"})] * 2
    before, again = cells()  # no longer installed: what was measured with it is still true
    assert (before.done, again) == (4, [])
    assert len(read(tmp_path / JOURNAL)) == 4
    lines = (tmp_path / JOURNAL).read_text().splitlines()
    assert Counter(json.loads(line)["method"] for line in lines) == {"right": 4, "wrong": 2}


def test_a_table_mixes_no_versions(tmp_path):
    """A run that was stopped before all outdated cells were measured again."""
    old, new = {"peer": "1", "problem p": "a"}, {"peer": "2", "problem p": "a"}
    with Journal(tmp_path / JOURNAL) as journal:
        for size, versions in ((2, old), (4, old), (6, old), (2, new)):
            journal.append(replace(RECORD, size=size, versions=versions))
        journal.append(replace(RECORD, method="other", versions={"problem p": "a"}))
        journal.append(replace(RECORD, settings="elsewhere"))
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(b'{"of": "another format"}\n{"torn')
    (tmp_path / "run.json").write_text('{"fingerprint": "mark"}')
    found = select_records(tmp_path)
    assert [(r.size, r.method) for r in found.records] == [(2, "m"), (2, "other")]
    assert (found.others, found.outdated, found.changed, found.unreadable) == (1, 2, ("peer",), 1)
    assert found.left_out() == [
        "1 record of other settings, Python, NumPy or processor",
        "2 records of another version of peer",
        "1 line that cannot be read as a record",
    ]
    result = CliRunner().invoke(app, ["report", "--out", str(tmp_path)])
    assert result.exit_code == 0
    assert all(f"left out: {clause}" in result.output for clause in found.left_out())
    assert select_records(tmp_path / "nothing") == Selection()


def test_a_run_says_what_is_there_and_what_is_not_comparable(tmp_path):
    options = [
        *("--problems", "comparison_fakes:QUADRATIC", "--methods", "comparison_fakes:RIGHT"),
        *("--quick", "--seconds", "0.002", "--out", str(tmp_path)),
    ]
    assert "kept:" not in CliRunner().invoke(app, ["run", *options]).output
    header = json.loads((tmp_path / "run.json").read_text())
    header["machine"]["processor"] = "an abacus"
    (tmp_path / "run.json").write_text(json.dumps(header))
    result = CliRunner().invoke(app, ["run", *options])
    assert "kept: 2 of 2 cells are done already" in result.output
    assert "another machine: the last run here was on an abacus" in result.output
    result = CliRunner().invoke(app, ["run", *options, "--workers", "2"])
    assert "left out: 2 records of other settings" in result.output
    assert "2 workers measure beside each other" in result.output


def test_the_fingerprint_tells_ways_of_measuring_apart(monkeypatch):
    marks = {
        fingerprint(settings)
        for settings in (FAST, replace(FAST, pin=True), replace(FAST, seconds=1.0))
    }
    assert len(marks) == 3
    monkeypatch.setattr("comparisons.machine.describe", lambda: {"processor": "an abacus"})
    assert fingerprint(FAST) not in marks


def test_what_a_cell_depends_on(tmp_path):
    problem = find_problem("rosenbrock")
    peer = provenance.of_cell(problem, find_method("autograd"))
    assert peer.keys() == {"autograd", "method autograd", "problem rosenbrock"}
    own = provenance.of_cell(problem, find_method("dk-reverse"))
    assert own.keys() >= {"diffkit", "numba", "llvmlite", "method dk-reverse"}
    assert own["problem rosenbrock"] == peer["problem rosenbrock"]
    (tmp_path / "a.py").write_text("x = 1\n")
    before = provenance.folder_digest(tmp_path)
    (tmp_path / "b.py").write_text("y = 1\n")
    assert provenance.folder_digest(tmp_path) != before
    assert provenance.of_packages(["a_package_that_is_not_there"]) == {}


def test_contents_count_what_is_no_record(tmp_path):
    path = tmp_path / JOURNAL
    with Journal(path) as journal:
        journal.append(RECORD)
    whole = path.read_bytes()
    path.write_bytes(b"rubbish\n\n" + whole + whole[:50])  # the last line is torn, not rubbish
    found = contents(path)
    assert (len(found.records), found.unreadable) == (1, 1)


def test_a_stage_is_done_once(tmp_path):
    assert not stages.is_done(tmp_path, "evals", "a")
    stages.finish(tmp_path, "evals", "a", 1.0)
    stages.finish(tmp_path, "other", "b", 1.0)
    assert stages.is_done(tmp_path, "evals", "a") and not stages.is_done(tmp_path, "evals", "b")
    assert not stages.is_done(tmp_path, "evals", "a", "result.json")
    (tmp_path / "result.json").touch()
    assert stages.is_done(tmp_path, "evals", "a", "result.json")
    (tmp_path / "stages.json").write_text("torn {")
    assert not stages.is_done(tmp_path, "other", "b")


def test_all_runs_every_stage_once_and_tries_failures_again(tmp_path, monkeypatch):
    """With fakes for the matrix and for the stages after it."""
    ran = []

    def stage(name, version, reason=""):
        def work():
            ran.append(name)
            (tmp_path / name).touch()
            return reason

        return everything.Stage(name, (version,), name, work)

    def go(*chosen):
        ran.clear()
        monkeypatch.setattr(everything, "_stages", lambda *_: iter(chosen))
        result = CliRunner().invoke(app, ["all", "--quick", "--out", str(tmp_path)])
        return result, list(ran)

    def fakes(problems, methods, settings, out):
        return plan_run(("comparison_fakes:QUADRATIC",), ("comparison_fakes:RIGHT",), FAST, out)

    monkeypatch.setattr(everything.runner, "plan_run", fakes)
    evals, broken, mended = stage("evals", 1), stage("shown", 1, "no disk"), stage("shown", 1)
    result, names = go(evals, broken)
    assert result.exit_code == 1 and names == ["evals", "shown"]
    assert "failed: shown (no disk)" in result.stderr
    result, names = go(evals, mended)
    assert result.exit_code == 0 and names == ["shown"]
    assert "this took" in result.output and "report.html" in result.output
    assert go(evals, mended)[1] == []
    assert go(stage("evals", 2), mended)[1] == ["evals"]
    assert len(read(tmp_path / JOURNAL)) == 2
