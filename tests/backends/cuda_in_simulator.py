"""Kernels run in Numba's CUDA simulator, held against the interpreter. Run in a process of its own
with NUMBA_ENABLE_CUDASIM=1, which Numba looks at when it is imported; prints a JSON object of each
check's name and what went wrong, which is empty if nothing did."""

from __future__ import annotations

import json
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
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
RNG = np.random.default_rng(7)


def same(got: Sequence[Any], want: Sequence[Any], tol: float = 1e-12) -> None:
    assert len(got) == len(want)
    for a, b in zip(got, want, strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=tol, atol=tol * (1 + np.abs(b).max(initial=0)))


def by_map(f: Callable[..., Any], *args: Any, tol: float = 1e-12) -> None:
    """The map schedule of f agrees with the interpreter."""
    graph, leaves = dk.trace(f)(*args), trees.flatten(args)[0]
    same(MapSchedule(graph, block=BLOCK)(leaves), prepare(graph)(leaves), tol)


def by_lanes(f: Callable[..., Any], rows: Sequence[Any], shared: Sequence[Any] = ()) -> None:
    """The lane schedule of f agrees with the interpreter, row by row."""
    graph = dk.trace(f)(*(row[0] for row in rows), *shared)
    batched = [True] * len(rows) + [False] * len(shared)
    got = LaneSchedule(graph, batched, block=BLOCK)([*rows, *shared])
    one = prepare(graph)
    for k in range(len(rows[0])):
        same([g[k] for g in got], one([*(row[k] for row in rows), *shared]))


def elementwise_and_sum() -> None:
    by_map(dk.value_and_grad(lambda x: np.sum(np.tanh(x) * x)), RNG.normal(size=37))
    by_map(lambda x: (np.max(x), np.min(x * x), np.prod(x), np.any(x > 1)), RNG.normal(size=19))


def single_precision() -> None:
    f = dk.value_and_grad(lambda x: np.mean(np.exp(x) ** 2))
    by_map(f, RNG.normal(size=23).astype(np.float32), tol=1e-6)


def cross_entropy() -> None:
    x, y = RNG.normal(size=(9, 5)), np.arange(9) % 3
    by_map(dk.value_and_grad(programs.cross_entropy), RNG.normal(size=(5, 3)), x, y)


def products() -> None:
    a, b, v = RNG.normal(size=(9, 20)), RNG.normal(size=(20, 11)), RNG.normal(size=20)
    by_map(lambda a, b: a @ b, a, b)
    by_map(lambda a, b, v: (b.T @ a.T, a @ v, v @ b, v @ v), a, b, v)
    by_map(dk.grad(lambda a: np.sum((a @ b) ** 2)), a)
    by_map(lambda a, b: a @ b, RNG.normal(size=(3, 9, 10)), RNG.normal(size=(3, 10, 9)))


def gathers_and_scatters() -> None:
    """Repeated and negative indices: many threads add to one element."""
    k = np.array([3, 0, 3, -1, 3, 2, -7])
    by_map(dk.value_and_grad(lambda x, k: np.sum(np.sin(x[k]) ** 2)), RNG.normal(size=7), k)


def sums_along_axes() -> None:
    x = RNG.normal(size=(9, 7))
    by_map(lambda x: (np.sum(x * x, axis=0), np.sum(np.cos(x), axis=1), np.argmax(x, axis=1)), x)
    by_map(lambda x: np.cumsum(x) + np.max(x), x[0])


def host_loop() -> None:
    by_map(dk.value_and_grad(programs.heat), RNG.normal(size=13))


def ensemble() -> None:
    states, rates = 1 + RNG.random((6, 2)), 0.5 + RNG.random((6, 4))
    gradient = dk.value_and_grad(programs.lotka_volterra, (0, 1))
    by_lanes(gradient, [states, rates])
    by_lanes(gradient, [states], [rates[0]])


def loop_with_test_in_lanes() -> None:
    """Each lane takes as many steps as it needs."""
    by_lanes(programs.square_root, [np.array([2.0, 1e6, 0.3, 9.0, 1e-4])])


def arrays_in_lanes() -> None:
    by_lanes(dk.value_and_grad(programs.heat), [RNG.normal(size=(5, 13))])
    by_lanes(
        lambda x, w: np.tanh(w @ x).reshape(3, 4).T, [RNG.normal(size=(3, 9))], [np.eye(12, 9)]
    )


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


def every_op() -> None:
    """Each op's value and derivative, by the map schedule or on lanes, in turn."""
    for k, scenario in enumerate(scenarios.SCENARIOS):
        graph, args = scenarios.graph_of(scenario), scenarios.arguments(scenario)
        for kind in (graph, vjp(graph, scenarios.active(scenario))):
            try:
                one_op(kind, args, lanes=bool(k % 2 and args))
            except UnsupportedError as error:
                assert "solving" in str(error) or "polygamma" in str(error), scenario.name
            except Exception as error:
                raise AssertionError(scenario.name) from error


def one_op(graph: Graph, args: list[Any], lanes: bool) -> None:
    args = [*args, *(np.ones(p.type.shape, p.type.dtype.numpy) for p in graph.params[len(args) :])]
    want = prepare(graph)(args)
    if lanes:
        run = LaneSchedule(graph, [True] * len(args), block=BLOCK)
        same([rows[1] for rows in run([np.stack([a, a]) for a in args])], want)
    else:
        same(MapSchedule(graph, block=BLOCK)(args), want)


CHECKS = (
    elementwise_and_sum, single_precision, cross_entropy, products, gathers_and_scatters,
    sums_along_axes, host_loop, ensemble, loop_with_test_in_lanes, arrays_in_lanes, bad_index,
    every_op,
)  # fmt: skip

if __name__ == "__main__":
    warnings.simplefilter("ignore")  # a device does not warn of nan
    report: dict[str, str] = {}
    for check in CHECKS:
        try:
            check()
            report[check.__name__] = ""
        except Exception:
            report[check.__name__] = traceback.format_exc()
    json.dump(report, sys.stdout)
