"""The vocabulary that rules about matrices are written with.

A matrix is the last two axes of an array; the axes before them are a stack of matrices, and every
function here works on all of a stack at once. Masks are constants of the size of one matrix, which
broadcast against the stack.
"""

from __future__ import annotations

from string import ascii_uppercase
from typing import Any

import numpy as np

from ..errors import ShapeError, explain
from ..graph import literal
from ..types import Type
from .arithmetic import Expr, absolute, add, cast, mul, select, sub
from .complex import conj, imag, real
from .contract import einsum
from .elementwise import hypot
from .shape import reshape, sum_, take_range, transpose


def letters(x: Any) -> str:
    """The axes of the stack, as letters of an einsum."""
    return ascii_uppercase[: len(x.shape) - 2]


def matmul(x: Expr, y: Expr) -> Expr:
    """x y, of stacks of the same shape."""
    lead = letters(x)
    return einsum(x, y, spec=f"{lead}ij,{lead}jk->{lead}ik")


def turned(x: Any) -> Any:
    """xᵀ."""
    n = len(x.shape)
    return transpose(x, axes=(*range(n - 2), n - 1, n - 2))


def adjoint(x: Expr) -> Expr:
    """x*, the conjugate transpose."""
    return conj(turned(x))


def hermitian(x: Expr) -> Expr:
    """(x + x*)/2."""
    return mul(add(x, adjoint(x)), 0.5)


def skew(x: Expr) -> Expr:
    """(x - x*)/2."""
    return mul(sub(x, adjoint(x)), 0.5)


def row(w: Expr) -> Expr:
    """A vector as the matrix of one row."""
    return reshape(w, shape=(*w.shape[:-1], 1, w.shape[-1]))


def column(w: Expr) -> Expr:
    """A vector as the matrix of one column."""
    return reshape(w, shape=(*w.shape, 1))


def constant(x: Expr, value: Any) -> Expr:
    """A known array in the dtype of x, or of truth values if it is one."""
    array = np.asarray(value)
    dtype = array.dtype if array.dtype == np.bool_ else x.dtype_.numpy
    return x.wrap(literal(array, dtype))


def masked(x: Expr, mask: Any) -> Expr:
    """x where the mask of one matrix holds, else 0."""
    return select(constant(x, mask), x, x.full(0, ()))


def below(n: int, m: int, strict: bool) -> Any:
    """The mask of the lower triangle of an n × m matrix, with or without its diagonal."""
    return np.tri(n, m, -1 if strict else 0, dtype=bool)


def identity(x: Expr, n: int) -> Expr:
    """The n × n identity in the dtype of x."""
    return constant(x, np.eye(n))


def diagonal(x: Expr) -> Expr:
    """The diagonals of square matrices."""
    lead = letters(x)
    return einsum(x, identity(x, x.shape[-1]), spec=f"{lead}ij,ij->{lead}i")


def trace(x: Expr) -> Expr:
    d = diagonal(x)
    return sum_(d, axes=(len(d.shape) - 1,))


def columns(x: Expr, start: int, stop: int) -> Expr:
    """x[..., start:stop]."""
    return take_range(x, len(x.shape) - 1, start, stop)


def rows(x: Expr, start: int, stop: int) -> Expr:
    """x[..., start:stop, :]."""
    return take_range(x, len(x.shape) - 2, start, stop)


def size(x: Expr) -> Expr:
    """|x| of each element."""
    return hypot(real(x), imag(x)) if x.type.complex else absolute(x)


def like(x: Expr, y: Expr) -> Expr:
    """x in the dtype of y."""
    return cast(x, dtype=y.dtype_)


def require_square(asked: str, a: Type) -> None:
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        remedy = "Transpose, reshape or slice the operand"
        raise ShapeError(explain(asked, f"{a}", "square matrices on the last two axes", remedy))
