"""Scenarios of reading and writing by index, in NumPy's whole grammar."""

from __future__ import annotations

import numpy as np

import diffkit.numpy as dnp
from diffkit.ops import index as i

from .scenario import CUBE, LINE, ROW, SQUARE, T, X, Y, case, direct, numbers

PICK = np.array([2, 0, 2])
GRID = np.array([[0, 1], [-1, 1]])
MASK = np.array([True, False, True, True, False])
MASK2 = X > 0
HYPER = numbers(40, 2, 3, 4, 2)
FOUR = numbers(41, 4)
TWELVE = numbers(42, 3, 4)

# fmt: off
READING = [
    case("index-integer", lambda x: x[1], LINE, torch=lambda x: x[1]),
    case("index-negative", lambda x: x[-2], CUBE, torch=lambda x: x[-2]),
    case("index-all", lambda x: x[1, -1, 0], CUBE, torch=lambda x: x[1, -1, 0]),
    case("index-slice", lambda x: x[1:4], LINE, torch=lambda x: x[1:4]),
    case("index-step", lambda x: x[::2, 1:], TWELVE, torch=lambda x: x[::2, 1:]),
    case("index-reversed", lambda x: x[::-1], LINE, torch=lambda x: x.flip(0)),
    case("index-negative-step", lambda x: x[3::-2, -1:0:-1], TWELVE.T,
         torch=lambda x: x[1:4:2, 1:].flip((0, 1))),
    case("index-beyond", lambda x: x[-9:99], LINE, torch=lambda x: 1 * x),
    case("index-empty", lambda x: x[3:1], LINE),
    case("index-empty-backwards", lambda x: x[1:3:-1], LINE),
    case("index-newaxis", lambda x: x[:, None] * x[np.newaxis, :], LINE,
         torch=lambda x: T.outer(x, x)),
    case("index-ellipsis", lambda x: x[..., 1], CUBE, torch=lambda x: x[..., 1]),
    case("index-ellipsis-middle", lambda x: x[1, ..., ::2], CUBE, torch=lambda x: x[1, ..., ::2]),
    case("index-mixed", lambda x: x[None, 1, ..., -1, None], CUBE,
         torch=lambda x: x[1, :, -1][None, :, None]),
    case("index-array", lambda x: x[PICK], TWELVE, torch=lambda x: T.stack([x[2], x[0], x[2]])),
    case("index-list", lambda x: x[[2, 0, 2]], TWELVE, torch=lambda x: T.stack([x[2], x[0], x[2]])),
    case("index-grid", lambda x: x[GRID], TWELVE, torch=lambda x: x[T.as_tensor(GRID)]),
    case("index-arrays", lambda x: x[PICK, [0, 1, 3]], TWELVE,
         torch=lambda x: T.stack([x[2, 0], x[0, 1], x[2, 3]])),
    case("index-arrays-broadcast", lambda x: x[PICK[:, None], [0, 3]], TWELVE,
         torch=lambda x: x[T.as_tensor(PICK)][:, [0, 3]]),
    case("index-array-second", lambda x: x[:, PICK], CUBE,
         torch=lambda x: x.index_select(1, T.as_tensor(PICK))),
    case("index-array-last", lambda x: x[..., PICK], CUBE,
         torch=lambda x: x.index_select(2, T.as_tensor(PICK))),
    case("index-adjacent", lambda x: x[:, PICK, PICK], CUBE,
         torch=lambda x: T.stack([x[:, 2, 2], x[:, 0, 0], x[:, 2, 2]], 1)),
    case("index-adjacent-inner", lambda x: x[:, PICK, PICK, ::-1], HYPER),
    case("index-apart", lambda x: x[[0, 1, 1], :, PICK], CUBE,
         torch=lambda x: T.stack([x[0, :, 2], x[1, :, 0], x[1, :, 2]])),
    case("index-integer-and-array", lambda x: x[1, :, PICK], CUBE,
         torch=lambda x: x[1].T.index_select(0, T.as_tensor(PICK))),
    case("index-array-and-integer", lambda x: x[:, PICK, 1], CUBE,
         torch=lambda x: x[:, :, 1].index_select(1, T.as_tensor(PICK))),
    case("index-array-newaxis", lambda x: x[None, PICK, None, ::-1], TWELVE),
    case("index-array-newaxis-between", lambda x: x[PICK, None, [0, 1, 3]], TWELVE),
    case("index-array-slice", lambda x: x[1:, :, PICK], CUBE,
         torch=lambda x: x[1:].index_select(2, T.as_tensor(PICK))),
    case("index-array-empty", lambda x: x[np.zeros((0,), int)], LINE),
    case("index-array-i32", lambda x: x[PICK.astype(np.int32)], LINE),
    case("index-mask", lambda x: x[MASK], LINE, torch=lambda x: x[T.as_tensor(MASK)]),
    case("index-mask-second", lambda x: x[:, [True, False, True, False]], TWELVE),
    case("index-mask-2d", lambda x: x[MASK2], Y, torch=lambda x: x[T.as_tensor(MASK2)]),
    case("index-mask-and-rest", lambda x: x[MASK2, 1:], CUBE,
         torch=lambda x: x[T.as_tensor(MASK2)][:, 1:]),
    case("index-mask-none", lambda x: x[np.zeros(5, bool)], LINE),
    case("index-traced", lambda x, k: x[k], LINE, 3, torch=lambda x, k: x[3]),
    case("index-traced-negative", lambda x, k: x[k, 1:], TWELVE, -1, torch=lambda x, k: x[-1, 1:]),
    case("index-traced-array", lambda x, k: x[:, k], TWELVE, PICK,
         torch=lambda x, k: x.index_select(1, k)),
    case("index-traced-pair", lambda x, j, k: x[j, k], TWELVE, PICK, 2,
         torch=lambda x, j, k: x[j, 2]),
    case("index-argmax", lambda x: x[np.argmax(x)] * x[0], LINE, torch=lambda x: x.max() * x[0]),
    case("take", lambda x: np.take(x, PICK, axis=1), CUBE,
         torch=lambda x: x.index_select(1, T.as_tensor(PICK))),
    case("take-grid", lambda x: np.take(x, GRID, axis=-1), TWELVE),
    case("take-flat", lambda x: x.take([5, 0, -1]), X, torch=lambda x: x.ravel()[[5, 0, -1]]),
    case("overlapping-reads", lambda x: x[1:] * x[:-1] + x[:-1] * x[0], LINE,
         torch=lambda x: x[1:] * x[:-1] + x[:-1] * x[0]),
    case("stencil", lambda x: x[2:] - 2 * x[1:-1] + x[:-2] * x[1:-1], LINE,
         torch=lambda x: x[2:] - 2 * x[1:-1] + x[:-2] * x[1:-1]),
]

