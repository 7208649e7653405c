"""Reductions that leave out nan, on traced values.

A nan is replaced by what changes nothing before it is reduced, so its derivative is zero, and none
leaks. The means divide by how many numbers there are.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops.elementwise import root
from ..tracing import inplace
from ..tracing.tracer import Trace, Tracer
from ..tracing.views import is_array
from .arguments import NO_VALUE, refuse
from .reduce import highest, is_mask, lowest

STORED = ("np.nan_to_num with copy=False", "same_kind")


def nan_to_num(
    t: Trace, x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    """Numbers in place of nan and infinities; their derivative is zero. `copy=False` writes."""
    v: Any = t.value(x)
    if not copy and isinstance(x, Tracer) and is_array(x):
        inplace.store_result(x, nan_to_num(t, v.copy(), True, nan, posinf, neginf), t, *STORED)
        return x
    if v.dtype.kind == "c":
        parts = [
            nan_to_num(t, part, True, nan, posinf, neginf) for part in (np.real(v), np.imag(v))
        ]
        return parts[0] + 1j * parts[1]
    if v.dtype.kind != "f":
        return v
    limits: Any = np.finfo(v.dtype)
    high = limits.max if posinf is None else posinf
    low = limits.min if neginf is None else neginf
    high, low = (t.value(x).astype(v.dtype) for x in (high, low))
    bounded: Any = np.where(np.isinf(v), np.where(v > 0, high, low), v)
    return np.where(np.isnan(v), nan, bounded).astype(v.dtype)


def filled(t: Trace, x: Any, number: Any) -> tuple[Any, Any]:
    """x with a number (of its dtype) in place of nan, and where there was one; None for none."""
    v: Any = t.value(x)
    if v.dtype.kind not in "fc":
        return v, None
    missing = np.isnan(v)
    filling: Any = number(v.dtype) if callable(number) else number
    return np.where(missing, filling, v), missing


def total(function: Any, number: int) -> Callable[..., Any]:
    """nansum and nanprod: nan counts as nothing."""

    def handler(
        t: Trace, a: Any, axis: Any = None, dtype: Any = None, out: Any = None,
        keepdims: Any = NO_VALUE, initial: Any = NO_VALUE, where: Any = NO_VALUE,
    ) -> Any:  # fmt: skip
        refuse(f"np.nan{function.__name__}", out=(out, None))
        x, _ = filled(t, a, number)
        over = {"axis": axis, "dtype": dtype, "keepdims": kept(keepdims)}
        return function(x, **over, initial=initial, where=where)

    return handler


def kept(keepdims: Any) -> bool:
    return keepdims is not NO_VALUE and bool(keepdims)


def running(function: Any, number: int) -> Callable[..., Any]:
    """nancumsum and nancumprod."""

    def handler(t: Trace, a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        refuse(f"np.nan{function.__name__}", out=(out, None))
        return function(filled(t, a, number)[0], axis=axis, dtype=dtype)

    return handler


def extremum(function: Any, number: Callable[[Any], Any]) -> Callable[..., Any]:
    """nanmax and nanmin: nan where there is nothing else."""

    def handler(
        t: Trace, a: Any, axis: Any = None, out: Any = None, keepdims: Any = NO_VALUE,
        initial: Any = NO_VALUE, where: Any = NO_VALUE,
    ) -> Any:  # fmt: skip
        refuse(f"np.nan{function.__name__}", out=(out, None))
        x, missing = filled(t, a, number)
        found = function(x, axis=axis, keepdims=kept(keepdims), initial=initial, where=where)
        if missing is None:
            return found
        if is_mask(where):
            missing = np.logical_or(missing, np.logical_not(where))
        nothing = np.all(missing, axis=axis, keepdims=kept(keepdims))
        return found if initial is not NO_VALUE else np.where(nothing, math.nan, found)

    return handler


def place(function: Any, number: Callable[[Any], Any]) -> Callable[..., Any]:
    """nanargmax and nanargmin."""

    def handler(
        t: Trace, a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NO_VALUE
    ) -> Any:
        refuse(f"np.nan{function.__name__}", out=(out, None))
        x, _ = filled(t, a, number)
        return function(x, axis=axis, keepdims=kept(keepdims))

    return handler


def numbers(x: Any, missing: Any, axis: Any, keepdims: bool, where: Any) -> Any:
    """How many numbers go into each result."""
    present = np.ones(x.shape, bool) if missing is None else np.logical_not(missing)
    if is_mask(where):
        present = np.logical_and(present, where)
    found: Any = np.sum(present, axis=axis, keepdims=keepdims)
    return found.astype(np.abs(np.zeros((), x.dtype)).dtype)


def nanmean(
    t: Trace, a: Any, axis: Any = None, dtype: Any = None, out: Any = None,
    keepdims: Any = NO_VALUE, *, where: Any = NO_VALUE,
) -> Any:  # fmt: skip
    refuse("np.nanmean", out=(out, None))
    x, missing = filled(t, a, 0)
    if missing is None:
        return np.mean(x, axis=axis, dtype=dtype, keepdims=kept(keepdims), where=where)
    x = x if dtype is None else x.astype(dtype)
    sums: Any = np.sum(x, axis=axis, keepdims=kept(keepdims), where=where)
    return sums / numbers(x, missing, axis, kept(keepdims), where)


def nanvar(
    t: Trace, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0,
    keepdims: Any = NO_VALUE, *, where: Any = NO_VALUE, mean: Any = NO_VALUE,
    correction: Any = NO_VALUE,
) -> Any:  # fmt: skip
    """Of less than ddof + 1 numbers it is nan."""
    refuse("np.nanvar", out=(out, None))
    lost = ddof if correction is NO_VALUE else correction
    x, missing = filled(t, a, 0)
    if missing is None:
        return np.var(x, axis=axis, dtype=dtype, ddof=lost, keepdims=kept(keepdims), where=where)
    x = x if dtype is None else x.astype(dtype)
    if mean is NO_VALUE:
        count = numbers(x, missing, axis, True, where)
        mean = np.sum(x, axis=axis, keepdims=True, where=where) / count
    away = np.where(missing, 0, x - mean)
    squares = np.real(away * np.conjugate(away))
    sums: Any = np.sum(squares, axis=axis, keepdims=kept(keepdims), where=where)
    left = numbers(x, missing, axis, kept(keepdims), where) - lost
    enough = left > 0
    return np.where(enough, sums / np.where(enough, left, 1), math.nan)


def nanstd(t: Trace, a: Any, *args: Any, **keywords: Any) -> Any:
    """With derivative 0 where all numbers are equal, as np.std."""
    variance: Any = nanvar(t, a, *args, **keywords)
    nothing = np.isnan(variance)
    return np.where(nothing, math.nan, root(np.where(nothing, 0.0, variance)))


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.nan_to_num: nan_to_num, np.nansum: total(np.sum, 0), np.nanprod: total(np.prod, 1),
    np.nancumsum: running(np.cumsum, 0), np.nancumprod: running(np.cumprod, 1),
    np.nanmax: extremum(np.max, lowest), np.nanmin: extremum(np.min, highest),
    np.nanargmax: place(np.argmax, lowest), np.nanargmin: place(np.argmin, highest),
    np.nanmean: nanmean, np.nanvar: nanvar, np.nanstd: nanstd,
}  # fmt: skip
