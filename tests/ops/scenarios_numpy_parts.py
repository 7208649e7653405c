"""Scenarios of ufuncs that take numbers apart, of ufuncs of integers, and of predicates."""

from __future__ import annotations

import numpy as np

from diffkit.ops import scan

from .scenario import CUBE, LINE, ROW, P, Q, T, X, Y, case, direct, numbers

N = np.array([[12, -7, 5], [0, 9, -4]])
M = np.array([[3, 2, -5], [4, -6, 7]])
SHIFTS = np.array([[1, 0, 3], [2, 63, 70]])
MASK = np.array([[True, False, True], [False, False, True]])
HOLES = np.array([[0.7, np.nan, -1.2], [np.nan, 0.4, 2.1]])
FAR = numbers(201, 2, 3, low=-9, high=9)


def T_SINC(x):
    return T.where(x == 0, 1 + 0 * x, T.sinc(x))


# fmt: off
PARTS = [
    case("signbit", lambda x: x * np.signbit(x), X, torch=lambda x: x * T.signbit(x)),
    case("signbit-zeros", lambda x: np.signbit(x) * np.array([1.0, 2.0]), np.array([0.0, -0.0]),
         differences=False, single=False),
    case("copysign", np.copysign, X, Y, torch=T.copysign if T else None),
    case("copysign-numbers", lambda x: np.copysign(x, -1.0) + np.copysign(2, x), X,
         torch=lambda x: -abs(x) + T.copysign(T.tensor(2.0, dtype=x.dtype), x)),
    case("nextafter", np.nextafter, X, Y, torch=lambda x, y: x + 0 * y),
    case("fmod", np.fmod, X, Q, torch=lambda x, y: x - y * T.trunc(x / y).detach()),
    case("fmod-negative", lambda x, y: np.fmod(x, -y), FAR, Q, torch=lambda x, y: T.fmod(x, -y),
         ulps=8),
    case("fmod-integers", lambda n, m: np.fmod(n, m), N, M),
    case("fmax", np.fmax, X, Y, torch=T.fmax if T else None),
    case("fmax-nan", lambda x, y: np.fmax(x, y), HOLES, Y, torch=T.fmax if T else None,
         differences=False),
    case("fmin", np.fmin, X, ROW, torch=T.fmin if T else None),
    case("fmin-integers", lambda n: np.fmin(n, 3), N),
    case("logaddexp2", np.logaddexp2, X, Y, torch=T.logaddexp2 if T else None, ulps=8),
    case("logaddexp2-far", np.logaddexp2, FAR * 100, X, torch=T.logaddexp2 if T else None),
    case("heaviside", lambda x, h: np.heaviside(x, h) * h, X, Y,
         torch=lambda x, h: (x > 0) * h),
    case("heaviside-at-0", lambda h: np.heaviside(np.array([-1.0, 0.0, 2.0]), h), ROW,
         torch=lambda h: T.stack([0 * h[0], h[1], 1 + 0 * h[2]]), single=False),
    case("ldexp", lambda x: np.ldexp(x, np.array([2, -3, 5])), X,
         torch=lambda x: x * T.tensor([4.0, 0.125, 32.0], dtype=x.dtype)),
    case("frexp", np.frexp, FAR),
    case("modf", np.modf, FAR, torch=lambda x: (T.frac(x), T.trunc(x))),
    case("divmod", lambda x, y: np.divmod(x, y), FAR, Q,
         torch=lambda x, y: (T.floor_divide(x, y).detach(), T.remainder(x, y))),
    case("divmod-operator", lambda x: divmod(x, 0.8)[1] + divmod(3.0, x * x)[1], X),
    case("isposinf", np.isposinf, np.array([1.0, np.inf, -np.inf])),
    case("isneginf", np.isneginf, np.array([1.0, np.inf, -np.inf])),
    case("fix", lambda x: x * np.fix(x), FAR, torch=lambda x: x * T.trunc(x).detach()),
    case("sinc", np.sinc, FAR, torch=T.sinc if T else None, ulps=16),
    case("sinc-near-0", np.sinc, np.array([0.01, -0.2, 0.24, 0.26]), ulps=8,
         torch=T.sinc if T else None, peer=(1e-12, 1e-8)),
    case("i0", np.i0, FAR, torch=T.special.i0 if T else None, ulps=8, analytic=False),
    case("around", lambda x: x * np.around(x, 1), X, torch=lambda x: x * T.round(x, decimals=1)),
    case("astype", lambda x: x * np.astype(x, np.int64), FAR,
         torch=lambda x: x * x.long().to(x.dtype)),
    case("nan_to_num", np.nan_to_num, X, torch=T.nan_to_num if T else None),
    case("nan_to_num-numbers", lambda x: np.nan_to_num(x, nan=1.5, posinf=2.0, neginf=-3.0),
         np.array([0.5, np.nan, np.inf, -np.inf]), differences=False,
         torch=lambda x: T.nan_to_num(x, 1.5, 2.0, -3.0)),
    case("nan_to_num-integers", lambda n: np.nan_to_num(n), N),
    case("add-dtype", lambda x: np.add(x, 1, dtype=np.float64), X, single=False),
    case("multiply-dtype", lambda n: np.multiply(n, 2, dtype=np.float64), N),
]

