"""Fixed points z = g(z), by repeating g.

Where g contracts distances by a factor ρ < 1, each step multiplies the error by ρ (Banach). The
derivative does not repeat anything: it is that of the root of z - g(z), with one linear solve,
(I - g_z) ż = g_θ θ̇.
"""

# NumPy's stubs leave the results of many functions untyped, and no annotation of a lambda can help.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..control import while_loop
from ..numpy import stop_gradient
from ..tracing.location import at_line
from .implicit import Equation, answer, route_of, solution
from .info import Info
from .recorded import explicit, traceable, vector_type
from .vectors import Layout

Function = Callable[..., Any]


def fixed_point(
    g: Function,
    z0: Any,
    *,
    tol: float | None = None,
    max_steps: int = 1000,
    differentiate: str = "implicit",
    full: bool = False,
) -> Any:
    """The z with g(z) = z that repeating g from z0 leads to; what g captures may be differentiated
    by.

    Args: g, from a tree z to a tree of the same structure and shapes; tol, the last change of z
    relative to 1 + |z| (by default three quarters of the digits); differentiate, "implicit" or
    "unrolled".

    Returns z, or with `full=True` the pair (z, Info). Raises `EvaluationError` if z still changes
    after max_steps; with `full`, z and all its derivatives are nan then.

        >>> import numpy as np, diffkit as dk
        >>> z = lambda a: dk.solve.fixed_point(lambda z: np.cos(a * z), 1.0)
        >>> round(float(z(1.0)), 10), round(float(dk.grad(z)(1.0)), 10)
        (0.7390851332, -0.2974743415)
    """
    layout = Layout.of(z0, "fixed_point", "z0")
    flat = layout.flat(traceable(g), "fixed_point", "what g returned")
    vector = vector_type(layout.size, layout.dtype)
    apply_g, captured = explicit(flat, [vector], "fixed_point")
    limit = float(np.finfo(layout.coarsest).eps) ** 0.75 if tol is None else tol

    def iterate(start: Any, polish: int, *theta: Any) -> tuple[Any, Info]:
        return repeated(lambda v: apply_g(v, *theta), start, limit, max_steps, polish)

    def residual(z: Any, *theta: Any) -> Any:
        return z - apply_g(z, *theta)

    want = f"a change below {limit:.3g}·(1 + |z|) within {max_steps} steps"
    remedy = "Damp g (a mean of z and g(z)), use dk.solve.root, or raise tol or max_steps"
    eq = Equation(f"fixed_point{at_line()}", iterate, residual, want, remedy)
    start = layout.ravel(z0, "fixed_point", "z0")
    by_theorem = route_of(differentiate, "fixed_point")
    z, info = solution(eq, start, captured, by_theorem, "flag" if full else "raise")
    return answer(layout.unravel(z), info, full)


def repeated(g: Function, start: Any, tol: float, max_steps: int, polish: int) -> tuple[Any, Info]:
    """The iteration."""

    def going(state: Any) -> Any:
        _, _, steps, converged, left = state
        return np.where(converged, left > 0, steps < max_steps)

    def step(state: Any) -> Any:
        v, _, steps, converged, left = state
        w = g(v)
        change = np.abs(w - v)
        small = np.all(change <= tol * (1 + np.abs(w)))
        left = np.where(converged, left - 1, left)
        return w, stop_gradient(np.max(change)), steps + 1, np.logical_or(converged, small), left

    unknown = np.full((), np.inf, start.dtype)[()]
    first = (start, unknown, np.int64(0), np.asarray(False)[()], np.int64(polish))
    v, change, steps, converged, _ = while_loop(going, step, first, max_steps + polish)
    return v, Info(converged, steps, change)
