"""One call of the standard, on traced arrays and on those of another implementation."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import array_api_strict as strict
import numpy as np

import diffkit as dk
from diffkit.graph import verify
from diffkit.types import type_of
from tests.replay import prepare

from .api import call, flat
from .standard import Call, Function


def plain(x: Any) -> Any:
    """An array of `array_api_strict` as NumPy's."""
    return np.asarray(x) if isinstance(x, strict.asarray(0).__class__) else x


def reference(function: Function, how: Call, arrays: Sequence[Any], peer: Any) -> list[Any]:
    """What another namespace makes of a call: `array_api_strict`, or NumPy where that is wrong."""
    xp = np if function.name == "isin" else peer  # it drops `invert`
    found = call(xp, function, how, [xp.asarray(x) for x in arrays])
    return [plain(x) for x in flat(found)]


def traced(function: Function, how: Call, arrays: Sequence[Any]) -> list[Any]:
    """What a graph makes of it, recorded through `x.__array_namespace__()`."""

    def f(*xs: Any) -> Any:
        xp = xs[0].__array_namespace__(api_version="2024.12")
        return tuple(flat(call(xp, function, how, xs)))

    return prepare(verify(dk.trace(f)(*[type_of(x) for x in arrays])))(list(arrays))


def check(function: Function, how: Call, arrays: Sequence[Any], peer: Any = strict) -> None:
    """Equal dtypes and shapes, and values to some units in the last place of the greatest."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        want = reference(function, how, arrays, peer)
        found = traced(function, how, arrays)
    assert len(found) == len(want)
    for got, y in zip(found, want, strict=True):
        if function.undefined:
            got, y = np.zeros_like(got), np.zeros_like(y)
        close(got, y, function.ulps, f"{function.name}{how}")


def close(got: Any, want: Any, ulps: float, what: str = "") -> None:
    got, want = np.asarray(got), np.asarray(want)
    assert (got.dtype, got.shape) == (want.dtype, want.shape), what
    if want.dtype.kind not in "fc":
        np.testing.assert_array_equal(got, want, what)
        return
    tol = ulps * float(np.finfo(want.dtype).eps)
    finite = np.abs(want[np.isfinite(want)])
    np.testing.assert_allclose(
        got, want, rtol=tol, atol=tol * np.max(finite, initial=0), err_msg=what
    )
