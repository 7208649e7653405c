"""`vmap` as a user meets it: axes and trees, nesting with every operator, and its errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import diffkit as dk
from diffkit import jacobians
from diffkit.errors import ShapeError, TracingError, TreeError
from diffkit.graph import all_nodes
from tests.replay import replayed

CUBE = np.arange(24.0).reshape(2, 3, 4) / 7


@pytest.mark.parametrize("source", [-3, -2, -1, 0, 1, 2])
@pytest.mark.parametrize("target", [-2, -1, 0, 1])
def test_rows_come_from_any_axis_and_go_to_any(source: int, target: int) -> None:
    rows = np.moveaxis(CUBE, source, 0)
    want = np.stack([np.sin(x).sum(0) for x in rows], axis=target)
    got = dk.vmap(lambda x: np.sum(np.sin(x), 0), in_axes=source, out_axes=target)(CUBE)
    assert_array_equal(got, want)


def test_axes_are_trees_that_begin_like_the_arguments() -> None:
    def f(p: Any, pair: Any, none: Any) -> Any:
        assert none is None
        (u, v), w = pair
        return {"a": p["w"] @ u + p["b"], "b": [v * w, (u, None)]}

    w, b, u = np.arange(6.0).reshape(3, 2), np.ones((3, 5)), np.array([[0.5, 1.0]] * 5)
    axes = ({"w": None, "b": 1}, (0, None), None)
    got = dk.vmap(f, axes, {"a": 1, "b": [0, -1]})({"w": w, "b": b}, ((u, 2 * u), 3.0), None)
    rows = [f({"w": w, "b": b[:, k]}, ((u[k], 2 * u[k]), 3.0), None) for k in range(5)]
    assert_allclose(got["a"], np.stack([r["a"] for r in rows], 1))
    assert_allclose(got["b"][0], np.stack([r["b"][0] for r in rows]))
    assert_allclose(got["b"][1][0], np.stack([r["b"][1][0] for r in rows], -1))
    assert got["b"][1][1] is None


def test_shared_arguments_reach_the_function_as_they_are() -> None:
    f = lambda x, n, kind: x**n if kind == "power" else x * n  # noqa: E731
    got = dk.vmap(f, in_axes=(0, None, None))(np.arange(3.0), 2, "power")
    assert_array_equal(got, [0, 1, 4])


def test_arguments_by_name_go_to_their_places() -> None:
    def f(x: Any, y: Any = 1.0, *, scale: float = 1.0) -> Any:
        return x * y * scale

    xs, ys = np.arange(3.0), np.arange(3.0) + 1
    assert_array_equal(dk.vmap(f)(xs, y=ys, scale=2.0), 2 * xs * ys)
    assert_array_equal(dk.vmap(f, in_axes=(0, None))(xs, y=ys), np.outer(xs, ys))
    assert_array_equal(dk.vmap(f, in_axes=(0,))(y=ys, x=xs), xs * ys)


def test_results_that_all_rows_share() -> None:
    f = dk.vmap(lambda x, y: (x + y, y * 2), in_axes=(0, None), out_axes=(0, None))
    assert_array_equal(f(np.arange(3.0), 5.0)[1], 10.0)
    assert_array_equal(dk.vmap(lambda x: (x, np.ones(2)))(np.arange(3.0))[1], np.ones((3, 2)))


def test_no_rows_give_no_rows() -> None:
    assert dk.vmap(lambda x: np.sin(x) @ np.ones(2))(np.zeros((0, 2))).shape == (0,)


def test_it_keeps_dtypes() -> None:
    got = dk.vmap(lambda x, k: (x * 2, k + 1, x > 0))(np.ones(2, np.float32), np.arange(2))
    assert [y.dtype.name for y in got] == ["float32", "int64", "bool"]


def test_what_all_rows_share_is_computed_once() -> None:
    graph = dk.trace(dk.vmap(lambda x, w: x * np.sum(np.exp(w)), in_axes=(0, None)))
    text = str(graph(dk.f64[5], dk.f64[7]))
    assert "exp(w)" in text and "f64[5, 7]" not in text


def f(x: Any, w: Any) -> Any:
    return np.sum(np.tanh(w @ x) ** 2) + np.max(x) * x[0]


W = np.linspace(-1, 1, 12).reshape(4, 3)
XS = np.array([[0.3, -0.7, 1.1], [0.9, 0.2, -0.4]])


def test_it_nests_with_every_operator() -> None:
    lanes = dk.vmap(f, in_axes=(0, None))
    close: dict[str, Any] = {"rtol": 1e-13, "atol": 1e-14}
    slopes = np.stack([dk.grad(f)(x, W) for x in XS])
    assert_allclose(dk.vmap(dk.grad(f), (0, None))(XS, W), slopes, **close)
    assert_allclose(replayed(dk.vmap(dk.grad(f), (0, None)))(XS, W), slopes, **close)
    assert_allclose(dk.vmap(replayed(dk.grad(f)), (0, None))(XS, W), slopes, **close)
    assert_allclose(dk.grad(lambda v: np.sum(lanes(v, W)))(XS), slopes, **close)
    by_w = sum(dk.grad(f, argnums=1)(x, W) for x in XS)
    assert_allclose(dk.grad(lambda w: np.sum(lanes(XS, w)))(W), by_w, **close)
    blocks = dk.jacobian(lanes)(XS, W)
    assert_allclose(blocks, np.stack([[s * (i == k) for k in range(2)] for i, s in
                                      enumerate(slopes)]), **close)  # fmt: skip
    hessians = np.stack([dk.hessian(f)(x, W) for x in XS])
    assert_allclose(dk.vmap(dk.hessian(f), (0, None))(XS, W), hessians, **close)
    for method in ("forward", "reverse"):
        one = dk.jacobian(lambda x: np.tanh(W @ x), method=method)
        got = dk.vmap(one)(XS)
        assert_allclose(got, np.stack([one(x) for x in XS]), **close)
    _, pull = dk.vjp(lambda x: lanes(x, W), XS)
    assert_allclose(pull(np.ones(2))[0], slopes, **close)


def test_it_sees_the_traced_values_around_it() -> None:
    def outer(s: Any) -> Any:
        return np.sum(dk.vmap(lambda x: np.sin(x * s))(XS))

    assert_allclose(dk.grad(outer)(0.7), np.sum(XS * np.cos(0.7 * XS)))
    both = dk.vmap(lambda s: dk.vmap(lambda x: x * s)(XS))(np.array([1.0, 2.0, 3.0]))
    assert_array_equal(both, np.stack([XS, 2 * XS, 3 * XS]))


# --- Jacobians by lanes --------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["forward", "reverse"])
def test_jacobians_of_many_directions_are_those_of_single_ones(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def g(p: Any) -> Any:
        x, y = p
        end = dk.while_loop(lambda s: s[0] < x[0] + 3, lambda s: (s[0] + 1, s[1] * y), (0.0, y))
        rows = dk.scan(lambda c, r: (c * np.cos(r), c), x, np.arange(3.0))[1]
        return {"a": end[1] * x, "b": rows, "c": np.argmax(x), "d": y}

    p = (np.linspace(0.2, 1.4, 7), 0.7)
    monkeypatch.setattr(jacobians, "FEW", 10**9)
    want = dk.jacobian(g, method=method)(p)
    for lanes in (256, 3):
        monkeypatch.setattr(jacobians, "FEW", 1)
        monkeypatch.setattr("diffkit.modes.linear_map.MOST_LANES", lanes)
        got = dk.jacobian(g, method=method)(p)
        for key in "abcd":
            for a, b in zip(got[key], want[key], strict=True):
                assert np.shape(a) == np.shape(b)
                assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_a_recorded_jacobian_does_not_grow_with_the_directions() -> None:
    def nodes(n: int) -> int:
        h = dk.trace(dk.hessian(lambda x: np.sum(np.sin(x) * x[::-1])))
        return len(list(all_nodes(h(dk.f64[n]))))

    assert nodes(70) == nodes(200)


# --- errors --------------------------------------------------------------------------------------


def test_lengths_that_differ_are_named() -> None:
    with pytest.raises(ShapeError, match=r"x has 2 along axis 0, y\['b'\] has 3 along axis 1"):
        dk.vmap(lambda x, y: x, in_axes=(0, {"b": 1}))(np.ones(2), {"b": np.ones((2, 3))})


def test_axes_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ShapeError, match="axis 2 of x, which has 1 axes"):
        dk.vmap(lambda x: x, in_axes=2)(np.ones(2))
    with pytest.raises(ShapeError, match=r"y without axes.*None stands for"):
        dk.vmap(lambda x, y: x)(np.ones(2), 3.0)
    with pytest.raises(ShapeError, match="axis -3 of the result"):
        dk.vmap(lambda x: x, out_axes=-3)(np.ones((2, 2)))


def test_axes_that_do_not_fit_the_tree_are_refused() -> None:
    with pytest.raises(TreeError, match="no argument has rows"):
        dk.vmap(lambda x: x, in_axes=None)(np.ones(2))
    with pytest.raises(TreeError, match="for 1 arguments"):
        dk.vmap(lambda x: x, in_axes=(0, 0))(np.ones(2))
    with pytest.raises(TreeError, match="in_axes="):
        dk.vmap(lambda x: x[0], in_axes=((0, 0),))([np.ones(2)])
    with pytest.raises(TreeError, match="a number, None, or a tree"):
        dk.vmap(lambda x: x, in_axes=0.5)(np.ones(2))
    with pytest.raises(TreeError, match="out_axes="):
        dk.vmap(lambda x: x, out_axes=(0, 0))(np.ones(2))
    with pytest.raises(ShapeError, match="differs between rows"):
        dk.vmap(lambda x: x, out_axes=None)(np.ones(2))


def test_a_branch_on_a_row_is_an_error_that_names_the_remedy() -> None:
    with pytest.raises(TracingError, match="cond"):
        dk.vmap(lambda x: x if x > 0 else -x)(np.ones(2))