INTEGERS = [
    case("bitwise_and", lambda n, m: n & m, N, M),
    case("bitwise_and-booleans", lambda x: (x > 0) & MASK, X),
    case("bitwise_or", lambda n, m: n | m, N, M),
    case("bitwise_or-booleans", lambda x: (x > 0) | MASK, X),
    case("bitwise_xor", lambda n, m: n ^ m, N, M),
    case("bitwise_xor-booleans", lambda x: (x > 0) ^ MASK, X),
    case("invert", lambda n: ~n, N),
    case("invert-booleans", lambda x: ~(x > 0), X),
    case("left_shift", lambda n, k: n << k, N, SHIFTS),
    case("left_shift-reflected", lambda k: 3 << k, SHIFTS),
    case("right_shift", lambda n, k: n >> k, N, SHIFTS),
    case("bitwise_count", lambda n: np.bitwise_count(n), N),
    case("gcd", np.gcd, N, M),
    case("lcm", np.lcm, N, M),
    case("counter-generator", 
         lambda n, x: x * (((n * 747796405 + 2891336453) % 2**32 >> 7) / 2**25),
         np.array([1, 2, 3]), numbers(202, 3), analytic=False, single=False),
]

PREDICATES = [
    case("isclose", lambda x, y: np.isclose(x, y, rtol=0.5), X, Y),
    case("isclose-nan", lambda x: np.isclose(x, HOLES, equal_nan=True), HOLES, single=False),
    case("isclose-integers", lambda n, m: np.isclose(n, m, atol=3), N, M, single=False),
    case("allclose", lambda x, y: np.allclose(x, y), X, Y),
    case("array_equal", lambda x: np.array_equal(x, X), X, single=False),
    case("array_equal-nan", lambda x: np.array_equal(x, HOLES, equal_nan=True), HOLES,
         single=False),
    case("array_equal-shapes", lambda x: x * np.array_equal(x, ROW), X, torch=lambda x: 0 * x),
    case("array_equiv", lambda x: np.array_equiv(x, ROW), X, single=False),
    case("real_if_close", np.real_if_close, X, torch=lambda x: 1 * x),
    case("count_nonzero", lambda n: np.count_nonzero(n, axis=1, keepdims=True), N),
    case("result_type", lambda x: x.astype(np.result_type(x, np.float32)), X,
         torch=lambda x: 1 * x, single=False),
    case("can_cast", lambda x: x * np.can_cast(x, np.float32), X, torch=lambda x: 0 * x,
         single=False),
    case("common_type", lambda x: x.astype(np.common_type(x)), X, torch=lambda x: 1 * x),
    case("tril_indices_from", lambda x: x[np.tril_indices_from(x, -1)], np.eye(3) + 0.25,
         torch=lambda x: x[tuple(T.tril_indices(3, 3, -1))]),
    case("triu_indices_from", lambda x: x[np.triu_indices_from(x)], np.eye(3) + 0.25,
         torch=lambda x: x[tuple(T.triu_indices(3, 3))]),
    case("diag_indices_from", lambda x: x[np.diag_indices_from(x)], np.eye(3) + 0.25,
         torch=lambda x: x.diagonal()),
    case("array_repr", lambda x: x * len([np.array_repr(x), np.array_str(x), np.array2string(x)]),
         X, torch=lambda x: 3 * x, unlike=("no-axes",)),
]

