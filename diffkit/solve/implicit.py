"""The implicit function theorem, as the rule of every solution of an equation.

Where F(z, θ) = 0 and F_z is not singular, z is a function of θ with

    F_z ż = -F_θ θ̇        and transposed        θ̄ = -F_θᵀ w,  F_zᵀ w = z̄

(Krantz & Parks, The Implicit Function Theorem, 2002; Christianson, Optimization Methods and
Software 3, 1994; Blondel et al., arXiv:2105.15183). How z was found does not matter, and no step of
it is kept. The alternative is to differentiate the steps themselves, "unrolled".

`solution` runs an iteration either way; `root`, `fixed_point` and `minimize` are equations for it.
"""

# NumPy's stubs leave the results of many functions untyped, and no annotation of a lambda can help.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import UnsupportedError, explain
from ..graph import Graph
from ..numpy import stop_gradient
from ..ops.solvers import implicit
from ..tracing.location import at_line
from .dense import jacobian_columns, solve_or_nan
from .info import Info, checked, flagged
from .recorded import Function, emit_solver, region, run_region

POLISH = 2
"""Steps beyond convergence in an unrolled solve. The n-th derivative of a Newton iterate is as
accurate as the iterate n steps before it."""


@dataclass(frozen=True, slots=True)
class Equation:
    """An equation for a vector z, and an iteration that solves it.

    `iterate(start, polish, *θ)` gives `(z, info)`, after `polish` steps more than it needs;
    `residual(z, *θ)` is zero at the solution.
    """

    asked: str
    iterate: Callable[..., tuple[Any, Info]]
    residual: Function
    want: str
    remedy: str


def route_of(differentiate: str, asked: str) -> bool:
    """Whether to differentiate by the implicit function theorem."""
    if differentiate not in ("implicit", "unrolled"):
        got, want = f"differentiate={differentiate!r}", '"implicit" or "unrolled"'
        raise UnsupportedError(explain(asked + at_line(), got, want, "Choose one of these"))
    return differentiate == "implicit"


def solution(
    eq: Equation,
    start: Any,
    captured: Sequence[Any],
    by_theorem: bool = True,
    on_failure: str = "raise",
) -> tuple[Any, Info]:
    """The solution of an equation, and what is to be said of it.

    Where it did not converge, `on_failure` is to "raise", to "flag" (nan, and nan derivatives), or
    to leave it to the caller ("return" the last iterate).
    """

    def solve(start: Any, *theta: Any) -> list[Any]:
        z, info = eq.iterate(start, 0 if by_theorem else POLISH, *theta)
        if on_failure == "raise":
            z = checked(z, info, eq.asked, eq.want, eq.remedy)
        return [z, *info]

    def residual(z: Any, start: Any, *theta: Any) -> Any:
        return eq.residual(z, *theta)

    def tangent(z: Any, start: Any, *rest: Any) -> Any:
        *theta, right = rest
        return solve_linear(columns(z, *theta).T, right)

    def cotangent(z: Any, start: Any, *rest: Any) -> Any:
        *theta, right = rest
        return solve_linear(columns(z, *theta), right)

    def columns(z: Any, *theta: Any) -> Any:
        return jacobian_columns(lambda v: eq.residual(v, *theta), z)

    def rules() -> list[Graph]:
        linear = [z_type, *operands, z_type]
        return [
            region(residual, [z_type, *operands], eq.asked, "residual"),
            region(tangent, linear, eq.asked, "tangent"),
            region(cotangent, linear, eq.asked, "cotangent"),
        ]

    # A Jacobian that is singular at the solution is an error; elsewhere it is one more "no".
    solve_linear = np.linalg.solve if on_failure == "raise" else solve_or_nan
    operands = [stop_gradient(start) if by_theorem else start, *captured]
    graph = region(solve, operands, eq.asked, "solve")
    z_type = graph.types[0]
    if by_theorem:
        z, *info = emit_solver(implicit, operands, graph, rules, on_failure != "return")
    else:
        z, *info = run_region(graph, operands)
    said = Info(*info)
    return (flagged(z, said) if on_failure == "flag" else z), said


def answer(z: Any, info: Info, full: bool) -> Any:
    """The solution, and with `full` also what is to be said of it."""
    return (z, info) if full else z
