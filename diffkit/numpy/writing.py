"""x[index] = value on traced values, as new values of the graph.

An index is parsed as for reading. Slices are written by `slice_set` and `slice_add`; integer arrays
over leading axes by one scatter; a mask with one value for all by `select`; and what remains runs
through the numbers of the elements, so that by construction it writes what x[index] reads.
"""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import DtypeError, ShapeError, UnsupportedError, explain
from ..ops import arithmetic as a
from ..ops import index as i
from ..ops import shape as s
from ..tracing import inplace, remedies
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer, recorder
from ..types import Shape
from .elementwise import together, truth
from .indexing import checked, fail, is_basic, normalise, read, select_area
from .selection import Selection, written_back


def setitem(t: Trace, x: Any, index: Any, value: Any) -> Tracer:
    """x with x[index] replaced by value, converted to the dtype of x as NumPy does."""
    return put(t, t.value(x), index, value, add=False)


def additem(t: Trace, x: Any, index: Any, value: Any) -> Tracer:
    """x with value added at x[index]; repeated indices all count."""
    return put(t, t.value(x), index, value, add=True)


def put(t: Trace, x: Tracer, index: Any, value: Any, add: bool) -> Tracer:
    """The one way to write: x with value set or added at x[index]."""
    mask = index[0] if isinstance(index, tuple) and len(index) == 1 else index
    if isinstance(value, Selection):
        return written_back(t, x, mask, value, add)
    v = fitting_dtype(t.value(value), x)
    if is_mask(mask):
        chosen = masked(t, x, mask, v, add)
        if chosen is not None:
            return chosen
    parts = normalise(t, x, index)
    if is_basic(parts):
        area = select_area(x, parts)
        y = s.reshape(fit(v, area.shape), shape=area.counts)
        if area.flipped:
            y = s.reverse(y, axes=area.flipped)
        op = s.slice_add if add else s.slice_set
        return op(x, y, start=area.start, stop=area.stop, step=area.step)
    op = i.scatter_add if add else i.scatter_set
    lead = leading(parts)
    if lead:
        indices = [checked(t, part, x.shape[k], k) for k, part in enumerate(parts[:lead])]
        shape = np.broadcast_shapes(*[k.shape for k in indices])
        return op(x, fit(v, (*shape, *x.shape[lead:])), *indices)
    numbers = t.value(np.arange(x.size).reshape(x.shape))
    places = read(t, numbers, index)
    flat = s.reshape(x, shape=(x.size,))
    return s.reshape(op(flat, fit(v, places.shape), places), shape=x.shape)


def fitting_dtype(value: Tracer, x: Tracer) -> Tracer:
    """A value converted to the dtype of the array that it is written into."""
    if value.type.complex and not x.type.complex:
        got = f"a complex value {value.type}, whose imaginary part an array {x.type} would lose"
        remedy = "Take its real part by np.real, or make the array complex"
        raise DtypeError(explain(f"item assignment{at_line()}", got, "a real value", remedy))
    return a.cast(value, dtype=x.dtype_)


def is_mask(index: Any) -> bool:
    """Whether an index is one array of booleans."""
    return isinstance(index, Tracer | np.ndarray) and index.dtype == np.bool_


def masked(t: Trace, x: Tracer, mask: Any, v: Tracer, add: bool) -> Tracer | None:
    """x with the same value at all places of a mask: a choice, whether the mask is known or not.
    None where each place gets an own value, which needs a mask that is known."""
    condition = t.value(mask)
    rest = x.shape[condition.ndim :]
    if condition.shape != x.shape[: condition.ndim] or v.ndim > len(rest):
        known = not isinstance(mask, Tracer) or mask.owner.given(mask) is not None
        if known or condition.shape != x.shape[: condition.ndim]:
            return None
        raise fail(
            f"a value {v.type} for the places of a traced mask, whose number is not known",
            "one value for all places, or a mask of known values",
            "Use np.where(mask, values, x) with values of the shape of x",
        )
    spread = s.reshape(condition, shape=condition.shape + (1,) * len(rest))
    spread = s.broadcast(spread, shape=x.shape)
    y = s.broadcast(fit(v, rest), shape=x.shape)
    return a.select(spread, a.add(x, y) if add else y, x)


