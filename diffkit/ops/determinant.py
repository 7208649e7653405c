"""Determinants.

det˙ = tr(adj(A) Ȧ), where the adjugate is det(A) A⁻¹ for a regular matrix and stays finite for a
singular one: with A = U S V*, adj(A) = det(U V*) V adj(S) U*, and the elements of adj(S) are the
products of all other singular values. So the first derivative is right at every matrix. That of the
adjugate itself follows from adj(A) A = det(A) I, which determines it where A is regular.

`slogdet` is the sign of the determinant and the logarithm of its size, whose derivatives are the
turning and the growth in tr(A⁻¹ Ȧ).
"""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

import numpy as np

from ..types import Type
from .arithmetic import Expr, mul, sub
from .complex import imag, join, real
from .contract import einsum
from .linalg import solve
from .matrix import identity, matmul, require_square, trace, turned
from .routine import emit, routine
from .shape import reshape
from .spectral import part_type


def pairing(x: Expr, y: Expr) -> Expr:
    """tr(x y)."""
    lead = ascii_uppercase[: len(x.shape) - 2]
    return einsum(x, y, spec=f"{lead}ij,{lead}ji->{lead}")


def factoring(out: Type, a: Type, **_: Any) -> int:
    """2n³/3."""
    return 2 * a.size * a.shape[-1] // 3


# --- det -----------------------------------------------------------------------------------------


def infer_det(a: Type) -> tuple[Type, ...]:
    require_square("det", a)
    return (a.with_shape(a.shape[:-2]),)


def numpy_det(a: Any) -> Any:
    return (np.linalg.det(a),)


def det_jvp(dxs: Any, xs: Any, outs: Any) -> Any:
    if xs[0].shape[-1] == 0:
        return (None,)
    (adj,) = emit(adjugate, xs)
    return (pairing(adj, dxs[0]),)


det = routine("det", infer_det, numpy_det, det_jvp, flops=factoring, analytic=True)


def infer_adjugate(a: Type) -> tuple[Type, ...]:
    return (a,)


def numpy_adjugate(a: Any) -> Any:
    u, s, vh = np.linalg.svd(a)
    one = np.ones_like(s[..., :1])
    before = np.cumprod(np.concatenate([one, s[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([one, s[..., :0:-1]], -1), -1)[..., ::-1]
    sign = np.linalg.det(u) * np.linalg.det(vh)
    others = (before * after * sign[..., None])[..., None, :]
    v, uh = (np.conj(np.swapaxes(x, -1, -2)) for x in (vh, u))
    return ((v * others) @ uh,)


def adjugate_jvp(dxs: Any, xs: Any, outs: Any) -> Any:
    (da,), (a,), (adj,) = dxs, xs, outs
    trace = pairing(adj, da)
    scaled = mul(reshape(trace, shape=(*trace.shape, 1, 1)), identity(a, a.shape[-1]))
    right = sub(scaled, matmul(adj, da))  # adj˙ A
    return (turned(solve(turned(a), turned(right), strict=True)),)


adjugate = routine("adjugate", infer_adjugate, numpy_adjugate, adjugate_jvp)

# --- slogdet -------------------------------------------------------------------------------------


def infer_slogdet(a: Type) -> tuple[Type, ...]:
    require_square("slogdet", a)
    lead = a.shape[:-2]
    return (a.with_shape(lead), part_type(a).with_shape(lead))


def numpy_slogdet(a: Any) -> Any:
    return np.linalg.slogdet(a)


def slogdet_jvp(dxs: Any, xs: Any, outs: Any) -> Any:
    (da,), (a,), (sign, _) = dxs, xs, outs
    growth = trace(solve(a, da, strict=True))
    if not a.type.complex:
        return None, growth
    turn = imag(growth)
    return mul(sign, join(turn.full(0), turn)), real(growth)


slogdet = routine("slogdet", infer_slogdet, numpy_slogdet, slogdet_jvp, flops=factoring)
