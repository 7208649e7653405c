"""Linear systems: dense, and by conjugate gradients for an operator that is only a function.

Conjugate gradients (Hestenes & Stiefel, J. Res. NBS 49, 1952) need products with a symmetric
positive definite operator and nothing else. The solution differentiates as that of a dense system:
A ẋ = ḃ - Ȧ x for tangents, Aᵀ b̄ = x̄ for cotangents, each one more run of conjugate gradients. Aᵀ is
the transpose of the function by reverse mode. For a symmetric operator it is the operator again;
for one that is not, the true residual tells, which is checked after every run.
"""

# NumPy's stubs leave the results of many functions untyped, and no annotation of a lambda can help.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ..api import vjp
from ..control import while_loop
from ..errors import EvaluationError, ShapeError, explain
from ..graph import Graph
from ..numpy import stop_gradient
from ..numpy.linear import solve as np_solve
from ..ops.solvers import linsolve
from ..tracing import Tracer, as_input, innermost
from ..tracing.location import at_line
from .implicit import answer, route_of
from .info import Info, checked, default_tol, flagged
from .recorded import Function, emit_solver, explicit, region, run_region, traceable, vector_type
from .vectors import Layout


def linear_solve(A: Any, b: Any) -> Any:
    """The x with A x = b for a square matrix A, as `np.linalg.solve`: b is [n] or [n, m], leading
    axes broadcast.

    Both are differentiated by. Raises `EvaluationError` for a singular matrix, `ShapeError` for
    shapes that do not fit.

        >>> import numpy as np, diffkit as dk
        >>> dk.solve.linear_solve(np.array([[2.0, 0.0], [0.0, 4.0]]), np.array([2.0, 2.0]))
        array([1. , 0.5])
    """
    trace = innermost((A, b))
    if trace is not None:
        return np_solve(trace, A, b)
    try:
        return np.linalg.solve(A, b)
    except np.linalg.LinAlgError as error:
        asked, want = f"linear_solve{at_line()}", "a regular square matrix and fitting rows"
        remedy = "Check the shapes, and for zero pivots"
        kind = EvaluationError if "ingular" in str(error) else ShapeError
        raise kind(explain(asked, str(error), want, remedy)) from None


def cg(
    A: Any,
    b: Any,
    *,
    tol: float | None = None,
    max_steps: int | None = None,
    differentiate: str = "implicit",
    full: bool = False,
) -> Any:
    """The x with A x = b by conjugate gradients, for a symmetric positive definite A.

    Args: A, a matrix [n, n] or a linear function from a tree like b to a tree like b, which may
    capture traced values; b, a tree of arrays; tol, the residual relative to |b| (by default two
    thirds of the digits); max_steps, by default 10 n; differentiate, "implicit" or "unrolled".

    Returns x, a tree like b, or with `full=True` the pair (x, Info). Derivatives by b and by what A
    captures cost one more run each, with the transposed operator in reverse mode. Raises
    `EvaluationError` if the true residual b - A x is not small at the end, in these runs too, or if
    A is not linear; with `full`, x and its derivatives are nan then.

        >>> import numpy as np, diffkit as dk
        >>> x = lambda k: dk.solve.cg(lambda v: k * v, np.array([1.0, 2.0]))
        >>> x(4.0), dk.jacobian(x)(4.0)
        (array([0.25, 0.5 ]), array([-0.0625, -0.125 ]))
    """
    layout = Layout.of(b, "cg", "b")
    vector = vector_type(layout.size, layout.dtype)
    g, captured = explicit(layout.flat(operator(A), "cg", "A(x)"), [vector], "cg")
    limit = default_tol(layout.coarsest) if tol is None else tol
    most = 10 * layout.size if max_steps is None else max_steps
    asked = f"cg{at_line()}"
    want = f"a residual |b - A x| below {limit:.3g}·|b| within {most} steps"
    remedy = "A must be linear, symmetric and positive definite; precondition it, or raise tol"

    def transposed(w: Any, *theta: Any) -> Any:
        zero = np.zeros(layout.size, layout.dtype)
        return vjp(lambda v: g(v, *theta), zero)[1](w)[0]

    def solver(product: Function) -> Function:
        def solve(right: Any, *theta: Any) -> list[Any]:
            x, info = conjugate_gradients(lambda v: product(v, *theta), right, limit, most)
            if full:
                return [np.where(info.converged, x, np.nan), *info]
            return [checked(x, info, asked, want, remedy), *info]

        return solve

    def others() -> list[Graph]:
        return [
            region(g, operands, "cg", "matvec"),
            region(solver(transposed), operands, "cg", "solve_t"),
            region(transposed, operands, "cg", "matvec_t"),
        ]

    operands = [layout.ravel(b, "cg", "b"), *captured]
    graph = region(solver(g), operands, "cg", "solve")
    if route_of(differentiate, "cg"):
        x, *said = emit_solver(linsolve, operands, graph, others)
    else:
        x, *said = run_region(graph, operands)
    info = Info(*said)
    return answer(layout.unravel(flagged(x, info) if full else x), info, full)


def operator(A: Any) -> Function:
    """A matrix as the function that multiplies by it."""
    if callable(A) and not isinstance(A, Tracer):
        return traceable(A)
    matrix = as_input(A)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        want, remedy = "a square matrix or a function", "Pass the rows of one system"
        raise ShapeError(explain(f"cg{at_line()}", f"A of shape {matrix.shape}", want, remedy))
    return lambda v: matrix @ v


def conjugate_gradients(product: Function, b: Any, tol: float, max_steps: int) -> tuple[Any, Info]:
    """The iteration, from x = 0. A direction of no positive curvature ends it."""
    target = tol * tol * np.sum(b * b)

    def going(state: Any) -> Any:
        _, _, _, rr, steps, positive = state
        return np.logical_and(positive, np.logical_and(rr > target, steps < max_steps))

    def step(state: Any) -> Any:
        x, r, p, rr, steps, _ = state
        Ap = product(p)
        curvature = np.sum(p * Ap)
        positive = curvature > 0
        alpha = np.where(positive, rr / np.where(positive, curvature, 1), 0)
        r = r - alpha * Ap
        new = np.sum(r * r)
        return x + alpha * p, r, r + new / rr * p, new, steps + 1, positive

    yes = np.asarray(True)[()]
    first = (np.zeros_like(b), b, b, np.sum(b * b), np.int64(0), yes)
    x, *_, steps, positive = while_loop(going, step, first, max_steps)
    # The residual of the recurrence drifts from the true one, by which the result is judged.
    left = b - product(x)
    residual = np.sqrt(np.sum(left * left))
    small = residual <= 10 * tol * np.sqrt(np.sum(b * b))
    homogeneous = np.all(product(np.zeros_like(b)) == 0)
    converged = np.logical_and(np.logical_and(positive, small), homogeneous)
    return x, Info(converged, steps, stop_gradient(residual))
