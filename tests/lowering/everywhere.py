"""Every elementwise op in a few programs, at the values where formulas break."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

import diffkit as dk
from diffkit.errors import DiffkitError
from diffkit.graph import Graph, Op
from diffkit.lowering.elements import ELEMENTWISE
from diffkit.ops import FAMILIES
from diffkit.types import DType, b1, f32, f64, i32, i64

OPS: dict[str, Op] = {
    value.name: value
    for family in FAMILIES
    for value in vars(family).values()
    if isinstance(value, Op) and value.name in ELEMENTWISE
}
FLOATS_ONLY = ("pow", "polygamma", "scale")
"""Powers of integers raise where the exponent is negative; the others are emitted for floats."""
DTYPES = (f64, f32, i64, i32, b1)
ATTRS: dict[str, list[dict[str, Any]]] = {
    "cast": [{"dtype": dtype} for dtype in DTYPES],
    "polygamma": [{"n": 0}, {"n": 1}, {"n": 2}],
}

DOUBLES = np.array([
    np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, -5e-324, 2.3e-308, -1e-310, 1e-20, -1e-9, 0.3, -0.3,
    0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.0, -2.0, 2.5, -3.0, 7.25, -33.4, 88.9, -104.1, 709.9, -745.3,
    1e5, -1e5, 4503599627370497.5, 1e22, -1e200, 1.7e308,
])  # fmt: skip
SINGLES = np.array([
    np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, -1e-45, 1.2e-38, 1e-20, -1e-9, 0.3, -0.3, 0.5, -0.5,
    1.0, -1.0, 1.5, -1.5, 2.0, 2.5, -3.0, 7.25, -33.4, 88.9, -104.1, 1e5, -8388609.0, 1e22, 3.3e38,
], np.float32)  # fmt: skip
LONGS = np.array([0, 1, -1, 2, -2, 3, -3, 7, -7, 10, -128, 2**31, -(2**31) - 1, 2**40, 2**62])
INTS = np.array([0, 1, -1, 2, -2, 3, -3, 7, -7, 10, -128, 2**15, -(2**30), 2**31 - 1], np.int32)
VALUES: dict[DType, Any] = {
    f64: DOUBLES, f32: SINGLES, i64: LONGS, i32: INTS, b1: np.array([False, True]),
}  # fmt: skip


def grid(dtype: DType) -> tuple[Any, Any]:
    """Every value with every other, as two arrays of one axis."""
    values = VALUES[dtype]
    return np.repeat(values, len(values)), np.tile(values, len(values))


def operands(op: Op, x: Any, y: Any, attrs: dict[str, Any]) -> tuple[Any, ...] | None:
    """As many as the op takes; None if it does not take their dtype."""
    ones = np.ones(1, y.dtype)
    for given, plain in (
        ((x,), (ones,)), ((x, y), (ones, ones)), ((x > y, x, y), (ones > 0, ones, ones)),
    ):  # fmt: skip
        try:
            with np.errstate(all="ignore"):
                dtype = np.asarray(op.numpy(*plain, **attrs)).dtype
            if op(*given, **attrs).dtype == dtype:  # NumPy casts integers before it calls some
                return given
        except (DiffkitError, TypeError, ValueError):
            continue
    return None


def rows(dtype: DType) -> list[tuple[Op, dict[str, Any]]]:
    """The ops that take this dtype, with attributes."""
    found: list[tuple[Op, dict[str, Any]]] = []

    def f(x: Any, y: Any) -> Any:
        for op in OPS.values():
            for attrs in ATTRS.get(op.name, [{}]):
                if operands(op, x, y, attrs) and (dtype.kind == "f" or op.name not in FLOATS_ONLY):
                    found.append((op, attrs))
        return x

    dk.trace(f)(dtype[1], dtype[1])
    return found


def groups(dtype: DType, size: int = 16) -> Iterator[tuple[Graph, list[str]]]:
    """Graphs of some ops each on the same two arrays, and the name of each result."""
    taken = rows(dtype)
    for k in range(0, len(taken), size):
        part = taken[k : k + size]

        def f(x: Any, y: Any, part: list[tuple[Op, dict[str, Any]]] = part) -> Any:
            return [op(*(operands(op, x, y, attrs) or ()), **attrs) for op, attrs in part]

        names = [" ".join([op.name, *map(str, attrs.values())]) for op, attrs in part]
        n = len(VALUES[dtype]) ** 2
        yield dk.trace(f)(dtype[n], dtype[n]), names
