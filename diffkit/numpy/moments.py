"""Weighted means, covariances and correlations on traced values."""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import ShapeError, explain
from ..ops.arithmetic import stop_gradient
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from .arguments import NO_VALUE, normal_axes
from .elementwise import together


def average(
    t: Trace, a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *,
    keepdims: Any = NO_VALUE,
) -> Any:  # fmt: skip
    """Σ w a / Σ w, and the sum of the weights with it if asked."""
    kept = keepdims is not NO_VALUE and bool(keepdims)
    x: Any = t.value(a)
    if weights is None:
        found: Any = np.mean(x, axis=axis, keepdims=kept)
        total: Any = np.full(found.shape, x.size / max(found.size, 1), found.dtype)[()]
        return (found, total) if returned else found
    normal_axes(axis, x.ndim, "np.average")
    w: Any = weights_for(t, weights, x, axis)
    x, w = together(t, x, w)
    if not x.type.differentiable:
        x, w = (v.astype(np.float64) for v in (x, w))
    total = np.sum(w, axis=axis, keepdims=kept)
    known = total.owner.given(total)
    if known is not None and np.any(known == 0):
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    found = np.sum(x * w, axis=axis, keepdims=kept) / total
    return (found, np.broadcast_to(total, found.shape)) if returned else found


def weights_for(t: Trace, weights: Any, x: Any, axis: Any) -> Any:
    """Weights of the shape of the elements, or of the axes over which is averaged."""
    w: Any = t.value(weights)
    if w.shape == x.shape:
        return w
    axes = normal_axes(axis, x.ndim, "np.average")
    if axis is None or w.shape != tuple(x.shape[k] for k in axes):
        got = f"weights {w.type} for {x.type} over axis {axis}"
        want, remedy = "weights of the shape of the array, or of these axes", "Reshape them"
        raise ShapeError(explain(f"np.average{at_line()}", got, want, remedy))
    return np.reshape(w, tuple(n if k in axes else 1 for k, n in enumerate(x.shape))) + np.zeros(
        x.shape, w.dtype
    )


def cov(
    t: Trace, m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None,
    fweights: Any = None, aweights: Any = None, *, dtype: Any = None,
) -> Any:  # fmt: skip
    """The covariances of variables in rows (or columns): (X - mean) W (X - mean)ᴴ / norm."""
    x: Any = variables(t, m, rowvar)
    if x.shape[0] == 0:
        return np.zeros((0, 0))
    if y is not None:
        x = np.concatenate([x, variables(t, y, rowvar)], axis=0)
    x = x.astype(np.result_type(x.dtype, np.float64) if dtype is None else dtype)
    lost = (0 if bias else 1) if ddof is None else ddof
    w = 1.0 if fweights is None else positive_weights(t, fweights, "fweights")
    if aweights is not None:
        w = w * positive_weights(t, aweights, "aweights")
    given = isinstance(w, Tracer) or np.ndim(w) > 0
    weights: Any = w if given else None
    mean, total = average(t, x, 1, weights, True)
    total = total[0] if given else float(x.shape[1])
    if not given:
        norm: Any = x.shape[1] - lost
    elif lost == 0:
        norm = total
    elif aweights is None:
        norm = total - lost
    else:
        norm = total - lost * np.sum(w * aweights) / total
    if not isinstance(norm, Tracer) and norm <= 0:
        norm = 0.0
    away = x - mean[:, None]
    spread = away if weights is None else away * w
    return np.squeeze(np.dot(away, np.conjugate(spread.T)) * np.true_divide(1, norm))


def variables(t: Trace, x: Any, rowvar: bool) -> Any:
    v: Any = np.atleast_2d(t.value(x))
    return v.T if not rowvar and np.ndim(x) == 2 else v


def positive_weights(t: Trace, given: Any, name: str) -> Any:
    """Weights as floats; negative ones, where they are known, are refused."""
    w: Any = given.astype(np.float64) if isinstance(given, Tracer) else np.asarray(given, float)
    if not isinstance(w, Tracer) and np.any(w < 0):
        got, want = f"negative {name}", "weights of at least 0"
        raise ShapeError(explain(f"np.cov{at_line()}", got, want, "Check the weights"))
    return w


def corrcoef(
    t: Trace, x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None
) -> Any:  # fmt: skip
    """The covariances, divided by the deviations of both; parts beyond ±1 by rounding are cut."""
    c: Any = cov(t, x, y, rowvar, dtype=dtype)
    if np.ndim(c) == 0:
        return c / c
    deviation = np.sqrt(np.real(np.diag(c)))
    c = c / deviation[:, None] / deviation[None, :]
    if c.dtype.kind == "c":
        return np.clip(np.real(c), -1, 1) + 1j * np.clip(np.imag(c), -1, 1)
    return within_one(c)


def within_one(c: Any) -> Any:
    """c, or ±1 where it is beyond by rounding; the derivative is that of c everywhere."""
    beyond = np.absolute(c) > 1
    return np.where(beyond, np.sign(c) + (c - stop_gradient(c)), c)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.average: average, np.cov: cov, np.corrcoef: corrcoef,
}  # fmt: skip
