"""No op and no recorded NumPy function without a scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

import diffkit.numpy as dnp
from diffkit.backends.torch import table
from diffkit.graph import Op, Region, evaluate
from diffkit.numpy.handlers import HANDLERS
from diffkit.ops import FAMILIES
from diffkit.tracing import Tracer, record
from diffkit.types import type_of

from .scenarios import SCENARIOS, arguments, graph_of
from .scenarios_special import WITHOUT_TORCH

OPS = {
    value.name: value
    for family in FAMILIES
    for value in vars(family).values()
    if isinstance(value, Op) and not isinstance(value.fact, Region)  # tests/control has these
}


@lru_cache(maxsize=1)
def emitted() -> set[str]:
    """The ops in the graphs of all scenarios."""
    return {node.op.name for s in SCENARIOS for node in graph_of(s).nodes}


def test_every_op_has_a_scenario() -> None:
    assert len(OPS) > 80
    assert set(OPS) - emitted() == set()


def test_every_op_has_a_torch_function() -> None:
    pytest.importorskip("torch")
    assert set(OPS) - set(table()) == WITHOUT_TORCH


class Noticing(Mapping[Any, Any]):
    """A table of handlers that notes which ones are looked up with success."""

    def __init__(self, table: Mapping[Any, Any]) -> None:
        self.table = table
        self.used: set[Any] = set()

    def __getitem__(self, key: Any) -> Any:
        found = self.table[key]
        self.used.add(key)
        return found

    def __iter__(self) -> Iterator[Any]:
        return iter(self.table)

    def __len__(self) -> int:
        return len(self.table)

    @property
    def unused(self) -> set[str]:
        return {key.__name__ for key in set(self.table) - self.used}


def test_every_recorded_function_has_a_scenario() -> None:
    ufuncs, reductions, functions = (
        Noticing(t) for t in (HANDLERS.ufuncs, HANDLERS.reductions, HANDLERS.functions)
    )
    handlers = replace(HANDLERS, ufuncs=ufuncs, reductions=reductions, functions=functions)
    for scenario in SCENARIOS:
        types = [type_of(x) for x in arguments(scenario)]
        names = [f"x{k}" for k in range(len(types))]
        record(HANDLERS.rebind(scenario.f), types, names, handlers, eager=False)
    assert ufuncs.unused | reductions.unused | functions.unused == set()


def test_every_function_of_dnp_has_a_scenario() -> None:
    """The functions that are diffkit's own, not NumPy's under the same name."""
    own = {name for name, f in vars(dnp).items() if callable(f) and not name.startswith("_")}
    own -= {"Any", "asarray"}  # asarray is array
    names = {part for s in SCENARIOS for part in s.name.split("-")[:1]}
    assert own - names == set()


METHODS = """
    T astype copy flatten reshape transpose sum prod mean std var max min argmax argmin any all
    cumsum ravel squeeze swapaxes diagonal dot clip take repeat round trace real imag
""".split()  # noqa: SIM905


def test_methods_are_the_functions_of_their_names() -> None:
    """Each method of a traced value gives what the method of an array gives."""
    x = np.array([[0.3, -1.2, 2.4], [1.1, 0.7, -0.6]])
    calls: dict[str, tuple[Any, ...]] = {
        "astype": (np.float32,), "reshape": (3, 2), "swapaxes": (0, 1), "dot": (x.T,),
        "clip": (-1.0, 1.0), "take": ([1, 4],), "repeat": (2,), "transpose": (1, 0), "round": (1,),
    }  # fmt: skip
    assert all(hasattr(Tracer, name) for name in METHODS)
    for name in METHODS:

        def call(y: Any, name: str = name) -> Any:
            member = getattr(y, name)
            return member(*calls.get(name, ())) if callable(member) else member

        graph = record(call, [type_of(x)], ["x"], HANDLERS, eager=False).graph
        got = np.asarray(evaluate(graph, [x])[0])
        want = np.asarray(call(x))
        assert got.shape == want.shape and got.dtype == want.dtype, name
        np.testing.assert_allclose(got, want, rtol=1e-15, err_msg=name)
