"""Nests of loops that add up: the nest back joins the nest there, and each body runs once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.graph import Graph, all_nodes, evaluate, verify
from diffkit.modes import reverse
from diffkit.modes.reverse import vjp
from diffkit.transforms.optimise import optimise
from diffkit.transforms.optimise.direction import either_way
from diffkit.transforms.optimise.merge import merge
from diffkit.transforms.optimise.unify import unify
from diffkit.types import f64, i64


def scans(graph: Graph) -> list[Any]:
    return [node for node in all_nodes(graph) if node.op.name == "scan"]


# --- loops that turn -----------------------------------------------------------------------------


def turning(step: Callable[..., Any], start: Any, reverse: bool = True) -> Callable[..., Any]:
    """A loop, beside one the other way that cannot turn."""

    def f(x: Any) -> Any:
        product = dk.scan(lambda c, r: (c * r, None), 1 + 0 * x[0], x, reverse=reverse)[0]
        return product, dk.scan(step, start, x, reverse=not reverse)

    return f


def inner_sum(s: Any, r: Any) -> Any:
    return dk.scan(lambda t, k: (t + r * k, None), s, np.arange(3.0))[0], None


ADDING = {
    "a sum": (lambda s, r: (s + np.sin(r), None), 0.5),
    "a sum on the right": (lambda s, r: (r + s, r * r), 0.5),
    "a difference": (lambda s, r: (s - r, None), 0.5),
    "two in turn": (lambda s, r: (s + r - np.cos(r), None), 0.5),
    "two carries": (lambda s, r: ((s[0] + r, s[1] - r), None), (0.5, 1.5)),
    "at an index": (
        lambda s, r: (dnp.add_at(s, (3 * r).astype(np.int64), r), None), np.zeros(4)),
    "in an inner loop": (inner_sum, 0.5),
}  # fmt: skip


@pytest.mark.parametrize("name", ADDING)
@pytest.mark.parametrize("reverse", [False, True])
def test_a_loop_that_adds_turns(name: str, reverse: bool) -> None:
    graph = dk.trace(turning(*ADDING[name], reverse))(f64[9])
    small = verify(merge(graph))
    assert [node.op.name for node in small.nodes].count("scan") == 1
    assert next(n for n in small.nodes if n.op.name == "scan").attrs["reverse"] is reverse
    x = np.linspace(0.1, 0.9, 9)
    for got, want in zip(evaluate(small, [x]), evaluate(graph, [x]), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-14)


def test_sums_of_integers_are_equal() -> None:
    graph = dk.trace(turning(lambda s, r: (s + r, s * 0 + r), 0))(i64[9])
    x = np.arange(2**61, 2**61 + 9)
    for got, want in zip(evaluate(merge(graph), [x]), evaluate(graph, [x]), strict=True):
        np.testing.assert_array_equal(got, want)


STAYING = {
    "a product": (lambda s, r: (s * r, None), 0.5),
    "the sum so far": (lambda s, r: (s + r, s), 0.5),
    "read elsewhere": (lambda s, r: (s + r * np.sin(s), None), 0.5),
    "twice": (lambda s, r: (s + s, None), 0.5),
    "subtracted": (lambda s, r: (r - s, None), 0.5),
    "exchanged": (lambda s, r: ((s[1] + r, s[0] - r), None), (0.5, 1.5)),
    "returned early": (lambda s, r: (s + r + 1.0, s + r), 0.5),
    "the index": (lambda s, r: ((s[0] + 1, s[1] + r * s[0]), None), (0.0, 0.5)),
    "an inner product": (
        lambda s, r: (dk.scan(lambda t, k: (t * k, None), s, np.ones(3) * r)[0], None), 0.5),
    "the rows of an inner sum": (
        lambda s, r: dk.scan(lambda t, k: (t + r * k, t), s, np.arange(3.0)), 0.5),
    "set": (lambda s, r: (dnp.set_at(s, (3 * r).astype(np.int64), r), None), np.zeros(4)),
}  # fmt: skip


@pytest.mark.parametrize("name", STAYING)
def test_others_keep_their_direction(name: str) -> None:
    graph = dk.trace(turning(*STAYING[name]))(f64[9])
    assert merge(graph) is graph
    assert not any(either_way(node) for node in graph.nodes if node.op.name == "scan")


def test_loops_with_tapes_keep_their_direction() -> None:
    """The loop back of a `while` reads what it saved, of which there is no known number."""

    def f(x: Any) -> Any:
        return dk.while_loop(lambda s: s[0] < 5, lambda s: (s[0] + 1, s[1] + np.sin(s[0] * x)),
                             (0.0, 0.0))[1]  # fmt: skip

    graph = vjp(dk.trace(f)(f64[()]), [True])
    assert any(node.attrs["length"] is None for node in scans(graph))
    assert not any(either_way(node) for node in scans(graph) if node.attrs["length"] is None)


def test_a_recurrence_that_turned_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = dk.trace(turning(*STAYING["read elsewhere"]))(f64[9])
    x = np.linspace(0.1, 0.9, 9)
    monkeypatch.setattr(sys.modules[merge.__module__], "either_way", lambda _: True)
    (_, wrong), (_, right) = evaluate(merge(graph), [x]), evaluate(graph, [x])
    assert abs(wrong - right) > 1e-3


# --- nests ---------------------------------------------------------------------------------------


def minors(matrix: Any, columns: Any) -> Any:
    """A determinant by minors, a loop for each row but the last."""
    left = len(columns)
    row = matrix[len(matrix) - left]
    if left == 1:
        return row[columns[0]]

    def add(total: Any, place: Any) -> Any:
        j, column = place
        others = np.where(np.arange(left - 1) < j, columns[:-1], columns[1:])
        return total + (1 - 2 * (j % 2)) * row[column] * minors(matrix, others), None

    return dk.scan(add, 0.0, (np.arange(left), columns))[0]


def determinant(n: int) -> Callable[[Any], Any]:
    return lambda matrix: minors(matrix, np.arange(n))


def test_value_and_gradient_of_a_nest_are_one_nest() -> None:
    n = 5
    matrix = np.random.default_rng(1).normal(size=(n, n))
    graph = dk.trace(dk.value_and_grad(determinant(n)))(f64[n, n])
    small = verify(optimise(graph))
    assert len(scans(small)) == n - 1 < len(scans(graph))
    value, cofactors = evaluate(small, [matrix])
    np.testing.assert_allclose(value, np.linalg.det(matrix), rtol=1e-12)
    want = np.linalg.det(matrix) * np.linalg.inv(matrix).T
    np.testing.assert_allclose(cofactors, want, rtol=1e-12)
    np.testing.assert_allclose(cofactors, evaluate(graph, [matrix])[1], rtol=1e-12)


def test_second_derivatives_of_a_nest() -> None:
    n = 3
    rng = np.random.default_rng(2)
    matrix, direction = rng.normal(size=(2, n, n))
    compiled = dk.jit(dk.hvp(determinant(n)))
    inverse = np.linalg.inv(matrix)
    trace = np.trace(inverse @ direction)
    slope = inverse.T * trace - (inverse @ direction @ inverse).T  # of det · A⁻ᵀ, without the det
    np.testing.assert_allclose(
        compiled(matrix, direction), np.linalg.det(matrix) * slope, rtol=1e-11
    )


def test_a_nest_is_differentiated_level_by_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not twice at each level: that would be 2^n times in all."""
    count = 0
    right = reverse.differentiated

    def counted(*args: Any) -> Any:
        nonlocal count
        count += 1
        return right(*args)

    graph = dk.trace(determinant(8))(f64[8, 8])
    with monkeypatch.context() as patch:
        patch.setattr(reverse, "differentiated", counted)
        vjp(graph, [True])
    assert 8 <= count <= 16


