"""An ndarray's attributes and its methods that are not a NumPy function of the same arguments.

`Tracer` inherits them, and the operators with them. Here x is the tracer: an object with a type and
a shape, which gives its value as a number where it may.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import TracingError, UnsupportedError, explain
from .location import at_line
from .operators import Operators
from .remedies import refuse_attribute

VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12")
"""The editions of the array API standard that `diffkit.numpy` follows; each adds to the one before.
"""


def require_cpu(asked: str, device: Any) -> None:
    """Refuse a device that is not NumPy's only one."""
    if device is not None and device != "cpu":
        got, want = f"device={device!r}", "'cpu', where all arrays of NumPy are"
        remedy = "Leave device= out; where compiled code runs is chosen by dk.jit(f, backend=...)"
        raise UnsupportedError(explain(f"{asked}{at_line()}", got, want, remedy))


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

    # --- the array API standard ------------------------------------------------------------------

    def __array_namespace__(self: Any, *, api_version: str | None = None) -> Any:
        """`diffkit.numpy`, whose functions record themselves on traced arrays."""
        found = self.owner.handlers.namespace()
        if api_version is not None and api_version not in VERSIONS:
            got, want = f"api_version={api_version!r}", f"one of {', '.join(VERSIONS)}"
            remedy = "Leave api_version out for the newest"
            raise UnsupportedError(explain(f"__array_namespace__{at_line()}", got, want, remedy))
        return found

    @property
    def device(self: Any) -> str:
        return "cpu"

    def to_device(self: Any, device: Any, /, *, stream: Any = None) -> Any:
        """Itself: a graph is recorded before anybody knows where it will run."""
        require_cpu("x.to_device", device)
        if stream is not None:
            got, want = f"stream={stream!r}", "no stream"
            remedy = "Leave stream= out: nothing is copied"
            raise UnsupportedError(explain(f"x.to_device{at_line()}", got, want, remedy))
        return self

    def __dlpack__(self: Any, **keywords: Any) -> Any:
        raise refuse_attribute("__dlpack__", repr(self))

    def __dlpack_device__(self: Any) -> Any:
        raise refuse_attribute("__dlpack_device__", repr(self))

    # --- Python ----------------------------------------------------------------------------------

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
