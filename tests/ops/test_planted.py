"""Do the checks bite? Rules made wrong on purpose are caught, each by the check meant for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.graph import Bilinear, Elementwise, Linear, Op, Reduction
from diffkit.ops import arithmetic as a
from diffkit.ops import contract, reduce, shape
from diffkit.ops import elementwise as e

from . import test_derivatives as first
from . import test_second_order as second
from .scenario import CUBE, SQUARE, P, X, case


@contextmanager
def planted(op: Op, fact: Any) -> Iterator[None]:
    """The op with another fact, while the block runs. Ops are frozen, so this goes around."""
    right = op.fact
    object.__setattr__(op, "fact", fact)
    try:
        yield
    finally:
        object.__setattr__(op, "fact", right)


def elementwise(op: Op, *partials: Any) -> Elementwise:
    assert isinstance(op.fact, Elementwise)
    return replace(op.fact, partials=partials)


def transposed(op: Op, transpose: Callable[..., Any]) -> Any:
    assert isinstance(op.fact, Linear | Bilinear)
    return replace(op.fact, transpose=transpose)


SINE = case("planted-sin", np.sin, X)
TAN = case("planted-tan", np.tan, X / 3)
QUOTIENT = case("planted-div", lambda x, y: x / y, X, P)
FLIP = case("planted-flip", lambda x: np.flip(x, 0), SQUARE)
TURN = case(
    "planted-transpose",
    lambda x: np.transpose(x, (1, 2, 0)),
    np.concatenate([CUBE] * 2)[:2, :2, :2],
)
PRODUCT = case("planted-einsum", lambda x, y: x @ y, SQUARE, SQUARE + 0.1)
LARGEST = case("planted-max", lambda x: np.max(x, axis=1), X)

# name, scenario, op, wrong fact, the check that must fail
PLANTS: list[tuple[str, Any, Op, Any, Any]] = [
    ("a wrong sign", SINE, e.sin, elementwise(e.sin, lambda x, ans: -e.cos(x)),
     first.test_differences),
    ("a wrong factor", SINE, e.sin, elementwise(e.sin, lambda x, ans: 1.001 * e.cos(x)),
     first.test_differences),
    ("wrong in the ninth digit", SINE, e.sin,
     elementwise(e.sin, lambda x, ans: (1 + 1e-9) * e.cos(x)),
     first.test_complex_step),
    ("seen by the twin", TAN, e.tan, elementwise(e.tan, lambda x, ans: 1 + 1.0001 * a.square(ans)),
     first.test_torch_twin),
    ("a zero", TAN, e.tan, elementwise(e.tan, None), first.test_differences),
    ("operands exchanged", QUOTIENT, a.div,
     elementwise(a.div, lambda x, y, ans: -ans / y, lambda x, y, ans: 1 / y),
     first.test_differences),
    ("no transpose", FLIP, shape.reverse, transposed(shape.reverse, lambda i, ct, x, axes: ct),
     first.test_forward_and_reverse_are_transposes),
    ("the permutation itself, not its inverse", TURN, shape.transpose,
     transposed(shape.transpose, lambda i, ct, x, axes: shape.transpose(ct, axes=axes)),
     first.test_forward_and_reverse_are_transposes),
    ("the other factor, not transposed", PRODUCT, contract.einsum,
     transposed(contract.einsum, lambda i, ct, x, y, spec: contract.einsum(
         *((ct, y) if i == 0 else (x, ct)), spec="ij,jk->ik")),
     first.test_forward_and_reverse_are_transposes),
    ("all instead of the winners", LARGEST, reduce.max_, Reduction(lambda x, ans, axes: x.full(1)),
     first.test_differences),
    ("right in first order, cut off in second", SINE, e.sin,
     elementwise(e.sin, lambda x, ans: a.stop_gradient(e.cos(x))), "second"),
]  # fmt: skip


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant[0])
def test_a_wrong_rule_is_caught(plant: tuple[str, Any, Op, Any, Any]) -> None:
    _, scenario, op, wrong, check = plant
    if check == "second":
        check = second_derivative
    if check is first.test_torch_twin:
        pytest.importorskip("torch")
    check(scenario)  # the rule as it is passes
    with planted(op, wrong), pytest.raises(AssertionError):
        check(replace(scenario))  # a copy: the derivatives of a scenario are kept
    check(replace(scenario))


def second_derivative(scenario: Any) -> None:
    """The derivative of the derivative, by the check that users call."""
    try:
        dk.check_grads(scenario.f, *scenario.args, order=2)
    except dk.DiffkitError as error:
        raise AssertionError(str(error)) from error


def test_check_grads_catches_a_wrong_rule() -> None:
    refused = pytest.raises(dk.DiffkitError, match="numerical derivative")
    with planted(e.sin, elementwise(e.sin, lambda x, ans: -e.cos(x))), refused:
        dk.check_grads(np.sin, X, order=1)
    dk.check_grads(np.sin, X)


def test_a_wrong_second_order_rule_breaks_the_routes() -> None:
    """A linear op whose transpose is right once but transposes back wrongly."""

    def wrong(i: int, ct: Any, x: Any, axis: int) -> Any:
        return shape.reverse(reduce.cumsum(ct, axis=axis), axes=(axis,))

    scenario = case("planted-cumsum", lambda x: np.cumsum(x * x * x, axis=0), SQUARE)
    second.test_four_routes_agree(scenario)
    with planted(reduce.cumsum, transposed(reduce.cumsum, wrong)), pytest.raises(AssertionError):
        second.test_four_routes_agree(replace(scenario))
