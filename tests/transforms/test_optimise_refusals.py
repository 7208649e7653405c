"""What the passes leave alone, and why; and what a loop weighs before and after."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.errors import DiffkitError
from diffkit.graph import Graph, all_nodes, evaluate
from diffkit.modes.reverse import vjp
from diffkit.transforms.optimise import optimise
from diffkit.transforms.optimise.accumulate import accumulate
from diffkit.transforms.optimise.invariant import invariant
from diffkit.transforms.optimise.merge import merge
from diffkit.transforms.optimise.peel import peel
from diffkit.transforms.optimise.powers import powers
from diffkit.transforms.optimise.products import products
from diffkit.types import f32, f64, i64


def names(graph: Graph) -> list[str]:
    """The ops at the top level."""
    return [node.op.name for node in graph.nodes]


def inner(graph: Graph) -> list[str]:
    """The ops inside regions."""
    return [n.op.name for node in graph.nodes for r in node.regions for n in all_nodes(r)]


def while_with(f: Any) -> Graph:
    """A while that passes on x and k unchanged, and adds f(x, k) to a sum."""

    def loop(x: Any, k: Any, n: Any) -> Any:
        go = lambda s: s[0] < n  # noqa: E731
        return dk.while_loop(go, lambda s: (s[0] + 1, s[1] + f(s[2], s[3]), s[2], s[3]),
                             (0, 0.0, x, k))[1]  # fmt: skip

    return dk.trace(loop)(f64[3], i64[()], i64[()])


def test_a_loop_that_may_have_no_steps_keeps_what_can_raise() -> None:
    assert "gather" in inner(invariant(while_with(lambda x, k: x[k])))
    assert "exp" in names(invariant(while_with(lambda x, k: np.sum(np.exp(x)))))
    graph = optimise(while_with(lambda x, k: x[k]))
    assert evaluate(graph, [np.ones(3), np.int64(7), np.int64(0)]) == [0.0]
    with pytest.raises(DiffkitError):
        evaluate(graph, [np.ones(3), np.int64(7), np.int64(1)])


def scan_with(f: Any) -> Graph:
    def loop(x: Any, k: Any, rows: Any) -> Any:
        return dk.scan(lambda s, r: ((s[0] * r + f(s[1], s[2]), s[1], s[2]), None),
                       (0.0, x, k), rows)[0][0]  # fmt: skip

    return dk.trace(loop)(f64[3], i64[()], f64[9])


def test_a_loop_of_known_length_lets_it_out_but_not_from_a_branch() -> None:
    assert "gather" in names(invariant(scan_with(lambda x, k: x[k])))
    branch = scan_with(lambda x, k: dk.cond(x[0] > 0, lambda: np.sum(np.exp(x)), lambda: 0.0))
    assert names(invariant(branch)).count("exp") == 0
    assert "cond" in names(invariant(branch))


def test_a_view_and_a_grid_stay_inside() -> None:
    graph = invariant(scan_with(lambda x, k: np.sum(np.reshape(x, (3, 1)) + x)))
    body = next(node for node in graph.nodes if node.regions)
    assert "sum" in names(graph)  # work: it takes the grid along
    assert "broadcast" not in names(graph)
    assert [arg.type.size for arg in body.args].count(9) == 1  # the rows alone
    grid = dk.trace(lambda x, rows: dk.scan(
        lambda s, r: ((s[0] * r + (np.reshape(s[1], (3, 1)) + s[1]), s[1]), None),
        (np.zeros((3, 3)), x), rows)[0][0])(f64[3], f64[9])  # fmt: skip
    assert names(invariant(grid)) == ["scan"]


def test_rows_that_are_too_many_stay_inside() -> None:
    outer = dk.trace(lambda x, y: dk.scan(
        lambda s, r: ((s[0] + np.outer(np.sin(s[1]), np.cos(s[1])), s[1] * r[0]), None),
        (np.zeros((60, 60)), y), x)[0][0])(f64[9, 1], f64[60])  # fmt: skip
    assert accumulate(outer) is outer
    wide = dk.trace(lambda w, m, x: dk.scan(
        lambda h, r: (h * np.sum((r[0] * m) @ w), None), 1.0, x)[0])(
        f64[40], f64[40, 40], f64[9, 1])  # fmt: skip
    assert products(wide) is wide
    plain = dk.trace(lambda x: dk.scan(lambda s, r: (s + np.sin(r), None), 0.0, x)[0])(f64[9])
    assert accumulate(plain) is plain


def test_a_sum_of_rows_needs_no_loop() -> None:
    graph = dk.trace(lambda x: dk.scan(lambda s, r: (s + r, r), 0.5, x))(f64[9])
    assert names(accumulate(graph)) == ["sum", "add"]
    counted = dk.trace(lambda x: dk.scan(lambda s, r: (s + r, None), 0, x)[0])(i64[9])
    x = np.full(9, 2**62)
    assert evaluate(accumulate(counted), [x]) == evaluate(counted, [x])


def test_loops_that_differ_or_depend_stay_apart() -> None:
    def pair(depends: bool, reverse: bool) -> Graph:
        def f(x: Any) -> Any:
            a = dk.scan(lambda c, r: (c * r, None), 1.0, x)[0]
            return a, dk.scan(lambda c, r: (np.sin(c) * r, None), a if depends else 2.0, x,
                              reverse=reverse)[0]  # fmt: skip

        return dk.trace(f)(f64[9])

    assert names(merge(pair(False, False))) == ["scan"]
    for depends, reverse in ((True, False), (False, True)):
        graph = pair(depends, reverse)
        assert merge(graph) is graph


def test_a_consumer_joins_its_producer_and_the_rows_are_not_stored() -> None:
    def f(x: Any) -> Any:
        ys = dk.scan(lambda c, r: (c * r, np.sin(c)), 1.0, x)[1]
        return dk.scan(lambda c, r: (c * r, None), 1.0, ys)[0]

    graph = dk.trace(f)(f64[9])
    small = merge(graph)
    assert names(small) == ["scan"]
    assert [out.type.shape for out in small.nodes[0].outs] == [(), ()]  # the two carries
    assert small.cost().bytes < graph.cost().bytes
    assert small.cost().flops == graph.cost().flops


@pytest.mark.parametrize("length, stays", [(0, 0), (1, 0), (4, 0), (5, 1)])
def test_only_tiny_loops_are_peeled(length: int, stays: int) -> None:
    graph = dk.trace(lambda x: dk.scan(lambda c, r: (np.sin(c) * r, c), 1.0, x))(f64[length])
    flat = peel(graph)
    assert names(flat).count("scan") == stays
    x = np.linspace(0.3, 0.9, length)
    for got, want in zip(evaluate(flat, [x]), evaluate(graph, [x]), strict=True):
        np.testing.assert_array_equal(got, want)


SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, -1e-170, 1e160, 1e308, 1.5, -1.9999]


@pytest.mark.parametrize("type_", [f64, f32])
@pytest.mark.parametrize("n", [0, 3, 4, -2, 5, 0.5])
def test_powers_of_every_size(n: float, type_: Any) -> None:
    graph = dk.trace(lambda x: dk.scan(lambda c, r: (c, dnp.power(r, n)), 0.0, x)[1])(type_[20_000])
    rng = np.random.default_rng(1)
    top = 150 if type_ is f64 else 15
    many = np.exp(rng.uniform(-top, top, 20_000 - len(SPECIAL))) * rng.choice([-1, 1])
    with np.errstate(all="ignore"):
        x = np.concatenate([many, SPECIAL]).astype(type_.numpy)
    got, want = (evaluate(g, [x])[0] for g in (powers(graph), graph))
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    np.testing.assert_array_equal(np.signbit(got), np.signbit(want))
    finite = np.isfinite(want)
    np.testing.assert_array_equal(got[~finite], want[~finite])
    got, want = got[finite], want[finite]
    assert np.all(np.abs(got - want) <= 2 * np.spacing(np.abs(want)))


def test_an_lstm_is_bound_by_matrix_products() -> None:
    def lstm(w: Any, u: Any, v: Any, b: Any, xs: Any) -> Any:
        def cell(s: Any, x: Any) -> Any:
            h, c = s
            z = np.tanh(x @ w + h @ u + b)
            c = c * z[:8] + z[8:16] * z[24:]
            h = np.tanh(c) * z[16:24]
            return (h, c), h @ v

        return np.sum(dk.scan(cell, (np.zeros(8), np.zeros(8)), xs)[1] ** 2)

    graph = dk.trace(lstm)(f64[6, 32], f64[8, 32], f64[8, 5], f64[32], f64[50, 6])
    joint = vjp(graph, [True, True, True, True, False])
    small = optimise(joint)
    assert inner(small).count("einsum") == 2  # h U, and its transpose: what is recurrent
    assert inner(joint).count("einsum") >= 6
    assert small.cost().bytes < 0.6 * joint.cost().bytes
    assert small.cost().flops < joint.cost().flops
    assert small.cost().peak < 3 * joint.cost().peak


def test_lines_are_kept() -> None:
    graph = dk.trace(lambda w, u, x: dk.scan(
        lambda h, r: (np.tanh(r @ w + u @ h), None), np.zeros(3), x)[0])(
        f64[2, 3], f64[3, 3], f64[9, 2])  # fmt: skip
    places = {node.op.name: node.loc for node in all_nodes(graph)}
    small = optimise(graph)
    assert names(small) == ["einsum", "scan"]
    assert all(node.loc == places[node.op.name] for node in small.nodes)
