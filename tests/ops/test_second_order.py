"""Derivatives of derivatives. For directions v, w and a cotangent u the number D²⟨u, f⟩[v, w] is
had by four routes of diffkit (each mode of each mode), by PyTorch's double backward, and by
differences of the gradient."""

from __future__ import annotations

from functools import cache, cached_property
from typing import Any

import numpy as np
import pytest

from diffkit.graph import Graph, verify
from diffkit.modes.forward import jvp
from diffkit.modes.reverse import vjp
from tests.replay import prepare

from .numerics import bulk, coarseness, directions, dot, moved, ridders, size, torch_gradient
from .scenario import Scenario
from .scenarios import SCENARIOS, by_name, differentiable, has_twin
from .test_derivatives import derivative

SMOOTH = [s for s in SCENARIOS if differentiable(s)]
EACH = pytest.mark.parametrize("scenario", by_name(SMOOTH))


def without_values(joint: Graph, graph: Graph) -> Graph:
    """A derivative graph that returns only derivatives."""
    return Graph(joint.name, joint.params, joint.nodes, joint.outputs[len(graph.outputs) :])


class Second:
    """⟨Jᵀu, v⟩ and J w of a scenario as graphs, each to be differentiated again."""

    def __init__(self, scenario: Scenario) -> None:
        once = derivative(scenario)
        self.graph, self.args, self.on = once.graph, once.args, once.on
        rng = scenario.rng
        floats = [np.zeros(t.shape, t.dtype.numpy) for t in self.graph.types if t.differentiable]
        self.v, self.w = directions(rng, once.xs), directions(rng, once.xs)
        self.u = directions(rng, floats)
        self.gradient = without_values(once.reverse, self.graph)
        self.tangent = without_values(once.forward, self.graph)

    def again(self, inner: Graph, mode: Any) -> Any:
        """The derivative of J w or of Jᵀu by the arguments, as a function."""
        on = [*self.on, *(False for _ in inner.params[len(self.on) :])]
        run = prepare(verify(mode(inner, on)))
        return lambda args: run(args)[len(inner.outputs) :]

    @cached_property
    def adjoint(self) -> Any:
        """Of Jᵀu, by reverse mode: the one that most tests run."""
        return self.again(self.gradient, vjp)

    def routes(self) -> dict[str, float]:
        """The number, by each mode of each mode."""
        args, u, v, w = self.args, self.u, self.v, self.w
        over_reverse, over_forward = [*args, *u], [*args, *v]
        return {
            "reverse over reverse": dot(self.curvature(v), w),
            "forward over reverse": dot(v, self.again(self.gradient, jvp)([*over_reverse, *w])),
            "reverse over forward": dot(self.again(self.tangent, vjp)([*over_forward, *u]), w),
            "forward over forward": dot(u, self.again(self.tangent, jvp)([*over_forward, *w])),
        }

    def curvature(self, v: list[Any]) -> list[Any]:
        """∇⟨Jᵀu, v⟩, by reverse over reverse."""
        return self.adjoint([*self.args, *self.u, *v])


@cache
def second(scenario: Scenario) -> Second:
    """Differentiated twice once for all tests."""
    return Second(scenario)


@EACH
def test_four_routes_agree(scenario: Scenario) -> None:
    s = second(scenario)
    values = s.routes()
    scale = bulk(s.curvature(s.v), s.w) * coarseness(s.graph)
    middle = values["reverse over reverse"]
    for route, value in values.items():
        assert abs(value - middle) <= 1e-11 * max(scale, 1e-3), route


@EACH
def test_symmetry(scenario: Scenario) -> None:
    """D²f[v, w] = D²f[w, v]."""
    s = second(scenario)
    one = s.curvature(s.v)
    scale = bulk(one, s.w) * coarseness(s.graph)
    assert abs(dot(s.curvature(s.w), s.v) - dot(one, s.w)) <= 1e-11 * max(scale, 1e-3)


@EACH
def test_torch_double_backward(scenario: Scenario) -> None:
    pytest.importorskip("torch")
    from diffkit.backends.torch import to_torch

    s = second(scenario)
    twins = [to_torch(s.graph)] if has_twin(s.graph) else []
    twins += [scenario.torch] if scenario.torch else []
    for twin in twins:
        found = torch_gradient(twin, s.args, s.on, s.u, order=2, vs=s.v)
        for x, want in zip(s.curvature(s.v), found, strict=True):
            assert size([x - want]) <= scenario.peer[1] * max(size([want]), 1e-3)


@pytest.mark.parametrize("scenario", [s for s in SMOOTH if s.differences], ids=lambda s: s.name)
def test_differences_of_the_gradient(scenario: Scenario) -> None:
    s = second(scenario)
    pull = prepare(s.gradient)

    def along(t: float) -> float:
        return dot(pull([*moved(s.args, s.on, s.w, t), *s.u]), s.v)

    numeric, bar = ridders(along)
    exact = s.curvature(s.v)
    scale = bulk(exact, s.w)
    assert bar <= 1e-8 * scale + 1e-8
    assert abs(dot(exact, s.w) - numeric) <= 10 * bar + 1e-12 * scale
