"""What the comparison of gradients without `jit` measures: equal values, and nothing else."""

import pytest
from typer.testing import CliRunner

from comparisons.cli import app
from comparisons.untraced import OPERATIONS, chain, measure, mixture, row

pytest.importorskip("autograd")


def test_both_libraries_give_one_gradient():
    rows = list(measure(0.0))
    assert len(rows) == 4
    for found in rows:
        assert found.values[0] == pytest.approx(found.values[1], rel=1e-12)
        assert found.ratio == found.diffkit.median / found.autograd.median


def test_values_that_differ_are_not_timed():
    found = row("wrong", lambda: 1.0, lambda: 2.0, 0.0)
    assert (found.diffkit, found.ratio, found.values) == (None, None, (1.0, 2.0))


@pytest.mark.parametrize("f", [chain, mixture])
def test_functions_have_so_many_operations(f):
    class Counting:
        """A number that counts what is done to it."""

        count = 0

        def step(self, *_):
            Counting.count += 1
            return self

        __mul__ = __rmul__ = __add__ = step

    class Namespace:
        sin = exp = staticmethod(Counting.step)

    f(Counting(), Namespace, 1.25)
    assert OPERATIONS <= Counting.count <= OPERATIONS * 6 / 5


def test_the_command_prints_the_ratios():
    result = CliRunner().invoke(app, ["untraced", "--seconds", "0"])
    assert result.exit_code == 0
    assert "mixture" in result.output
