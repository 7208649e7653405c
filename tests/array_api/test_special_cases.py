"""Infinities, nan and signed zeros through traced graphs, as the standard has them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.types import type_of
from tests.replay import prepare

from .special_cases import (
    INTEGERS,
    OF_NOTHING,
    ONE,
    ONE_COMPLEX,
    TRUTH,
    TWO,
    WITH_NAN,
)


def computed(name: str, *columns: Any, **keywords: Any) -> Any:
    """The function of whole columns of operands, through a graph."""
    xs = [np.asarray(column) for column in columns]

    def f(*args: Any) -> Any:
        return getattr(args[0].__array_namespace__(), name)(*args, **keywords)

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return np.asarray(prepare(dk.trace(f)(*[type_of(x) for x in xs]))(xs)[0])


def expect(got: Any, want: Any, what: str) -> None:
    """Equal to two units in the last place, zeros with their signs, complex numbers by parts."""
    if got.dtype.kind == "c":
        want = np.asarray(want, complex)
        expect(got.real, want.real, what)
        expect(got.imag, want.imag, what)
        return
    np.testing.assert_allclose(got, want, rtol=2 * np.finfo(float).eps, atol=0, err_msg=what)
    zero = np.asarray(want) == 0
    if got.dtype.kind == "f":
        signs = np.signbit(got[zero]), np.signbit(np.asarray(want)[zero])
        np.testing.assert_array_equal(*signs, err_msg=f"signs of {what}")


@pytest.mark.parametrize("name", sorted(ONE))
def test_of_one_number(name: str) -> None:
    xs, want = zip(*ONE[name], strict=True)
    expect(computed(name, np.array(xs, float)), want, f"{name} of {xs}")


@pytest.mark.parametrize("name", sorted(ONE_COMPLEX))
def test_of_one_complex_number(name: str) -> None:
    """Zeros count without their signs: of complex results, libraries disagree on them."""
    for x, want in ONE_COMPLEX[name]:
        got = computed(name, np.array([x]))
        np.testing.assert_allclose(got, [want], rtol=1e-15, err_msg=f"{name}({x})")


@pytest.mark.parametrize("name", sorted(TWO))
def test_of_two_numbers(name: str) -> None:
    xs, ys, want = zip(*TWO[name], strict=True)
    expect(computed(name, np.array(xs, float), np.array(ys, float)), want, f"{name} of {TWO[name]}")


@pytest.mark.parametrize("name", sorted(INTEGERS))
def test_of_integers(name: str) -> None:
    xs, ys, want = zip(*INTEGERS[name], strict=True)
    for dtype in (np.int8, np.int32, np.int64):
        got = computed(name, np.array(xs, dtype), np.array(ys, dtype))
        assert got.dtype == dtype
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(("name", "p", "q", "want"), TRUTH)
def test_of_truth_values(name: str, p: bool, q: bool, want: bool) -> None:
    assert computed(name, np.array(p), np.array(q)) == want


@pytest.mark.parametrize("name", sorted(OF_NOTHING))
def test_of_no_elements(name: str) -> None:
    np.testing.assert_array_equal(computed(name, np.zeros(0)), OF_NOTHING[name])


@pytest.mark.parametrize("name", WITH_NAN)
def test_a_nan_is_never_lost(name: str) -> None:
    assert np.isnan(np.ravel(computed(name, np.array([1.0, np.nan, 2.0])))[-1])


def test_nan_is_where_the_greatest_is_and_last_when_sorted() -> None:
    x = np.array([1.0, np.nan, -2.0])
    assert computed("argmax", x) == computed("argmin", x) == 1
    np.testing.assert_array_equal(computed("sort", x), [-2.0, 1.0, np.nan])


def test_clip_keeps_a_nan_and_takes_the_upper_bound_last() -> None:
    x = np.array([np.nan, 5.0, -5.0])
    np.testing.assert_array_equal(computed("clip", x, min=-1.0, max=1.0), [np.nan, 1.0, -1.0])
    assert np.isnan(computed("clip", np.array(1.0), min=np.nan))


def test_a_wrong_sign_of_zero_is_noticed() -> None:
    expect(np.array([0.0, 1.0]), [0.0, 1.0], "right")
    for wrong in ([-0.0, 1.0], [0.0, 1.0 + 1e-14]):
        with pytest.raises(AssertionError):
            expect(np.array(wrong), [0.0, 1.0], "wrong")