def leading(parts: list[Any]) -> int:
    """How many parts are arrays and integers, if these come first and whole axes follow; else 0."""
    whole = [isinstance(part, slice) and part == slice(None) for part in parts]
    lead = whole.index(True) if True in whole else len(parts)
    first = parts[:lead]
    simple = all(part is not None and not isinstance(part, slice) for part in first)
    return lead if simple and all(whole[lead:]) else 0


def fit(value: Tracer, shape: Shape) -> Tracer:
    """A value stretched to the shape of the selection; leading axes of length 1 may be too many."""
    extra = value.ndim - len(shape)
    if extra > 0 and value.shape[:extra] == (1,) * extra:
        value = s.reshape(value, shape=value.shape[extra:])
    try:
        fits = np.broadcast_shapes(value.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        got = f"a value {value.type} for a selection of shape {shape}"
        want, remedy = "a value that broadcasts to it", "Check the index"
        raise ShapeError(explain(f"writing by index{at_line()}", got, want, remedy))
    return s.broadcast(value, shape=shape)


def set_at(x: Any, index: Any, value: Any) -> Any:
    """A copy of x with x[index] replaced by value: the functional form of `x[index] = value`.

    Args: x, an array or a traced value; index, anything that x[index] accepts; value, of a shape
    that broadcasts to x[index]. Of repeated indices the last counts.

        >>> import numpy as np, diffkit.numpy as dnp
        >>> dnp.set_at(np.zeros(3), 1, 5.0)
        array([0., 5., 0.])
    """
    trace = recorder((x, index, value))
    if trace is not None:
        p, q = together(trace, x, value)
        return setitem(trace, p, index, q)
    out = np.array(x, dtype=np.result_type(x, value))
    out[index] = value
    return out


def add_at(x: Any, index: Any, value: Any) -> Any:
    """A copy of x with value added at x[index]; repeated indices all count, as in `np.add.at`.

    >>> import numpy as np, diffkit.numpy as dnp
    >>> dnp.add_at(np.zeros(3), np.array([1, 1]), 2.0)
    array([0., 4., 0.])
    """
    trace = recorder((x, index, value))
    if trace is not None:
        p, q = together(trace, x, value)
        return additem(trace, p, index, q)
    out = np.array(x, dtype=np.result_type(x, value))
    np.add.at(out, index, value)
    return out


# --- NumPy's functions that write ----------------------------------------------------------------


def require_traced(x: Any, name: str, what: Any) -> None:
    """A plain array can not hold a traced value."""
    if not isinstance(x, Tracer):
        raise remedies.refuse_in_place(name, repr(what))


def copyto(t: Trace, dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """np.copyto: dst[...] = src, only where the mask holds."""
    require_traced(dst, "np.copyto", src)
    value = t.value(src)
    inplace.require_cast(value, dst, "np.copyto", casting)
    if where is not True:
        stretched = s.broadcast(a.cast(fit(value, dst.shape), dtype=dst.dtype_), shape=dst.shape)
        chosen = s.broadcast(truth(t, where), shape=dst.shape)
        value = a.select(chosen, stretched, t.value(dst))
    inplace.store_result(dst, value, t, "np.copyto", casting)


def fill_diagonal(t: Trace, a: Any, val: Any, wrap: bool = False) -> None:
    """np.fill_diagonal of a matrix, or of a cube of more axes, with a number or a value each."""
    require_traced(a, "np.fill_diagonal", val)
    if a.ndim < 2 or wrap or (a.ndim > 2 and len(set(a.shape)) != 1):
        got = f"{a.type}" + (" with wrap=True" if wrap else "")
        want, remedy = "a matrix, or equal axes", "Write x[i, j] = value with index arrays"
        raise UnsupportedError(explain(f"np.fill_diagonal{at_line()}", got, want, remedy))
    places = np.arange(min(a.shape))
    a[(places,) * a.ndim] = val


FUNCTIONS: dict[Any, Callable[..., Any]] = {np.copyto: copyto, np.fill_diagonal: fill_diagonal}
