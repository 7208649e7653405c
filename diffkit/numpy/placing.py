"""NumPy's functions that write into an array by places or masks, on traced arrays.

Each computes the new value of the whole array and hands it over, as `x[i] = v` does; see `writing`
for those that write by index.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops import index as i
from ..ops import shape as s
from ..tracing import inplace
from ..tracing.tracer import Trace
from .arguments import normal_axis
from .choosing import known_mask
from .elementwise import truth
from .order import places_along
from .shapes import inside
from .writing import require_traced


def put(t: Trace, a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """The elements at flat places replaced by values, which are used again if they are few."""
    require_traced(a, "np.put", v)
    places: Any = np.ravel(t.value(ind))
    if places.shape[0] == 0:
        return
    places = inside(places, a.size, mode)
    values: Any = np.resize(t.value(v), places.shape).astype(a.dtype)
    flat = s.reshape(t.value(a), shape=(a.size,))
    new = s.reshape(i.scatter_set(flat, values, places), shape=a.shape)
    inplace.store_result(a, new, t, "np.put", "same_kind")


def put_along_axis(t: Trace, arr: Any, indices: Any, values: Any, axis: Any = -1) -> None:
    """arr[…, indices, …] = values, where the other axes count along."""
    require_traced(arr, "np.put_along_axis", values)
    if axis is None:
        put(t, arr, indices, np.broadcast_to(values, np.shape(indices)))
        return
    k = normal_axis(axis, arr.ndim, "np.put_along_axis")
    arr[places_along(t.value(indices), arr.shape, k)] = values


def putmask(t: Trace, a: Any, mask: Any, values: Any) -> None:
    """a[mask] = values[mask], the values repeated to the size of a."""
    require_traced(a, "np.putmask", values)
    wide: Any = np.resize(t.value(values), a.shape).astype(a.dtype)
    chosen = s.broadcast(truth(t, mask), shape=a.shape)
    inplace.store_result(a, np.where(chosen, wide, t.value(a)), t, "np.putmask", "same_kind")


def place(t: Trace, arr: Any, mask: Any, vals: Any) -> None:
    """The elements where a known mask holds, in order, replaced by values in order."""
    require_traced(arr, "np.place", vals)
    chosen = np.flatnonzero(known_mask(t, mask, "np.place"))
    put(t, arr, chosen, vals)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.put: put, np.put_along_axis: put_along_axis, np.putmask: putmask, np.place: place,
}  # fmt: skip