WRITING = [
    case("set_at", lambda x, y: dnp.set_at(x, 1, y), LINE, 0.7,
         torch=lambda x, y: T.cat([x[:1], y[None], x[2:]])),
    case("set_at-row", lambda x, y: dnp.set_at(x, (slice(None), 1), y), SQUARE, ROW,
         torch=lambda x, y: T.stack([x[:, 0], y, x[:, 2]], 1)),
    case("set_at-broadcast", lambda x, y: dnp.set_at(x, np.s_[::-2], y), LINE, 0.7),
    case("set_at-array", lambda x, y: dnp.set_at(x, [3, -5], y), LINE, numbers(43, 2),
         torch=lambda x, y: T.stack([y[1], x[1], x[2], y[0], x[4]])),
    case("set_at-repeated", lambda x, y: dnp.set_at(x, PICK, y), LINE, ROW,
         torch=lambda x, y: T.stack([y[1], x[1], y[2], x[3], x[4]])),
    case("set_at-mask", lambda x, y: dnp.set_at(x, MASK, y * y), LINE, 0.7),
    case("set_at-traced", lambda x, y, k: dnp.set_at(x, k, y), LINE, ROW, PICK,
         torch=lambda x, y, k: T.stack([y[1], x[1], y[2], x[3], x[4]])),
    case("set_at-into-constant", lambda y: dnp.set_at(np.zeros(4), np.s_[1:3], y * y),
         numbers(44, 2), torch=lambda y: T.nn.functional.pad(y * y, (1, 1)), single=False),
    case("set_at-constant", lambda x: dnp.set_at(x * x, 0, 5.0), LINE,
         torch=lambda x: T.cat([T.full((1,), 5.0, dtype=x.dtype), x[1:] ** 2]), single=False),
    case("set_at-traced-place", lambda x, y, k: dnp.set_at(x, (k, 0), y), TWELVE, 0.7, -1),
    case("add_at", lambda x, y: dnp.add_at(x, 1, y), LINE, 0.7,
         torch=lambda x, y: x + T.nn.functional.pad(y[None], (1, 3))),
    case("add_at-repeated", lambda x, y: dnp.add_at(x, PICK, y), LINE, ROW,
         torch=lambda x, y: x.index_add(0, T.as_tensor(PICK), y)),
    case("add_at-slices", lambda x, y: dnp.add_at(x, np.s_[1:, ::2], y * y), TWELVE,
         numbers(45, 2, 2)),
    case("add_at-broadcast", lambda x, y: dnp.add_at(x, PICK, y), LINE, 0.7,
         torch=lambda x, y: x.index_add(0, T.as_tensor(PICK), y.expand(3))),
    case("add_at-traced", lambda x, y, k: dnp.add_at(x, k, y), LINE, ROW, PICK,
         torch=lambda x, y, k: x.index_add(0, k, y)),
    case("set_at-empty", lambda x, y: dnp.set_at(x, np.s_[3:1], y), LINE, 0.7),
    case("set_at-integers", lambda x, y: dnp.set_at(x, (1, -2), y), TWELVE, 0.7),
    case("set_at-newaxis", lambda x, y: dnp.set_at(x, np.s_[None, ::-1, 2], y), TWELVE,
         numbers(50, 1, 3)),
    case("set_at-rows", lambda x, y: dnp.set_at(x, PICK, y), TWELVE, numbers(51, 4)),
    case("set_at-mixed", lambda x, y: dnp.set_at(x, np.s_[1, :, PICK], y), CUBE, numbers(52, 3)),
    case("set_at-mask-rows", lambda x, y: dnp.set_at(x, MASK2, y), CUBE, numbers(53, 4)),
    case("set_at-mask-each", lambda x, y: dnp.set_at(x, MASK, y), LINE, ROW),
    case("set_at-mask-traced", lambda x, y: dnp.set_at(x, x > 0, y), LINE, 0.7),
    case("add_at-mask", lambda x, y: dnp.add_at(x, MASK, y), LINE, 0.7),
    case("scatter_set-rows", direct(i.scatter_set), SQUARE, numbers(46, 3, 3), PICK),
    case("scatter_set-pairs", direct(i.scatter_set), CUBE, numbers(47, 3, 4), np.array([0, 1, 0]),
         np.array([2, -1, -1])),
    case("scatter_add-rows", direct(i.scatter_add), SQUARE, numbers(48, 3, 3), PICK,
         torch=lambda x, y, k: x.index_add(0, k, y)),
    case("scatter_add-pairs", direct(i.scatter_add), CUBE, numbers(49, 3, 4), np.array([0, 1, 0]),
         np.array([2, -1, -1])),
    case("gather-rows", direct(i.gather), SQUARE, PICK, torch=lambda x, k: x.index_select(0, k)),
]


