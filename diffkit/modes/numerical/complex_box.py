"""The complex step for a black box that computes with complex numbers as it does with real ones.

Im f(x + ihv)/h needs no graph, but trusts f: a single abs, comparison or cast in it loses the
imaginary part, and the derivative is silently wrong (Martins, Sturdza & Alonso, The complex-step
derivative approximation, ACM TOMS 29, 2003). So the result is held against a real difference along
one direction. The error bar is what the result changes when x moves by a rounding error, as what
follows cannot know x better than that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DtypeError, explain
from ..method import ComplexStep
from .black_box import BlackBox
from .estimate import Estimate
from .steps import EPSILON
from .sweeps import check, probe

ANALYTIC = (
    "the same, as of an analytic function",
    "Replace abs, conj, comparisons and the like in f, or use another method",
)


def directional(box: BlackBox, v: Any, settings: ComplexStep) -> Estimate:
    """The derivative along a direction of the shape of x."""
    value, error = (a[..., 0] for a in slopes(box, v[..., None], settings))
    speed = float(np.max(np.abs(v), initial=0)) or 1.0
    check(box, v / speed, 1, value / speed, np.abs(value) / speed, error / speed, ANALYTIC)
    return Estimate(value, error, (settings.step,), box.calls, "complex step")


def jacobian(box: BlackBox, settings: ComplexStep) -> Estimate:
    """All columns: results in front, the shape of x behind."""
    n = box.x.size
    value, error = slopes(box, np.eye(n).reshape(*box.x.shape, n), settings)
    v = probe(box)
    check(box, v, 1, value @ v, np.abs(value) @ np.abs(v), error @ np.abs(v), ANALYTIC)
    shape = box.center.shape + box.x.shape
    return Estimate(
        value.reshape(shape), error.reshape(shape), (settings.step,), box.calls, "complex step"
    )


def slopes(box: BlackBox, directions: Any, settings: ComplexStep) -> tuple[Any, Any]:
    """Derivatives along directions, which lie along a last axis, and their bars."""
    here = imaginary(box, box.x, directions, settings)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], box.x.shape)
    beside = box.held(box.x * (1 + 2 * EPSILON * signs))
    near = imaginary(box, beside, directions, settings)
    value = np.where(np.isfinite(box.center)[..., None], here, np.nan)
    error = 4 * (np.abs(here - near) + EPSILON * np.abs(here))
    return value, np.where(np.isfinite(value), error, np.inf)


def imaginary(box: BlackBox, x: Any, directions: Any, settings: ComplexStep) -> Any:
    """Im f(x + ihd)/h for all directions, in one call where f takes them so."""
    points = x[..., None] + 1j * settings.step * directions
    count = points.shape[-1]
    many = box.vectorized
    found = [box.raw(points)] if many else [box.raw(points[..., k]) for k in range(count)]
    if any(np.asarray(y).dtype.kind != "c" for y in found):
        got, want = "real results for complex arguments", "complex ones"
        remedy = "Let f keep the imaginary part, or use another method"
        raise DtypeError(explain(box.asked, got, want, remedy))
    ys = found[0] if many else np.stack(found, -1) if found else np.zeros((*box.center.shape, 0))
    return np.imag(ys) / settings.step
