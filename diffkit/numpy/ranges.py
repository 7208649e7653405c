"""`np.linspace`, `np.logspace` and `np.geomspace` between traced ends."""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError, explain
from ..tracing.location import at_line
from ..tracing.tracer import Trace
from .elementwise import together


def linspace(
    t: Trace, start: Any, stop: Any, num: Any = 50, endpoint: bool = True, retstep: bool = False,
    dtype: Any = None, axis: int = 0, *, device: Any = None,
) -> Any:  # fmt: skip
    """start + k·step, of which the last is stop itself."""
    count = operator.index(num)
    if count < 0:
        got, want = f"num={count}", "a number of points"
        raise ShapeError(explain(f"np.linspace{at_line()}", got, want, "Check it"))
    parts = count - 1 if endpoint else count
    low, high = together(t, start, stop)
    if not low.type.differentiable:
        low, high = (v.astype(np.float64) for v in (low, high))
    width: Any = np.subtract(high, low)
    shape = (-1, *(1,) * width.ndim)
    counter = np.arange(count, dtype=low.dtype).reshape(shape)
    step = width / parts if parts > 0 else width * np.nan
    found: Any = counter * step + low if parts > 0 else counter * width + low
    if endpoint and count > 1:
        last = np.broadcast_to(high, found.shape[1:])[None]
        found = np.concatenate([found[:-1], last], axis=0)
    found = np.moveaxis(found, 0, axis) if axis != 0 else found
    if dtype is not None:
        whole = np.dtype(dtype).kind in "iu"
        found = (np.floor(found) if whole else found).astype(dtype)
    return (found, step) if retstep else found


def logspace(
    t: Trace, start: Any, stop: Any, num: Any = 50, endpoint: bool = True, base: Any = 10.0,
    dtype: Any = None, axis: int = 0,
) -> Any:  # fmt: skip
    """base^(linspace)."""
    if np.ndim(base):
        start, stop, base = np.broadcast_arrays(start, stop, base)
        base = np.expand_dims(base, axis=axis)
    powers = np.linspace(start, stop, num, endpoint=endpoint, axis=axis)
    found: Any = np.power(base, powers)
    return found if dtype is None else found.astype(dtype)


def geomspace(
    t: Trace, start: Any, stop: Any, num: Any = 50, endpoint: bool = True, dtype: Any = None,
    axis: int = 0,
) -> Any:  # fmt: skip
    """Points of equal ratios from start to stop, which have one sign; never in single precision."""
    low, high = together(t, start, stop)
    low, high = (v.astype(np.promote_types(v.dtype, np.float64)) for v in (low, high))
    side: Any = np.sign(low)
    low, high = low / side, high / side
    count = operator.index(num)
    found: Any = np.logspace(np.log10(low), np.log10(high), count, endpoint=endpoint, base=10.0)
    if count > 0:
        ends = [np.broadcast_to(v, found.shape[1:])[None] for v in (low, high)]
        last = [ends[1]] if endpoint and count > 1 else []
        found = np.concatenate([ends[0], found[1 : count - len(last)], *last], axis=0)
    found = found * side
    found = np.moveaxis(found, 0, axis) if axis != 0 else found
    return found if dtype is None else found.astype(dtype)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.linspace: linspace, np.logspace: logspace, np.geomspace: geomspace,
}  # fmt: skip
