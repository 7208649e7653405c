"""Every eval, over the protocol and real pipes, against the derivatives by hand."""

import pytest

from comparisons.gradbench.client import Client, ToolError
from comparisons.gradbench.evals import EVALS
from comparisons.gradbench.validate import validate

each_eval = pytest.mark.parametrize("name", EVALS)


def wrong(name, sizes):
    """The questions that were not answered rightly; there are questions."""
    with Client() as client:
        assert client.ask("start", eval=name)["tool"] == "diffkit"
        checks = list(validate(EVALS[name], sizes, client))
        assert client.close() == 0
    assert {c.function for c in checks} == {*EVALS[name].functions}
    return [c for c in checks if c.outcome != "ok"]


@each_eval
def test_small_workloads(name):
    assert wrong(name, "small") == []


@pytest.mark.long
@each_eval
def test_gradbenchs_own_workloads(name):
    assert wrong(name, "default") == []


@each_eval
def test_a_derivative_that_is_never_zero_is_among_the_workloads(name):
    """GradBench's own for `ode` are all zero."""
    from comparisons.gradbench.validate import difference, reference

    eval = EVALS[name]
    sizes = [eval.generate(**w.sizes) for w in eval.small]
    found = [reference(eval, eval.derivative, given) for given in sizes]
    assert any(difference(zero(result), result) >= 1.0 for result in found)


def zero(result):
    """A result of the same structure, of zeros."""
    if isinstance(result, dict):
        return {key: zero(part) for key, part in result.items()}
    return [zero(part) for part in result] if isinstance(result, list) else 0.0


def test_a_kill_in_the_middle_loses_that_session_only():
    given = EVALS["lse"].generate(7)
    with Client() as client:
        assert client.ask("define", module="lse")["success"] is True
        first = client.ask("evaluate", module="lse", function="gradient", input=given)
        client.kill()
        with pytest.raises(ToolError):
            client.ask("evaluate", module="lse", function="gradient", input=given)
        with pytest.raises(ToolError):
            list(validate(EVALS["lse"], "small", client))
    with Client() as client:  # what the killed one left in the cache does no harm
        again = client.ask("evaluate", module="lse", function="gradient", input=given)
    assert again["output"] == first["output"]
