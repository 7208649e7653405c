"""What rules of functions that broadcast need."""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .arrays import metadata


def unbroadcast(x: Any, target_meta: Any, broadcast_idx: int = 0) -> Any:
    """A cotangent summed over the axes along which its argument was stretched; `target_meta` is
    `metadata` of that argument. New axes were put before axis `broadcast_idx`, or, if it is -1,
    behind the last."""
    shape, ndim, _, is_complex = target_meta
    extra = np.ndim(x) - ndim
    if extra > 0:
        first = np.ndim(x) - extra if broadcast_idx == -1 else broadcast_idx
        x = np.sum(x, axis=tuple(range(first, first + extra)))
    stretched = tuple(k for k, n in enumerate(shape) if n == 1 and np.shape(x)[k] != 1)
    if stretched:
        x = np.sum(x, axis=stretched, keepdims=True)
    return np.real(x) if metadata(x)[3] and not is_complex else x


def unbroadcast_f(target: Any, f: Callable[..., Any]) -> Callable[..., Any]:
    """The function of a cotangent that unbroadcasts what f gives to the shape of `target`.

    >>> import numpy as np
    >>> unbroadcast_f(1.0, lambda g: 2 * g)(np.ones(3))
    np.float64(6.0)
    """
    meta = metadata(target)
    return lambda g: unbroadcast(f(g), meta)


def match_complex(target: Any, x: Any) -> Any:
    """x as a complex or real array, as `target` is."""
    wanted, given = metadata(target)[3], metadata(x)[3]
    if wanted and not given:
        return x + 0j
    return np.real(x) if given and not wanted else x
