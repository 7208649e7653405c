"""The order of elements: the one op of sorting, whose result is integers.

What is sorted is then read by these indices, and that has a derivative. `kind` is "stable", where
equal elements keep their order, or "quicksort", where their order is NumPy's; a nan comes last.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..graph import Constant, Op
from ..types import Type, i64
from .continuation import by_real_part


def infer_argsort(x: Type, axis: int, kind: str) -> Type:
    return x.with_dtype(i64)


def numpy_argsort(x: Any, axis: int, kind: Any) -> Any:
    return np.argsort(x, axis=axis, kind=kind)


def lead_argsort(size: int, axis: int, kind: str) -> dict[str, Any]:
    return {"axis": axis + 1, "kind": kind}


argsort = Op(
    "argsort",
    infer_argsort,
    numpy_argsort,
    Constant(),
    by_real_part(numpy_argsort),
    lead=lead_argsort,
)
