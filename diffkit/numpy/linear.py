"""`np.linalg` on traced values. (A module of the name `linalg` would hide NumPy's in `dnp`.)"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError, explain
from ..ops import arithmetic as a
from ..ops import linalg as la
from ..ops import shape as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from ..types import dtype_of


def solve(t: Trace, A: Any, b: Any) -> Tracer:
    """np.linalg.solve: b is a vector if it has one axis, else columns; leading axes broadcast."""
    p, q = (t.value(x) for x in (A, b))
    if p.ndim < 2 or p.shape[-1] != p.shape[-2] or q.ndim == 0:
        want, remedy = "a square matrix and a right-hand side", "Check the shapes"
        got = f"shapes {p.shape} and {q.shape}"
        raise ShapeError(explain(f"np.linalg.solve{at_line()}", got, want, remedy))
    common: Any = np.result_type(p.dtype, q.dtype)
    wide = common if common.kind in "fc" else np.float64
    p, q = (a.cast(x, dtype=dtype_of(wide)) for x in (p, q))
    core = 1 if q.ndim == 1 else 2
    if q.shape[q.ndim - core] != p.shape[-1]:
        got, want = f"shapes {p.shape} and {q.shape}", f"{p.shape[-1]} rows in the second"
        remedy = "A stack of vectors needs a last axis of 1: b[..., None]"
        raise ShapeError(explain(f"np.linalg.solve{at_line()}", got, want, remedy))
    if p.ndim > 2 or q.ndim > 2:
        lead = np.broadcast_shapes(p.shape[:-2], q.shape[: q.ndim - core])
        p = s.broadcast(p, shape=(*lead, *p.shape[-2:]))
        q = s.broadcast(q, shape=(*lead, *q.shape[q.ndim - core :]))
    return la.solve(p, q, strict=True)


FUNCTIONS: dict[Any, Callable[..., Any]] = {np.linalg.solve: solve}
