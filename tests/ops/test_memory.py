"""Who may share memory with whom: only ops that declare it return views, ops never write into their
operands, and the in-place forms are used where nobody can see them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.backends.interpreter import prepare
from diffkit.graph import Graph, Lit, Var, evaluate, results_of
from diffkit.types import Type, f64, i64

from .scenario import Scenario
from .scenarios import SCENARIOS, arguments, by_op, differentiable, graph_of
from .test_derivatives import derivative


def walk(graph: Graph, args: list[Any]) -> None:
    """Evaluate node by node, watching the memory of operands and result."""
    env: dict[Var, Any] = dict(zip(graph.params, args, strict=True))
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            xs = [a.value if isinstance(a, Lit) else env[a] for a in node.args]
            before = [np.array(x) for x in xs]
            outs = results_of(node, xs)
            for x, kept in zip(xs, before, strict=True):
                np.testing.assert_array_equal(x, kept, err_msg=f"{node.op} wrote into an operand")
            if not node.op.view:
                pairs = ((out, x) for out in outs for x in xs if np.ndim(x))
                assert not any(np.shares_memory(*pair) for pair in pairs), f"{node.op}: a view"
            env.update(zip(node.outs, outs, strict=True))


@pytest.mark.parametrize("scenario", by_op(SCENARIOS))
def test_only_views_share_memory(scenario: Scenario) -> None:
    walk(graph_of(scenario), [np.array(x)[()] for x in arguments(scenario)])
    if differentiable(scenario):
        d = derivative(scenario)
        walk(d.forward, [*d.args, *d.vs])
        walk(d.reverse, [*d.args, *d.us])


def check(f: Any, *types: Type) -> None:
    """The interpreter agrees with `evaluate`, twice, and leaves the arguments alone."""
    graph = dk.trace(f)(*types)
    rng = np.random.default_rng(0)
    args: list[Any] = [
        rng.normal(size=t.shape) if t.differentiable else np.ones(t.shape, int)[()] for t in types
    ]
    kept = [np.array(x) for x in args]
    run, want = prepare(graph), evaluate(graph, args)
    for _ in range(2):
        for y, z in zip(run(args), want, strict=True):
            np.testing.assert_array_equal(y, z)
    for x, y in zip(args, kept, strict=True):
        np.testing.assert_array_equal(x, y)


def test_write_into_a_row_read_by_a_traced_index() -> None:
    """NumPy's x[k] is a view of x for a scalar k."""
    check(lambda x, k: dnp.add_at(x[k], 0, 100.0), f64[2, 3], i64[()])
    check(lambda x, k: (dnp.set_at((2 * x)[k], 0, 5.0), x), f64[2, 3], i64[()])


def test_write_into_a_broadcast() -> None:
    """One cell of memory stands for a whole axis."""
    check(lambda x: dnp.add_at(np.broadcast_to(np.sin(x), (3, 4)), (0, 1), 7.0), f64[4])
    check(lambda x: dnp.set_at(np.broadcast_to(np.sin(x), (3, 4)).T, (1, 0), 7.0), f64[4])


def test_write_into_a_view_that_is_read_again() -> None:
    def f(x: Any) -> Any:
        y = np.sin(x)
        z = dnp.add_at(y.reshape(6)[::-1], 0, 9.0)
        return z, y

    check(f, f64[2, 3])
    check(lambda x: dnp.add_at(x.reshape(6), 0, np.sum(x)), f64[2, 3])


def test_write_of_a_value_into_itself() -> None:
    def f(x: Any) -> Any:
        y = np.sin(x)
        return dnp.add_at(y, np.s_[1:], y[:-1])

    check(f, f64[5])
