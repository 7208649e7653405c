"""All scenarios, and those that have a derivative."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.graph import Graph, verify
from diffkit.types import type_of

from . import (
    scenarios_arrays,
    scenarios_complex,
    scenarios_elementwise,
    scenarios_fft,
    scenarios_indexing,
    scenarios_linalg,
    scenarios_numpy_assembly,
    scenarios_numpy_calculus,
    scenarios_numpy_parts,
    scenarios_numpy_statistics,
    scenarios_scipy_linalg,
    scenarios_special,
    scenarios_stats,
)
from .scenario import Scenario

SCENARIOS: list[Scenario] = [
    *scenarios_elementwise.SCENARIOS,
    *scenarios_arrays.SCENARIOS,
    *scenarios_indexing.SCENARIOS,
    *scenarios_complex.SCENARIOS,
    *scenarios_fft.SCENARIOS,
    *scenarios_linalg.SCENARIOS,
    *scenarios_scipy_linalg.SCENARIOS,
    *scenarios_numpy_parts.SCENARIOS,
    *scenarios_numpy_calculus.SCENARIOS,
    *scenarios_numpy_statistics.SCENARIOS,
    *scenarios_special.SCENARIOS,
    *scenarios_stats.SCENARIOS,
    *scenarios_numpy_assembly.SCENARIOS,
]


SINGLE = {
    np.dtype(np.float64): np.dtype(np.float32),
    np.dtype(np.complex128): np.dtype(np.complex64),
}


@cache
def graph_of(scenario: Scenario, single: bool = False) -> Graph:
    """The scenario, traced for the types of its arguments, and verified."""
    return verify(dk.trace(scenario.f)(*[type_of(x) for x in arguments(scenario, single)]))


def arguments(scenario: Scenario, single: bool = False) -> list[Any]:
    """The arguments, with floats in single precision if asked."""
    args = [np.asarray(x)[()] for x in scenario.args]
    return [x.astype(SINGLE.get(x.dtype, x.dtype)) if single else x for x in args]


def active(scenario: Scenario) -> tuple[bool, ...]:
    """Which arguments have a derivative."""
    return tuple(np.asarray(x).dtype.kind in "fc" for x in scenario.args)


def flat(scenario: Scenario) -> list[Any]:
    """The results of the function itself on plain arrays, in a list."""
    out = scenario.f(*arguments(scenario))
    return list(out) if isinstance(out, list | tuple) else [out]


def has_twin(graph: Graph) -> bool:
    """Whether PyTorch has a function for every op; the others have twins written by hand."""
    return scenarios_special.WITHOUT_TORCH.isdisjoint(node.op.name for node in graph.nodes)


@cache
def differentiable(scenario: Scenario) -> bool:
    """Whether some argument and some result are real or complex numbers."""
    return any(active(scenario)) and any(np.asarray(y).dtype.kind in "fc" for y in flat(scenario))


@cache
def core() -> frozenset[str]:
    """The scenarios that bring something new to the graph: an op on operands of kinds and numbers
    of axes that none before them had. Whatever works node by node is tested with these."""
    seen: set[Any] = set()
    found: set[str] = set()
    for scenario in SCENARIOS:
        shapes = {
            (node.op.name, *((arg.type.dtype.kind, arg.type.ndim) for arg in node.args))
            for node in graph_of(scenario).nodes
        }
        if not shapes <= seen:
            seen |= shapes
            found.add(scenario.name)
    return frozenset(found)


def by_op(scenarios: Iterable[Scenario]) -> list[Any]:
    """Parameters of a test of what works node by node: those outside of the core are marked as
    long."""
    return [
        pytest.param(s, id=s.name, marks=() if s.name in core() else pytest.mark.long)
        for s in scenarios
    ]


def by_name(scenarios: Iterable[Scenario]) -> list[Any]:
    """As `by_op`, with at least one scenario for each function."""
    names: set[str] = set()
    found: list[Any] = []
    for s in scenarios:
        name = s.name.partition("-")[0]
        kept = s.name in core() or name not in names
        names.add(name)
        found.append(pytest.param(s, id=s.name, marks=() if kept else pytest.mark.long))
    return found
