"""Scenarios with complex arguments, or complex numbers on the way.

PyTorch's gradients by complex numbers are the conjugates of diffkit's; the harness turns them.
"""

from __future__ import annotations

import math

import numpy as np

import diffkit.numpy as dnp

from .scenario import COLUMN, CUBE, LINE, ROW, P, T, X, Y, case, numbers

Z = X + 1j * Y
W = Y - 0.7j * X
SMALL = 0.4 * Z
"""Inside the unit circle, or not far out."""
LINE_Z = LINE + 0.8j * LINE[::-1]
ROW_Z = ROW - 1.2j * ROW[::-1]
TALL_Z = numbers(50, 3, 2) + 1j * numbers(51, 3, 2)
CUBE_Z = CUBE + 0.5j * CUBE[:, ::-1]
SQUARE_Z = numbers(52, 3, 3) + 1j * numbers(53, 3, 3) + 3 * np.eye(3)
HERE = np.array([[True, False, True], [False, True, True]])
INWARD = {"analytic": False}  # complex numbers on the way, where the complex step has no room


def filled(x, y):
    """A complex array, written part by part."""
    out = dnp.zeros((3, 3), dtype=np.complex128)
    out[0] = x * 1j
    out[1:, ::2] = y[0, 0]
    out[2, 1] += x[1] + 2j
    return out


