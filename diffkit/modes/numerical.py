"""Numerical differentiation: differences of function values, and the complex step.

Central differences (f(x + hv) - f(x - hv)) / 2h have a truncation error h²|f‴|/6 and a rounding
error ε|f|/h; the sum is least near h = ε^(1/3), where about two thirds of the digits remain. One-
sided differences are best near h = ε^(1/2) and keep half the digits. Steps are rounded so that
x + h is exact, and scale with max(1, |x|) (Nocedal & Wright, Numerical Optimization, 2006, ch. 8).

The complex step reads f′ = Im f(x + ih)/h without a difference of nearby numbers, so h can be
1e-100 and no digit is lost (Squire & Trapp, SIAM Review 40, 1998). It runs the traced graph, with
analytic continuations for the functions that look at signs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from ..errors import UnsupportedError, explain
from ..graph import Graph, Op, all_nodes, evaluate
from ..numpy import stop_gradient
from ..ops.custom import callback, no_rule
from ..tracing import innermost
from ..types import Type, dtype_of
from .linear_map import Arrays, LinearMap
from .method import ComplexStep, Finite
from .real import require_real

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


def continued(op: Op) -> Callable[..., Any]:
    """The analytic continuation of an op where an operand is complex; else, as on the indices and
    counters of a program, the op itself."""

    def run(*args: Any, **attrs: Any) -> Any:
        function = op.complex if any(map(np.iscomplexobj, args)) else op.numpy
        assert function is not None
        return function(*args, **attrs)

    return run


def complex_step(graph: Graph, inputs: Sequence[Any], settings: ComplexStep) -> LinearMap:
    """Im f(x + ihv)/h, by evaluating the graph in complex numbers."""
    if innermost(inputs) is not None:
        raise UnsupportedError(
            explain(
                "method='complex-step' inside a traced function",
                "traced inputs, which have no imaginary part to move",
                "known inputs",
                "Use it for the outermost derivative, and 'forward' or 'reverse' inside",
            )
        )
    require_real(graph, "method='complex-step'")
    for node in all_nodes(graph):
        if node.op is callback:
            raise no_rule(node, "the complex step")
    table = {n.op.name: continued(n.op) for n in all_nodes(graph) if n.op.complex is not None}
    ih = np.complex128(1j * settings.step)  # in single precision the step would vanish

    def push(dxs: Arrays) -> tuple[Arrays, Arrays]:
        moved = [x + ih * dx for x, dx in zip(inputs, dxs, strict=False)]
        out = evaluate(graph, [*moved, *inputs[len(moved) :]], table)
        rows = zip(out, values(), graph.types, strict=True)
        slopes = [slope(y, value).astype(t.dtype.numpy) for y, value, t in rows if t.differentiable]
        return values(), slopes

    @cache
    def values() -> Arrays:
        return evaluate(graph, inputs)

    def slope(y: Any, value: Any) -> Any:
        """Outside its domain a real function is nan, where its continuation has some value."""
        return np.where(np.isnan(value), np.nan, np.imag(y) / settings.step)[()]

    return LinearMap(graph.types, values, push)
