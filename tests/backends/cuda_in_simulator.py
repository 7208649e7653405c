"""Kernels run in Numba's CUDA simulator, held against the interpreter. Run in a process of its own
with NUMBA_ENABLE_CUDASIM=1, which Numba looks at when it is imported; prints a JSON object of each
check's name and what went wrong, empty if nothing did."""

from __future__ import annotations

import json
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

import diffkit as dk
from diffkit.backends.cuda import LaneSchedule, MapSchedule
from diffkit.backends.interpreter import prepare
from diffkit.errors import IndexingError, UnsupportedError
from diffkit.graph import Graph
from diffkit.modes.reverse import vjp
from diffkit.tracing import trees
from tests.backends import cuda_programs as programs
from tests.ops import scenarios

BLOCK = 4  # threads; more than one block and a last one that is not full, in small arrays
LANES = 3  # a block and a half
RNG = np.random.default_rng(7)


def same(found: Sequence[Any], wanted: Sequence[Any]) -> None:
    """Equal up to rounding: a few digits of what the dtype holds."""
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        near = 1e-6 if b.dtype == np.float32 else 1e-12
        np.testing.assert_allclose(a, b, near, near * (1 + np.abs(b).max(initial=0)))


def agreement(case: programs.Case) -> None:
    """Both schedules agree with the interpreter, on the value and on the gradient."""
    graph, leaves = dk.trace(case.f)(*case.args), trees.flatten(case.args)[0]
    on = [np.asarray(x).dtype.kind == "f" for x in leaves]
    for kind in (graph, vjp(graph, on)) if case.derivative else (graph,):
        by_map(kind, filled_in(kind, leaves))
        by_lanes(kind, filled_in(kind, leaves))


def filled_in(graph: Graph, args: Sequence[Any]) -> list[Any]:
    """The arguments, and cotangents for the parameters that come after them."""
    rest = graph.params[len(args) :]
    return [*args, *(RNG.normal(size=p.type.shape).astype(p.type.dtype.numpy) for p in rest)]


def by_map(graph: Graph, args: Sequence[Any]) -> None:
    same(MapSchedule(graph, block=BLOCK)(args), prepare(graph)(args))


def by_lanes(graph: Graph, args: Sequence[Any]) -> None:
    """Each lane has floats of its own; integers, such as indices, are shared."""
    varies = [np.asarray(x).dtype.kind == "f" for x in args]
    if not any(varies):
        by_map(graph, args)
        return
    rows = [
        np.stack([x * x.dtype.type(1 + k / 8) for k in range(LANES)]) if own else x
        for x, own in zip(map(np.asarray, args), varies, strict=True)
    ]
    found, one = LaneSchedule(graph, varies, block=2)(rows), prepare(graph)
    for k in range(LANES):
        want = one([x[k] if own else x for x, own in zip(rows, varies, strict=True)])
        same([result[k] for result in found], want)


def steps_of_each_lane() -> None:
    """A loop ends in each lane when it is time."""
    graph, x = dk.trace(programs.square_root)(2.0), np.array([2.0, 1e6, 0.3, 9.0, 1e-4])
    (found,) = LaneSchedule(graph, [True], block=BLOCK)([x])
    np.testing.assert_allclose(found, np.sqrt(x), rtol=1e-12)


def through_jit() -> None:
    """Values and gradients of functions whose derivatives are known."""
    x, t = RNG.normal(size=9), np.tanh
    f = dk.jit(dk.value_and_grad(lambda x: np.sum(x * np.tanh(x))), backend="cuda")
    value, slope = f(x)
    same([value, slope], [np.sum(x * t(x)), t(x) + x * (1 - t(x) ** 2)])
    assert f.source(x).count("@cuda.jit") == len(f.lower(x).compile().kernels)
    same(f.lower(x).compile().flat(x), [value, slope])

    def power(x: Any) -> Any:
        return np.sum(dk.scan(lambda y, _: (y * x, None), x, None, length=4)[0])

    same([dk.jit(dk.grad(power), backend="cuda")(x)], [5 * x**4])
    same([dk.grad(dk.jit(power, backend="cuda"))(x)], [5 * x**4])


def falls_back() -> None:
    a, b = np.eye(20) + RNG.normal(size=(20, 20)) / 9, RNG.normal(size=20)
    same([dk.jit(np.linalg.solve, "cuda", fallback="interpreter")(a, b)], [np.linalg.solve(a, b)])
    try:
        dk.jit(np.linalg.solve, "cuda")(a, b)
    except UnsupportedError as error:
        assert "solving a linear system" in str(error)
    else:
        raise AssertionError("a linear system was not refused")


def bad_index() -> None:
    """Found out by a kernel, told by the interpreter."""
    f = lambda x, k: x[k] * 2.0  # noqa: E731
    graph = dk.trace(f)(dk.f64[5], dk.i64[3])
    x, good, bad = np.arange(5.0), np.array([0, -5, 4]), np.array([0, 5, 1])
    rows = LaneSchedule(graph, [False, True], block=BLOCK)
    same(rows([x, np.stack([good, good])]), [2 * x[np.stack([good, good])]])
    for run in (
        lambda: MapSchedule(graph, block=BLOCK)([x, bad]),
        lambda: rows([x, np.stack([good, bad])]),
    ):
        try:
            run()
        except IndexingError as error:
            assert "5" in str(error)
        else:
            raise AssertionError("a bad index was not noticed")


REFUSED = ("solving", "polygamma", "complex numbers", "the compiler does not know")


def every_op() -> None:
    """The value and gradient of each op, or the value alone if only that can be computed; by the
    map schedule and on lanes, in turn."""
    new = [s for s in scenarios.SCENARIOS if s.name in scenarios.core()]
    for k, scenario in enumerate(new):
        graph, args = scenarios.graph_of(scenario), scenarios.arguments(scenario)
        for kind in (vjp(graph, scenarios.active(scenario)), graph):
            try:
                (by_lanes if k % 2 else by_map)(kind, filled_in(kind, args))
                break
            except UnsupportedError as error:
                assert any(reason in str(error) for reason in REFUSED), scenario.name
            except Exception as error:
                raise AssertionError(scenario.name) from error


CHECKS: dict[str, Callable[[], None]] = {
    **{name: partial(agreement, case) for name, case in programs.PROGRAMS.items()},
    "steps of each lane": steps_of_each_lane,
    "through jit": through_jit,
    "falls back": falls_back,
    "a bad index": bad_index,
    "every op": every_op,
}

if __name__ == "__main__":
    warnings.simplefilter("ignore")  # a device does not warn of nan
    report: dict[str, str] = {}
    for name, check in CHECKS.items():
        try:
            check()
            report[name] = ""
        except Exception:
            report[name] = traceback.format_exc()
    json.dump(report, sys.stdout)
