"""Every op and front-end function, differentiated once in each mode, against four witnesses:

the dot-product test ⟨u, J v⟩ = ⟨Jᵀu, v⟩, extrapolated differences of NumPy's own values, the
complex step, and PyTorch (both the graph's twin and a function written for PyTorch by hand).
"""

from __future__ import annotations

from functools import cache, cached_property
from typing import Any

import numpy as np
import pytest

from diffkit.graph import Graph, evaluate, verify
from diffkit.modes.forward import jvp
from diffkit.modes.method import ComplexStep
from diffkit.modes.numerical import complex_step
from diffkit.modes.reverse import vjp
from tests.replay import prepare

from .numerics import bulk, coarseness, directions, dot, moved, ridders, size, torch_gradient
from .scenario import Scenario
from .scenarios import (
    SCENARIOS,
    active,
    arguments,
    by_name,
    by_op,
    differentiable,
    flat,
    graph_of,
    has_twin,
)

SMOOTH = [s for s in SCENARIOS if differentiable(s)]
EACH = pytest.mark.parametrize("scenario", SMOOTH, ids=lambda s: s.name)
BY_OP = pytest.mark.parametrize("scenario", by_op(SMOOTH))
TWINS = [s for s in SMOOTH if s.torch is not None]
TINY = 1e-300


class Derivative:
    """A scenario's graph with tangents and cotangents in random directions."""

    def __init__(self, scenario: Scenario, single: bool = False) -> None:
        self.graph = graph_of(scenario, single)
        self.args = arguments(scenario, single)
        self.on = active(scenario)
        rng = scenario.rng
        self.xs = [x for x, moves in zip(self.args, self.on, strict=True) if moves]
        floats = [t for t in self.graph.types if t.differentiable]
        self.vs = directions(rng, self.xs)
        self.us = directions(rng, [np.zeros(t.shape, t.dtype.numpy) for t in floats])
        self.forward = verify(jvp(self.graph, self.on))
        self.reverse = verify(vjp(self.graph, self.on))

    @cached_property
    def pushed(self) -> list[Any]:
        """The values, and J v of the floating-point ones."""
        return prepare(self.forward)([*self.args, *self.vs])

    @cached_property
    def pulled(self) -> list[Any]:
        """The values, and Jᵀ u."""
        return prepare(self.reverse)([*self.args, *self.us])

    @property
    def dys(self) -> list[Any]:
        """J v, of the floating-point results."""
        return self.pushed[len(self.graph.outputs) :]

    @property
    def cts(self) -> list[Any]:
        """Jᵀ u."""
        return self.pulled[len(self.graph.outputs) :]


@cache
def derivative(scenario: Scenario, single: bool = False) -> Derivative:
    """Differentiated and run once for all tests."""
    return Derivative(scenario, single)


def floats_of(graph: Graph, results: list[Any]) -> list[Any]:
    return [y for y, t in zip(results, graph.types, strict=True) if t.differentiable]


@EACH
def test_forward_and_reverse_are_transposes(scenario: Scenario) -> None:
    d = derivative(scenario)
    dys, cts = d.dys, d.cts
    scale = max(bulk(d.us, dys), bulk(cts, d.vs))
    assert abs(dot(d.us, dys) - dot(cts, d.vs)) <= 1e-12 * coarseness(d.graph) * scale + TINY


@BY_OP
def test_values_pass_through_and_derivatives_have_their_types(scenario: Scenario) -> None:
    d = derivative(scenario)
    values = evaluate(d.graph, d.args)
    for results in (d.pushed, d.pulled):
        for y, z in zip(results, values, strict=False):
            np.testing.assert_array_equal(y, z)
    floats = [t for t in d.graph.types if t.differentiable]
    assert [t for t in d.forward.types[len(d.graph.types) :]] == floats
    params = [p.type for p, moves in zip(d.graph.params, d.on, strict=True) if moves]
    assert [t for t in d.reverse.types[len(d.graph.types) :]] == params
    for y, t in zip(d.dys, floats, strict=True):
        assert (np.shape(y), np.asarray(y).dtype) == (t.shape, t.dtype.numpy)
    for x, t in zip(d.cts, params, strict=True):
        assert (np.shape(x), np.asarray(x).dtype) == (t.shape, t.dtype.numpy)


