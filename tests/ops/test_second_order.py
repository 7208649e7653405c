"""Derivatives of derivatives. For directions v, w and a cotangent u the number D²⟨u, f⟩[v, w] is
had by four routes of diffkit (each mode of each mode), by PyTorch's double backward, and by
differences of the gradient."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from diffkit.graph import Graph, verify
from diffkit.modes.forward import jvp
from diffkit.modes.reverse import vjp
from tests.replay import prepare

from .numerics import bulk, coarseness, directions, dot, moved, ridders, size, torch_gradient
from .scenario import Scenario
from .scenarios import SCENARIOS, active, arguments, by_name, differentiable, graph_of, has_twin

SMOOTH = [s for s in SCENARIOS if differentiable(s)]
EACH = pytest.mark.parametrize("scenario", by_name(SMOOTH))


def without_values(joint: Graph, graph: Graph) -> Graph:
    """A derivative graph that returns only derivatives."""
    return Graph(joint.name, joint.params, joint.nodes, joint.outputs[len(graph.outputs) :])


class Second:
    """⟨Jᵀu, v⟩ and J w of a scenario as graphs, each to be differentiated again."""

    def __init__(self, scenario: Scenario) -> None:
        self.graph = graph_of(scenario)
        self.args, self.on = arguments(scenario), active(scenario)
        rng = scenario.rng
        xs = [x for x, moves in zip(self.args, self.on, strict=True) if moves]
        floats = [np.zeros(t.shape, t.dtype.numpy) for t in self.graph.types if t.differentiable]
        self.v, self.w, self.u = directions(rng, xs), directions(rng, xs), directions(rng, floats)
        self.gradient = without_values(vjp(self.graph, self.on), self.graph)
        self.tangent = without_values(jvp(self.graph, self.on), self.graph)

    def routes(self) -> dict[str, float]:
        """The number, by each mode of each mode."""
        found: dict[str, float] = {}
        inner = {
            "reverse": (self.gradient, self.u, self.v),
            "forward": (self.tangent, self.v, self.u),
        }
        for (first, (graph, extra, seed)), second in product(inner.items(), ("reverse", "forward")):
            on = [*self.on, *(False for _ in extra)]
            args = [*self.args, *extra]
            if second == "forward":
                out = run(jvp(graph, on), [*args, *self.w], graph)
                found[f"{second} over {first}"] = dot(seed, out)
            else:
                out = run(vjp(graph, on), [*args, *seed], graph)
                found[f"{second} over {first}"] = dot(out, self.w)
        return found

    def curvature(self) -> list[Any]:
        """∇⟨Jᵀu, v⟩, by reverse over reverse."""
        on = [*self.on, *(False for _ in self.u)]
        return run(vjp(self.gradient, on), [*self.args, *self.u, *self.v], self.gradient)


def run(joint: Graph, args: list[Any], graph: Graph) -> list[Any]:
    return prepare(verify(joint))(args)[len(graph.outputs) :]


@EACH
def test_four_routes_agree(scenario: Scenario) -> None:
    s = Second(scenario)
    values = s.routes()
    scale = bulk(s.curvature(), s.w) * coarseness(s.graph)
    middle = values["reverse over reverse"]
    for route, value in values.items():
        assert abs(value - middle) <= 1e-11 * max(scale, 1e-3), route


@EACH
def test_symmetry(scenario: Scenario) -> None:
    """D²f[v, w] = D²f[w, v]."""
    s = Second(scenario)
    one = dot(s.curvature(), s.w)
    scale = bulk(s.curvature(), s.w) * coarseness(s.graph)
    s.v, s.w = s.w, s.v
    assert abs(dot(s.curvature(), s.w) - one) <= 1e-11 * max(scale, 1e-3)


@EACH
def test_torch_double_backward(scenario: Scenario) -> None:
    pytest.importorskip("torch")
    from diffkit.backends.torch import to_torch

    s = Second(scenario)
    twins = [to_torch(s.graph)] if has_twin(s.graph) else []
    twins += [scenario.torch] if scenario.torch else []
    for twin in twins:
        found = torch_gradient(twin, s.args, s.on, s.u, order=2, vs=s.v)
        for x, want in zip(s.curvature(), found, strict=True):
            assert size([x - want]) <= scenario.peer[1] * max(size([want]), 1e-3)


@pytest.mark.parametrize("scenario", [s for s in SMOOTH if s.differences], ids=lambda s: s.name)
def test_differences_of_the_gradient(scenario: Scenario) -> None:
    s = Second(scenario)
    pull = prepare(s.gradient)

    def along(t: float) -> float:
        return dot(pull([*moved(s.args, s.on, s.w, t), *s.u]), s.v)

    numeric, bar = ridders(along)
    scale = bulk(s.curvature(), s.w)
    assert bar <= 1e-8 * scale + 1e-8
    assert abs(dot(s.curvature(), s.w) - numeric) <= 10 * bar + 1e-12 * scale
