"""Arguments for the functions of the standard, and a call of one on a namespace."""

from __future__ import annotations

import zlib
from functools import reduce
from typing import Any

import numpy as np

from .standard import Call, Function


def find(namespace: Any, name: str) -> Any:
    """`linalg.qr` of a namespace."""
    return reduce(getattr, name.split("."), namespace)


def values(function: Function, dtype: str, shape: tuple[int, ...], seed: int = 0) -> Any:
    """An array of random numbers on which the function is defined."""
    rng = np.random.default_rng(zlib.crc32(function.name.encode()) + seed)
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return rng.random(shape) < 0.5
    low = max(function.low, 0) if kind.kind == "u" else function.low
    numbers: Any = rng.uniform(low, function.high, shape)
    if kind.kind == "c":
        numbers = numbers + 1j * rng.uniform(low, function.high, shape)
    if function.positive_definite and len(shape) > 1 and shape[-1] == shape[-2]:
        numbers = numbers @ np.conj(np.swapaxes(numbers, -1, -2)) + np.eye(shape[-1])
    return numbers.astype(kind) if kind.kind in "fc" else np.floor(numbers).astype(kind)


def arguments(function: Function, dtype: str, shapes: Any = None) -> list[Any]:
    """The arrays of a call; those with a dtype of their own keep it."""
    found: list[Any] = []
    for k, shape in enumerate(function.arrays if shapes is None else shapes):
        if isinstance(shape, np.ndarray):
            floats = shape.dtype.kind == "f"
            found.append(np.maximum(shape, 0).astype(dtype) if floats and dtype[0] == "u"
                         else shape.astype(dtype) if floats else shape)  # fmt: skip
        else:
            found.append(values(function, dtype, shape, k))
    return found


def call(xp: Any, function: Function, call: Call, arrays: Any) -> Any:
    """The function of a namespace, called."""
    keywords = {k: getattr(xp, v) if k == "dtype" else v for k, v in call.keywords.items()}
    extra = (getattr(xp, keywords.pop("dtype_")),) if "dtype_" in keywords else ()
    if keywords.get("device") == "cpu":
        keywords["device"] = xp.__array_namespace_info__().default_device()
    arrays = [list(arrays)] if function.gathered else arrays
    return find(xp, function.name)(*arrays, *extra, *call.args, **keywords)


def flat(result: Any) -> list[Any]:
    """The arrays of a result, which may be one or a tuple of them."""
    return list(result) if isinstance(result, tuple | list) else [result]