@pytest.mark.parametrize("scenario", [s for s in SMOOTH if s.differences], ids=lambda s: s.name)
def test_differences(scenario: Scenario) -> None:
    """The numerical derivative is of the NumPy function itself, so that no graph is involved."""
    d = derivative(scenario)

    def along(t: float) -> float:
        out = scenario.f(*moved(d.args, d.on, d.vs, t))
        return dot(d.us, floats_of(d.graph, list(out) if isinstance(out, list | tuple) else [out]))

    numeric, bar = ridders(along)
    scale = bulk(d.us, d.dys)
    assert bar <= 1e-8 * scale + 1e-9  # a bar that means something
    for exact in (dot(d.us, d.dys), dot(d.cts, d.vs)):
        assert abs(exact - numeric) <= 10 * bar + 1e-12 * scale


@pytest.mark.parametrize(
    "scenario", [s for s in SMOOTH if s.analytic and s.real], ids=lambda s: s.name
)
def test_complex_step(scenario: Scenario) -> None:
    """Exact to rounding: each tangent element against the size of its column of terms."""
    d = derivative(scenario)
    count = len(d.xs)
    assert d.on[:count] == (True,) * count  # active arguments come first
    stepped = complex_step(d.graph, d.args, ComplexStep())
    assert stepped.push is not None
    _, tangents = stepped.push(d.vs)
    for dy, want in zip(tangents, d.dys, strict=True):
        assert size([dy - want]) <= 1e-13 * max(size([want]), 1e-3)
    exact = dot(d.us, tangents)
    scale = max(bulk(d.cts, d.vs), bulk(d.us, d.dys))
    assert abs(exact - dot(d.cts, d.vs)) <= 1e-13 * scale + TINY


@EACH
def test_torch_twin(scenario: Scenario) -> None:
    pytest.importorskip("torch")
    from diffkit.backends.torch import table, to_torch

    d = derivative(scenario)
    if not has_twin(d.graph):
        assert not set(table()).issuperset(node.op.name for node in d.graph.nodes)
        return
    twin = to_torch(d.graph)
    found = torch_gradient(twin, d.args, d.on, d.us)
    for x, want in zip(d.cts, found, strict=True):
        assert x.shape == want.shape
        assert size([x - want]) <= scenario.peer[0] * max(size([want]), 1e-3)


@pytest.mark.parametrize("scenario", TWINS, ids=lambda s: s.name)
def test_function_written_for_torch(scenario: Scenario) -> None:
    """An oracle that shares nothing with diffkit: neither the graph nor the rules."""
    torch = pytest.importorskip("torch")
    d = derivative(scenario)
    assert scenario.torch is not None
    out = scenario.torch(*[torch.tensor(x) for x in d.args])
    values = list(out) if isinstance(out, list | tuple) else [out]
    for y, want in zip(values, flat(scenario), strict=True):
        assert tuple(y.shape) == np.shape(want)
        np.testing.assert_allclose(
            y.resolve_conj().numpy(), want, rtol=1e-13, atol=1e-13 * size([want])
        )
    found = torch_gradient(scenario.torch, d.args, d.on, d.us)
    for x, want in zip(d.cts, found, strict=True):
        assert size([x - want]) <= scenario.peer[0] * max(size([want]), 1e-3)


@pytest.mark.parametrize("scenario", by_name([s for s in SMOOTH if s.single]))
def test_float32(scenario: Scenario) -> None:
    """Derivatives in float32 are those in float64 to the precision of the arithmetic."""
    single, double = derivative(scenario, single=True), derivative(scenario)
    for got, want in zip(single.cts, double.cts, strict=True):
        assert np.asarray(got).dtype in (np.float32, np.complex64)
        assert size([got - want]) <= 2e-4 * max(size([want]), 1e-2)
    for got, want in zip(single.dys, double.dys, strict=True):
        assert size([got - want]) <= 2e-4 * max(size([want]), 1e-2)
