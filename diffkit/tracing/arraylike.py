"""An ndarray's attributes and its methods that are not a NumPy function of the same arguments.

`Tracer` inherits them, and the operators with them. Here x is the tracer: an object with a type and
a shape, which gives its value as a number where it may.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import TracingError
from .operators import Operators


class ArrayLike(Operators):
    """What a traced array inherits from no function of NumPy."""

    __slots__ = ()

    @property
    def ndim(self: Any) -> int:
        return self.type.ndim

    @property
    def size(self: Any) -> int:
        return self.type.size

    @property
    def dtype(self: Any) -> np.dtype[Any]:
        return self.type.dtype.numpy

    @property
    def real(self: Any) -> Any:
        return np.real(self)

    @property
    def imag(self: Any) -> Any:
        return np.imag(self)

    @property
    def T(self: Any) -> Any:
        return self.transpose()

    def __len__(self: Any) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self: Any) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[k] for k in range(self.shape[0]))

    def __round__(self: Any, ndigits: int | None = None) -> Any:
        number: Any = np.asarray(self.number("round"))[()]
        return round(number, ndigits)

    def __format__(self: Any, spec: str) -> str:
        """As the value, which loses nothing by being printed; without one, as a traced value."""
        if spec and self.owner.eager:
            try:
                return format(self.owner.concrete(self)[()], spec)
            except TracingError:  # it comes from an outer trace, which has no values
                pass
        return repr(self)

    def item(self: Any, *args: Any) -> Any:
        return np.asarray(self.number("item")).item(*args)

    def tolist(self: Any) -> Any:
        return np.asarray(self.number("tolist")).tolist()

    def fill(self: Any, value: Any) -> None:
        self[...] = value

    def reshape(self: Any, *shape: Any) -> Any:
        wanted: Any = shape[0] if len(shape) == 1 else shape
        return np.reshape(self, wanted)

    def transpose(self: Any, *axes: Any) -> Any:
        order: Any = (axes[0] if len(axes) == 1 else axes) or None
        return np.transpose(self, order)

    def flatten(self: Any) -> Any:
        return self.reshape(-1).copy()
