"""Complex numbers: their parts, their conjugate, and the number made of two parts.

A complex number is differentiated as the pair of its parts. These four ops are linear over the real
numbers and nothing more; every other op on complex numbers is analytic, and its partials are those
of the real op. Cotangents pair with tangents as Re Σ ȳ·ẏ, without a conjugate, so that the rule of
an analytic op is the same in both modes: z̄ = f′(z) ȳ. The gradient of a real function f(x + iy) is
then ∂f/∂x - i ∂f/∂y, 2 times its Wirtinger derivative ∂f/∂z; PyTorch gives the conjugate of it, the
direction of steepest ascent (Kreutz-Delgado, The complex gradient operator and the CR-calculus,
2009, section 4).
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DtypeError, explain
from ..graph import Linear, Op, Value, pointwise
from ..types import COMPLEX, REAL, Type
from .arithmetic import Expr, common, infer_same, neg


def infer_part(z: Type) -> Type:
    return z.with_dtype(REAL.get(z.dtype, z.dtype))


def infer_join(x: Type, y: Type) -> Type:
    both = common("complex", x, y)
    if both.dtype not in COMPLEX:
        want, remedy = "floating-point parts", "Cast them"
        raise DtypeError(explain("complex", f"got {x} and {y}", want, remedy))
    return both.with_dtype(COMPLEX[both.dtype])


def numpy_join(x: Any, y: Any) -> Any:
    """x + iy, part by part: a sum would turn an infinite x into x + i nan."""
    out = np.empty(np.broadcast_shapes(np.shape(x), np.shape(y)), np.result_type(x, np.complex64))
    out.real, out.imag = x, y
    return out[()]


def numpy_real(z: Any) -> Any:
    return np.array(np.real(z))[()]  # its own memory: NumPy's is every other number of z


def numpy_imag(z: Any) -> Any:
    return np.array(np.imag(z))[()]


def zero(ct: Expr) -> Expr:
    return ct.full(0)


def real_transpose(i: int, ct: Expr, z: Expr) -> Expr:
    return join(ct, zero(ct))  # Re(ct·ż) with a real ct


def imag_transpose(i: int, ct: Expr, z: Expr) -> Expr:
    return join(zero(ct), neg(ct))  # ct·Im ż = Re(-i ct·ż)


def conj_transpose(i: int, ct: Expr, z: Expr) -> Expr:
    return conj(ct)


def join_transpose(i: int, ct: Expr, x: Expr, y: Expr) -> Expr:
    return real(ct) if i == 0 else neg(imag(ct))


def simplify_real(z: Value) -> Value | None:
    if not z.type.complex:
        return z
    made = z.producer
    return part_of(z, 0) if made and made.op is join else None


def simplify_imag(z: Value) -> Value | None:
    if not z.type.complex:
        return z.full(0)
    made = z.producer
    return part_of(z, 1) if made and made.op is join else None


def part_of(z: Value, k: int) -> Value | None:
    """The part that a number was made of, where it need not be stretched."""
    assert z.producer is not None
    part = z.producer.args[k]
    return z.wrap(part) if part.type.shape == z.shape else None


def simplify_conj(z: Value) -> Value | None:
    if not z.type.complex:
        return z
    made = z.producer
    return z.wrap(made.args[0]) if made and made.op is conj else None


real = Op(
    "real",
    infer_part,
    numpy_real,
    Linear((0,), real_transpose),
    simplify=simplify_real,
    lead=pointwise,
)
imag = Op(
    "imag",
    infer_part,
    numpy_imag,
    Linear((0,), imag_transpose),
    simplify=simplify_imag,
    lead=pointwise,
)
conj = Op(
    "conj",
    infer_same,
    np.conjugate,
    Linear((0,), conj_transpose),
    simplify=simplify_conj,
    lead=pointwise,
)
join = Op("complex", infer_join, numpy_join, Linear((0, 1), join_transpose), lead=pointwise)
