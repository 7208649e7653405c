"""Two runs compared: a planted slowdown is found among noise, noise alone raises no alarm, and
whatever else has changed is said."""

import json
import math
import random
from dataclasses import asdict, replace

import pytest
from test_comparisons_records import MEASUREMENT, RECORD
from typer.testing import CliRunner

from comparisons.changes import compare
from comparisons.cli import app
from comparisons.noise import estimate, shortest_half, standard_error
from comparisons.records import Journal, Timing
from comparisons.report import load

NOISE = 0.05  # of the ratio of two runs
CASES = [(f"problem{k}", 2, f"method{m}") for k in range(10) for m in range(8)]
HEADER = {
    "fingerprint": "mark",
    "machine": {"processor": "abacus", "cores": "2"},
    "settings": {"quick": True},
    "versions": {"torch": "2.5"},
}


def timing(seconds, chance):
    """A median and a least time, each with the noise between runs."""
    scatter = NOISE / math.sqrt(2.0)
    median, best = (seconds * math.exp(chance.gauss(0.0, scatter)) for _ in range(2))
    return Timing(median, 0.95 * best, spread=0.02, runs=100, samples=100)


def records(seed, factor=lambda key: 1.0, machine=1.0):
    """A run of all cases: times from microseconds to milliseconds, the same in every run but for
    noise, the factor of a cell, and that of the machine."""
    chance = random.Random(seed)
    for number, key in enumerate(CASES):
        problem, size, method = key
        seconds = machine * 10.0 ** (-6 + number % 4)
        measured = replace(
            MEASUREMENT,
            relative_error=1e-16,
            numpy=timing(seconds / 3, chance),
            derivative=timing(seconds * factor(key), chance),
        )
        yield replace(RECORD, problem=problem, size=size, method=method, measurement=measured)


def keep(folder, found, header=HEADER):
    with Journal(folder / "cells.jsonl") as journal:
        for record in found:
            journal.append(record)
    (folder / "run.json").write_text(json.dumps(header | {"cells": len(CASES)}))
    return folder


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    """These journals need not survive a power cut."""
    monkeypatch.setattr("comparisons.records.os.fsync", lambda number: None)


def pair(tmp_path, before, after, **header):
    folders = tmp_path / "before", tmp_path / "after"
    keep(folders[0], before)
    keep(folders[1], after, HEADER | header)
    return folders


def go(*arguments):
    return CliRunner().invoke(app, ["diff", *map(str, arguments)], env={"COLUMNS": "200"})


def test_a_planted_slowdown_is_found(tmp_path):
    planted = CASES[17], CASES[42]
    slower = records(2, lambda key: 1.3 if key in planted else 1.0)
    folders = pair(tmp_path, records(1), slower)
    found = compare(*map(load, folders))
    assert {(c.kind, (c.problem, c.size, c.method)) for c in found.changes} == {
        ("slower", key) for key in planted
    }
    for change in found.changes:
        assert 1.0 < change.low < 1.3 < change.high
    assert 0.7 * NOISE < found.noise.scale < 1.5 * NOISE
    result = go(*folders)
    assert result.exit_code == 1
    assert "2 slower; 80 cells in both, 80 of them timed" in result.output


def test_a_method_that_is_slower_everywhere_is_found(tmp_path):
    """By 15 %, which no cell shows by itself."""
    folders = pair(tmp_path, records(1), records(2, lambda key: 1.15 if key[2] == "method3" else 1))
    found = compare(*map(load, folders))
    (shift,) = found.shifts
    assert (shift.method, shift.cells) == ("method3", 10)
    assert 1.0 < shift.low < 1.15 < shift.high < 1.4
    result = go(*folders)
    assert result.exit_code == 1 and "on the whole method3" in result.output


@pytest.mark.parametrize("seed", range(20))
def test_noise_alone_raises_no_alarm(tmp_path, seed):
    folders = pair(tmp_path, records(1000 + seed), records(2000 + seed))
    found = compare(*map(load, folders))
    assert found.changes == found.shifts == ()


def test_half_of_the_cells_may_have_changed(tmp_path):
    faster = {key for key in CASES if key[2] < "method4"}
    folders = pair(tmp_path, records(3), records(4, lambda key: 0.5 if key in faster else 1.0))
    found = compare(*map(load, folders))
    assert {(c.problem, c.size, c.method) for c in found.changes} == faster
    assert found.count() == {"faster": 40} and len(found.shifts) == 4


def test_a_slower_machine_is_no_change(tmp_path):
    folders = pair(tmp_path, records(5), records(6, machine=1.5))
    found = compare(*map(load, folders))
    assert found.changes == () and math.isclose(math.exp(found.noise.drift), 1.5, rel_tol=0.1)
    result = go(*folders)
    assert result.exit_code == 0
    assert "Nothing has changed beyond noise: 80 cells in both" in result.output


