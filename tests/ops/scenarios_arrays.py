"""Scenarios of array functions: shapes, reductions, products."""

from __future__ import annotations

import numpy as np

import diffkit.numpy as dnp
from diffkit.ops import linalg as la
from diffkit.ops import shape as s
from diffkit.ops import solvers as sv
from diffkit.types import f64

from .scenario import COLUMN, CUBE, LINE, ROW, SQUARE, P, T, X, Y, case, direct, numbers

INTEGERS = np.array([[3, -7, 5], [-2, 9, 4]])
TALL = numbers(30, 4, 2)
TALLER = numbers(31, 3, 4)
BATCH = numbers(32, 2, 4, 3)


def count_up(x):
    """x times 0, 1, 2, …: the op that makes the counter has no operands."""
    if not hasattr(x, "builder"):
        return x * np.arange(x.shape[0], dtype=np.float64)
    return x * x.wrap(s.arange(x.builder, x.shape[0], f64).atom)


REGULAR = numbers(35, 3, 3) + 4 * np.eye(3)
STACK = numbers(36, 2, 3, 3, low=0.5, high=1.5)
SAID = {"asked": "a test", "measure": "residual", "want": "less", "remedy": "Nothing to do"}


def T_SOLVE(a, b):
    return T.linalg.solve(a, b)


WHERE = {"start": (0, 1), "stop": (2, 4), "step": (1, 2)}
SLOTS = numbers(33, 2, 2)
WIDE = numbers(34, 2, 4)

