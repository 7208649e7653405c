"""Minimisers: the point where a function is least, differentiated as the root of its gradient.

BFGS with backtracking (Nocedal & Wright, Numerical Optimization, 2006, chapters 3 and 6) comes near
from far away; it needs gradients only, and each of its steps goes down. Comparing values can not
bring the gradient below the root of the rounding error, so Newton's method on ∇f = 0 finishes, to
the last digits. At the solution x, with H the Hessian, H ẋ = -(∂∇f/∂θ) θ̇.
"""

# NumPy's stubs leave the results of many functions untyped, and no annotation of a lambda can help.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..api import grad, value_and_grad
from ..control import while_loop
from ..errors import ShapeError, explain
from ..numpy import stop_gradient
from ..tracing.location import at_line
from .implicit import Equation, answer, route_of, solution
from .info import Info, default_tol
from .recorded import explicit, traceable, vector_type
from .root import newton
from .vectors import Layout

Function = Callable[..., Any]

ARMIJO = 1e-4
HALVINGS = 40
NEWTON_STEPS = 20
NEAR = 1e-5
"""The gradient, relative to max(1, |f|), at which Newton's method takes over."""


def minimize(
    f: Function,
    x0: Any,
    *,
    tol: float | None = None,
    max_steps: int = 500,
    differentiate: str = "implicit",
    full: bool = False,
) -> Any:
    """The x near x0 where the scalar f(x) has a local minimum; what f captures may be
    differentiated by.

    Args: f, from a tree x to a number, twice differentiable; tol, the last Newton step relative to
    1 + |x| (by default two thirds of the digits); max_steps of BFGS; differentiate, "implicit" (the
    minimum must have a regular Hessian) or "unrolled" (through the iterations).

    Returns x, or with `full=True` the pair (x, Info); the residual is the gradient's. Raises
    `EvaluationError` if the gradient does not vanish within max_steps, for example where f has no
    minimum; with `full`, x and its derivatives are nan then.

        >>> import numpy as np, diffkit as dk
        >>> least = lambda a: dk.solve.minimize(lambda x: (x - a) ** 2 + x**4, 0.0)
        >>> x = least(1.0)
        >>> bool(abs(dk.grad(least)(1.0) - 2 / (2 + 12 * x * x)) < 1e-15)
        True
    """
    layout = Layout.of(x0, "minimize", "x0")

    own = traceable(f)

    def flat(v: Any) -> Any:
        value = own(layout.unravel(v))
        if np.shape(value) != ():
            want, remedy = "a number", "Sum it (np.sum)"
            got = f"f returned shape {np.shape(value)}"
            raise ShapeError(explain(f"minimize{at_line()}", got, want, remedy))
        return value

    value, captured = explicit(flat, [vector_type(layout.size, layout.dtype)], "minimize")
    limit = default_tol(layout.coarsest) if tol is None else tol

    def iterate(start: Any, polish: int, *theta: Any) -> tuple[Any, Info]:
        return least(lambda v: value(v, *theta), start, limit, max_steps, polish)

    def gradient(v: Any, *theta: Any) -> Any:
        return grad(lambda w: value(w, *theta))(v)

    want = f"a minimum, where the gradient vanishes, within {max_steps} steps"
    remedy = "Check that f has a minimum and is smooth, start nearer, or raise max_steps or tol"
    eq = Equation(f"minimize{at_line()}", iterate, gradient, want, remedy)
    start = layout.ravel(x0, "minimize", "x0")
    by_theorem = route_of(differentiate, "minimize")
    x, info = solution(eq, start, captured, by_theorem, "flag" if full else "raise")
    return answer(layout.unravel(x), info, full)


def least(f: Function, start: Any, tol: float, max_steps: int, polish: int) -> tuple[Any, Info]:
    """BFGS, then Newton's method on the gradient; a point that lies higher is not a minimum."""
    near, value, gradient, steps = bfgs(f, start, max_steps)
    small = is_small(value, gradient)
    x, found = newton(grad(f), near, tol, NEWTON_STEPS, polish)
    slack = NEAR * np.maximum(1, np.abs(value))
    below = np.logical_and(small, f(x) <= value + slack)
    converged = np.logical_and(found.converged, below)
    reached = stop_gradient(np.max(np.abs(gradient)))
    return x, Info(converged, steps + found.steps, np.where(below, found.residual, reached))


def is_small(y: Any, g: Any) -> Any:
    """Whether a gradient is small enough for Newton's method."""
    return np.all(np.abs(g) <= NEAR * np.maximum(1, np.abs(y)))


def bfgs(f: Function, start: Any, max_steps: int) -> tuple[Any, Any, Any, Any]:
    """`(x, f(x), ∇f(x), steps)`."""
    both = value_and_grad(f)

    def going(state: Any) -> Any:
        _, y, g, _, steps, stuck = state
        open_ = np.logical_not(np.logical_or(stuck, is_small(y, g)))
        return np.logical_and(open_, steps < max_steps)

    def step(state: Any) -> Any:
        x, y, g, H, steps, _ = state
        p = -(H @ g)
        slope = np.sum(g * p)
        downhill = slope < 0
        p = np.where(downhill, p, -g)
        slope = np.where(downhill, slope, -np.sum(g * g))
        w, found = backtracking(f, x, y, p, slope)
        z, h = both(w)
        w, z, h = np.where(found, w, x), np.where(found, z, y), np.where(found, h, g)
        return w, z, h, updated(H, w - x, h - g), steps + 1, np.logical_not(found)

    y, g = both(start)
    n = np.shape(start)[0]
    # The first step has at most the length 1.
    H = np.eye(n, dtype=start.dtype) / np.maximum(1, np.sqrt(np.sum(g * g) + 1))
    no = np.asarray(False)[()]
    state = while_loop(going, step, (start, y, g, H, np.int64(0), no), max_steps)
    x, y, g, _, steps, _ = state
    return x, y, g, steps


def updated(H: Any, s: Any, d: Any) -> Any:
    """The inverse Hessian after a step s that changed the gradient by d; as it was, where the
    curvature along s is not positive."""
    sd = np.sum(s * d)
    curved = sd * sd > 1e-20 * np.sum(s * s) * np.sum(d * d)
    good = np.logical_and(sd > 0, curved)
    rho = np.where(good, 1 / np.where(good, sd, 1), 0)
    left = np.eye(np.shape(s)[0], dtype=s.dtype) - rho * np.outer(s, d)
    new = left @ H @ left.T + rho * np.outer(s, s)
    return np.where(good, new, H)


def backtracking(f: Function, x: Any, y: Any, p: Any, slope: Any) -> tuple[Any, Any]:
    """The first of x + p, x + p/2, … that is low enough, and whether there is one."""

    def good(alpha: Any, w: Any) -> Any:
        return f(w) <= y + ARMIJO * alpha * slope

    def searching(state: Any) -> Any:
        alpha, _, found = state
        return np.logical_and(np.logical_not(found), alpha > 0.5**HALVINGS)

    def halve(state: Any) -> Any:
        alpha = state[0] / 2
        w = x + alpha * p
        return alpha, w, good(alpha, w)

    one = np.ones((), x.dtype)[()]
    w = x + p
    _, w, found = while_loop(searching, halve, (one, w, good(one, w)), HALVINGS + 1)
    return w, found