# --- equal loops ---------------------------------------------------------------------------------


def test_equal_loops_on_other_operands_share_a_region() -> None:
    def f(x: Any, y: Any) -> Any:
        total = lambda x: dk.scan(lambda c, r: (c * np.sin(r), None), 1.0, x)[0]  # noqa: E731
        return total(x) - 2 * total(y)

    graph = dk.trace(f)(f64[9], f64[9])
    small = unify(graph)
    first, second = scans(small)
    assert first.regions[0] is second.regions[0]
    x, y = np.random.default_rng(3).normal(size=(2, 9))
    np.testing.assert_array_equal(evaluate(small, [x, y]), evaluate(graph, [x, y]))
    np.testing.assert_allclose(dk.jit(f)(x, y), np.prod(np.sin(x)) - 2 * np.prod(np.sin(y)), 1e-13)
    got, want = (
        evaluate(g, [x, y, 1.0])[1:] for g in (vjp(small, [True] * 2), vjp(graph, [True] * 2))
    )
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "other",
    [
        lambda c, r: (c * np.sin(r) + 1.0, None),
        lambda c, r: (c * np.cos(r), None),
        lambda c, r: (r * np.sin(c), None),
        lambda c, r: (c * np.sin(r) * 2.0, None),
    ],
)
def test_regions_that_differ_stay_apart(other: Callable[..., Any]) -> None:
    def f(x: Any) -> Any:
        first = dk.scan(lambda c, r: (c * np.sin(r), None), 1.0, x)[0]
        return first, dk.scan(other, 1.0, x)[0]

    graph = dk.trace(f)(f64[9])
    assert unify(graph) is graph


def test_regions_that_were_taken_for_equal_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x: Any) -> Any:
        first = dk.scan(lambda c, r: (c * np.sin(r), None), 1.0, x)[0]
        return first - dk.scan(lambda c, r: (c * np.cos(r), None), 1.0, x)[0]

    graph = dk.trace(f)(f64[9])
    monkeypatch.setattr(
        sys.modules[unify.__module__], "structure", lambda region: len(region.nodes)
    )
    x = np.linspace(0.1, 0.9, 9)
    assert evaluate(unify(graph), [x]) == [0.0] != evaluate(graph, [x])


def test_callbacks_are_called_as_often_as_they_are_written() -> None:
    calls: list[float] = []

    def noted(r: Any) -> Any:
        calls.append(float(r))
        return r

    seen = dk.callback(noted, f64[()])

    def f(x: Any) -> Any:
        total = lambda x: dk.scan(lambda c, r: (c + seen(r), None), 0.0, x)[0]  # noqa: E731
        return total(x) + total(x)

    evaluate(optimise(dk.trace(f)(f64[3])), [np.arange(3.0)])
    assert calls == [0.0, 1.0, 2.0] * 2