# fmt: off
SHAPES = [
    case("reshape", lambda x: np.reshape(x, (3, 2)), X, torch=lambda x: x.reshape(3, 2)),
    case("reshape-method", lambda x: x.reshape(6) * x.reshape(-1), X,
         torch=lambda x: x.reshape(6) ** 2),
    case("reshape-minus-1", lambda x: x.reshape((2, -1)), CUBE, torch=lambda x: x.reshape(2, -1)),
    case("ravel", np.ravel, X, torch=lambda x: x.ravel()),
    case("ravel-method", lambda x: x.ravel(), X),
    case("flatten", lambda x: x.flatten(), X, torch=lambda x: x.flatten()),
    case("transpose", np.transpose, CUBE, torch=lambda x: x.permute(2, 1, 0)),
    case("transpose-axes", lambda x: np.transpose(x, (1, -1, 0)), CUBE,
         torch=lambda x: x.permute(1, 2, 0)),
    case("transpose-method", lambda x: x.transpose(1, 0, 2) * x.transpose((1, 0, 2)), CUBE),
    case("transpose-T", lambda x: x.T, X, torch=lambda x: x.T),
    case("swapaxes", lambda x: np.swapaxes(x, 0, -1), CUBE, torch=lambda x: x.swapaxes(0, -1)),
    case("swapaxes-method", lambda x: x.swapaxes(1, 2), CUBE),
    case("moveaxis", lambda x: np.moveaxis(x, 0, -1), CUBE, torch=lambda x: x.movedim(0, -1)),
    case("moveaxis-many", lambda x: np.moveaxis(x, [0, 2], [1, 0]), CUBE,
         torch=lambda x: x.movedim((0, 2), (1, 0))),
    case("expand_dims", lambda x: np.expand_dims(x, (0, 2)), X, torch=lambda x: x[None, :, None]),
    case("squeeze", np.squeeze, COLUMN, torch=lambda x: x.squeeze()),
    case("squeeze-axis", lambda x: np.squeeze(x, axis=1), COLUMN, torch=lambda x: x.squeeze(1)),
    case("squeeze-method", lambda x: x.squeeze(), COLUMN),
    case("broadcast_to", lambda x: np.broadcast_to(x, (4, 2, 3)), COLUMN,
         torch=lambda x: x.expand(4, 2, 3)),
    case("concatenate", lambda x, y: np.concatenate([x, y]), X, Y,
         torch=lambda x, y: T.cat([x, y])),
    case("concatenate-axis", lambda x, y: np.concatenate((x, y, x), axis=-1), X, COLUMN,
         torch=lambda x, y: T.cat([x, y, x], -1)),
    case("concatenate-flat", lambda x, y: np.concatenate((x, y), axis=None), X, ROW,
         torch=lambda x, y: T.cat([x.ravel(), y])),
    case("stack", lambda x, y: np.stack([x, y], axis=1), X, Y,
         torch=lambda x, y: T.stack([x, y], 1)),
    case("stack-last", lambda x, y: np.stack([x, y], axis=-1), X, Y,
         torch=lambda x, y: T.stack([x, y], -1)),
    case("hstack", lambda x, y: np.hstack([x, y]), X, COLUMN, torch=lambda x, y: T.hstack([x, y])),
    case("hstack-lines", lambda x, y: np.hstack([x, y]), ROW, LINE,
         torch=lambda x, y: T.cat([x, y])),
    case("vstack", lambda x, y: np.vstack([x, y]), X, ROW, torch=lambda x, y: T.vstack([x, y])),
    case("column_stack", lambda x, y: np.column_stack([x, y]), ROW, SQUARE,
         torch=lambda x, y: T.column_stack([x, y])),
    case("array", lambda x: dnp.array([[x[0], 1.5], [x[1] * x[2], x[0]]]), ROW,
         torch=lambda x: T.stack([x[0], 1.5 + 0 * x[0], x[1] * x[2], x[0]]).reshape(2, 2),
         single=False),
    case("full", lambda x: dnp.full((2, 3), x), 0.7, torch=lambda x: x.expand(2, 3)),
    case("atleast_1d", np.atleast_1d, 0.7, torch=lambda x: x.reshape(1)),
    case("atleast_2d", np.atleast_2d, ROW, torch=lambda x: x[None]),
    case("flip", np.flip, X, torch=lambda x: x.flip((0, 1))),
    case("flip-axis", lambda x: np.flip(x, axis=1), CUBE, torch=lambda x: x.flip(1)),
    case("fliplr", np.fliplr, X, torch=lambda x: x.flip(1)),
    case("flipud", np.flipud, X, torch=lambda x: x.flip(0)),
    case("roll", lambda x: np.roll(x, 2), X, torch=lambda x: x.roll(2)),
    case("roll-axes", lambda x: np.roll(x, (1, -2), axis=(0, 2)), CUBE,
         torch=lambda x: x.roll((1, -2), (0, 2))),
    case("pad", lambda x: np.pad(x, ((1, 0), (2, 3))), X,
         torch=lambda x: T.nn.functional.pad(x, (2, 3, 1, 0))),
    case("pad-constant", lambda x: np.pad(x, 1, constant_values=0.5), X,
         torch=lambda x: T.nn.functional.pad(x, (1, 1, 1, 1), value=0.5)),
    case("pad-interior", direct(s.pad, low=(1,), high=(2,), interior=(2,)), ROW),
    case("slice_add", direct(s.slice_add, **WHERE), WIDE, SLOTS, unlike=("empty",)),
    case("slice_set", direct(s.slice_set, **WHERE), WIDE, SLOTS, unlike=("empty",)),
    case("iota", count_up, numbers(35, 70), torch=lambda x: x * T.arange(70), single=False),
    case("repeat", lambda x: np.repeat(x, 2, axis=1), X, torch=lambda x: x.repeat_interleave(2, 1)),
    case("repeat-each", lambda x: np.repeat(x, [2, 0, 3]), ROW),
    case("repeat-method", lambda x: x.repeat(3), X, torch=lambda x: x.ravel().repeat_interleave(3)),
    case("tile", lambda x: np.tile(x, (2, 1, 2)), X, torch=lambda x: x.tile(2, 1, 2)),
    case("tile-0", lambda x: np.tile(x, 0), X),
    case("diagonal", lambda x: np.diagonal(x, 1), SQUARE, torch=lambda x: x.diagonal(1)),
    case("diagonal-axes", lambda x: np.diagonal(x, -1, 2, 0), CUBE,
         torch=lambda x: x.diagonal(-1, 2, 0)),
    case("diagonal-method", lambda x: x.diagonal(), X),
    case("trace", np.trace, SQUARE, torch=lambda x: x.trace()),
    case("trace-offset", lambda x: np.trace(x, 1), X, torch=lambda x: x.diagonal(1).sum()),
    case("diag-make", lambda x: np.diag(x), ROW, torch=lambda x: x.diag()),
    case("diag-make-offset", lambda x: np.diag(x, -1), ROW, torch=lambda x: x.diag(-1)),
    case("diag-take", lambda x: np.diag(x, 1), SQUARE, torch=lambda x: x.diag(1)),
    case("split", lambda x: np.split(x, 3, axis=1), X),
    case("split-at", lambda x: np.split(x, [1, 3]), LINE,
         torch=lambda x: T.tensor_split(x, (1, 3))),
    case("tril", np.tril, SQUARE, torch=lambda x: x.tril()),
    case("triu", lambda x: np.triu(x, 1), SQUARE, torch=lambda x: x.triu(1)),
    case("zeros_like", lambda x: x * x + np.zeros_like(x), X, torch=lambda x: x * x),
    case("ones_like", lambda x: x[0, 0] * np.ones_like(x, shape=(2, 2)), X,
         torch=lambda x: x[0, 0].expand(2, 2)),
    case("append", lambda x: np.append(x, [1.0, 2.0]) * 2, LINE,
         torch=lambda x: 2 * T.cat([x, T.tensor([1.0, 2.0], dtype=x.dtype)])),
    case("append-axis", lambda x: np.append(x, x[:1], axis=0) ** 2, X,
         torch=lambda x: T.cat([x, x[:1]]) ** 2),
    case("full_like", lambda x: np.full_like(x, x[0, 1] * 2) * x, X,
         torch=lambda x: x * x[0, 1] * 2),
    case("take-table", lambda x: dnp.take(np.arange(5.0), [1, 3]) * x[0, :2], X,
         torch=lambda x: x[0, :2] * T.tensor([1.0, 3.0], dtype=x.dtype)),
    case("shape", lambda x: x * np.shape(x)[0] + np.ndim(x) * np.size(x), X,
         torch=lambda x: x * 2 + 12),
    case("length", lambda x: x * len(x) * x.ndim * x.size, X, torch=lambda x: x * 24),
    case("iterate", lambda x: sum(row * row[0] for row in x), X,
         torch=lambda x: x[0] * x[0, 0] + x[1] * x[1, 0]),
    case("copy", lambda x: x.copy() * x.astype(x.dtype), X, torch=lambda x: x * x),
]

