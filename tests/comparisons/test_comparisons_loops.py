"""What the benchmark of reversed loops measures: memory by the step without checkpoints, by the
root of the steps with them, and one gradient either way."""

import pytest
from typer.testing import CliRunner

from comparisons.cli import app
from comparisons.loops import measure, slope

DOUBLE, OVERHEAD = 8, 12_000  # bytes; the interpreter's own lists and dicts


@pytest.fixture(scope="module")
def rows():
    return list(measure(10_000))


def test_both_ways_give_one_gradient(rows):
    by_steps = {}
    for row in rows:
        by_steps.setdefault(row.steps, set()).add(row.gradient)
    assert all(len(found) == 1 for found in by_steps.values())


def test_a_step_keeps_at_most_two_doubles(rows):
    for row in rows:
        if row.checkpoint is None:
            assert row.counted <= 2 * DOUBLE * row.steps
            assert row.measured <= 2 * DOUBLE * row.steps + OVERHEAD


def test_checkpoints_keep_the_root(rows):
    for row in rows:
        if row.checkpoint == "sqrt":
            assert row.counted <= 4 * DOUBLE * row.steps**0.5 + 500
            assert row.measured <= 4 * DOUBLE * row.steps**0.5 + OVERHEAD
    counted, _ = slope(rows, "sqrt")
    assert 0.4 < counted < 0.6
    assert slope(rows, None)[0] == pytest.approx(1.0, abs=0.01)


def test_the_command_shows_them():
    result = CliRunner().invoke(app, ["loops", "--largest", "10000"])
    assert result.exit_code == 0, result.output
    assert "10,000" in result.output
    assert "as n^1.00 by the count" in result.output
