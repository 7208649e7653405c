"""What solvers leave in a graph: a solution that knows its equation.

    implicit   z, info… = solve(θ), where residual(z, θ) = 0
    linsolve   x, info… = solve(b, θ), where matvec(x, θ) = b
    check      its first operand, if a flag holds; else an error

`implicit` runs its first region, however that finds z. Its derivative needs the residual F alone,
by the implicit function theorem: F_z ż = -F_θ θ̇. The regions say how to solve with F_z:

    solve      (θ) -> (z, info…)           residual    (z, θ) -> F
    tangent    (z, θ, r) -> F_z⁻¹ r        cotangent   (z, θ, c) -> F_z⁻ᵀ c

`linsolve` is its own derivative: A ẋ = ḃ - Ȧ x is the same node with another right-hand side, and
its transpose the node with the two pairs of regions exchanged, so it differentiates to any order:

    solve      (b, θ) -> (x, info…)        matvec      (x, θ) -> A x
    solve_t    (c, θ) -> (w, info…)        matvec_t    (w, θ) -> Aᵀ w

The info (whether it converged, steps, residual) has derivative zero. With `guarded`, derivatives
are nan where the flag does not hold; without, whoever reads the solution has to look at the flag.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import EvaluationError, explain
from ..graph import Attrs, Graph, Linear, Op, Region, stacked
from ..types import Type
from .arithmetic import Expr
from .custom import run_first
from .region import expect, operands_only, region_op
from .routine import as_it_is, once


def params_of(graph: Graph) -> list[Type]:
    return [p.type for p in graph.params]


def infer_implicit(
    types: Sequence[Type], attrs: Attrs, regions: tuple[Graph, ...]
) -> tuple[Type, ...]:
    solve, residual, tangent, cotangent = regions
    z = solve.types[0]
    expect("the parameters of a solve", params_of(solve), types)
    expect("the parameters of a residual", params_of(residual), [z, *types])
    expect("a residual", residual.types, [z])
    for linear in (tangent, cotangent):
        expect("the parameters of a linear solve", params_of(linear), [z, *types, z])
        expect("the result of a linear solve", linear.types, [z])
    return solve.types


def infer_linsolve(
    types: Sequence[Type], attrs: Attrs, regions: tuple[Graph, ...]
) -> tuple[Type, ...]:
    solve, matvec, solve_t, matvec_t = regions
    for region in regions:
        expect("the parameters of a linear solve", params_of(region), types)
        expect("the result of a linear solve", region.types[:1], types[:1])
    expect("the results of a transposed solve", solve_t.types, solve.types)
    expect("a product", [*matvec.types, *matvec_t.types], [types[0], types[0]])
    return solve.types


def solver_op(name: str, infer: Callable[..., tuple[Type, ...]]) -> Op:
    return region_op(name, Region(infer, run_first, operands_only, as_it_is, once))


implicit = solver_op("implicit", infer_implicit)
linsolve = solver_op("linsolve", infer_linsolve)


# --- the flag ------------------------------------------------------------------------------------


def infer_check(x: Type, ok: Type, steps: Type, residual: Type, **_: str) -> Type:
    return x


def numpy_check(
    x: Any, ok: Any, steps: Any, residual: Any, asked: str, measure: str, want: str, remedy: str
) -> Any:
    if not np.all(ok):
        worst, count = float(np.max(np.real(np.asarray(residual)))), int(np.max(steps))
        got = f"not converged: {measure} {worst:.3g} after {count} steps"
        raise EvaluationError(explain(asked, got, want, remedy))
    return x


def check_transpose(
    i: int, ct: Expr, x: Expr, ok: Expr, steps: Expr, residual: Expr, **attrs: str
) -> Expr:
    """The cotangent is checked too: it may be all that is left of the graph."""
    return check(ct, ok, steps, residual, **attrs)


check = Op(
    "check",
    infer_check,
    numpy_check,
    Linear((0,), check_transpose),
    view=True,
    lead=stacked,
)
