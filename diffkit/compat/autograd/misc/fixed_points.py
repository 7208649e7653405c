"""Fixed points x = f(a)(x), and their derivative by a.

With J the derivative of f(a) at x, the cotangent of x is w = x̄ + Jᵀ w, a fixed point again
(Christianson, Reverse accumulation and attractive fixed points, 1994), and that of a is the one
that f gives for w.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core import make_vjp, vspace
from ..primitives import primitive
from ..rules import defvjp

Function = Callable[..., Any]


@primitive
def fixed_point(f: Function, a: Any, x0: Any, distance: Function, tol: float) -> Any:
    """The x with f(a)(x) = x that repeating f(a) from x0 leads to, until `distance` of two
    successive values is at most tol; its derivative by a is that of the limit.

        >>> import numpy as np
        >>> from diffkit.compat.autograd import grad
        >>> from diffkit.compat.autograd.misc.fixed_points import fixed_point
        >>> def newton(a):
        ...     return lambda x: 0.5 * (x + a / x)
        >>> root = lambda a: fixed_point(newton, a, 1.0, lambda x, y: abs(x - y), 1e-12)
        >>> round(float(grad(root)(2.0)), 9), round(0.5 / 2**0.5, 9)
        (0.353553391, 0.353553391)
    """
    step = f(a)
    x, before = step(x0), x0
    while distance(x, before) > tol:
        x, before = step(x), x
    return x


def fixed_point_vjp(ans: Any, f: Function, a: Any, x0: Any, distance: Function, tol: float) -> Any:
    """The rule for a."""

    def adjoint(params: Any) -> Function:
        a, x, ct = params
        pull = make_vjp(f(a), x)[0]
        return lambda w: vspace(x).add(pull(w), ct)

    pull_a = make_vjp(lambda a: f(a)(ans), a)[0]

    def vjp(g: Any) -> Any:
        start = vspace(ans).zeros()
        return pull_a(fixed_point(adjoint, (a, ans, g), start, distance, tol))

    return vjp


defvjp(fixed_point, None, fixed_point_vjp, None)