REDUCTIONS = [
    case("sum", np.sum, X, torch=lambda x: x.sum()),
    case("sum-axis", lambda x: np.sum(x, axis=1), CUBE, torch=lambda x: x.sum(1)),
    case("sum-axes", lambda x: np.sum(x, axis=(0, -1), keepdims=True), CUBE,
         torch=lambda x: x.sum((0, 2), keepdim=True)),
    case("sum-no-axes", lambda x: np.sum(x, axis=()), X, torch=lambda x: 1 * x),
    case("sum-integers", lambda n: np.sum(n, axis=0), INTEGERS),
    case("sum-booleans", lambda x: np.sum(x > 0), X),
    case("sum-method", lambda x: x.sum(axis=0), X, torch=lambda x: x.sum(0)),
    case("sum-reduce", lambda x: np.add.reduce(x), X, torch=lambda x: x.sum(0)),
    case("prod", np.prod, X, torch=lambda x: x.prod()),
    case("prod-axes", lambda x: np.prod(x, axis=(0, 2)), CUBE, torch=lambda x: x.prod(2).prod(0)),
    case("prod-keepdims", lambda x: x.prod(axis=1, keepdims=True), X,
         torch=lambda x: x.prod(1, keepdim=True)),
    case("prod-reduce", lambda x: np.multiply.reduce(x, axis=1), X, torch=lambda x: x.prod(1)),
    case("prod-one", lambda x: np.prod(x, axis=1), COLUMN, torch=lambda x: x.prod(1)),
    case("max", np.max, X, torch=lambda x: x.max()),
    case("max-axis", lambda x: np.max(x, axis=1, keepdims=True), CUBE,
         torch=lambda x: x.amax(1, keepdim=True)),
    case("max-axes", lambda x: x.max(axis=(0, 2)), CUBE, torch=lambda x: x.amax((0, 2))),
    case("max-reduce", lambda x: np.maximum.reduce(x), X, torch=lambda x: x.amax(0)),
    case("amax", lambda x: np.amax(x, 0), X, torch=lambda x: x.amax(0)),
    case("min", np.min, X, torch=lambda x: x.min()),
    case("min-method", lambda x: x.min(axis=1), X, torch=lambda x: x.amin(1)),
    case("min-reduce", lambda x: np.minimum.reduce(x, axis=-1), X, torch=lambda x: x.amin(-1)),
    case("amin", lambda x: np.amin(x, 1), X, torch=lambda x: x.amin(1)),
    case("ptp", lambda x: np.ptp(x, axis=1), X, torch=lambda x: x.amax(1) - x.amin(1)),
    case("mean", np.mean, X, torch=lambda x: x.mean()),
    case("mean-axis", lambda x: x.mean(axis=0, keepdims=True), CUBE,
         torch=lambda x: x.mean(0, True)),
    case("mean-integers", lambda n: np.mean(n, axis=1), INTEGERS, single=False),
    case("var", np.var, X, torch=lambda x: x.var(correction=0), ulps=16),
    case("var-ddof", lambda x: x.var(axis=1, ddof=1), CUBE, torch=lambda x: x.var(1), ulps=16),
    case("std", np.std, X, torch=lambda x: x.std(correction=0), ulps=16),
    case("std-axes", lambda x: x.std(axis=(0, 1), keepdims=True), CUBE,
         torch=lambda x: x.std((0, 1), correction=0, keepdim=True), ulps=16),
    case("norm", np.linalg.norm, X, torch=lambda x: T.sqrt((x * x).sum()), ulps=8),
    case("norm-axis", lambda x: np.linalg.norm(x, axis=-1, keepdims=True), CUBE,
         torch=lambda x: T.linalg.vector_norm(x, dim=-1, keepdim=True), ulps=8),
    case("norm-frobenius", lambda x: np.linalg.norm(x, "fro"), X, torch=lambda x: x.norm(), ulps=8),
    case("norm-1", lambda x: np.linalg.norm(x, 1), LINE, torch=lambda x: x.abs().sum()),
    case("norm-inf", lambda x: np.linalg.norm(x, np.inf, axis=1), X,
         torch=lambda x: x.abs().amax(1)),
    case("logsumexp", lambda x: dnp.logsumexp(x, axis=1, keepdims=True), 20 * X,
         torch=lambda x: x.logsumexp(1, True), ulps=8),
    case("logsumexp-all", dnp.logsumexp, X, torch=lambda x: x.logsumexp((0, 1)), ulps=8,
         unlike=("empty",)),
    case("cumsum", lambda x: np.cumsum(x, axis=1), CUBE, torch=lambda x: x.cumsum(1)),
    case("cumsum-flat", lambda x: x.cumsum(), X, torch=lambda x: x.ravel().cumsum(0)),
    case("argmax", lambda x: np.argmax(x, axis=1), X),
    case("argmax-flat", lambda x: x.argmax(), X),
    case("argmin", lambda x: np.argmin(x, axis=0, keepdims=True), X),
    case("argmin-method", lambda x: x.argmin(), X),
    case("any", lambda x: np.any(x > 1, axis=0), X),
    case("any-method", lambda x: (x > 1).any(), X),
    case("any-reduce", lambda x: np.logical_or.reduce(x > 1), X),
    case("all", lambda x: np.all(x < 1, axis=1, keepdims=True), X),
    case("all-method", lambda x: (x < 9).all(), X),
    case("all-reduce", lambda x: np.logical_and.reduce(x < 1, axis=1), X),
]

