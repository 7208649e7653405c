"""`dk.jacobian` with method="sparse" and "auto": the same arrays by fewer passes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.errors import TracingError, UnsupportedError
from diffkit.tracing import trees
from diffkit.transforms.sparsity import index_sets
from tests.ops.scenario import Scenario
from tests.ops.scenarios import SCENARIOS, active, arguments, by_op, differentiable

from .test_sparse import X, arrow, heat, until

METHODS = ("sparse", "auto")


def same(found: Any, want: Any) -> None:
    """Trees of arrays of the same shapes and nearly the same numbers."""
    left, right = (trees.flatten(tree) for tree in (found, want))
    assert left[1] == right[1]
    for x, y in zip(left[0], right[0], strict=True):
        assert np.shape(x) == np.shape(y)
        np.testing.assert_allclose(x, y, rtol=1e-10, atol=1e-12)


DIFFERENTIABLE = [s for s in SCENARIOS if differentiable(s)]


@pytest.mark.parametrize("scenario", by_op(DIFFERENTIABLE))
def test_every_op_agrees_with_the_dense_passes(scenario: Scenario) -> None:
    places = [k for k, on in enumerate(active(scenario)) if on]
    args = arguments(scenario)
    J = dk.jacobian(scenario.f, argnums=places, method="sparse")
    if not scenario.real:
        with pytest.raises(NotImplementedError, match="Expected real arguments"):
            J(*args)
        return
    dense = "forward" if J.plan(*args).pushes else "reverse"
    same(J(*args), dk.jacobian(scenario.f, argnums=places, method=dense)(*args))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("f", [heat, arrow, until, np.sum, lambda x: x[:0], lambda x: x[0] * x[1]])
def test_results_are_those_of_reverse_mode(f: Any, method: str) -> None:
    same(dk.jacobian(f, method=method)(X), dk.jacobian(f)(X))


@pytest.mark.parametrize("method", METHODS)
def test_trees_and_aux(method: str) -> None:
    def f(p: Any, t: Any) -> Any:
        return {"a": p["u"][1:] * p["v"], "b": t * p["u"], "n": 3}, (p["v"], "text")

    args = ({"u": X[:7], "v": 2.0}, 0.5)
    for argnums in (0, (1, 0)):
        found, aux = dk.jacobian(f, argnums, has_aux=True, method=method)(*args)
        want, _ = dk.jacobian(f, argnums, has_aux=True)(*args)
        same(found, want)
        assert aux == (2.0, "text")


def test_sparse_has_a_plan() -> None:
    plan = dk.jacobian(heat, method=dk.Sparse()).plan(X)
    assert plan.mode in ("forward", "reverse")
    assert plan.passes == 5


def test_auto_chooses_by_counted_cost() -> None:
    x = np.ones(400)

    def mixed(x: Any) -> Any:
        return np.tile(np.sin(x[:8]), 50) * np.sum(x)

    cases: list[tuple[Any, str, str]] = [
        (heat, "sparse", "5 forward"),
        (lambda x: np.sum(x * x), "reverse", "1 reverse"),
        (lambda x: x[0] * np.cos(np.cumsum(x))[:2], "reverse", "no pattern"),
        (mixed, "forward", "saves none"),
    ]
    for f, method, why in cases:
        choice = dk.jacobian(f, method="auto").plan(x)
        assert choice.method == method
        assert why in choice.why
        assert choice.costs[method] == min(choice.costs.values())
        text = str(choice)
        assert f"method   {method}" in text
        assert all(name in text for name in choice.costs)
    few = dk.jacobian(lambda t: np.outer(np.sin(t * np.ones(50)), np.ones(9)), method="auto")
    assert few.plan(0.5).method == "forward"


def test_auto_goes_on_where_the_pattern_is_too_dense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index_sets, "MOST_ENTRIES", 20)
    J = dk.jacobian(heat, method="auto")
    assert "as good as dense" in J.plan(X).why
    same(J(X), dk.jacobian(heat)(X))
    with pytest.raises(UnsupportedError, match="auto"):
        dk.jacobian(heat, method="sparse")(X)


@pytest.mark.parametrize("method", METHODS)
def test_they_nest(method: str) -> None:
    J, want = dk.jacobian(heat, method=method), dk.jacobian(heat)(X)
    same(dk.jit(J, backend="interpreter")(X), want)
    same(dk.vmap(J)(np.stack([X, 2.0 * X])), np.stack([want, dk.jacobian(heat)(2.0 * X)]))
    same(dk.jacobian(J)(X), dk.jacobian(dk.jacobian(heat))(X))
    same(dk.jacobian(J, method=method)(X), dk.jacobian(dk.jacobian(heat))(X))

    def around(a: Any) -> Any:  # a traced value from outside, inside f
        return np.sum(dk.jacobian(lambda x: a * heat(x), method=method)(X) ** 2)

    np.testing.assert_allclose(dk.grad(around)(1.5), 3.0 * np.sum(want**2), rtol=1e-12)


def test_compiled() -> None:
    same(dk.jit(dk.jacobian(heat, method="auto"))(X), dk.jacobian(heat)(X))


def test_they_are_methods_of_jacobian_alone() -> None:
    for method in ("sparse", "auto", dk.Sparse(), dk.Auto()):
        with pytest.raises(UnsupportedError, match=r"dk\.jacobian"):
            dk.grad(np.sum, method=method)(X)
    with pytest.raises(UnsupportedError, match='"auto"'):
        dk.jacobian(heat, method="fastest")(X)
    with pytest.raises(TracingError):
        dk.jacobian(lambda x: x if x[0] > 0 else -x, method="auto")(X)
