"""What PyTorch does not do with complex numbers and NumPy does: order them, round them, and write
slices of them with a derivative.

NumPy's order is by the real part, and by the imaginary part where that is equal. A greatest element
is the mean of all that win, so that ties share a derivative evenly, as PyTorch's own `amax` does.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

Tensor = Any  # PyTorch is an optional extra, loaded on first use
TorchFunction = Callable[..., Any]


@cache
def load() -> Any:
    return importlib.import_module("torch")


def either(real: TorchFunction, complex_: TorchFunction) -> TorchFunction:
    """A function of real tensors, or the one that takes its place for complex ones."""

    def function(x: Tensor, *args: Any, **attrs: Any) -> Tensor:
        return (complex_ if x.is_complex() else real)(x, *args, **attrs)

    return function


def less(x: Tensor, y: Tensor) -> Tensor:
    tied = (x.real == y.real) & (x.imag < y.imag)
    return (x.real < y.real) | tied


def less_equal(x: Tensor, y: Tensor) -> Tensor:
    return less(x, y) | (x == y)


def greater(x: Tensor, y: Tensor) -> Tensor:
    return less(y, x)


def greater_equal(x: Tensor, y: Tensor) -> Tensor:
    return less_equal(y, x)


def maximum(x: Tensor, y: Tensor) -> Tensor:
    return load().where(less(x, y), y, x)


def minimum(x: Tensor, y: Tensor) -> Tensor:
    return load().where(less(y, x), y, x)


def greatest(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Where the greatest elements along axes stand."""
    x = x.detach()
    if not axes:
        return x == x  # all but nan
    first = x.real == x.real.amax(axes, keepdim=True)
    second = load().where(first, x.imag, -float("inf"))
    return first & (second == second.amax(axes, keepdim=True))


def over(winners: Callable[[Tensor, tuple[int, ...]], Tensor]) -> TorchFunction:
    """The mean of the winners."""

    def function(x: Tensor, axes: tuple[int, ...]) -> Tensor:
        hit = winners(x, axes)
        chosen = load().where(hit, x, 0)
        return chosen.sum(axes) / hit.sum(axes) if axes else x

    return function


def arg(winners: Callable[[Tensor, tuple[int, ...]], Tensor]) -> TorchFunction:
    """The first winner along an axis."""

    def function(x: Tensor, axis: int) -> Tensor:
        return load().argmax(winners(x, (axis,)).int(), axis)

    return function


def least(x: Tensor, axes: tuple[int, ...]) -> Tensor:
    return greatest(-x, axes)


def argsort(x: Tensor, axis: int, kind: str) -> Tensor:
    """By the imaginary part, and then, keeping that order, by the real one."""
    torch = load()
    inner = torch.argsort(x.imag.detach(), dim=axis, stable=True)
    outer = torch.argsort(x.real.detach().gather(axis, inner), dim=axis, stable=True)
    return inner.gather(axis, outer)


def rint(x: Tensor) -> Tensor:
    torch = load()
    return torch.complex(torch.round(x.real), torch.round(x.imag)).detach()


def scatter_slice(x: Tensor, y: Tensor, axis: int, start: int, stop: int, step: int) -> Tensor:
    """x with y in place of x[start:stop:step] along an axis; complex numbers go as pairs along a
    last axis, as PyTorch's own function has no derivative by them."""
    torch = load()
    if not x.is_complex():
        return torch.slice_scatter(x, y, axis, start, stop, step)
    parts = torch.view_as_real(x.resolve_conj()), torch.view_as_real(y.resolve_conj())
    return torch.view_as_complex(torch.slice_scatter(*parts, axis, start, stop, step))


ORDERED: dict[str, TorchFunction] = {
    "less": less,
    "less_equal": less_equal,
    "greater": greater,
    "greater_equal": greater_equal,
    "maximum": maximum,
    "minimum": minimum,
    "max": over(greatest),
    "min": over(least),
    "argmax": arg(greatest),
    "argmin": arg(least),
    "argsort": argsort,
    "rint": rint,
}
"""By the op's name, what takes the place of PyTorch's function for complex tensors."""
