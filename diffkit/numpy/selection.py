"""x[mask] for a mask that is not known while tracing.

How many elements it has only running tells, so it has no shape and is no value of the graph. But
`x[mask] = f(x[mask])` and `x[mask] *= 2` need no shape: f is computed of all elements of x, and
written back where the mask holds. A `Selection` stands in between. It takes ufuncs with numbers and
with other selections by the same mask, and can be assigned to places of the same mask; anything
else is refused.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import IndexingError, explain
from ..ops import arithmetic as a
from ..ops import shape as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer

UNKNOWN = "a traced boolean mask, whose result has no known shape"


def refused(got: str = UNKNOWN, line: str | None = None) -> IndexingError:
    """An error about a use that needs to know how many elements there are."""
    line = at_line() if line is None else line
    want = "integers, slices, integer arrays, a mask of known values, or x[mask] = f(x[mask])"
    remedy = "Use np.where(mask, x, 0), or make the mask outside the traced function"
    return IndexingError(explain(f"indexing{line}", got, want, remedy))


class Selection(np.lib.mixins.NDArrayOperatorsMixin):
    """The elements of `values`, an array as long as the mask, at which the mask holds."""

    def __init__(self, values: Tracer, mask: Tracer) -> None:
        self.values = values
        self.mask = mask
        self.line = at_line()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        in_place = [x is self for x in keywords.pop("out", ())]
        if method != "__call__" or keywords or not all(in_place):
            self.refuse()
        return Selection(ufunc(*[self.like(x) for x in inputs]), self.mask)

    def like(self, x: Any) -> Any:
        """An operand for all elements: a number, or the values of a selection by the same mask."""
        if not isinstance(x, Selection):
            if np.ndim(x):
                raise refused("an array and elements chosen by a traced mask")
            return x
        if x.mask.atom is not self.mask.atom or x.values.shape != self.values.shape:
            raise refused("elements chosen by two traced masks")
        return x.values

    def refuse(self, *_: Any, **__: Any) -> Any:
        """Whatever else is asked of it; the line is that of x[mask]."""
        raise refused(UNKNOWN, self.line)

    __array_function__ = __array__ = __len__ = __iter__ = __getitem__ = __setitem__ = refuse

    def __getattr__(self, name: str) -> Any:
        if hasattr(np.ndarray, name) and not name.startswith("_"):
            self.refuse()
        raise AttributeError(name)


def selected(t: Trace, x: Tracer, mask: Any) -> Selection | None:
    """x[mask], if that is a traced mask of the leading axes whose values are not known."""
    if not isinstance(mask, Tracer) or mask.dtype != np.bool_ or not mask.ndim:
        return None
    if mask.owner.given(mask) is not None or mask.shape != x.shape[: mask.ndim]:
        return None
    return Selection(x, t.value(mask))


def written_back(t: Trace, x: Tracer, mask: Any, chosen: Selection, add: bool) -> Tracer:
    """x with the elements at a mask replaced by (or increased by) a selection of the same mask."""
    own = isinstance(mask, Tracer) and t.value(mask).atom is t.value(chosen.mask).atom
    if not own or chosen.values.shape != x.shape:
        raise refused("elements chosen by a traced mask, written to other places")
    v = a.cast(t.value(chosen.values), dtype=x.dtype_)
    condition = t.value(mask)
    wide = s.reshape(condition, shape=(*condition.shape, *(1,) * (x.ndim - condition.ndim)))
    return a.select(s.broadcast(wide, shape=x.shape), a.add(x, v) if add else v, x)
