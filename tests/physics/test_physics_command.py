"""`python -m physics`: the list, a problem's statement, verdicts and exit codes."""

from dataclasses import replace

import numpy as np
import pytest

from physics import __main__ as command
from physics.problem import Oracle, Parameter, Problem, Step


def tiny(expected):
    def train():
        yield Step(0, 4.0, {"x": np.float64(2.0)})
        yield Step(1, 0.25, {"x": np.float64(0.5)})

    return Problem(
        name="tiny",
        title="A parabola",
        source="everywhere",
        equations="L = x²",
        parameters=(Parameter("x", 2.0, "m", "where"),),
        loss=lambda p: p["x"] ** 2,
        oracles=(Oracle("loss", expected, 1e-12, "arithmetic", lambda: 4.0),),
        train=train,
    )


def test_without_a_name_it_lists_all_problems(capsys):
    assert command.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [
        "double_pendulum",
        "lorenz",
        "mass_spring",
        "projectile",
        "robertson",
    ]


def test_a_problem_is_stated_checked_and_optimised(monkeypatch, capsys):
    monkeypatch.setitem(command.PROBLEMS, "tiny", tiny(4.0))
    assert command.main(["tiny"]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[:3] == ["A parabola", "  everywhere", "  L = x²"]
    assert "1.0e-12 ok" in out
    assert out.splitlines()[-2:] == ["        0 4.0000e+00  x 2", "        1 2.5000e-01  x 0.5"]


def test_an_oracle_that_fails_is_an_exit_code(monkeypatch, capsys):
    monkeypatch.setitem(command.PROBLEMS, "tiny", tiny(4.001))
    assert command.main(["tiny"]) == 1
    assert "FAILS" in capsys.readouterr().out


def test_an_unknown_name_is_refused(capsys):
    with pytest.raises(SystemExit) as stop:
        command.main(["nonsense"])
    assert stop.value.code == 2
    assert "nonsense" in capsys.readouterr().err


def test_parameters_start_as_a_tree_of_float64():
    problem = replace(tiny(4.0), parameters=(Parameter("x", (1, 2), "m", "where"),))
    start = problem.start()["x"]
    assert start.dtype == np.float64 and list(start) == [1, 2]