# fmt: off
PARTS = [
    case("real", np.real, Z, torch=lambda z: z.real),
    case("imag", np.imag, Z, torch=lambda z: z.imag),
    case("real-of-real", lambda x: np.real(x) * np.imag(x), X),
    case("conjugate", np.conjugate, Z, torch=lambda z: T.conj(z)),
    case("conj-method", lambda z: z.conj() * z.real, Z, torch=lambda z: T.conj(z) * z.real),
    case("angle", np.angle, Z, torch=lambda z: T.angle(z)),
    case("angle-deg", lambda z: np.angle(z, deg=True), Z,
         torch=lambda z: T.rad2deg(T.angle(z))),
    case("absolute-complex", np.abs, Z, torch=lambda z: T.abs(z)),
    case("absolute-squared", lambda z: np.abs(z) ** 2, Z, torch=lambda z: (z * z.conj()).real),
    case("sign-complex", np.sign, Z, torch=lambda z: T.sgn(z)),
    case("astype-function", lambda x: np.astype(x, np.complex128) * 1j, X, analytic=False,
         torch=lambda x: x * 1j, single=False),
    case("iscomplex", lambda z: z * np.iscomplex(z), Z),
    case("isreal", lambda z: z * np.isreal(z), Z),
    case("iscomplexobj", lambda z: z * np.iscomplexobj(z), Z),
    case("isrealobj", lambda z: z * np.isrealobj(z), Z),
    case("astype-complex", lambda x: x.astype(np.complex128) * 1j, X, torch=lambda x: x * 1j,
         single=False, **INWARD),
]
ARITHMETIC = [
    case("add-complex", lambda z, w: z + w, Z, W, torch=lambda z, w: z + w),
    case("add-complex-real", lambda z, x: z + x, Z, X, torch=lambda z, x: z + x),
    case("subtract-complex", lambda x, z: x - z, COLUMN, Z, torch=lambda x, z: x - z),
    case("multiply-complex", lambda z, w: z * w, Z, W, torch=lambda z, w: z * w),
    case("multiply-complex-real", lambda z, x: z * x, Z, X, torch=lambda z, x: z * x),
    case("multiply-complex-row", lambda z, w: z * w, Z, ROW_Z, torch=lambda z, w: z * w),
    case("multiply-real-by-number", lambda x: x * (2 - 1j), X, torch=lambda x: x * (2 - 1j),
         **INWARD),
    case("divide-complex", lambda z, w: z / w, Z, W, torch=lambda z, w: z / w),
    case("divide-real-complex", lambda x, w: x / w, X, W, torch=lambda x, w: x / w),
    case("divide-number-complex", lambda w: 1j / w, W, torch=lambda w: 1j / w),
    case("negative-complex", np.negative, Z, torch=lambda z: -z),
    case("positive-complex", np.positive, Z),
    case("reciprocal-complex", np.reciprocal, Z, torch=lambda z: 1 / z),
    case("square-complex", np.square, Z, torch=lambda z: z * z),
    case("power-complex", lambda z, w: z ** w, Z, SMALL, torch=lambda z, w: z ** w),
    case("power-complex-2", lambda z: z ** 2, Z, torch=lambda z: z ** 2),
    case("power-complex-3", lambda z: z ** 3, Z, torch=lambda z: z ** 3),
    case("power-complex-minus-2", lambda z: z ** -2, Z, torch=lambda z: z ** -2),
    case("power-complex-root", lambda z: z ** 0.5, Z, torch=lambda z: z ** 0.5),
    case("power-real-complex", lambda x, w: x ** w, P, SMALL, torch=lambda x, w: x ** w),
    case("power-complex-exponent", lambda x: x ** (1 + 2j), P, torch=lambda x: x ** (1 + 2j),
         **INWARD),
]
FUNCTIONS = [
    case("exp-complex", np.exp, Z, torch=lambda z: T.exp(z)),
    case("exp-of-angle", lambda x: np.exp(1j * x), X, torch=lambda x: T.exp(1j * x), **INWARD),
    case("exp2-complex", np.exp2, Z, torch=lambda z: T.exp2(z)),
    case("expm1-complex", np.expm1, Z, torch=lambda z: T.expm1(z)),
    case("log-complex", np.log, Z, torch=lambda z: T.log(z)),
    case("log2-complex", np.log2, Z, torch=lambda z: T.log2(z)),
    case("log10-complex", np.log10, Z, torch=lambda z: T.log10(z)),
    case("log1p-complex", np.log1p, Z, torch=lambda z: T.log1p(z)),
    case("sqrt-complex", np.sqrt, Z, torch=lambda z: T.sqrt(z)),
    case("sin-complex", np.sin, Z, torch=lambda z: T.sin(z)),
    case("cos-complex", np.cos, Z, torch=lambda z: T.cos(z)),
    case("tan-complex", np.tan, Z, torch=lambda z: T.tan(z)),
    case("sinh-complex", np.sinh, Z, torch=lambda z: T.sinh(z)),
    case("cosh-complex", np.cosh, Z, torch=lambda z: T.cosh(z)),
    case("tanh-complex", np.tanh, Z, torch=lambda z: T.tanh(z)),
    case("arcsin-complex", np.arcsin, Z, torch=lambda z: T.asin(z)),
    case("arccos-complex", np.arccos, Z, torch=lambda z: T.acos(z)),
    case("arctan-complex", np.arctan, SMALL, torch=lambda z: T.atan(z)),
    case("arcsinh-complex", np.arcsinh, Z, torch=lambda z: T.asinh(z)),
    case("arccosh-complex", np.arccosh, Z, torch=lambda z: T.acosh(z)),
    case("arctanh-complex", np.arctanh, SMALL, torch=lambda z: T.atanh(z)),
]
EMATH = [
    case("emath.sqrt", np.emath.sqrt, Z, torch=lambda z: T.sqrt(z)),
    case("emath.power", np.emath.power, Z, SMALL, torch=lambda z, w: z**w),
    case("emath.power-integer", lambda z: np.emath.power(z, -2), Z, torch=lambda z: z**-2,
         single=False),
    case("emath.log", np.emath.log, Z, torch=lambda z: T.log(z)),
    case("emath.log2", np.emath.log2, Z, torch=lambda z: T.log2(z)),
    case("emath.log10", np.emath.log10, Z, torch=lambda z: T.log10(z)),
    case("emath.logn", lambda z: np.emath.logn(3.0, z), Z, torch=lambda z: T.log(z) / math.log(3),
         single=False),
    case("emath.arcsin", np.emath.arcsin, Z, torch=lambda z: T.asin(z)),
    case("emath.arccos", np.emath.arccos, Z, torch=lambda z: T.acos(z)),
    case("emath.arctanh", np.emath.arctanh, SMALL, torch=lambda z: T.atanh(z)),
]
CHOICE = [
    case("sort_complex", np.sort_complex, Z),
    case("sort_complex-real", np.sort_complex, X, single=False, **INWARD),
    case("sort_complex-ties", np.sort_complex, np.array([1 + 2j, 1j, 1 - 1j, 1]),
         differences=False),
    case("sort-complex", lambda z: np.sort(z, axis=0), Z),
    case("where-complex", lambda z, w: np.where(HERE, z, w), Z, W,
         torch=lambda z, w: T.where(T.tensor(HERE), z, w)),
    case("where-complex-real", lambda z, x: np.where(z.real > 0, z, x), Z, X,
         torch=lambda z, x: T.where(z.real > 0, z, x + 0j)),
    case("maximum-complex", np.maximum, Z, W,
         torch=lambda z, w: T.where(z.real >= w.real, z, w)),
    case("minimum-complex", np.minimum, Z, W,
         torch=lambda z, w: T.where(z.real <= w.real, z, w)),
    case("max-complex", lambda z: np.max(z, axis=1), Z),
    case("min-complex", np.min, Z),
    case("less-complex", lambda z, w: z * (z < w), Z, W),
    case("equal-complex", lambda z, w: z * (z == w) + (z != w), Z, W),
    case("less_equal-complex", lambda z, w: z * (z <= w) + w * (z >= w) - (z > w), Z, W),
    case("rint-complex", lambda z: z * np.rint(1.7 * z), Z, differences=False),
    case("logical_not-complex", lambda z: z * np.logical_not(z), Z),
    case("isnan-complex", lambda z: z * np.isnan(z) + z * np.isfinite(z) - np.isinf(z), Z),
]
REDUCTIONS = [
    case("sum-complex", lambda z: np.sum(z, axis=0), Z, torch=lambda z: z.sum(0)),
    case("prod-complex", lambda z: np.prod(z, axis=1), Z, torch=lambda z: z.prod(1)),
    case("mean-complex", lambda z: np.mean(z, axis=-1, keepdims=True), Z,
         torch=lambda z: z.mean(-1, keepdim=True)),
    case("var-complex", lambda z: np.var(z, axis=1), Z,
         torch=lambda z: T.var(z, 1, correction=0)),
    case("std-complex", lambda z: np.std(z, axis=1, ddof=1), Z,
         torch=lambda z: T.std(z, 1, correction=1)),
    case("cumsum-complex", lambda z: np.cumsum(z, axis=1), Z, torch=lambda z: z.cumsum(1)),
    case("cumprod-complex", lambda z: np.cumprod(z, axis=1), Z, torch=lambda z: z.cumprod(1)),
    case("diff-complex", lambda z: np.diff(z, axis=1), Z, torch=lambda z: T.diff(z, dim=1)),
    case("norm-complex", np.linalg.norm, Z, torch=lambda z: T.linalg.vector_norm(z)),
    case("norm-complex-1", lambda z: np.linalg.norm(z, 1, axis=0), Z,
         torch=lambda z: z.abs().sum(0)),
    case("norm-complex-inf", lambda z: np.linalg.norm(z, np.inf, axis=1), Z,
         torch=lambda z: z.abs().amax(1)),
    case("argmax-complex", lambda z: z[0] * np.argmax(z, axis=0) - np.argmin(z), Z),
    case("argmax-complex-tie", lambda z: z * np.argmax(z), np.array([1 - 2j, 1 + 2j, 1j]),
         differences=False),
]
PRODUCTS = [
    case("dot-complex", lambda z, w: np.dot(z, w), Z, TALL_Z, torch=lambda z, w: z @ w, ulps=16),
    case("matmul-complex", lambda z, w: z @ w, Z, TALL_Z, torch=lambda z, w: z @ w, ulps=16),
    case("matmul-real-complex", lambda x, w: x @ w, X, TALL_Z,
         torch=lambda x, w: (x + 0j) @ w, ulps=16),
    case("vdot-complex", np.vdot, LINE_Z, 1j * LINE_Z[::-1],
         torch=lambda z, w: T.vdot(z, w), ulps=16),
    case("vdot-real-complex", np.vdot, LINE, LINE_Z, torch=lambda x, w: T.vdot(x + 0j, w),
         ulps=16),
    case("inner-complex", np.inner, Z, W, torch=lambda z, w: z @ w.T, ulps=16),
    case("outer-complex", np.outer, ROW_Z, LINE, torch=lambda z, x: z[:, None] * x),
    case("tensordot-complex", lambda z, w: np.tensordot(z, w, ((1, 0), (0, 1))), Z, TALL_Z,
         torch=lambda z, w: (z * w.T).sum(), ulps=16),
    case("einsum-complex", lambda z, w: np.einsum("ij,kj->ik", z, np.conj(w)), Z, W,
         torch=lambda z, w: z @ w.conj().T, ulps=16),
    case("trace-complex", np.trace, SQUARE_Z, torch=lambda z: z.trace()),
    case("solve-complex", np.linalg.solve, SQUARE_Z, ROW_Z,
         torch=lambda a, b: T.linalg.solve(a, b), ulps=64),
    case("solve-complex-real", np.linalg.solve, SQUARE_Z, TALL_Z.real,
         torch=lambda a, b: T.linalg.solve(a, b + 0j), ulps=64),
]
ARRAYS = [
    case("reshape-complex", lambda z: z.T.reshape(2, -1), Z, torch=lambda z: z.T.reshape(2, -1)),
    case("transpose-complex", lambda z: z.conj().T, Z, torch=lambda z: z.conj().T),
    case("concatenate-complex", lambda z, x: np.concatenate([z, x], 1), Z, X,
         torch=lambda z, x: T.cat([z, x + 0j], 1)),
    case("stack-complex", lambda x, z: np.stack([x, z, 2j * x]), X, Z,
         torch=lambda x, z: T.stack([x + 0j, z, 2j * x])),
    case("array-complex", lambda z, x: dnp.array([[z[0, 0], 1], [2j, x[1]]]), Z, ROW,
         torch=lambda z, x: T.stack([z[0, 0], 1 + 0 * z[0, 0], 2j + 0 * z[0, 0],
                                     x[1] + 0j]).reshape(2, 2), single=False),
    case("pad-complex", lambda z: np.pad(z, 1, constant_values=1j), Z),
    case("roll-complex", lambda z: np.roll(z, 1, 1), Z, torch=lambda z: z.roll(1, 1)),
    case("flip-complex", lambda z: np.flip(z, 0), Z, torch=lambda z: z.flip(0)),
    case("broadcast_to-complex", lambda z: np.broadcast_to(z, (4, 3)), ROW_Z,
         torch=lambda z: z.expand(4, 3)),
    case("getitem-complex", lambda z: z[0, ::2] * z[[1, 1], [0, 2]], Z,
         torch=lambda z: z[0, ::2] * z[[1, 1], [0, 2]]),
    case("take-complex", lambda z: np.take(z, [2, 0, 2], axis=1), Z,
         torch=lambda z: z[:, [2, 0, 2]]),
    case("setitem-complex", filled, ROW, Z, single=False, **INWARD),
    case("set_at-complex", lambda z, w: dnp.set_at(z, (slice(None), 1), w[0, 0]), Z, W),
    case("add_at-complex", lambda z, w: dnp.add_at(z, [0, 0], w[0]), Z, W),
    case("diagonal-complex", np.diagonal, CUBE_Z, torch=lambda z: z.diagonal()),
]
# fmt: on

SCENARIOS = [
    *PARTS, *ARITHMETIC, *FUNCTIONS, *EMATH, *CHOICE, *REDUCTIONS, *PRODUCTS, *ARRAYS,
]  # fmt: skip
