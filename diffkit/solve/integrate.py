"""Integration of a vector dy/dt = f(y, t) through given times, by steps of a method.

With fixed steps this is a scan over the intervals. With adaptive steps it is a scan of while loops:
the step length follows the error e of a step, the mean square of error / (atol + rtol·|y|),

    h ← h · clip(0.9 · e^(-1/2q), 0.2, 10),    a step with e > 1 is taken again

(Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, 1993, chapter II.4). Each of
the given times ends a step, so nothing is interpolated. The step lengths are part of the program,
and are differentiated like the rest of it.
"""

# NumPy's stubs leave the results of many functions untyped, and no annotation of a lambda can help.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..control import fori_loop, scan, while_loop
from ..numpy import stop_gradient
from .info import Info
from .tableau import DOPRI5, RK4, Step, explicit_step, radau_step

Function = Callable[..., Any]

SAFETY, SLOWEST, FASTEST = 0.9, 0.2, 10.0
FLOOR = 1e-16
"""The least squared error that a step length is computed from: no power of zero is taken, and the
factor is beyond FASTEST there."""
STRETCH = 1.01
"""How much longer than planned the last step of an interval may be, so as not to leave a crumb."""
ERROR_ORDER = {"dopri5": 5, "radau": 4}
METHODS = ("dopri5", "rk4", "radau")


@dataclass(frozen=True, slots=True)
class Settings:
    """How to integrate."""

    method: str
    rtol: float
    atol: float
    steps: int | None
    """Steps of equal length in each interval; None for steps of the length that the error asks."""
    max_steps: int
    checkpoint: int | str | None
    by_theorem: bool
    """Whether implicit stages are differentiated by the implicit function theorem."""

    @property
    def step(self) -> Callable[..., Step]:
        """`step(f, y, t, h, slope)`."""
        if self.method == "radau":
            return partial(radau_step, self.by_theorem)
        return partial(explicit_step, RK4 if self.method == "rk4" else DOPRI5)


def integrate(settings: Settings, f: Function, y0: Any, ts: Any) -> tuple[Any, Info]:
    """`(rows, info)`: y at each of ts, which go up or down; the residual is the time left at the
    end, which is there if the steps did not suffice."""
    sign = np.where(ts[-1] >= ts[0], 1, -1).astype(ts.dtype)
    times = sign * ts

    def field(y: Any, t: Any) -> Any:
        return sign * f(y, sign * t)

    run = fixed if settings.steps is not None else adaptive
    rows, info = run(settings, field, y0, times)
    ordered = np.all(times[1:] >= times[:-1])
    return np.concatenate([y0[None], rows]), info._replace(
        converged=np.logical_and(info.converged, ordered)
    )


def fixed(settings: Settings, f: Function, y0: Any, ts: Any) -> tuple[Any, Info]:
    """Steps of equal length in each interval."""
    count = settings.steps
    assert count is not None
    take = settings.step

    def interval(carry: Any, span: Any) -> Any:
        start, end = span
        h = (end - start) / count

        def one(k: Any, state: Any) -> Any:
            y, slope, ok = state
            after = take(f, y, start + k * h, h, slope)
            return after.y, after.slope, np.logical_and(ok, after.ok)

        carry = one(0, carry) if count == 1 else fori_loop(0, count, one, carry)
        return carry, carry[0]

    first = (y0, f(y0, ts[0]), np.asarray(True)[()])
    spans = (ts[:-1], ts[1:])
    (_, _, ok), rows = scan(interval, first, spans, checkpoint=settings.checkpoint)
    steps = np.int64(count * (np.shape(ts)[0] - 1))
    return rows, Info(ok, steps, np.zeros((), ts.dtype)[()])


def adaptive(settings: Settings, f: Function, y0: Any, ts: Any) -> tuple[Any, Info]:
    """Steps as long as the error allows."""
    most, power = settings.max_steps, -1 / (2 * ERROR_ORDER[settings.method])
    take = settings.step

    def squared_error(error: Any, y: Any, z: Any) -> Any:
        scale = settings.atol + settings.rtol * np.maximum(np.abs(y), np.abs(z))
        return np.mean((error / scale) ** 2)

    def interval(carry: Any, end: Any) -> Any:
        def going(state: Any) -> Any:
            t, *_, steps = state
            return np.logical_and(t < end, steps < most)

        def advance(state: Any) -> Any:
            t, y, h, slope, steps = state
            last = STRETCH * h >= end - t
            length = np.where(last, end - t, h)
            after = take(f, y, t, length, slope)
            e = squared_error(after.error, y, after.y)
            usable = np.logical_and(after.ok, np.isfinite(e))
            tame = np.maximum(np.where(usable, e, 1), FLOOR)
            factor = np.where(usable, np.clip(SAFETY * tame**power, SLOWEST, FASTEST), SLOWEST)
            accept = np.logical_and(usable, e <= 1)
            planned = length * factor
            # A step that was cut short at the end of an interval says nothing against longer ones.
            planned = np.where(np.logical_and(accept, last), np.maximum(h, planned), planned)
            t = np.where(accept, np.where(last, end, t + length), t)
            y = np.where(accept, after.y, y)
            return t, y, planned, np.where(accept, after.slope, slope), steps + 1

        carry = while_loop(going, advance, carry, most)
        return carry, carry[1]

    slope = f(y0, ts[0])
    first = (ts[0], y0, first_length(settings, y0, slope), slope, np.int64(0))
    (t, *_, steps), rows = scan(interval, first, ts[1:], checkpoint=settings.checkpoint)
    left = stop_gradient(ts[-1] - t)
    return rows, Info(left <= 0, steps, left)


def first_length(settings: Settings, y: Any, slope: Any) -> Any:
    """A hundredth of the time in which y would change by its own size, or 1e-6 where that says
    nothing; far too short is no harm, as steps grow fast."""
    scale = settings.atol + settings.rtol * np.abs(y)
    size, speed = np.mean((y / scale) ** 2), np.mean((slope / scale) ** 2)
    known = np.logical_and(size > 1e-10, speed > 1e-10)
    ratio = np.where(known, size, 1) / np.where(known, speed, 1)
    return np.where(known, 0.01 * np.sqrt(ratio), 1e-6).astype(y.dtype)
