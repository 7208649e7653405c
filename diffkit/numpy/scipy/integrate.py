"""`dnp.scipy.integrate`: integrals of sampled functions.

The rules are linear in the samples and rational in the abscissae; both may be traced. (Solvers of
differential equations with their adjoints are in `dk.solve`.)
"""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ShapeError, explain
from ...tracing.location import at_line
from ...tracing.tracer import recorder
from ..arguments import normal_axis
from ..reduce import floating
from .dispatch import rest_of, standing_in

MODULE = "scipy.integrate"


def along(name: str, y: Any, x: Any, dx: Any, axis: int) -> tuple[Any, Any]:
    """The samples with their axis in front, and the steps between them, shaped to go with them."""
    trace = recorder((y, x, dx))
    assert trace is not None
    samples: Any = floating(trace, y)
    place = normal_axis(axis, samples.ndim, f"{MODULE}.{name}")
    samples = np.moveaxis(samples, place, 0)
    count, rest = samples.shape[0], samples.ndim - 1
    if x is None:
        return samples, dx * np.ones((max(count - 1, 0), *(1 for _ in range(rest))), samples.dtype)
    points: Any = floating(trace, x)
    if points.ndim == 1:
        steps = points[1:] - points[:-1]
        return samples, np.reshape(steps, (-1, *(1 for _ in range(rest))))
    points = np.moveaxis(points, place, 0)
    return samples, points[1:] - points[:-1]


@standing_in(MODULE)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Σ (yₖ + yₖ₊₁)/2 · (xₖ₊₁ - xₖ) along an axis.

    >>> import numpy as np, diffkit as dk, diffkit.numpy as dnp
    >>> dk.grad(dnp.scipy.integrate.trapezoid)(np.ones(3))
    array([0.5, 1. , 0.5])
    """
    samples, steps = along("trapezoid", y, x, dx, axis)
    return np.sum(steps * (samples[1:] + samples[:-1]) / 2, axis=0)


@standing_in(MODULE)
def cumulative_trapezoid(
    y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1, initial: Any = None
) -> Any:
    """The running sums of `trapezoid`, after `initial` (0) if that is given.

    >>> import numpy as np, diffkit.numpy as dnp
    >>> dnp.scipy.integrate.cumulative_trapezoid(np.ones(3), initial=0)
    array([0., 1., 2.])
    """
    samples, steps = along("cumulative_trapezoid", y, x, dx, axis)
    if samples.shape[0] == 0:
        asked, got = f"{MODULE}.cumulative_trapezoid{at_line()}", "no samples"
        raise ShapeError(explain(asked, got, "at least one", "Treat the empty case by itself"))
    sums: Any = np.cumsum(steps * (samples[1:] + samples[:-1]) / 2, axis=0)
    if initial is not None:
        first = np.full((1, *sums.shape[1:]), float(initial), sums.dtype)
        sums = np.concatenate([first, sums])
    return np.moveaxis(sums, 0, axis)


def parabolas(y: Any, h: Any) -> Any:
    """Simpson's rule for an even number of steps, which may differ: the integral of the parabola
    through three samples, over pairs of steps."""
    first, second = h[0::2], h[1::2]
    both, product, ratio = first + second, first * second, first / second
    weights = (2 - 1 / ratio, both * both / product, 2 - ratio)
    rows = zip(weights, (y[0:-2:2], y[1:-1:2], y[2::2]), strict=True)
    return np.sum(both / 6 * sum(w * row for w, row in rows), axis=0)


def last_step(y: Any, h: Any) -> Any:
    """The integral over the last step, of the parabola through the last three samples
    (Cartwright, Journal of Mathematical Sciences and Mathematics Education 11, 2017)."""
    p, q = h[-2], h[-1]
    end = (2 * q * q + 3 * p * q) / (6 * (p + q))
    middle = (q * q + 3 * p * q) / (6 * p)
    return end * y[-1] + middle * y[-2] - q**3 / (6 * p * (p + q)) * y[-3]


@standing_in(MODULE)
def simpson(y: Any, x: Any = None, *, dx: Any = 1.0, axis: int = -1) -> Any:
    """Simpson's rule along an axis, also for steps that differ and for an even number of samples.

    >>> import numpy as np, diffkit as dk, diffkit.numpy as dnp
    >>> f = lambda y: dnp.scipy.integrate.simpson(y, dx=3.0)
    >>> dk.grad(f)(np.ones(3))
    array([1., 4., 1.])
    """
    samples, steps = along("simpson", y, x, dx, axis)
    if x is not None:
        steps = steps.astype(np.float64)
    count = samples.shape[0]
    if count % 2:
        return parabolas(samples, steps)
    if count == 2:
        return 0.5 * steps[0] * (samples[0] + samples[1])
    return parabolas(samples[:-1], steps[:-1]) + last_step(samples, steps)


__getattr__ = rest_of(MODULE)
