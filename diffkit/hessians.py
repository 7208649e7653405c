"""Hessians by values of the function alone, for trees of arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from .calls import Call, require_float
from .errors import DtypeError, ShapeError, UnsupportedError, explain
from .linearized import limits_of
from .modes.method import Black
from .modes.numerical import sweeps
from .modes.numerical.black_box import BlackBox
from .tracing import as_input, function_name, innermost, trees
from .tracing.location import at_line


def hessian_by_values(call: Call, method: Black) -> Any:
    """The tree of trees of second derivatives of a scalar function."""
    require_float(call)
    asked = f"{call.asked}{at_line()}"
    leaves = [as_input(x) for x in call.leaves]
    if innermost(leaves) is not None:
        got, want = f"method={type(method).__name__} with traced arguments", "known arguments"
        remedy = "Use it for the outermost derivative, and leave method out inside"
        raise UnsupportedError(explain(asked, got, want, remedy))
    if any(np.iscomplexobj(x) for x in leaves):
        got, want, remedy = "complex arguments", "real ones", "Leave method out"
        raise DtypeError(explain(asked, got, want, remedy))
    ends = np.cumsum([0, *(x.size for x in leaves)])
    places = list(zip(ends.tolist(), ends[1:].tolist(), leaves, strict=False))

    def flat(vector: Any) -> Any:
        return call.apart().flat(*[vector[a:b].reshape(x.shape)[()] for a, b, x in places])

    limits = limits_of(call, method)
    bounds = None if limits is None else tuple(map(joined, zip(*limits, strict=True)))
    box = BlackBox(flat, joined(leaves), (), bounds, False, asked)
    if box.center.shape != ():
        got = f"{function_name(call.f)} returned an array of shape {box.center.shape}"
        raise ShapeError(explain(asked, got, "one floating-point scalar", "Sum it (np.sum)"))
    found = sweeps.hessian(box, method).value

    def row(a: int, b: int, x: Any) -> Any:
        blocks = [
            found[a:b, c:d].reshape(x.shape + y.shape).astype(np.result_type(x, y))[()]
            for c, d, y in places
        ]
        return call.put_together(trees.unflatten(call.tree, blocks))

    return call.put_together(trees.unflatten(call.tree, [row(*place) for place in places]))


def joined(arrays: Any) -> Any:
    """Arrays as one vector in double precision."""
    return np.concatenate([np.ravel(x) for x in arrays] or [np.zeros(0)], dtype=np.float64)