def test_an_interruption_is_no_change(tmp_path):
    """It moves the median of a short run, and not its least time."""
    interrupted = []
    for number, record in enumerate(records(8)):
        if number % 7 == 0:
            measured = record.measured
            slow = replace(measured.derivative, median=2.0 * measured.derivative.median)
            record = replace(record, measurement=replace(measured, derivative=slow))
        interrupted.append(record)
    folders = pair(tmp_path, records(7), interrupted)
    assert compare(*map(load, folders)).changes == ()


def test_outcomes_errors_and_missing_cells(tmp_path):
    before, after = list(records(9)), list(records(10))

    def error(found, number, value):
        measured = replace(found[number].measured, relative_error=value)
        found[number] = replace(found[number], measurement=measured)

    error(after, 0, 1e-3)  # now wrong
    error(before, 1, math.nan)  # now right
    after[2] = replace(after[2], status="timeout", reason="5 s", measurement=None)
    error(after, 3, 1e-12)  # still right, but less so
    error(before, 4, 0.0)  # 0 and 1e-16 are the same
    gone, new = after.pop(5), replace(after[0], method="brand-new")
    folders = pair(tmp_path, before, [*after, new])
    found = compare(*map(load, folders))
    key = [(r.problem, r.size, r.method) for r in before]
    assert [(c.kind, (c.problem, c.size, c.method), c.before, c.after) for c in found.changes] == [
        ("now wrong", key[0], "right", "wrong"),
        ("other status", key[2], "right", "timeout"),
        ("less accurate", key[3], 1e-16, 1e-12),
        ("gone", (gone.problem, gone.size, gone.method), "right", None),
        ("now right", key[1], "wrong", "right"),
        ("new", (new.problem, new.size, new.method), None, "wrong"),
    ]
    assert go(*folders).exit_code == 1


def test_versions_and_machines_that_differ_are_said(tmp_path):
    after = (replace(r, versions={"diffkit": "2"}) for r in records(12))
    before = (replace(r, versions={"diffkit": "1"}) for r in records(11))
    folders = pair(tmp_path, before, after, versions={"torch": "2.6"}, settings={"quick": False})
    found = compare(*map(load, folders))
    assert found.conditions == {
        "diffkit": ("1", "2"),
        "quick": ("True", "False"),
        "torch": ("2.5", "2.6"),
    }
    result = go(*folders)
    assert result.exit_code == 0 and "torch: 2.5, then 2.6" in result.output


def test_times_of_two_processors_are_not_compared(tmp_path):
    folders = pair(tmp_path, records(13), records(14, machine=9.0), machine={"processor": "loom"})
    found = compare(*map(load, folders))
    assert found.changes == () and found.noise is None and found.timed == 0
    assert "not compared, since the processors differ" in go(*folders).output


def test_json_and_usage(tmp_path):
    folders = pair(tmp_path, records(15), records(16, lambda key: 3.0 if key == CASES[0] else 1.0))
    result = go(*folders, "--json")
    assert result.exit_code == 1
    content = json.loads(result.output)
    (change,) = content["changes"]
    assert change["kind"] == "slower" and change["low"] < 3.0 < change["high"]
    assert content["count"] == {"slower": 1} and content["cells"] == 80
    assert go(folders[0], folders[0]).exit_code == 0
    empty = go(folders[0], tmp_path / "nothing")
    assert empty.exit_code == 2 and "holds no records" in empty.output


def test_the_noise_of_few_cells_is_assumed():
    noise = estimate([0.0] * 3, [0.0] * 3)
    assert noise.assumed and noise.scale == 0.1
    assert not estimate([0.0] * 8, [0.0] * 8).assumed


def test_the_shortest_half_of_a_gaussian_is_its_standard_deviation():
    chance = random.Random(0)
    values = [chance.gauss(3.0, 2.0) for _ in range(20_000)]
    assert math.isclose(shortest_half(values), 2.0, rel_tol=0.05)
    assert math.isclose(shortest_half([*values, *[50.0] * 8_000]), 2.0, rel_tol=0.6)
    assert shortest_half([]) == shortest_half([1.0]) == 0.0


def test_the_standard_error_of_a_median():
    """Against medians of samples drawn over and over."""
    chance = random.Random(1)
    medians = sorted(sorted(chance.gauss(1.0, 0.1) for _ in range(51))[25] for _ in range(2_000))
    scatter = (medians[1682] - medians[317]) / 2  # one standard deviation to either side
    quartiles = Timing(median=1.0, best=0.8, spread=0.1 * 1.349, runs=51, samples=51)
    assert math.isclose(standard_error(quartiles), scatter, rel_tol=0.1)
    assert asdict(quartiles)["samples"] == 51
