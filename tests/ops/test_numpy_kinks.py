"""Kinks, ties, zeros and holes of NumPy's array functions: derivatives by the convention, in both
modes; and exact derivatives of high order where a formula could lose them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.graph import evaluate

MODES = pytest.mark.parametrize("method", ["forward", "reverse"])
NAN = np.nan

# name, function, point, derivative by the documented convention
POINTS: list[tuple[str, Callable[..., Any], Any, Any]] = [
    ("copysign at 0 is |x|", lambda x: np.copysign(x, 1.0), 0.0, 0.0),
    ("copysign by the sign", lambda x: np.copysign(2.0, x), 0.0, 0.0),
    ("fmod at 0", lambda x: np.fmod(x, 3.0), 0.0, 1.0),
    ("fmod of a negative", lambda x: np.fmod(-7.5, x), 2.0, 3.0),
    ("fmax of a nan", lambda x: np.fmax(x, NAN), 1.5, 1.0),
    ("fmin, a tie", lambda x: np.fmin(x, 1.5), 1.5, 0.5),
    ("fmax, itself nan", lambda x: np.fmax(x[0], x[1]), [NAN, 2.0], [0.0, 1.0]),
    ("heaviside", lambda x: np.heaviside(x, 0.5), 0.0, 0.0),
    ("ldexp beyond the powers of two", lambda x: np.ldexp(x, 1030), 2.0**-20, np.inf),
    ("ldexp of a tiny number", lambda x: np.ldexp(x, -1030), 1.0, 2.0**-1030),
    ("sinc at 0", np.sinc, 0.0, 0.0),
    ("logaddexp2 of a tie", lambda x: np.logaddexp2(x[0], x[1]), [3.0, 3.0], [0.5, 0.5]),
    ("logaddexp2 of -inf", lambda x: np.logaddexp2(x, -np.inf), 3.0, 1.0),
    ("nan_to_num", np.nan_to_num, [1.0, NAN, np.inf], np.diag([1.0, 0.0, 0.0])),
    ("cumprod with a zero", np.cumprod, [2.0, 0.0, 3.0], [[1, 0, 0], [0, 2, 0], [0, 6, 0]]),
    ("cumprod with two zeros", lambda x: np.cumprod(x)[-1], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]),
    ("multiply.accumulate", lambda x: np.multiply.accumulate(x)[2], [5.0, 0.0, 7.0], [0, 35, 0]),
    ("nanprod with a zero", np.nanprod, [2.0, 0.0, NAN, 5.0], [0.0, 10.0, 0.0, 0.0]),
    ("nansum", np.nansum, [2.0, NAN, 5.0], [1.0, 0.0, 1.0]),
    ("nanmean", np.nanmean, [2.0, NAN, 5.0], [0.5, 0.0, 0.5]),
    ("nanmax, two winners", np.nanmax, [2.0, NAN, 2.0], [0.5, 0.0, 0.5]),
    ("nanvar of equal numbers", np.nanvar, [2.0, NAN, 2.0], [0.0, 0.0, 0.0]),
    ("nanstd of equal numbers", np.nanstd, [2.0, NAN, 2.0], [0.0, 0.0, 0.0]),
    ("nanmedian", np.nanmedian, [2.0, NAN, 7.0, 3.0], [0.0, 0.0, 0.0, 1.0]),
    ("max with an initial tie", lambda x: np.max(x, initial=3.0), [1.0, 3.0], [0.0, 0.5]),
    ("max with where", lambda x: np.max(x, initial=0.0, where=[True, False]), [1.0, 9.0], [1, 0]),
    ("sum with where leaks nothing", lambda x: np.sum(np.log(x), where=[False, True]),
     [0.0, 2.0], [0.0, 0.5]),
    ("mean with where", lambda x: np.mean(x, where=[True, False]), [1.0, NAN], [1.0, 0.0]),
    ("select leaks nothing", lambda x: np.select([x > 0], [np.log(x)], 0.0), 0.0, 0.0),
    ("piecewise leaks nothing", lambda x: np.piecewise(x, x > 0, [np.sqrt, 2.0]), [0.0, 4.0],
     [[0.0, 0.0], [0.0, 0.25]]),
    ("sort of ties keeps their order", np.sort, [2.0, 1.0, 1.0], [[0, 1, 0], [0, 0, 1], [1, 0, 0]]),
    ("median of ties", np.median, [1.0, 1.0, 1.0], [0.0, 1.0, 0.0]),
    ("interp at a point", lambda x: np.interp(x, [0.0, 1.0, 3.0], [0.0, 1.0, 7.0]), 1.0, 3.0),
    ("interp beyond the end", lambda x: np.interp(x, [0.0, 1.0], [2.0, 5.0]), 1.5, 0.0),
    ("interp, two equal points", lambda x: np.interp(x, [0.0, 1.0, 1.0, 2.0], [0.0, 1, 5, 6]), 1.0,
     1.0),
    ("unwrap", lambda x: np.unwrap(x)[1], [0.0, 6.0], [0.0, 1.0]),
    ("clip of a nan bound", lambda x: np.clip(x, None, 3.0), 3.0, 0.5),
    ("std of one", lambda x: np.std(x, ddof=0), [3.0], [0.0]),
    ("corrcoef of a line", lambda x: np.corrcoef(x, [1.0, 2.0, 3.0])[0, 1], [2.0, 4.0, 6.0],
     [0.0, 0.0, 0.0]),
]  # fmt: skip


@MODES
@pytest.mark.parametrize(("f", "x", "want"), [p[1:] for p in POINTS], ids=[p[0] for p in POINTS])
def test_point(f: Callable[..., Any], x: Any, want: Any, method: str) -> None:
    with np.errstate(all="ignore"):
        got = dk.jacobian(f, method=method)(np.asarray(x, np.float64)[()])
    np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-15)


def test_sinc_has_all_its_derivatives_at_0() -> None:
    """sin(πx)/(πx) = Σ (-1)ᵏ (πx)²ᵏ/(2k + 1)!."""
    found = dk.taylor(np.sinc, 0.0, 8)[1:]
    want = [0.0 if k % 2 else (-1) ** (k // 2) * np.pi**k / (k + 1) for k in range(1, 9)]
    np.testing.assert_allclose(found, want, rtol=1e-13, atol=1e-13)


def test_cumprod_with_zeros_at_second_and_third_order() -> None:
    """Against the product of the last place, spelled out."""
    x = np.array([2.0, 0.0, 3.0, 0.0])

    def spelled(x: Any) -> Any:
        return x[0] * x[1] * x[2] * x[3]

    def last(x: Any) -> Any:
        return np.cumprod(x)[3]

    np.testing.assert_array_equal(dk.hessian(last)(x), dk.hessian(spelled)(x))
    third = dk.jacobian(dk.hessian(last))(x)
    np.testing.assert_array_equal(third, dk.jacobian(dk.hessian(spelled))(x))


def test_reduce_over_all_axes_is_not_over_the_first() -> None:
    """axis=None of a ufunc's reduce means all axes, and no axis= the first."""
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(
        dk.grad(lambda x: np.add.reduce(x, axis=None))(x), np.ones((2, 3))
    )
    assert dk.jit(lambda x: np.add.reduce(x))(x).shape == (3,)


ORDERS = ["quicksort", "stable", "heapsort", "mergesort"]


@pytest.mark.parametrize("kind", ORDERS)
def test_argsort_is_that_of_numpy_among_ties(kind: Any) -> None:
    x = np.random.default_rng(0).integers(0, 5, 200).astype(float)
    got = dk.trace(lambda x: np.argsort(x, kind=kind))(x)
    np.testing.assert_array_equal(evaluate(got, [x])[0], np.argsort(x, kind=kind))


@pytest.mark.parametrize("side", ["left", "right"])
def test_searchsorted_at_all_lengths(side: Any) -> None:
    """Bisection against NumPy for tables of every length up to 20, with ties and nan."""
    rng = np.random.default_rng(1)
    values = np.array([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 9.0, np.nan, np.inf, -np.inf])
    for n in range(21):
        table = np.sort(np.where(rng.random(n) < 0.1, np.nan, rng.integers(0, 5, n)))
        graph = dk.trace(lambda a, v: np.searchsorted(a, v, side=side))(table, values)
        want = np.searchsorted(table, values, side=side)
        np.testing.assert_array_equal(evaluate(graph, [table, values])[0], want)
