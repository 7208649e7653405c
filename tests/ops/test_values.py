"""The value of every op and every front-end function is NumPy's, and so are shape and dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.graph import evaluate
from diffkit.types import type_of
from tests.replay import prepare

from .scenario import Scenario
from .scenarios import SCENARIOS, arguments, flat, graph_of

EACH = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)


def same(got: Any, want: Any, ulps: float) -> None:
    """Equal in type, and in value to some units in the last place of the greatest element."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.dtype == want.dtype
    assert got.shape == want.shape
    if want.dtype.kind not in "fc":
        np.testing.assert_array_equal(got, want)
        return
    eps = float(np.finfo(want.dtype).eps)
    finite = np.abs(want[np.isfinite(want)])
    top = float(np.max(finite, initial=0.0)) if ulps > 4 else 0.0
    np.testing.assert_allclose(got, want, rtol=ulps * eps, atol=ulps * eps * top)


def test_names_are_distinct() -> None:
    names = [s.name for s in SCENARIOS]
    assert len(set(names)) == len(names)


@EACH
def test_value(scenario: Scenario) -> None:
    """And the types of the results are those that the graph says."""
    graph, args = graph_of(scenario), arguments(scenario)
    want = flat(scenario)
    for got in (evaluate(graph, args), prepare(graph)(args)):
        assert [type_of(y) for y in got] == list(graph.types)
        assert len(got) == len(want)
        for y, z in zip(got, want, strict=True):
            same(y, z, scenario.ulps)


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.single], ids=lambda s: s.name)
def test_float32_stays_float32(scenario: Scenario) -> None:
    graph = graph_of(scenario, single=True)
    args = arguments(scenario, single=True)
    out = scenario.f(*args)
    want = list(out) if isinstance(out, list | tuple) else [out]
    if not any(np.asarray(y).dtype == np.float64 for y in [*args, *want]):
        assert all(node.out.type.dtype != dk.f64 for node in graph.nodes)
    for got, y in zip(evaluate(graph, args), want, strict=True):
        same(got, y, 4 * scenario.ulps)


def test_arguments_are_not_changed_and_results_do_not_share_memory_with_them() -> None:
    """Ops that overwrite an operand in place must not reach the arguments."""
    for scenario in SCENARIOS:
        args = [np.array(x) for x in arguments(scenario)]
        kept = [np.array(x) for x in args]
        outs = prepare(graph_of(scenario))(args)
        for x, y in zip(args, kept, strict=True):
            np.testing.assert_array_equal(x, y, err_msg=scenario.name)
        for out in outs:
            assert not any(np.shares_memory(out, x) for x in args), scenario.name


def test_value_and_grad_returns_numpy_scalars() -> None:
    value, slope = dk.value_and_grad(lambda x: np.sum(x * x))(np.arange(3.0))
    assert isinstance(value, np.float64)
    np.testing.assert_array_equal(slope, [0.0, 2.0, 4.0])
