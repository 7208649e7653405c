"""The derivatives of solutions: the implicit function theorem, and linear solves.

If F(z, θ) = 0 defines z, then F_z ż = -F_θ θ̇, and transposed θ̄ = -F_θᵀ w with F_zᵀ w = z̄: one
linear solve in either mode, whatever the number of parameters and however z was found (Griewank &
Walther, Evaluating Derivatives, 2008, chapter 15). z is the node's own result, which the same rule
differentiates again, so the order of derivatives has no bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..graph import Atom, Builder, Graph, Node, Var
from ..ops import Expr
from ..ops.arithmetic import neg, scale, select, sub
from ..ops.shape import reshape, zeros
from ..ops.solvers import implicit, linsolve
from .cotangents import Cotangents

Tangents = Sequence[Expr | None]

SOLVERS = (implicit, linsolve)


def push_solver(
    b: Builder, node: Node, dxs: Tangents, jvp: Callable[..., Graph]
) -> dict[Var, Expr]:
    """Append the node; the tangent of its solution."""
    b.append(node)
    z = node.outs[0]
    if node.op is implicit:
        _, residual, tangent, _ = node.regions
        moved = derivative(b, residual, [z, *node.args], [None, *dxs], jvp)
        right = trusted(b, node, neg(moved))
        return {z: Expr(b, b.inline(tangent, [z, *node.args, right.atom])[0])}
    db, *rest = dxs
    right = zeros(b, z.type) if db is None else db
    if any(dx is not None for dx in rest):
        right = sub(right, derivative(b, node.regions[1], [z, *node.args[1:]], [None, *rest], jvp))
    return {z: solved_again(b, node, trusted(b, node, right), node.regions)}


def pull_solver(
    b: Builder,
    node: Node,
    ct: Expr | None,
    cts: Cotangents,
    flows: set[Var],
    joint: Callable[..., Any],
) -> None:
    """Add the cotangents of the operands."""
    if ct is None:
        return
    z = node.outs[0]
    masked = z in cts.masked
    ct = trusted(b, node, ct)
    if node.op is implicit:
        _, residual, _, cotangent = node.regions
        w = Expr(b, b.inline(cotangent, [z, *node.args, ct.atom])[0])
        targets = node.args
    else:
        solve, residual, solve_t, matvec_t = node.regions
        w = solved_again(b, node, ct, (solve_t, matvec_t, solve, residual))
        right, *targets = node.args
        if isinstance(right, Var) and right in flows:
            cts.add(right, w, masked)
    on = [False, *(arg in flows for arg in targets)]
    if any(on):
        whole, flags = joint(residual, on, [True], [masked])
        outs = b.inline(whole, [z, *targets, neg(w).atom])[1:]
        moving = [arg for arg, yes in zip(targets, on[1:], strict=True) if yes]
        for arg, out, flag in zip(moving, outs, flags, strict=True):
            assert isinstance(arg, Var)
            cts.add(arg, Expr(b, out), flag)


def trusted(b: Builder, node: Node, v: Expr) -> Expr:
    """A tangent or cotangent of a solution; nan where that did not converge, though the derivative
    may not depend on the solution. A zero stays zero, so that a branch not taken leaks nothing."""
    if not node.attrs["guarded"]:
        return v
    converged, one = Expr(b, node.outs[1]), v.full(1, ())
    # Batched, there is a flag for each solution of a stack.
    lead = len(converged.shape)
    flag = reshape(converged, shape=(*converged.shape, *(1,) * (len(v.shape) - lead)))
    return scale(select(flag, one, one.full(float("nan"))), v)


def derivative(
    b: Builder, graph: Graph, args: Sequence[Atom], dxs: Tangents, jvp: Callable[..., Graph]
) -> Expr:
    """The tangent of a graph's one result, for these tangents of its parameters."""
    on = [dx is not None for dx in dxs]
    given = [dx.atom for dx in dxs if dx is not None]
    return Expr(b, b.inline(jvp(graph, on, [True]), [*args, *given])[-1])


def solved_again(b: Builder, node: Node, right: Expr, regions: tuple[Graph, ...]) -> Expr:
    """The same matrix with another right-hand side."""
    outs = b.emit_region(linsolve, [right.atom, *node.args[1:]], node.attrs, regions)
    return Expr(b, outs[0])
