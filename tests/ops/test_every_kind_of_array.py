"""Each scenario again on arrays of every kind: with negative strides and in Fortran order, empty,
without axes. What NumPy does with them diffkit does, in value, in both modes and in refusing."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.graph import Graph, verify
from diffkit.modes.forward import jvp
from diffkit.modes.reverse import vjp
from diffkit.types import type_of
from tests.replay import prepare

from .numerics import coarseness, directions, dot
from .scenario import Scenario
from .scenarios import SCENARIOS, arguments, graph_of
from .test_values import same

WITH_AXES = [s for s in SCENARIOS if any(np.ndim(x) for x in s.args)]
"""The others have arguments of one kind only: test_values.py and test_derivatives.py run them."""


def strided(x: Any) -> Any:
    """An equal array that is read backwards along each axis, of memory in Fortran order."""
    if np.ndim(x) == 0:
        return x
    turned = (slice(None, None, -1),) * x.ndim
    return np.asfortranarray(x[turned])[turned]


@pytest.mark.parametrize("scenario", WITH_AXES, ids=lambda s: s.name)
def test_negative_strides(scenario: Scenario) -> None:
    run, args = prepare(graph_of(scenario)), arguments(scenario)
    odd = [strided(x) for x in args]
    for got, want in zip(run(odd), run(args), strict=True):
        same(got, want, 64)  # NumPy adds up in the order of the memory


KINDS: dict[str, Callable[[Any], Any]] = {
    "empty": lambda x: x[..., :0] if np.ndim(x) else x,
    "no-axes": lambda x: x.reshape(-1)[0] if np.ndim(x) else x,
}


def plain(f: Callable[..., Any], args: list[Any]) -> Any:
    """What NumPy makes of the arguments: a list of arrays, or the error."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            out = f(*[np.array(x)[()] for x in args])
        except Exception as error:
            return error
    return list(out) if isinstance(out, list | tuple) else [out]


def recorded(f: Callable[..., Any], args: list[Any]) -> Graph | Exception:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return verify(dk.trace(f)(*[type_of(x) for x in args]))
    except Exception as error:
        return error


CASES = [
    pytest.param(scenario, kind, id=f"{scenario.name}-{kind}")
    for scenario, kind in product(WITH_AXES, KINDS)
    if kind not in scenario.unlike
]
"""Not `unlike` kinds: there NumPy's or SciPy's implementation takes what is no matrix as long as it
is empty, leaves memory as it was, or fails on a detail of its own."""


@pytest.mark.parametrize(("scenario", "kind"), CASES)
def test_what_numpy_does(scenario: Scenario, kind: str) -> None:
    args = [np.asarray(KINDS[kind](x))[()] for x in arguments(scenario)]
    want, graph = plain(scenario.f, args), recorded(scenario.f, args)
    if isinstance(want, Exception):
        if isinstance(graph, Graph):  # only running tells
            with pytest.raises(Exception), np.errstate(all="ignore"):  # noqa: B017
                prepare(graph)(args)
        return
    assert not isinstance(graph, Exception), f"NumPy gives {want}, diffkit: {graph}"
    found = prepare(graph)(args)
    assert len(found) == len(want)
    for got, y in zip(found, want, strict=True):
        same(got, y, max(64, scenario.ulps))
    on = [t.differentiable for t in map(type_of, args)]
    if any(on) and any(t.differentiable for t in graph.types):
        check_derivatives(scenario, graph, args, on)


def check_derivatives(scenario: Scenario, graph: Graph, args: list[Any], on: list[bool]) -> None:
    """Types of tangents and cotangents, and the dot-product test where it is finite."""
    rng = scenario.rng
    xs = [x for x, moves in zip(args, on, strict=True) if moves]
    floats = [t for t in graph.types if t.differentiable]
    vs = directions(rng, xs)
    us = directions(rng, [np.zeros(t.shape, t.dtype.numpy) for t in floats])
    n = len(graph.outputs)
    with np.errstate(all="ignore"):
        dys = prepare(verify(jvp(graph, on)))([*args, *vs])[n:]
        cts = prepare(verify(vjp(graph, on)))([*args, *us])[n:]
    assert [type_of(dy) for dy in dys] == floats
    assert [type_of(ct) for ct in cts] == [type_of(x) for x in xs]
    left, right = dot(us, dys), dot(cts, vs)
    if np.isfinite(left) and np.isfinite(right):
        assert abs(left - right) <= 1e-10 * coarseness(graph) * max(abs(left), abs(right), 1.0)
