"""What the benchmark differentiates, and what each contender is given to do it with.

A benchmark holds ONE function `f`, written as a NumPy user writes it. Where it needs more than
`np`, it says so in its keywords, and each library fills in its own: `np` (the array namespace),
`scan` (the loop) and `add_at` (the scatter). So diffkit, JAX and autograd run the same lines.
Beside it stand what cannot be had from those lines:

* `compiled`, the function and its gradient as an expert writes them in Numba: the limit;
* `numpy`, the gradient by hand in plain NumPy, which is also what every other result must equal;
* `torch`, the function as a user of PyTorch writes it.

The first `wrt` arguments are differentiated. Arguments that are Python ints are numbers of steps,
known when a function is compiled; all others are data. A result is the value and the gradients,
or, for a benchmark of Jacobians, the array of Jacobians alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy

__all__ = ["Benchmark", "Kernels", "disagreement", "leaves", "relative"]

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Kernels:
    """Two compiled functions of all arguments: the value, and the tuple (value, *gradients)."""

    primal: Function
    gradient: Function


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A function with hand-written competition.

    Attributes:
        sizes, quick: what is measured by default, and with `--quick`; the first is the size at
            which first calls are measured.
        tiny: a size at which even differences are cheap, for the tests.
        inputs: the arguments of a size.
        wrt: how many of them, from the first, are differentiated.
        jacobian: whether `f` maps a row of the first argument (and of the data) to a vector, of
            which the Jacobian is asked for each row.
        scalar: whether it is a long loop over scalars, the worst case of op-by-op libraries.
        eager_limit: the largest size at which those libraries are measured.
        without: for a contender that cannot take part, the reason.
    """

    name: str
    title: str
    source: str
    sizes: tuple[int, ...]
    quick: tuple[int, ...]
    tiny: int
    inputs: Callable[[int], tuple[Any, ...]]
    f: Function
    numpy: Function
    compiled: Callable[[], Kernels]
    torch: Function
    wrt: int = 1
    jacobian: bool = False
    scalar: bool = False
    eager_limit: int | None = None
    without: dict[str, str] = field(default_factory=dict)


def leaves(result: Any) -> list[numpy.ndarray]:
    """The arrays of a result, whatever library and nesting it comes in."""
    if isinstance(result, tuple | list):
        return [leaf for part in result for leaf in leaves(part)]
    if hasattr(result, "detach"):
        result = result.detach()
    return [numpy.asarray(result, dtype=numpy.float64)]


def disagreement(result: Any, reference: Any) -> float:
    """The largest |a - b| / max |b| over the arrays of two results; nan where either has one.

    Raises:
        ValueError: the results differ in number or shape.
    """
    mine, theirs = leaves(result), leaves(reference)
    shapes, expected = [a.shape for a in mine], [b.shape for b in theirs]
    if shapes != expected:
        raise ValueError(
            f"results were compared; got arrays of shapes {shapes}; expected {expected}; "
            f"return the value and the gradients in the order of the arguments"
        )
    return float(numpy.max([relative(a, b) for a, b in zip(mine, theirs, strict=True)]))


def relative(a: numpy.ndarray, b: numpy.ndarray) -> float:
    """max |a - b| / max |b|, or max |a - b| where b is zero."""
    scale = float(numpy.max(numpy.abs(b), initial=0.0))
    error = float(numpy.max(numpy.abs(a - b), initial=0.0))
    return error / scale if scale > 0.0 else error
