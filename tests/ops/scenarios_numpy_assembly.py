"""Scenarios of functions that assemble arrays, take them apart, pad them and choose among them."""

from __future__ import annotations

import numpy as np

import diffkit.numpy as dnp

from .scenario import COLUMN, CUBE, LINE, ROW, SQUARE, P, T, X, Y, case, numbers

N = np.array([[3, -7, 5], [-2, 9, 4]])
LONG = numbers(211, 7)
BOX = numbers(212, 4, 6, 2)
MASK = np.array([True, False, True])
CHOICE = np.array([[0, 2, 1], [1, 0, 2]])


def written(write):
    """A function of two arrays: a copy of the first, after the second was written into it."""

    def function(x, *rest):
        y = np.copy(x)
        write(y, *rest)
        return y * x

    return function


def PAD(mode, widths):
    return lambda x: T.nn.functional.pad(x[None], widths, mode=mode)[0]


# fmt: off
APART = [
    case("array_split", lambda x: np.array_split(x, 3), LONG, torch=lambda x: T.tensor_split(x, 3)),
    case("array_split-axis", lambda x: np.array_split(x, [1, 4], axis=1), BOX,
         torch=lambda x: T.tensor_split(x, (1, 4), 1)),
    case("hsplit", lambda x: np.hsplit(x, 3), BOX, torch=lambda x: T.hsplit(x, 3)),
    case("hsplit-line", lambda x: np.hsplit(x, [2]), LINE, torch=lambda x: T.hsplit(x, [2])),
    case("vsplit", lambda x: np.vsplit(x, 2), BOX, torch=lambda x: T.vsplit(x, 2)),
    case("dsplit", lambda x: np.dsplit(x, 2), BOX, torch=lambda x: T.dsplit(x, 2)),
    case("unstack", lambda x: np.unstack(x, axis=1), CUBE, torch=lambda x: x.unbind(1)),
    case("rot90", np.rot90, X, torch=T.rot90 if T else None),
    case("rot90-axes", lambda x: np.rot90(x, 3, axes=(1, 2)), CUBE,
         torch=lambda x: T.rot90(x, 3, (1, 2))),
    case("rot90-twice", lambda x: np.rot90(x, -2, axes=(0, 2)) * np.rot90(x, 4), CUBE,
         torch=lambda x: T.rot90(x, 2, (0, 2)) * x),
    case("rollaxis", lambda x: np.rollaxis(x, 2), CUBE, torch=lambda x: x.permute(2, 0, 1)),
    case("rollaxis-start", lambda x: np.rollaxis(x, 0, 3), CUBE,
         torch=lambda x: x.permute(1, 2, 0)),
    case("atleast_3d", np.atleast_3d, X, torch=lambda x: x[..., None]),
    case("atleast_3d-several", lambda x, y: np.atleast_3d(x, y), ROW, 0.7,
         torch=lambda x, y: (x[None, :, None], y.reshape(1, 1, 1))),
    case("atleast_1d-several", lambda x, y: np.atleast_1d(x, y), ROW, 0.7,
         torch=lambda x, y: (x, y.reshape(1))),
    case("atleast_2d-several", lambda x, y: np.atleast_2d(x, y), ROW, CUBE,
         torch=lambda x, y: (x[None], y)),
    case("matrix_transpose", np.matrix_transpose, CUBE, torch=lambda x: x.mT),
    case("matrix_transpose-mT", lambda x: x.mT, CUBE, torch=lambda x: x.mT),
    case("linalg.matrix_transpose-one", lambda x: np.linalg.matrix_transpose(x), X,
         torch=lambda x: x.mT),
    case("permute_dims", lambda x: np.permute_dims(x, (2, 0, 1)), CUBE,
         torch=lambda x: x.permute(2, 0, 1)),
    case("sliding_window_view", lambda x: np.lib.stride_tricks.sliding_window_view(x, 3), LONG,
         torch=lambda x: x.unfold(0, 3, 1)),
    case("sliding_window_view-axes",
         lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 3), axis=(0, 1)), BOX,
         torch=lambda x: x.unfold(0, 2, 1).unfold(1, 3, 1)),
    case("roll-one-shift", lambda x: np.roll(x, 1, axis=(0, 1)), X,
         torch=lambda x: x.roll((1, 1), (0, 1))),
    case("take-clip", lambda x: np.take(x, [-2, 1, 9], axis=1, mode="clip"), X,
         torch=lambda x: x[:, [0, 1, 2]]),
    case("take-wrap", lambda x: np.take(x, [-2, 1, 9], axis=1, mode="wrap"), X,
         torch=lambda x: x[:, [1, 1, 0]]),
    case("trace-axes", lambda x: np.trace(x, 1, axis1=2, axis2=0), CUBE,
         torch=lambda x: x.diagonal(1, 2, 0).sum(-1)),
]

