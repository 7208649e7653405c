"""The continuous adjoint: differentiate the equation, then discretise that.

With λ the derivative of a loss by the state y(t), and θ the parameters of f,

    dλ/dt = -f_yᵀ λ,    dμ/dt = -f_θᵀ λ,    λ jumps by the cotangent of y(tᵢ) at each tᵢ

run backward in time together with y, which is computed again from the values at the times tᵢ; μ
ends as the cotangent of θ, λ as that of y0 (Pontryagin et al., 1962; Chen et al., Neural Ordinary
Differential Equations, arXiv:1806.07366, appendix B). The cotangent of a time tᵢ is ȳᵢ·f(yᵢ, tᵢ).
Tangents integrate the variational equation dẏ/dt = f_y ẏ + f_θ θ̇ forward.

Memory does not grow with the number of steps. The price: these are the derivatives of the exact
solution up to the tolerance, not those of the computed one, and running a dissipative equation
backward is unstable (Gholami et al., arXiv:1902.10298). Prefer the discrete adjoint.
"""

# NumPy's stubs leave the results of many functions untyped, and no annotation of a lambda can help.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..api import jvp, vjp
from ..control import Custom, scan
from .info import Info, checked
from .integrate import Settings, integrate
from .vectors import Layout

Function = Callable[..., Any]


def backsolve(
    program: Function, settings: Settings, field: Function, operands: Sequence[Any]
) -> Any:
    """The rows of `program(y0, ts, *θ)`, with the adjoint equation for a derivative."""
    inner = replace(settings, checkpoint=None)
    solve = Custom(lambda *xs: program(*xs)[0])

    def forward(y0: Any, ts: Any, *theta: Any) -> Any:
        rows = program(y0, ts, *theta)[0]
        return rows, (rows, ts, theta)

    def backward(kept: Any, ct: Any) -> Any:
        rows, ts, theta = kept
        return cotangents(inner, field, rows, ts, theta, ct)

    def tangent(primals: Any, moves: Any) -> Any:
        return program(*primals)[0], tangents(inner, field, primals, moves)

    solve.defvjp(forward, backward)
    solve.defjvp(tangent)
    return solve(*operands)


def whole(theta: Sequence[Any], moving: Sequence[Any]) -> list[Any]:
    """The parameters, with the floating-point ones replaced by these."""
    given = iter(moving)
    return [next(given) if x.dtype.kind == "f" else x for x in theta]


def floats(theta: Sequence[Any]) -> list[Any]:
    return [x for x in theta if x.dtype.kind == "f"]


def arrived(settings: Settings, rows: Any, info: Info, equation: str) -> Any:
    """The last row, if the integration got there."""
    want = f"the end of the interval within {settings.max_steps} steps"
    remedy = 'Raise max_steps, rtol or atol, or use adjoint="discrete"'
    return checked(rows[-1], info, f"odeint, {equation}", want, remedy, "time left")


def cotangents(
    settings: Settings, field: Function, rows: Any, ts: Any, theta: Sequence[Any], ct: Any
) -> tuple[Any, ...]:
    """The cotangents of y0, ts and θ for a cotangent of the rows."""
    n = np.shape(rows)[1]
    given = floats(theta)
    layout = Layout.of(given, "odeint", "θ") if given else None

    def adjoint(state: Any, t: Any) -> Any:
        y, weights = state[:n], state[n : 2 * n]

        def slope(y: Any, *moving: Any) -> Any:
            return field(y, t, *whole(theta, moving))

        dy, pull = vjp(slope, y, *given)
        by_y, *by_theta = pull(weights)
        parts = [dy, -by_y]
        if layout is not None:
            parts.append(-layout.ravel(by_theta, "odeint", "θ"))
        return np.concatenate(parts)

    def interval(carry: Any, row: Any) -> Any:
        weights, total = carry
        y, jump, end, start = row
        weights = weights + jump
        state = np.concatenate([y, weights, *total])
        span = np.stack([end, start])
        last = arrived(settings, *integrate(settings, adjoint, state, span), "adjoint equation")
        # Moving the time of an observation moves what is observed along the solution.
        by_time = np.sum(jump * field(y, end, *theta))
        return (last[n : 2 * n], [last[2 * n :] for _ in total]), by_time

    total = [] if layout is None else [np.zeros(layout.size, rows.dtype)]
    first = (np.zeros(n, rows.dtype), total)
    passed = (rows[1:], ct[1:], ts[1:], ts[:-1])
    (weights, total), by_times = scan(interval, first, passed, reverse=True)
    by_start = -np.sum(weights * field(rows[0], ts[0], *theta))
    by_theta = iter(layout.unravel(total[0]) if layout is not None else [])
    pulled = [next(by_theta) if x.dtype.kind == "f" else None for x in theta]
    return (weights + ct[0], np.concatenate([np.reshape(by_start, (1,)), by_times]), *pulled)


def tangents(
    settings: Settings, field: Function, primals: Sequence[Any], moves: Sequence[Any]
) -> Any:
    """The tangents of the rows, by the variational equation."""
    (y0, ts, *theta), (dy0, dts, *dtheta) = primals, moves
    n = np.shape(y0)[0]
    given = floats(theta)
    dgiven = [dx for x, dx in zip(theta, dtheta, strict=True) if x.dtype.kind == "f"]

    def both(state: Any, t: Any) -> Any:
        def slope(y: Any, *moving: Any) -> Any:
            return field(y, t, *whole(theta, moving))

        dy, moved = jvp(slope, (state[:n], *given), (state[n:], *dgiven))
        return np.concatenate([dy, moved])

    start = np.concatenate([y0, dy0 - field(y0, ts[0], *theta) * dts[0]])
    rows, info = integrate(settings, both, start, ts)
    want = f"the end of ts within {settings.max_steps} steps"
    remedy = 'Raise max_steps, rtol or atol, or use adjoint="discrete"'
    asked = "odeint, variational equation"
    rows = checked(rows, info, asked, want, remedy, "time left")
    _, shifts = scan(
        lambda carry, row: (carry, field(row[0], row[1], *theta) * row[2]),
        None,
        (rows[:, :n], ts, dts),
    )
    return rows[:, n:] + shifts
