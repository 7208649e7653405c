"""Every op and front-end function on lanes, against one evaluation for each lane: values, both
derivatives of the vectorised graph, and the vectorised derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from diffkit.graph import Graph, Op, Region
from diffkit.modes.forward import jvp
from diffkit.modes.reverse import vjp
from diffkit.ops import FAMILIES
from diffkit.ops.routine import Routine
from diffkit.transforms.vmap import batch
from diffkit.transforms.vmap_ops import RULES
from diffkit.transforms.vmap_regions import RULES as REGIONS
from tests.replay import prepare

from ..ops.numerics import coarseness, directions
from ..ops.scenario import Scenario
from ..ops.scenarios import SCENARIOS, active, arguments, by_name
from ..ops.test_derivatives import derivative

LANES = 3
EACH = pytest.mark.parametrize("scenario", by_name(SCENARIOS))


def test_every_op_says_how_it_works_on_lanes() -> None:
    ops = [
        v
        for family in FAMILIES
        for v in vars(family).values()
        if isinstance(v, Op) and not isinstance(v.fact, Routine)  # which says it in its fact
    ]
    regions = {op.name for op in ops if isinstance(op.fact, Region)}
    silent = {op.name for op in ops if op.lead is None} - set(RULES)
    assert silent == {"iota", *regions}
    assert regions == set(REGIONS)


def stacked(x: Any) -> Any:
    """Other values for each lane; of integers, which may be indices, the same in other orders."""
    x = np.asarray(x)
    if x.dtype.kind == "f":
        return np.stack([x * x.dtype.type(1 + 0.02 * k) for k in range(LANES)])
    return np.stack([np.roll(x, k, -1) if x.ndim else x for k in range(LANES)])


def masks(count: int) -> list[tuple[bool, ...]]:
    """All arguments on lanes; and of several, the first or the last alone."""
    everything = (True,) * count
    if count < 2:
        return [everything]
    return [everything, (True,) + (False,) * (count - 1), (False,) * (count - 1) + (True,)]


class Case:
    """A scenario on lanes."""

    def __init__(self, scenario: Scenario, on: tuple[bool, ...]) -> None:
        once = derivative(scenario)
        self.graph, self.on, self.moves = once.graph, on, once.on
        self.forward, self.reverse = once.forward, once.reverse
        pairs = zip(arguments(scenario), on, strict=True)
        self.args = [stacked(x) if yes else x for x, yes in pairs]
        floats = [x for x, yes in zip(self.args, self.moves, strict=True) if yes]
        self.vs = directions(scenario.rng, floats)
        self.v_on = [yes for yes, moves in zip(on, self.moves, strict=True) if moves]
        types = [t for t in self.graph.types if t.differentiable]
        zeros = [np.zeros((LANES, *t.shape), t.dtype.numpy) for t in types]
        self.us = directions(scenario.rng, zeros)
        self.tolerance = 1e-12 * coarseness(self.graph)

    def one_by_one(self, graph: Graph, inputs: list[Any], on: list[bool]) -> list[Any]:
        run = prepare(graph)
        rows = [[x[k] if yes else x for x, yes in zip(inputs, on, strict=True)] for k in range(3)]
        return [np.stack(column) for column in zip(*map(run, rows), strict=True)]

    def together(self, graph: Graph, inputs: list[Any], on: list[bool]) -> list[Any]:
        lanes, differ = batch(graph, on, LANES)
        pairs = zip(prepare(lanes)(inputs), differ, strict=True)
        return [y if yes else np.stack([y] * LANES) for y, yes in pairs]

    def same(self, got: list[Any], want: list[Any]) -> None:
        assert len(got) == len(want)
        for a, b in zip(got, want, strict=True):
            assert np.shape(a) == np.shape(b)
            assert np.asarray(a).dtype == np.asarray(b).dtype
            size = np.max(np.abs(b), initial=1.0, where=np.isfinite(b))
            assert_allclose(a, b, rtol=self.tolerance, atol=self.tolerance * float(size))


@EACH
def test_values_and_vectorised_derivatives_are_those_of_each_lane(scenario: Scenario) -> None:
    for on in masks(len(scenario.args)):
        case = Case(scenario, on)
        forward, reverse = case.forward, case.reverse
        pushed = [*case.args, *case.vs], [*on, *case.v_on]
        pulled = [*case.args, *case.us], [*on, *[True] * len(case.us)]
        case.same(case.together(forward, *pushed), case.one_by_one(forward, *pushed))
        case.same(case.together(reverse, *pulled), case.one_by_one(reverse, *pulled))


@EACH
def test_derivatives_of_the_vectorised_graph_are_those_of_each_lane(scenario: Scenario) -> None:
    if not any(active(scenario)):
        return
    for on in masks(len(scenario.args)):
        case = Case(scenario, on)
        outputs = [True] * len(case.graph.outputs)
        lanes, _ = batch(case.graph, on, LANES, outputs)
        n = len(outputs)
        forward, reverse = case.forward, case.reverse
        want = case.one_by_one(forward, [*case.args, *case.vs], [*on, *case.v_on])
        case.same(prepare(jvp(lanes, case.moves))([*case.args, *case.vs]), want)
        rows = case.one_by_one(reverse, [*case.args, *case.us], [*on, *[True] * len(case.us)])
        sums = [y if yes else y.sum(0) for y, yes in zip(rows[n:], case.v_on, strict=True)]
        got = prepare(vjp(lanes, case.moves))([*case.args, *case.us])
        case.same(got, [*rows[:n], *sums])
