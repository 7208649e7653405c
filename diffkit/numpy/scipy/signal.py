"""`dnp.scipy.signal`: convolution and correlation in any number of dimensions.

One operand is read in windows of the other's size, axis by axis, and the windows are contracted
with the other, reversed: two linear steps, whose transposes are again such.
"""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ShapeError, UnsupportedError, explain
from ...tracing.location import at_line
from ...tracing.tracer import recorder
from ..elementwise import together
from .dispatch import rest_of, standing_in

MODULE = "scipy.signal"


def operands(name: str, in1: Any, in2: Any, mode: str) -> tuple[Any, Any]:
    """Both inputs as tracers of one dtype and number of axes."""
    trace = recorder((in1, in2))
    assert trace is not None
    x, y = together(trace, in1, in2)
    asked = f"{MODULE}.{name}{at_line()}"
    if mode not in ("full", "same", "valid"):
        want = "mode= 'full', 'same' or 'valid'"
        raise ValueError(explain(asked, f"mode={mode!r}", want, "Choose one of these"))
    if x.ndim != y.ndim:
        got = f"{x.type} and {y.type}"
        raise ShapeError(explain(asked, got, "equally many axes", "Add axes with x[:, None]"))
    if x.size == 0 or y.size == 0:
        got, remedy = f"{x.type} and {y.type}", "Treat the empty case by itself"
        raise ShapeError(explain(asked, got, "at least one element in each", remedy))
    return x, y


def full(x: Any, y: Any) -> Any:
    """Σₖ x[n - k] y[k], everywhere where the two overlap."""
    if x.size < y.size:
        x, y = y, x
    ndim = x.ndim
    x = np.pad(x, [(n - 1, n - 1) for n in y.shape]) if ndim else x
    for axis, n in enumerate(y.shape):
        count = x.shape[axis] - n + 1
        x = np.moveaxis(np.take(x, np.arange(count)[:, None] + np.arange(n), axis), axis + 1, -1)
    return np.tensordot(x, y[(slice(None, None, -1),) * ndim], ndim)


def part(whole: Any, start: list[int], count: list[int]) -> Any:
    return whole[tuple(slice(k, k + n) for k, n in zip(start, count, strict=True))]


def covers(shape: Any, other: Any) -> bool:
    """Whether an array is at least as large along every axis."""
    return all(m >= n for m, n in zip(shape, other, strict=True))


def cut(name: str, whole: Any, x: Any, y: Any, mode: str) -> Any:
    """The part of a full convolution that a mode asks for."""
    if mode == "full" or whole.ndim == 0:
        return whole
    if mode == "same":
        start = [(n - 1) // 2 for n in y.shape]
        return part(whole, start, list(x.shape))
    if covers(x.shape, y.shape):
        small = y
    elif covers(y.shape, x.shape):
        small = x
    else:
        got, want = f"mode='valid' of {x.type} and {y.type}", "one as large along every axis"
        raise ValueError(explain(f"{MODULE}.{name}{at_line()}", got, want, "Use mode='same'"))
    pairs = list(zip(x.shape, y.shape, strict=True))
    return part(whole, [n - 1 for n in small.shape], [abs(m - n) + 1 for m, n in pairs])


@standing_in(MODULE)
def convolve(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """Σₖ in1[n - k] in2[k] over all axes; `method` is SciPy's affair and changes only rounding.

    >>> import numpy as np, diffkit as dk, diffkit.numpy as dnp
    >>> f = lambda x: np.sum(dnp.scipy.signal.convolve(x, np.array([1.0, 2.0])))
    >>> dk.grad(f)(np.ones(3))
    array([3., 3., 3.])
    """
    x, y = operands("convolve", in1, in2, mode)
    return cut("convolve", full(x, y), x, y, mode)


@standing_in(MODULE)
def fftconvolve(in1: Any, in2: Any, mode: str = "full", axes: Any = None) -> Any:
    """As `convolve`; equal to SciPy's to rounding."""
    if axes is not None:
        got, remedy = f"axes={axes!r}", "Convolve the slices one by one"
        asked = f"{MODULE}.fftconvolve{at_line()}"
        raise UnsupportedError(explain(asked, got, "axes=None for traced values", remedy))
    if np.size(in1) == 0 or np.size(in2) == 0:
        return np.zeros(0)
    x, y = operands("fftconvolve", in1, in2, mode)
    return cut("fftconvolve", full(x, y), x, y, mode)


@standing_in(MODULE)
def correlate(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """Σₖ in1[n + k] conj(in2[k]) over all axes.

    >>> import numpy as np, diffkit.numpy as dnp
    >>> dnp.scipy.signal.correlate(np.array([1.0, 2.0]), np.array([0.0, 3.0]))
    array([3., 6., 0.])
    """
    x, y = operands("correlate", in1, in2, mode)
    turned = np.conj(y[(slice(None, None, -1),) * y.ndim])
    return cut("correlate", full(x, turned), x, y, mode)


__getattr__ = rest_of(MODULE)
