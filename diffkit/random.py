"""Random numbers as functions of a key: reproducible, traced like any function, equal everywhere.

A generator that hides its state gives a compiled or differentiated function other numbers at each
recording, and threads other numbers at each run. Here a number is a hash of a key and its own place
in the array: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror & Shaw, Parallel random numbers: as
easy as 1, 2, 3, SC11). Every draw needs a key of its own, by `split` or `fold_in`; to use a key
twice is to draw the same numbers twice. The first n numbers do not depend on how many are drawn.

`bits`, `uniform` and `integers` are equal bit for bit on every backend, the others to rounding, as
logarithm and cosine are. Distributions are differentiable by their parameters, as the numbers are
smooth functions of these for a fixed key (the reparametrisation trick); those that choose among
integers are not, and have derivative zero.

    >>> import diffkit as dk
    >>> first, second = dk.random.split(dk.random.key(7))
    >>> dk.random.uniform(first, (2,))
    array([0.56683531, 0.56643062])
    >>> dk.grad(lambda mean: dk.random.normal(second, (), mean, 2.0) ** 2)(1.0).round(3)
    np.float64(4.857)
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from . import numpy as dnp
from .errors import DtypeError, ShapeError, explain
from .tracing.location import at_line

Key: TypeAlias = Any
"""Two words of 32 bits in an i64 array of shape (2,)."""
Dims: TypeAlias = int | Sequence[int]

WORD = 0xFFFFFFFF
ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = 0x1BD11BDA


def key(seed: int) -> Key:
    """The key of a seed, an integer of at most 64 bits.

    >>> import diffkit as dk
    >>> dk.random.key(2**32 + 5)
    array([1, 5])
    """
    number = int(seed) % 2**64
    return np.array([number >> 32, number & WORD], np.int64)


def threefry(keys: Key, high: Any, low: Any) -> tuple[Any, Any]:
    """Two words for each counter (high, low): 20 rounds of add, rotate and xor modulo 2³²."""
    first, second = keys[..., 0], keys[..., 1]
    schedule = (first, second, first ^ second ^ PARITY)
    x, y = (high + first) & WORD, (low + second) & WORD
    for block in range(5):
        for r in ROTATIONS[block % 2]:
            x = (x + y) & WORD
            y = ((y << r) & WORD | (y >> (32 - r))) ^ x
        x = (x + schedule[(block + 1) % 3]) & WORD
        y = (y + schedule[(block + 2) % 3] + (block + 1)) & WORD
    return x, y


def words(keys: Key, count: int) -> tuple[Any, Any]:
    """Two words for each of the first `count` places."""
    if np.shape(keys) != (2,) or dnp.asarray(keys).dtype != np.int64:
        got = f"a key {keys!r}"
        want, remedy = (
            "i64[2], as key(seed) and split(key) give",
            "Make it with dk.random.key(seed)",
        )
        raise ShapeError(explain(f"dk.random{at_line()}", got, want, remedy))
    place = np.arange(count, dtype=np.int64)
    return threefry(keys, place >> 32, place & WORD)


def split(keys: Key, count: int = 2) -> Any:
    """New keys from one, of shape (count, 2); the old one should not be used again.

    >>> import diffkit as dk
    >>> dk.random.split(dk.random.key(0)).shape
    (2, 2)
    """
    return np.stack(words(fold_in(keys, -1), count), -1)


def fold_in(keys: Key, number: Any) -> Key:
    """A new key from a key and an integer, such as the number of a step.

    >>> import diffkit as dk
    >>> bool((dk.random.fold_in(dk.random.key(0), 1) == dk.random.key(0)).all())
    False
    """
    n = dnp.asarray(number)
    return np.stack(threefry(keys, (n >> 32) & WORD, n & WORD), -1)


def shaped(shape: Dims) -> tuple[tuple[int, ...], int]:
    """A shape and its size."""
    dims = (int(shape),) if isinstance(shape, int | np.integer) else tuple(int(n) for n in shape)
    if any(n < 0 for n in dims):
        got, remedy = f"shape {dims}", "Check the lengths"
        raise ShapeError(explain(f"dk.random{at_line()}", got, "lengths of at least 0", remedy))
    return dims, math.prod(dims)


def bits(keys: Key, shape: Dims = ()) -> Any:
    """Random words of 32 bits, as i64.

    >>> import diffkit as dk
    >>> int(dk.random.bits(dk.random.key(0))) == 0x6B200159
    True
    """
    dims, count = shaped(shape)
    return np.reshape(words(keys, count)[0], dims)


def uniform(
    keys: Key, shape: Dims = (), low: Any = 0.0, high: Any = 1.0, dtype: Any = np.float64
) -> Any:
    """Numbers from [low, high), of 53 random bits (24 in float32). low and high may be arrays that
    broadcast with the shape. Raises `DtypeError` for a dtype that is not of real numbers."""
    dims, count = shaped(shape)
    x, y = words(keys, count)
    kind = np.dtype(dtype)
    if kind == np.float64:
        unit = ((x << 21) | (y >> 11)).astype(kind) * 2.0**-53
    elif kind == np.float32:
        unit = (x >> 8).astype(kind) * np.float32(2.0**-24)
    else:
        want, remedy = "float64 or float32", "Use dk.random.integers or dk.random.bits"
        raise DtypeError(explain(f"dk.random.uniform{at_line()}", f"dtype={kind}", want, remedy))
    unit = np.reshape(unit, dims)
    if type(low) is float and type(high) is float and (low, high) == (0.0, 1.0):
        return unit
    return low + (high - low) * unit


def positive(keys: Key, shape: Dims, dtype: Any) -> Any:
    """Uniform numbers from (0, 1], whose logarithm is finite."""
    return 1 - uniform(keys, shape, dtype=dtype)


def normal(
    keys: Key, shape: Dims = (), mean: Any = 0.0, std: Any = 1.0, dtype: Any = np.float64
) -> Any:
    """Normally distributed numbers, by the polar form of Box and Muller (1958)."""
    radius, turn = split(keys)
    size = np.sqrt(-2 * np.log(positive(radius, shape, dtype)))
    return mean + std * (size * np.cos((2 * np.pi) * uniform(turn, shape, dtype=dtype)))


def exponential(keys: Key, shape: Dims = (), scale: Any = 1.0, dtype: Any = np.float64) -> Any:
    """Exponentially distributed numbers of this mean."""
    return -scale * np.log(positive(keys, shape, dtype))


def gumbel(
    keys: Key, shape: Dims = (), loc: Any = 0.0, scale: Any = 1.0, dtype: Any = np.float64
) -> Any:
    """-log of exponentially distributed numbers: the noise whose argmax is a categorical draw."""
    tiny = float(np.finfo(dtype).tiny)
    return loc - scale * np.log(np.maximum(exponential(keys, shape, dtype=dtype), tiny))


def logistic(
    keys: Key, shape: Dims = (), loc: Any = 0.0, scale: Any = 1.0, dtype: Any = np.float64
) -> Any:
    """log(u/(1 - u))."""
    u = centred(keys, shape, dtype)
    return loc + scale * (np.log(u) - np.log1p(-u))


def laplace(
    keys: Key, shape: Dims = (), loc: Any = 0.0, scale: Any = 1.0, dtype: Any = np.float64
) -> Any:
    """Numbers of density e^(-|x|)/2."""
    u = 2 * centred(keys, shape, dtype) - 1
    return loc - scale * np.sign(u) * np.log1p(-np.abs(u))


def cauchy(
    keys: Key, shape: Dims = (), loc: Any = 0.0, scale: Any = 1.0, dtype: Any = np.float64
) -> Any:
    """Numbers of density 1/(π(1 + x²))."""
    return loc + scale * np.tan(np.pi * (centred(keys, shape, dtype) - 0.5))


def centred(keys: Key, shape: Dims, dtype: Any) -> Any:
    """Uniform numbers in the middle of their cells, off 0 and 1."""
    step = 2.0**-53 if np.dtype(dtype) == np.float64 else 2.0**-24
    u = uniform(keys, shape, dtype=dtype)
    return np.minimum(u + step / 2, 1 - step)


def integers(keys: Key, shape: Dims, low: int, high: int) -> Any:
    """Integers from [low, high), i64, for less than 2⁵³ of them.

    >>> import diffkit as dk
    >>> dk.random.integers(dk.random.key(3), (4,), 0, 6)
    array([5, 2, 1, 1])
    """
    count = int(high) - int(low)
    if not 0 < count <= 2**53:
        got, want = f"low={low}, high={high}", "low < high, at most 2⁵³ apart"
        raise ShapeError(explain(f"dk.random.integers{at_line()}", got, want, "Check the bounds"))
    found = np.floor(uniform(keys, shape) * count).astype(np.int64)
    return low + np.minimum(found, count - 1)  # the product may be rounded up to count


def bernoulli(keys: Key, p: Any = 0.5, shape: Dims | None = None) -> Any:
    """True with probability p; of the shape of p by default."""
    return uniform(keys, np.shape(p) if shape is None else shape) < p


def categorical(keys: Key, logits: Any, shape: Dims | None = None) -> Any:
    """Indices along the last axis of `logits`, with probabilities in proportion to e^logits; of the
    shape of the other axes by default."""
    rest = np.shape(logits)[:-1]
    dims = rest if shape is None else shaped(shape)[0]
    noise = gumbel(keys, (*dims, np.shape(logits)[-1]))
    return np.argmax(logits + noise, -1)


def permutation(keys: Key, x: Any) -> Any:
    """x with its rows in random order, or the numbers below x in random order.

    >>> import diffkit as dk
    >>> dk.random.permutation(dk.random.key(0), 4)
    array([1, 0, 3, 2])
    """
    rows: Any = np.arange(x) if isinstance(x, int | np.integer) else dnp.asarray(x)
    high, low = words(keys, rows.shape[0])
    order = np.argsort((high << 21) | (low >> 11), kind="stable")
    return dnp.take(rows, order, 0)


def choice(keys: Key, a: Any, shape: Dims = (), replace: bool = True, p: Any = None) -> Any:
    """Rows of a, or numbers below a, drawn with probabilities p (by default equal ones)."""
    dims, count = shaped(shape)
    rows: Any = np.arange(a) if isinstance(a, int | np.integer) else dnp.asarray(a)
    n = rows.shape[0]
    if p is not None:
        # with the greatest noise first, draws without replacement are in proportion, too
        noise = gumbel(keys, (n,) if not replace else (count, n)) + np.log(p)
        order = np.argmax(noise, -1) if replace else np.argsort(-noise, kind="stable")[:count]
    elif replace:
        order = integers(keys, (count,), 0, n)
    else:
        order = permutation(keys, n)[:count]
    if not replace and count > n:
        got, remedy = f"{count} draws from {n} without replacement", "Draw fewer"
        raise ShapeError(explain(f"dk.random.choice{at_line()}", got, f"at most {n}", remedy))
    return np.reshape(dnp.take(rows, order, 0), (*dims, *rows.shape[1:]))


def multivariate_normal(keys: Key, mean: Any, cov: Any, shape: Dims = ()) -> Any:
    """Vectors with this mean and covariance, of shape `shape + (n,)`: mean + L z, cov = L Lᵀ."""
    dims, _ = shaped(shape)
    z = normal(keys, (*dims, np.shape(mean)[-1]))
    root: Any = np.linalg.cholesky(cov)
    return mean + np.einsum("ij,...j->...i", root, z)