TOGETHER = [
    case("broadcast_arrays", lambda x, y: np.broadcast_arrays(x, y), COLUMN, ROW,
         torch=lambda x, y: T.broadcast_tensors(x, y)),
    case("meshgrid", lambda x, y: np.meshgrid(x, y), ROW, LINE,
         torch=lambda x, y: T.meshgrid(x, y, indexing="xy")),
    case("meshgrid-ij", lambda x, y, z: np.meshgrid(x, y, z, indexing="ij"), ROW, LINE, LONG[:2],
         torch=lambda x, y, z: T.meshgrid(x, y, z, indexing="ij")),
    case("meshgrid-sparse", lambda x, y: np.meshgrid(x, y, sparse=True), ROW, LINE,
         torch=lambda x, y: (x[None], y[:, None])),
    case("ix_", lambda x, n: x[np.ix_(n, [2, 0])], X, np.array([1, 0, 1]),
         torch=lambda x, n: x[n[:, None], [2, 0]]),
    case("dstack", lambda x, y: np.dstack([x, y]), X, Y, torch=lambda x, y: T.dstack([x, y])),
    case("dstack-lines", lambda x: np.dstack([x, x * x]), ROW,
         torch=lambda x: T.dstack([x, x * x])),
    case("block", lambda x, y: np.block([[x, y[:, None]], [y, 2.0]]), SQUARE, ROW,
         torch=lambda x, y: T.cat([T.cat([x, y[:, None]], 1),
                                   T.cat([y, 0 * y[:1] + 2])[None]], 0)),
    case("block-flat", lambda x, y: np.block([x, y]), X, Y, torch=lambda x, y: T.cat([x, y], 1)),
    case("concat", lambda x, y: np.concat([x, y], axis=1), X, Y,
         torch=lambda x, y: T.cat([x, y], 1)),
    case("insert", lambda x, y: np.insert(x, 1, y[:, 0], axis=1), X, Y,
         torch=lambda x, y: T.cat([x[:, :1], y[:, :1], x[:, 1:]], 1)),
    case("insert-flat", lambda x, y: np.insert(x, [0, 4, 4], y), X, ROW,
         torch=lambda x, y: T.cat([y[:1], x.ravel()[:4], y[1:], x.ravel()[4:]])),
    case("insert-list-of-one", lambda x, y: np.insert(x, [-1], y, axis=0), X, ROW,
         torch=lambda x, y: T.stack([x[0], y, x[1]])),
    case("insert-slice", lambda x: np.insert(x, slice(1, 3), x[:1] * 2), LINE,
         torch=lambda x: T.stack([x[0], 2 * x[0], x[1], 2 * x[0], x[2], x[3], x[4]])),
    case("insert-constant", lambda x: np.insert(x, 2, -1.0) ** 2, LINE,
         torch=lambda x: T.cat([x[:2], 0 * x[:1] + 1, x[2:]]) ** 2),
    case("delete", lambda x: np.delete(x, 1, axis=1), X, torch=lambda x: x[:, [0, 2]]),
    case("delete-mask", lambda x: np.delete(x, MASK, axis=1), X, torch=lambda x: x[:, [1]]),
    case("delete-flat", lambda x: np.delete(x, [0, -1]), X, torch=lambda x: x.ravel()[1:-1]),
    case("delete-slice", lambda x: np.delete(x, slice(None, None, 2)), LINE,
         torch=lambda x: x[1::2]),
    case("resize", lambda x: np.resize(x, (3, 4)), X,
         torch=lambda x: x.ravel().repeat(2).reshape(3, 4)),
    case("resize-smaller", lambda x: np.resize(x, 4), X, torch=lambda x: x.ravel()[:4]),
    case("diagflat", lambda x: np.diagflat(x, 1), X, torch=lambda x: T.diagflat(x, 1)),
    case("kron", np.kron, X, SQUARE, torch=T.kron if T else None),
    case("kron-axes", lambda x, y: np.kron(x, y), CUBE, ROW, torch=T.kron if T else None),
    case("apply_along_axis", lambda x: np.apply_along_axis(lambda r: np.sum(r * r[::-1]), 1, x),
         CUBE, torch=lambda x: (x * x.flip(1)).sum(1), ulps=8),
    case("apply_along_axis-lines", lambda x: np.apply_along_axis(np.cumsum, 0, x), CUBE,
         torch=lambda x: x.cumsum(0)),
    case("apply_over_axes", lambda x: np.apply_over_axes(np.sum, x, [0, 2]), CUBE,
         torch=lambda x: x.sum((0, 2), keepdim=True)),
    case("from_dlpack", lambda x: dnp.from_dlpack(x) * x, X, torch=lambda x: x * x,
         unlike=("no-axes",)),  # a scalar of NumPy's can not be exchanged
    case("r_", lambda x, y: dnp.r_[x, 0.5, y, 1:3], ROW, LINE,
         torch=lambda x, y: T.cat([x, 0 * x[:1] + 0.5, y, 0 * x[:1] + 1, 0 * x[:1] + 2]),
         single=False),
    case("c_", lambda x, y: dnp.c_[x, y, x * x], ROW, SQUARE,
         torch=lambda x, y: T.cat([x[:, None], y, (x * x)[:, None]], 1)),
    case("vectorize", lambda x, y: dnp.vectorize(lambda a, b: a * np.sin(b))(x, y), X, ROW,
         torch=lambda x, y: x * y.sin()),
    case("vectorize-two", lambda x: dnp.vectorize(lambda a: (a * a, 2 * a))(x), X,
         torch=lambda x: (x * x, 2 * x)),
    case("fromfunction", lambda x: np.fromfunction(lambda j, k: x[j.astype(int)] * k, (3, 2)), ROW,
         torch=lambda x: x[:, None] * T.arange(2), single=False),
    case("asanyarray", lambda x: dnp.asanyarray([x[0], x[1] * 2]) + dnp.asanyarray(x)[1:], ROW,
         torch=lambda x: T.stack([x[0] + x[1], 2 * x[1] + x[2]])),
    case("ascontiguousarray", lambda x: dnp.ascontiguousarray(x.T) * dnp.ascontiguousarray(2.0), X,
         torch=lambda x: 2 * x.T, single=False),
    case("linspace", lambda x, y: np.linspace(x, y, 4), X, Y,
         torch=lambda x, y: T.stack([x + (y - x) * k / 3 for k in range(4)]), ulps=16),
    case("linspace-open", lambda x: np.linspace(1.0, x, 3, endpoint=False, axis=-1), ROW,
         torch=lambda x: T.stack([1 + (x - 1) * k / 3 for k in range(3)], -1)),
    case("linspace-step", lambda x: np.linspace(x, 2, 5, retstep=True), 0.3,
         torch=lambda x: (x + (2 - x) * T.arange(5, dtype=x.dtype) / 4, (2 - x) / 4)),
    case("logspace", lambda x: np.logspace(x, 1.0, 3, base=2.0), ROW, ulps=8,
         torch=lambda x: 2 ** T.stack([x + (1 - x) * k / 2 for k in range(3)])),
    case("geomspace", lambda x, y: np.geomspace(x, y, 4), P[0], P[1], ulps=16,
         torch=lambda x, y: T.stack([x * (y / x) ** (k / 3) for k in range(4)])),
]

