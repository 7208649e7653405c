"""Discrete Fourier transforms along an axis: y_k = s Σ_j x_j exp(∓2πi jk/n).

The matrix of the sum is symmetric and cotangents pair without a conjugate (see `ops.complex`), so
that `fft` is its own transpose.

Of a real x the half k ≤ n/2 of y says all, as y_{n-k} is the conjugate of y_k; `rfft` computes this
half alone. `irfft` goes back, and there an element of the half counts twice, for itself and for the
conjugate that was left out; only the first does not, and the last if n is even. So the transpose
of `rfft` is `irfft` of the conjugate with each element's share, one over how often it counts; and
that of `irfft` is the conjugate of `rfft`, times how often.

`norm` says s as in NumPy: with "backward" it is 1 for the minus sign and 1/n for the plus sign,
with "forward" the other way round, with "ortho" 1/√n for both. (Cooley & Tukey, Mathematics of
Computation 19, 1965; for real x: Sorensen et al., IEEE Transactions on ASSP 35, 1987.)
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import DtypeError, explain
from ..graph import Linear, Op
from ..types import COMPLEX, REAL, Type
from .arithmetic import Expr, mul
from .complex import conj

OPPOSITE = {"backward": "forward", "forward": "backward", "ortho": "ortho"}
"""The norm with which the other sign has the same factor s."""


def of_length(x: Type, axis: int, n: int) -> Type:
    return x.with_shape((*x.shape[:axis], n, *x.shape[axis + 1 :]))


def refusal(name: str, got: Type, want: str) -> DtypeError:
    return DtypeError(explain(name, f"got {got}", want, "Convert it with astype"))


def infer_fft(x: Type, axis: int, inverse: bool, norm: str) -> Type:
    if not x.complex:
        raise refusal("fft", x, "complex numbers")
    return x


def infer_rfft(x: Type, axis: int, norm: str) -> Type:
    if x.dtype not in COMPLEX:
        raise refusal("rfft", x, "real floating-point numbers")
    return of_length(x.with_dtype(COMPLEX[x.dtype]), axis, x.shape[axis] // 2 + 1)


def infer_irfft(y: Type, axis: int, n: int, norm: str) -> Type:
    if not y.complex:
        raise refusal("irfft", y, "complex numbers")
    assert y.shape[axis] == n // 2 + 1, f"irfft of {y} for a length of {n}"
    return of_length(y.with_dtype(REAL[y.dtype]), axis, n)


def numpy_fft(x: Any, axis: int, inverse: bool, norm: str) -> Any:
    transform = np.fft.ifft if inverse else np.fft.fft
    return transform(x, axis=axis, norm=norm)  # pyright: ignore[reportArgumentType]


def counts(y: Expr, axis: int, n: int) -> Any:
    """How often each element of a half counts in the whole, ready to broadcast against y."""
    often = np.full(n // 2 + 1, 2.0)
    often[0] = 1
    if n % 2 == 0:
        often[-1] = 1
    return often.reshape([-1 if k == axis else 1 for k in range(len(y.shape))])


def fft_transpose(i: int, ct: Expr, x: Expr, axis: int, inverse: bool, norm: str) -> Expr:
    return fft(ct, axis=axis, inverse=inverse, norm=norm)


def rfft_transpose(i: int, ct: Expr, x: Expr, axis: int, norm: str) -> Expr:
    n = x.shape[axis]
    shares = mul(conj(ct), 1 / counts(ct, axis, n))
    return irfft(shares, axis=axis, n=n, norm=OPPOSITE[norm])


def irfft_transpose(i: int, ct: Expr, y: Expr, axis: int, n: int, norm: str) -> Expr:
    half = conj(rfft(ct, axis=axis, norm=OPPOSITE[norm]))
    return mul(half, counts(half, axis, n))


def lead(size: int, axis: int, **attrs: Any) -> dict[str, Any]:
    return {"axis": axis + 1, **attrs}


def butterflies(size: int, n: int) -> int:
    """The operations on `size` complex numbers in rows of n, as is the custom to count them."""
    return round(5 * size * math.log2(max(n, 2)))


# fmt: off
fft   = Op("fft", infer_fft, numpy_fft, Linear((0,), fft_transpose), lead=lead,
           flops=lambda out, x, axis, **_: butterflies(x.size, x.shape[axis]))
rfft  = Op("rfft", infer_rfft, lambda x, axis, norm: np.fft.rfft(x, axis=axis, norm=norm),
           Linear((0,), rfft_transpose), lead=lead,
           flops=lambda out, x, axis, **_: butterflies(x.size, x.shape[axis]) // 2)
irfft = Op("irfft", infer_irfft, lambda y, axis, n, norm: np.fft.irfft(y, n, axis, norm),
           Linear((0,), irfft_transpose), lead=lead,
           flops=lambda out, y, axis, n, **_: butterflies(out.size, n) // 2)
# fmt: on
