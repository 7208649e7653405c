"""PyTorch's functions for the ops of linear algebra.

Vectors that a factorisation leaves open in sign or phase are turned to those that NumPy finds, so
that the twin has the same values; PyTorch's own derivative refuses a result that depends on them.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..ops.degenerate import numpy_only
from ..ops.spectral import numpy_eig, numpy_eigh
from ..ops.svd import numpy_svd
from ..ops.triangular import order_of

Tensor = Any


def adjoint(x: Tensor) -> Tensor:
    return x.transpose(-1, -2).conj()


def turns(torch: Any, found: Tensor, wanted: Any) -> Tensor:
    """The signs or phases that bring columns to others, as constants of one row."""
    target = torch.as_tensor(wanted)
    product = (found.detach().conj() * target).sum(-2, keepdim=True)
    return product / product.abs()


def only(torch: Any, x: Tensor, where: Tensor, **attrs: Any) -> Tensor:
    numpy_only(np.asarray(x.detach()), np.asarray(where), **attrs)
    return torch.where(where, torch.zeros((), dtype=x.dtype), x)


def eigh(torch: Any, a: Tensor, upper: bool, driver: str) -> Any:
    w, v = torch.linalg.eigh(a, UPLO="U" if upper else "L")
    wanted = numpy_eigh(np.asarray(a.detach()), upper, driver)[1]
    return w, v * turns(torch, v, wanted)


def eig(torch: Any, a: Tensor) -> Any:
    w, v = torch.linalg.eig(a)
    wanted = numpy_eig(np.asarray(a.detach()))[1]
    return w, v * turns(torch, v, wanted)


def svd(torch: Any, a: Tensor, full: bool) -> Any:
    u, s, vh = torch.linalg.svd(a, full_matrices=False)
    wanted, _, wanted_right = numpy_svd(np.asarray(a.detach()), full)
    k = s.shape[-1]
    turn = turns(torch, u, wanted[..., :k])
    u, vh = u * turn, vh * turn.conj().transpose(-1, -2)
    if full:
        u = completed(torch, u, wanted)
        vh = adjoint(completed(torch, adjoint(vh), np.conj(np.swapaxes(wanted_right, -1, -2))))
    return u, s, vh


def completed(torch: Any, q: Tensor, wanted: Any) -> Tensor:
    """Orthogonal columns, and those that NumPy found beyond them, kept orthogonal."""
    rest = torch.as_tensor(np.array(wanted[..., q.shape[-1] :]))
    out = rest - q @ (adjoint(q) @ rest)
    low = torch.linalg.cholesky(adjoint(out) @ out)
    beyond = torch.linalg.solve_triangular(adjoint(low), out, upper=True, left=False)
    return torch.cat([q, beyond], -1)


def qr(torch: Any, a: Tensor, full: bool) -> Any:
    q, r = torch.linalg.qr(a)
    if not full:
        return q, r
    wanted = np.linalg.qr(np.asarray(a.detach()), "complete")[0]
    m, n = a.shape[-2:]
    zero = r.new_zeros((*r.shape[:-2], m - n, n))
    return completed(torch, q, wanted), torch.cat([r, zero], -2)


def polar(torch: Any, a: Tensor) -> Any:
    w, s, vh = torch.linalg.svd(a, full_matrices=False)
    return w @ vh, adjoint(vh) @ (s[..., :, None] * vh)


def lu(torch: Any, a: Tensor) -> Any:
    packed, pivots = torch.linalg.lu_factor(a)
    pivots = pivots - 1
    order = order_of(np.asarray(pivots), a.shape[-2])
    return packed, pivots.to(torch.int32), torch.as_tensor(order)


def adjugate(torch: Any, a: Tensor) -> Any:
    return (torch.linalg.det(a)[..., None, None] * torch.linalg.inv(a),)


def function_of(torch: Any, a: Tensor, name: str) -> Tensor:
    """f(A) = V f(Λ) V⁻¹, and the exponential by PyTorch's own."""
    if name == "expm":
        return torch.linalg.matrix_exp(a)
    w, v = torch.linalg.eig(a)
    of_numbers: Callable[..., Any] = getattr(torch, name.removesuffix("m"))
    out = torch.linalg.solve(v, v * of_numbers(w)[..., None, :], left=False)
    return out.resolve_conj() if a.is_complex() else out.real


def frechet(torch: Any, a: Tensor, e: Tensor, name: str) -> Tensor:
    """The product with the Jacobian, by two passes backwards."""

    def function(x: Tensor) -> Tensor:
        return function_of(torch, x, name)

    graph = a.requires_grad or e.requires_grad
    return torch.autograd.functional.jvp(function, a, e, create_graph=graph)[1]


def sylvester(torch: Any, a: Tensor, b: Tensor, q: Tensor) -> Tensor:
    """As one system, of A ⊗ I + I ⊗ Bᵀ."""
    m, n = q.shape[-2:]
    left = torch.einsum("...ij,kl->...ikjl", a, torch.eye(n, dtype=a.dtype))
    right = torch.einsum("ij,...lk->...ikjl", torch.eye(m, dtype=a.dtype), b)
    whole = (left + right).reshape((*q.shape[:-2], m * n, m * n))
    flat = torch.linalg.solve(whole, q.reshape((*q.shape[:-2], m * n, 1)))
    return flat.reshape(q.shape)


def solve_banded(torch: Any, ab: Tensor, b: Tensor, lower: int, upper: int) -> Tensor:
    """As a dense system."""
    n = b.shape[-2]
    i, j = np.indices((n, n))
    row = upper + i - j
    inside = torch.as_tensor((row >= 0) & (row <= lower + upper))
    dense = ab[..., np.clip(row, 0, lower + upper), j]
    return torch.linalg.solve(torch.where(inside, dense, torch.zeros((), dtype=ab.dtype)), b)


def linalg_table(torch: Any) -> dict[str, Callable[..., Any]]:
    """The PyTorch function of each op of linear algebra; those of routines return tuples."""
    linalg = torch.linalg
    own = (only, eigh, eig, svd, qr, polar, lu, adjugate, frechet, sylvester, solve_banded)
    return {f.__name__: partial(f, torch) for f in own} | {
        "solve_triangular": lambda a, b, lower, unit: linalg.solve_triangular(
            a, b, upper=not lower, unitriangular=unit
        ),
        "cholesky": lambda a: (linalg.cholesky(a),),
        "det": lambda a: (linalg.det(a),),
        "slogdet": linalg.slogdet,
        "pinv": lambda a, cutoff: (linalg.pinv(a, rtol=cutoff),),
        "funm": lambda a, name: (function_of(torch, a, name),),
        "row_order": lambda pivots, m: torch.as_tensor(order_of(np.asarray(pivots), m)),
    }
