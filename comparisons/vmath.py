"""How fast diffkit's vector functions are: each in a plain Numba loop, against NumPy's or SciPy's.

Both run in turn on the same array, so a slow moment of the machine hits both; the figure is the
median of the ratios of their times. Before, their results are compared.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["Row", "measure"]

PAIRS = ("atan2", "hypot", "pow")
DOMAINS = dict.fromkeys(("log", "log10", "log1p", "log2", "pow"), (0.1, 8.0))
DOMAINS |= dict.fromkeys(("acos", "asin", "atanh"), (-1.0, 1.0)) | {"acosh": (1.0, 8.0)}
GAMMA = ("digamma", "lgamma", "polygamma")
STEPS = ("maximum", "minimum", "plus", "times", "where")  # not functions to compare
TOLERANCE = 16  # ulp between the two; NumPy's own errors reach 4
REPEATS = 41


@dataclass(frozen=True)
class Row:
    """One function of one dtype: nanoseconds an element, and how often faster than the peer."""

    name: str
    dtype: str
    peer: str
    nanoseconds: float
    peer_nanoseconds: float
    ratio: float


def peer_of(name: str) -> tuple[str, Callable[..., Any]]:
    """The function to beat."""
    import scipy.special

    if name == "softplus":
        return "np.logaddexp", lambda x, out: np.logaddexp(x, x.dtype.type(0), out)
    if name in ("erf", "sigmoid"):
        twin = {"erf": "erf", "sigmoid": "expit"}[name]
        return f"scipy.special.{twin}", getattr(scipy.special, twin)
    twin = "arc" + name[1:] if name[0] == "a" else {"pow": "power"}.get(name, name)
    return f"np.{twin}", getattr(np, twin)


def compiled(name: str, dtype: Any) -> Callable[..., None]:
    """The function in a plain loop."""
    import numba

    from diffkit.backends import vmath

    function, kind = getattr(vmath, name), numba.from_dtype(np.dtype(dtype))[::1]
    if name in PAIRS:

        @numba.njit([numba.void(kind, kind, kind)], error_model="numpy")
        def loop(x, y, out):
            for i in range(out.size):
                out[i] = function(x[i], y[i])

    else:

        @numba.njit([numba.void(kind, kind)], error_model="numpy")
        def loop(x, out):
            for i in range(out.size):
                out[i] = function(x[i])

    return loop


def measure(size: int = 100_000) -> Iterator[Row]:
    """A row for every function and dtype."""
    from diffkit.backends import vmath

    for name in sorted(set(vmath.__all__) - {*STEPS, *GAMMA}):
        for dtype in (np.float64, np.float32):
            yield row(name, dtype, size)


def row(name: str, dtype: Any, size: int) -> Row:
    """Compare, then time, one function."""
    rng = np.random.default_rng(0)
    low, high = DOMAINS.get(name, (-8.0, 8.0))
    args = [rng.uniform(low, high, size).astype(dtype)]
    if name in PAIRS:
        args.append(rng.uniform(-8, 8, size).astype(dtype))
    label, peer = peer_of(name)
    ours, theirs = np.empty_like(args[0]), np.empty_like(args[0])
    loop = compiled(name, dtype)
    loop(*args, ours)
    peer(*args, theirs)
    np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE * np.finfo(dtype).eps)
    mine, other = [], []
    for _ in range(REPEATS):
        start = time.perf_counter()
        loop(*args, ours)
        middle = time.perf_counter()
        peer(*args, theirs)
        mine.append(middle - start)
        other.append(time.perf_counter() - middle)
    ratio = float(np.median(np.divide(other, mine)))
    scale = 1e9 / size
    return Row(
        name,
        np.dtype(dtype).name,
        label,
        float(np.median(mine)) * scale,
        float(np.median(other)) * scale,
        ratio,
    )
