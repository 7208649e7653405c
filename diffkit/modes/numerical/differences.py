"""Differences of function values.

Central differences (f(x + hv) - f(x - hv)) / 2h have a truncation error h²|f‴|/6 and a rounding
error ε|f|/h; the sum is least near h = ε^(1/3), where about two thirds of the digits remain. One-
sided differences are best near h = ε^(1/2) and keep half the digits. Steps are rounded so that
x + h is exact, and scale with max(1, |x|) (Nocedal & Wright, Numerical Optimization, 2006, ch. 8).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import UnsupportedError, explain
from ...numpy import stop_gradient
from ...types import Type, dtype_of
from ..linear_map import Arrays, LinearMap
from ..method import Finite

EXPONENTS = {"central": 1 / 3, "forward": 1 / 2, "backward": 1 / 2}


def finite(f: Callable[..., Arrays], inputs: Arrays, settings: Finite) -> LinearMap:
    """Directional differences of a flat function from arrays to arrays."""
    if settings.scheme not in EXPONENTS:
        want = ", ".join(f'"{name}"' for name in EXPONENTS)
        got = f"scheme={settings.scheme!r}"
        raise UnsupportedError(explain("dk.Finite", got, want, "Choose one of these"))
    center = f(*inputs)

    def push(dxs: Arrays) -> tuple[Arrays, Arrays]:
        h = step_length(inputs, dxs, settings)

        def at(sign: float) -> Arrays:
            return f(*[x + sign * h * dx for x, dx in zip(inputs, dxs, strict=True)])

        upper = center if settings.scheme == "backward" else at(1.0)
        lower = center if settings.scheme == "forward" else at(-1.0)
        width = 2 * h if settings.scheme == "central" else h
        return center, [(u - v) / width for u, v in zip(upper, lower, strict=True)]

    return LinearMap(
        tuple(Type(dtype_of(y.dtype), np.shape(y)) for y in center), lambda: center, push
    )


def step_length(inputs: Arrays, dxs: Arrays, settings: Finite) -> Any:
    """h, relative to the largest coordinate that moves (at least 1), and a power of two, so that
    x ± h rounds as little as it can."""
    dtype = min((np.result_type(x.dtype) for x in inputs), key=lambda d: np.finfo(d).precision)
    eps = float(np.finfo(dtype).eps)
    relative = eps ** EXPONENTS[settings.scheme] if settings.step is None else settings.step
    size: Any = 1.0
    speed: Any = 0.0
    for x, dx in zip(inputs, dxs, strict=True):
        if dx.size:
            size = np.maximum(size, np.max(np.abs(x) * (dx != 0)))
            speed = np.maximum(speed, np.max(np.abs(dx)))
    h: Any = relative * stop_gradient(size / np.where(speed == 0, 1.0, speed))
    if settings.step is not None:
        return h
    return stop_gradient(np.exp2(np.rint(np.log2(h))))