PADDED = [
    case("pad-edge", lambda x: np.pad(x, ((1, 2), (0, 3)), mode="edge"), X,
         torch=PAD("replicate", (0, 3, 1, 2))),
    case("pad-reflect", lambda x: np.pad(x, (2, 1), mode="reflect"), LINE,
         torch=PAD("reflect", (2, 1))),
    case("pad-reflect-far", lambda x: np.pad(x, (5, 4), mode="reflect"), ROW,
         torch=lambda x: x[[1, 0, 1, 2, 1, 0, 1, 2, 1, 0, 1, 2]]),
    case("pad-reflect-odd", lambda x: np.pad(x, ((1, 3), (4, 2)), "reflect", reflect_type="odd"),
         X),
    case("pad-symmetric", lambda x: np.pad(x, (2, 4), mode="symmetric"), ROW,
         torch=lambda x: x[[1, 0, 0, 1, 2, 2, 1, 0, 0]]),
    case("pad-symmetric-odd", lambda x: np.pad(x, (2, 7), "symmetric", reflect_type="odd"), ROW),
    case("pad-wrap", lambda x: np.pad(x, ((0, 0), (2, 1)), mode="wrap"), X,
         torch=PAD("circular", (2, 1))),
    case("pad-maximum", lambda x: np.pad(x, 1, mode="maximum"), X),
    case("pad-minimum", lambda x: np.pad(x, ((0, 1), (1, 0)), mode="minimum"), X),
    case("pad-mean", lambda x: np.pad(x, (2, 1), mode="mean", stat_length=(2, 3)), LINE,
         torch=lambda x: T.cat([x[:2].mean().expand(2), x, x[2:].mean()[None]])),
    case("pad-mean-integers", lambda n: np.pad(n, 1, mode="mean"), N, single=False),
    case("pad-median", lambda x: np.pad(x, 1, mode="median"), X),
    case("pad-linear_ramp", lambda x: np.pad(x, ((2, 1), (0, 3)), "linear_ramp", end_values=0.5), X,
         ulps=16),
    case("pad-linear_ramp-traced", lambda x, e: np.pad(x, (3, 2), "linear_ramp", end_values=e),
         LINE, 0.4, ulps=16),
    case("pad-linear_ramp-integers", lambda n: np.pad(n, (3, 2), "linear_ramp", end_values=-4),
         N[0], single=False),
    case("pad-constants", lambda x, c: np.pad(x, ((1, 2), (2, 0)), constant_values=c), X, 0.7,
         torch=lambda x, c: T.nn.functional.pad(x - c, (2, 0, 1, 2)) + c),
    case("pad-constants-each", lambda x: np.pad(x, 1, constant_values=((1, 2), (3, 4))) ** 2, X),
    case("pad-by-axis", lambda x: np.pad(x, {-1: (2, 1)}, mode="edge"), X,
         torch=PAD("replicate", (2, 1))),
]