SCANS = [
    case("cumprod", np.cumprod, P, torch=lambda x: x.ravel().cumprod(0)),
    case("cumprod-axis", lambda x: np.cumprod(x, axis=1), CUBE, torch=lambda x: x.cumprod(1)),
    case("cumprod-zeros", lambda x: np.cumprod(x, axis=-1),
         np.array([[0.5, 0.0, 1.5, -2.0], [0.0, 0.3, 0.0, 0.7]]), torch=lambda x: x.cumprod(1)),
    case("cumprod-method", lambda x: x.cumprod(0), X, torch=lambda x: x.cumprod(0)),
    case("cumprod-integers", lambda n: np.cumprod(n), M),
    case("cumprod-dtype", lambda x: np.cumprod(x, axis=0, dtype=np.float64), X, single=False),
    case("cumsum-dtype", lambda n: np.cumsum(n, dtype=np.float64), N),
    case("recurrence", direct(scan.recurrence, axis=1), X, Y),
    case("cumulative_sum", lambda x: np.cumulative_sum(x, axis=1, include_initial=True), X,
         torch=lambda x: T.cat([0 * x[:, :1], x.cumsum(1)], 1)),
    case("cumulative_sum-line", np.cumulative_sum, LINE, torch=lambda x: x.cumsum(0)),
    case("cumulative_prod", lambda x: np.cumulative_prod(x, axis=0, include_initial=True), X,
         torch=lambda x: T.cat([0 * x[:1] + 1, x.cumprod(0)], 0)),
    case("add-accumulate", lambda x: np.add.accumulate(x, axis=1), X, torch=lambda x: x.cumsum(1)),
    case("multiply-accumulate", np.multiply.accumulate, X, torch=lambda x: x.cumprod(0)),
    case("maximum-accumulate", lambda x: np.maximum.accumulate(x, axis=1), numbers(203, 3, 7),
         torch=lambda x: T.cummax(x, 1).values),
    case("minimum-accumulate", np.minimum.accumulate, LINE, torch=lambda x: T.cummin(x, 0).values),
    case("logaddexp-accumulate", np.logaddexp.accumulate, LINE, ulps=16,
         torch=lambda x: T.logcumsumexp(x, 0)),
    case("logical_and-accumulate", lambda x: np.logical_and.accumulate(x > -1.0, axis=1), X),
    case("multiply-outer", lambda x, y: np.multiply.outer(x, y), X, ROW,
         torch=lambda x, y: x[..., None] * y),
    case("subtract-outer", lambda x: np.subtract.outer(x, 2.0) + np.add.outer(3.0, x), ROW,
         torch=lambda x: 2 * x + 1),
    case("arctan2-outer", lambda x, y: np.arctan2.outer(x, y), ROW, LINE,
         torch=lambda x, y: T.arctan2(x[:, None], y)),
    case("add-reduceat", lambda x: np.add.reduceat(x, [0, 3, 1]), LINE,
         torch=lambda x: T.stack([x[:3].sum(), x[3], x[1:].sum()])),
    case("maximum-reduceat", lambda x: np.maximum.reduceat(x, [0, 2], axis=1), X,
         torch=lambda x: T.stack([x[:, :2].amax(1), x[:, 2]], 1)),
    case("logaddexp-reduce", lambda x: np.logaddexp.reduce(x, axis=1), X, ulps=8,
         torch=lambda x: T.logsumexp(x, 1)),
    case("hypot-reduce", lambda x: np.hypot.reduce(x, axis=1, keepdims=True), X, ulps=8,
         torch=lambda x: (x * x).sum(1, keepdim=True).sqrt()),
    case("fmax-reduce", lambda x: np.fmax.reduce(x, axis=None), HOLES, differences=False,
         torch=lambda x: T.nan_to_num(x, -9.0).max()),
    case("bitwise_xor-reduce", lambda n: np.bitwise_xor.reduce(n, axis=1), N),
    case("gcd-reduce", lambda n: np.gcd.reduce(n, axis=None), N),
]
# fmt: on

SCENARIOS = [*PARTS, *INTEGERS, *PREDICATES, *SCANS]