PRODUCTS = [
    case("matmul", lambda x, y: x @ y, TALLER, TALL, torch=lambda x, y: x @ y, ulps=16),
    case("matmul-vector", lambda x, y: x @ y, X, ROW, torch=lambda x, y: x @ y, ulps=16),
    case("matmul-row", lambda x, y: np.matmul(x, y), ROW, SQUARE,
         torch=lambda x, y: x @ y, ulps=16),
    case("matmul-vectors", lambda x: x @ x, LINE, torch=lambda x: (x * x).sum(), ulps=16),
    case("matmul-batch", lambda x, y: x @ y, BATCH, SQUARE, torch=lambda x, y: x @ y, ulps=16),
    case("matmul-batches", lambda x, y: x @ y, CUBE, BATCH[:, None],
         torch=lambda x, y: x @ y, ulps=16),
    case("matmul-constant", lambda x: TALL.T @ x, TALLER.T,
         torch=lambda x: T.as_tensor(TALL.T.copy()) @ x, ulps=16, single=False),
    case("dot", np.dot, TALLER, TALL, torch=lambda x, y: x @ y, ulps=16),
    case("dot-scalar", lambda x, y: np.dot(x, y), X, 0.7, torch=lambda x, y: x * y),
    case("dot-method", lambda x, y: x.dot(y), CUBE, TALL, torch=lambda x, y: x @ y, ulps=16,
         unlike=("no-axes",)),
    case("dot-higher", lambda x, y: np.dot(x, y), X, BATCH.transpose(0, 2, 1),
         torch=lambda x, y: T.einsum("ij,bjk->ibk", x, y), ulps=16),
    case("inner", np.inner, X, SQUARE, torch=lambda x, y: x @ y.T, ulps=16),
    case("outer", np.outer, X, ROW, torch=lambda x, y: T.outer(x.ravel(), y)),
    case("vdot", np.vdot, X, Y, torch=lambda x, y: (x * y).sum(), ulps=16),
    case("tensordot", lambda x, y: np.tensordot(x, y, axes=([0, 2], [0, 1])), CUBE, BATCH,
         torch=lambda x, y: T.tensordot(x, y, ([0, 2], [0, 1])), ulps=16),
    case("tensordot-1", lambda x, y: np.tensordot(x, y, axes=1), CUBE, TALL,
         torch=lambda x, y: x @ y, ulps=16),
    case("tensordot-0", lambda x, y: np.tensordot(x, y, axes=0), ROW, X,
         torch=lambda x, y: x[:, None, None] * y),
    case("einsum", lambda x, y: np.einsum("ij,jk->ki", x, y), TALLER, TALL,
         torch=lambda x, y: (x @ y).T, ulps=16),
    case("einsum-lists", lambda x, y: np.einsum(x, [0, 27], y, [27, 3]), X, SQUARE,
         torch=lambda x, y: x @ y),
    case("einsum-lists-dots", lambda x, y: np.einsum(x, [..., 1], y, [1, 2], [2, ...]), X, SQUARE,
         torch=lambda x, y: (x @ y).T),
    case("einsum-batch", lambda x, y: np.einsum("bij,bkj->bik", CUBE[:, :, :3] * x, y), ROW, BATCH,
         torch=lambda x, y: (T.as_tensor(CUBE[:, :, :3]) * x) @ y.mT, ulps=16, single=False),
    case("einsum-implied", lambda x, y: np.einsum("ij,kj", x, y), X, SQUARE,
         torch=lambda x, y: x @ y.T, ulps=16),
    case("einsum-dots", lambda x, y: np.einsum("...ij,jk->...ki", x, y), CUBE, TALL,
         torch=lambda x, y: (x @ y).mT, ulps=16),
    case("einsum-diagonal", lambda x: np.einsum("ii->i", x), SQUARE, torch=lambda x: x.diagonal()),
    case("einsum-trace", lambda x: np.einsum("ii", x), SQUARE, torch=lambda x: x.trace()),
    case("einsum-sum", lambda x: np.einsum("ijk->j", x), CUBE,
         torch=lambda x: x.sum((0, 2)), ulps=16),
    case("einsum-alone", lambda x, y: np.einsum("ij,k->i", x, y), X, ROW,
         torch=lambda x, y: x.sum(1) * y.sum(), ulps=16),
    case("einsum-three", lambda x, y, z: np.einsum("ij,jk,k->i", x, y, z), X, SQUARE, ROW,
         torch=lambda x, y, z: x @ (y @ z), ulps=32),
    case("einsum-hadamard", lambda x, y: np.einsum("ij,ij->ij", x, y), X, P,
         torch=lambda x, y: x * y),
]

SOLVES = [
    case("solve-vector", np.linalg.solve, REGULAR, ROW, torch=T_SOLVE, ulps=64),
    case("solve-columns", np.linalg.solve, REGULAR, SQUARE, torch=T_SOLVE, ulps=64),
    case("solve-stack", lambda x, y: np.linalg.solve(x * y, y), REGULAR, STACK, ulps=64),
    case("solve-constant", lambda y: np.linalg.solve(REGULAR, y), ROW, ulps=64, single=False),
    case("solve-or-nan", lambda x, y: direct(la.solve, strict=False)(x, y), REGULAR, ROW, ulps=64,
         unlike=("empty",)),
    case("check", lambda x: direct(sv.check, **SAID)(x, np.all(x < 9), np.sum(x > 0), x[0, 0]), X),
]
# fmt: on

SCENARIOS = [*SHAPES, *REDUCTIONS, *PRODUCTS, *SOLVES]