CHOSEN = [
    case("select", lambda x, y: np.select([x > 0.5, x > -0.5], [x * y, y], default=-x), X, Y,
         torch=lambda x, y: T.where(x > 0.5, x * y, T.where(x > -0.5, y, -x))),
    case("select-safe", lambda x: np.select([x > 0, x <= 0], [np.log(np.abs(x)), x]), X,
         torch=lambda x: T.where(x > 0, abs(x).log(), x)),
    case("choose", lambda x, y: np.choose(CHOICE, [x, y, x * y]), X, ROW,
         torch=lambda x, y: T.where(T.tensor(CHOICE) == 0, x,
                                    T.where(T.tensor(CHOICE) == 1, y, x * y))),
    case("choose-traced", lambda x, n: np.choose(n, [x, 2.0, x * x], mode="clip"), X, CHOICE - 1,
         torch=lambda x, n: T.where(n <= 0, x, 2 + 0 * x)),
    case("choose-method", lambda x, n: n.choose([x, -x, x + 1]), X, CHOICE),
    case("piecewise", lambda x: np.piecewise(x, [x < -0.5, x > 0.5], [np.sin, np.exp, 0.5]), X,
         torch=lambda x: T.where(x > 0.5, x.exp(), T.where(x < -0.5, x.sin(), 0.5))),
    case("piecewise-arguments", lambda x: np.piecewise(x, x > 0, [lambda v, k: k * v, -1.0], 3.0),
         LINE, torch=lambda x: T.where(x > 0, 3 * x, -1.0)),
    case("compress", lambda x: np.compress(MASK, x, axis=1), X, torch=lambda x: x[:, [0, 2]]),
    case("compress-method", lambda x: x.compress([False, True, True, False]), X,
         torch=lambda x: x.ravel()[1:3]),
    case("extract", lambda x: np.extract(X > 0, x), X, torch=lambda x: x[T.tensor(X > 0)]),
    case("nonzero", lambda x: x[np.nonzero(np.zeros_like(x) + MASK)], X,
         torch=lambda x: x[:, [0, 2]].ravel()),
    case("flatnonzero", lambda x: x * len(np.flatnonzero(np.ones_like(x) > 0)), X,
         torch=lambda x: 6 * x, single=False),
    case("argwhere", lambda x: x * np.argwhere(np.ones_like(x) > 0).sum(), X,
         torch=lambda x: 9 * x, single=False),
    case("unique", lambda x: x * np.sum(np.unique(np.ones_like(x))), X, torch=lambda x: 1 * x),
]
KNOWN = [
    case(f"{name}", lambda x, f=f: x * len(np.atleast_1d(f(np.ones_like(x) + np.arange(5)))), LINE,
         torch=lambda x, n=n: n * x, single=False)
    for name, f, n in (
        ("unique_values", np.unique_values, 5),
        ("unique_counts", lambda v: np.unique_counts(v).counts, 5),
        ("unique_inverse", lambda v: np.unique_inverse(v)[1], 5),
        ("unique_all", lambda v: np.unique_all(v)[0], 5),
        ("intersect1d", lambda v: np.intersect1d(v, [2.0, 3.0]), 2),
        ("union1d", lambda v: np.union1d(v, [9.0]), 6),
        ("setdiff1d", lambda v: np.setdiff1d(v, [1.0]), 4),
        ("setxor1d", lambda v: np.setxor1d(v, [1.0, 7.0]), 5),
        ("trim_zeros", lambda v: np.trim_zeros(v - 1), 4),
    )
]
WRITTEN = [
    case("put", written(lambda y, x: np.put(y, [0, 4, -1], x)), X, ROW,
         torch=lambda x, y: x * T.cat([y[:1], x.ravel()[1:4], y[1:]]).reshape(2, 3)),
    case("put-repeated", written(lambda y, x: y.put([1, 1, 2], x)), X, ROW[:2] * 1,
         torch=lambda x, y: x * T.cat([x.ravel()[:1], y[1:], y[:1], x.ravel()[3:]]).reshape(2, 3)),
    case("put_along_axis",
         written(lambda y, x: np.put_along_axis(y, np.array([[2], [0]]), x, axis=1)), X, COLUMN,
         torch=lambda x, y: x * T.scatter(x, 1, T.tensor([[2], [0]]), y)),
    case("putmask", written(lambda y, x: np.putmask(y, X > 0, x)), X, ROW,
         torch=lambda x, y: x * T.where(T.tensor(X > 0), y, x)),
    case("place", written(lambda y, x: np.place(y, X > 0, x)), X, ROW),
    case("multiply-at", written(lambda y, x: np.multiply.at(y, (slice(None), [0, 2]), x)), X,
         numbers(214, 2, 2),
         torch=lambda x, y: x * T.stack([x[:, 0] * y[:, 0], x[:, 1], x[:, 2] * y[:, 1]], 1)),
    case("negative-at", written(lambda y: np.negative.at(y, [1])), X,
         torch=lambda x: x * T.stack([x[0], -x[1]])),
    case("nan_to_num-in-place", written(lambda y: np.nan_to_num(y, copy=False, posinf=2.0)),
         np.array([0.5, 3.0]) * 1, torch=lambda x: x * x),
    case("sort-in-place", written(lambda y: y.sort(axis=0)), X,
         torch=lambda x: x * x.sort(0).values),
    case("partition-in-place", written(lambda y: y.partition(1)), numbers(213, 3, 2),
         torch=lambda x: x * x.sort(1).values),
]
# fmt: on

SCENARIOS = [*APART, *TOGETHER, *PADDED, *CHOSEN, *KNOWN, *WRITTEN]
