"""`convolve` over some axes of arrays, with products over others.

out[k] = Σ_j A[k - j] B[j] along each pair of convolved axes, computed as the product of B with the
windows of A: an array that has each run of len(B) elements, in reverse, for each k that is wanted.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from string import ascii_letters
from typing import Any

import numpy as np

from ....errors import ShapeError, UnsupportedError, explain
from ....numpy import asarray
from ....tracing.location import at_line


def convolve(A: Any, B: Any, axes: Any = None, dot_axes: Any = ((), ()), mode: str = "full") -> Any:
    """The convolution of A and B along pairs of axes, `axes[0]` of A with `axes[1]` of B (by
    default all), summed over the pairs of `dot_axes`.

    The result has the axes of A in neither, then those of B, then the convolved ones. Modes: "full"
    (length a + b - 1), "same" (a), "valid" (|a - b| + 1, where the shorter lies within the longer).
    Raises `UnsupportedError` for another mode, `ShapeError` where "valid" finds neither array
    the longer one along all axes.

        >>> import numpy as np
        >>> convolve(np.array([1.0, 2.0]), np.array([1.0, 1.0, 1.0]))
        array([1., 3., 3., 2.])
    """
    x, y = asarray(A), asarray(B)
    pairs = [range(x.ndim)] * 2 if axes is None else axes
    of_x, of_y = (places(z, ks) for z, ks in zip((x, y), pairs, strict=True))
    dot_x, dot_y = (places(z, ks) for z, ks in zip((x, y), dot_axes, strict=True))
    sizes = [(x.shape[i], y.shape[j]) for i, j in zip(of_x, of_y, strict=True)]
    if mode == "valid" and any(m < n for m, n in sizes) and any(m > n for m, n in sizes):
        got, want = f"lengths {sizes}", "one array at least as long as the other along all axes"
        remedy = 'Use mode="full" or "same"'
        raise ShapeError(explain(f"convolve{at_line()}", got, want, remedy))

    letters = iter(ascii_letters)
    left = [next(letters) for _ in x.shape]
    right = [next(letters) for _ in y.shape]
    for i, j in zip(dot_x, dot_y, strict=True):
        right[j] = left[i]
    kept = [a for k, a in enumerate(left) if k not in of_x and k not in dot_x]
    kept += [a for k, a in enumerate(right) if k not in of_y and k not in dot_y]
    kept += [left[i] for i in of_x]

    around = [(0, 0)] * x.ndim
    for i, (_, n) in zip(of_x, sizes, strict=True):
        around[i] = (n - 1, n - 1)
    windows: Any = np.pad(x, around)
    for i, j, (m, n) in sorted(zip(of_x, of_y, sizes, strict=True), reverse=True):
        first, count = extent(m, n, mode)
        runs = first + (n - 1) + np.arange(count)[:, None] - np.arange(n)
        windows = windows[(slice(None),) * i + (runs,)]
        left.insert(i + 1, right[j])
    return np.einsum(f"{''.join(left)},{''.join(right)}->{''.join(kept)}", windows, y)


def places(x: Any, axes: Any) -> list[int]:
    """Axes counted from the front."""
    return [k % x.ndim for k in axes]


def extent(m: int, n: int, mode: str) -> tuple[int, int]:
    """The first element of the full convolution of m and n elements that is wanted, and how
    many."""
    if mode == "full":
        return 0, m + n - 1
    if mode == "same":
        return (n - 1) // 2, m
    if mode == "valid":
        return min(m, n) - 1, abs(m - n) + 1
    want, remedy = '"full", "same" or "valid"', "Choose one of these"
    raise UnsupportedError(explain(f"convolve{at_line()}", f"mode={mode!r}", want, remedy))