def filled(make):
    """A buffer that a function makes and fills with the squares of x."""

    def function(x):
        buffer = make(x)
        buffer[..., 1:] = x[..., 1:] * x[..., :-1]
        return buffer

    return function


def local_copy(x):
    """The function of NumPy itself, which a rebuilt function does not find."""
    import numpy

    return numpy.copy(x)


def copied_to(x, y):
    out = np.zeros_like(x)
    np.copyto(out, y * y)
    np.copyto(out, x, where=np.arange(3) > 0)
    return out


def with_diagonal(x, y):
    out = x * x
    np.fill_diagonal(out, y)
    return out


MAKING = [
    case("zeros", filled(lambda x: np.zeros(x.shape)), X, single=False),
    case("ones", filled(lambda x: np.ones(x.shape)), X, single=False),
    case("empty", lambda x: filled(lambda v: np.empty(v.shape))(x)[:, 1:], X, single=False),
    case("arange", lambda x: x * np.arange(3.0)[np.argmax(x)], X, single=False),
    case("linspace-known", lambda x: x * np.linspace(0.0, 1.0, 6)[np.argmax(x)], X, single=False),
    case("eye", filled(lambda x: np.eye(3)), SQUARE, single=False),
    case("identity", filled(lambda x: np.identity(3)), SQUARE, single=False),
    case("copy-filled", filled(np.copy), X),
    case("copy-from-outside", filled(local_copy), X),
    case("empty_like", lambda x: filled(np.empty_like)(x)[:, 1:], X),
    case("zeros_like-filled", filled(np.zeros_like), X),
    case("ndarray", lambda x: filled(lambda v: np.ndarray(v.shape))(x)[:, 1:], X, single=False),
    case("copyto", copied_to, ROW, numbers(54, 3)),
    case("fill_diagonal", with_diagonal, SQUARE, ROW),
]
# fmt: on

SCENARIOS = [*READING, *WRITING, *MAKING]
