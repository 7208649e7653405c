"""Roots of systems of equations, by Newton's method with a line search.

Each step solves J d = -F(z) with the dense Jacobian J and goes to z + αd, where α = 1, ½, ¼, … is
the first for which the residual decreases (Dennis & Schnabel, Numerical Methods for Unconstrained
Optimization and Nonlinear Equations, 1996, chapter 6). Near the solution α = 1 and the number of
right digits doubles with each step, so the solution is as exact as rounding allows once a step is
below the tolerance. The iterates stay finite if the start is.
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
from .dense import jacobian_columns, solve_or_nan
from .implicit import Equation, answer, route_of, solution
from .info import Info, default_tol
from .recorded import explicit, traceable, vector_type
from .vectors import Layout

Function = Callable[..., Any]

HALVINGS = 30
DECREASE = 1e-4
"""The share of the decrease which a linear function would have, that a step must reach."""


def root(
    f: Function,
    z0: Any,
    *,
    tol: float | None = None,
    max_steps: int = 50,
    differentiate: str = "implicit",
    full: bool = False,
) -> Any:
    """The z near z0 with f(z) = 0; what f captures may be differentiated by.

    Args: f, from a tree z to a tree of the same structure and shapes; z0, where to start; tol, the
    size of the last Newton step relative to 1 + |z| (by default two thirds of the digits, after
    which the error is of the order of rounding); differentiate, "implicit" (by the implicit
    function theorem) or "unrolled" (through the iterations).

    Returns z, or with `full=True` the pair (z, Info). Raises `EvaluationError` when the iteration
    does not converge in max_steps, or its residual stops decreasing; with `full`, z and all its
    derivatives are nan then. A singular Jacobian is an `EvaluationError` too. `TreeError` and
    `ShapeError` if f does not return what it was given.

        >>> import diffkit as dk
        >>> sqrt = lambda a: dk.solve.root(lambda z: z * z - a, 1.0)
        >>> float(sqrt(4.0)), float(dk.grad(sqrt)(4.0))
        (2.0, 0.25)
    """
    layout = Layout.of(z0, "root", "z0")
    flat = layout.flat(traceable(f), "root", "what f returned")
    g, captured = explicit(flat, [vector_type(layout.size, layout.dtype)], "root")
    eq = root_equation("root", g, default_tol(layout.coarsest) if tol is None else tol, max_steps)
    start = layout.ravel(z0, "root", "z0")
    by_theorem = route_of(differentiate, "root")
    z, info = solution(eq, start, captured, by_theorem, "flag" if full else "raise")
    return answer(layout.unravel(z), info, full)


def root_equation(asked: str, g: Function, tol: float, max_steps: int) -> Equation:
    """g(z, *θ) = 0, solved by Newton's method."""

    def iterate(start: Any, polish: int, *theta: Any) -> tuple[Any, Info]:
        return newton(lambda v: g(v, *theta), start, tol, max_steps, polish)

    want = f"a Newton step below {tol:.3g}·(1 + |z|) within {max_steps} steps"
    remedy = "Start nearer to the solution, check that it exists, or raise tol or max_steps"
    return Equation(asked + at_line(), iterate, g, want, remedy)


def newton(
    f: Function, start: Any, tol: float, max_steps: int, polish: int = 0
) -> tuple[Any, Info]:
    """Newton's method for a function of vectors."""
    near = float(np.finfo(start.dtype).eps) ** 0.5

    def size(r: Any) -> Any:
        return np.max(np.abs(r))

    def going(state: Any) -> Any:
        _, _, steps, converged, stuck, left = state
        more = np.where(converged, left > 0, steps < max_steps)
        return np.logical_and(more, np.logical_not(stuck))

    def step(state: Any) -> Any:
        v, r, steps, converged, _, left = state
        d = solve_or_nan(jacobian_columns(f, v).T, -r)
        scale = 1 + np.abs(v)
        # Near the solution rounding decides whether the residual decreases: take the step as it is.
        freely = np.all(np.abs(d) <= near * scale)
        w, s, taken = line_search(f, v, d, r, freely, size)
        small = np.logical_and(taken, np.all(np.abs(d) <= tol * scale))
        left = np.where(converged, left - 1, left)
        w, s = np.where(taken, w, v), np.where(taken, s, r)
        stuck = np.logical_not(taken)
        return w, s, steps + 1, np.logical_or(converged, small), stuck, left

    no = np.asarray(False)[()]
    first = (start, f(start), np.int64(0), no, no, np.int64(polish))
    v, r, steps, converged, _, _ = while_loop(going, step, first, max_steps + polish)
    return v, Info(converged, steps, stop_gradient(size(r)))


def line_search(
    f: Function, v: Any, d: Any, r: Any, freely: Any, size: Function
) -> tuple[Any, Any, Any]:
    """The first of v + d, v + d/2, … at which the residual is smaller, its residual, and whether
    there is one."""
    before = size(r)

    def good(alpha: Any, s: Any) -> Any:
        return np.logical_or(freely, size(s) <= (1 - DECREASE * alpha) * before)

    def searching(state: Any) -> Any:
        alpha, _, _, found = state
        return np.logical_and(np.logical_not(found), alpha > 0.5**HALVINGS)

    def halve(state: Any) -> Any:
        alpha = state[0] / 2
        w = v + alpha * d
        s = f(w)
        return alpha, w, s, good(alpha, s)

    one = np.ones((), v.dtype)[()]
    w = v + d
    s = f(w)
    _, w, s, found = while_loop(searching, halve, (one, w, s, good(one, s)), HALVINGS + 1)
    return w, s, found
