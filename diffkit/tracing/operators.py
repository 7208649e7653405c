"""An ndarray's operators and methods, each the NumPy function of its name.

Operators in place are that function with `out=`, as in NumPy, for arrays. NumPy's scalars never
change, and Python then binds the name to a new value: so do traced ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import remedies
from .views import is_array


def is_weak(x: Any) -> bool:
    """Whether NumPy promotes x as a Python number (NEP 50)."""
    return type(x) in (int, float, complex) or getattr(x, "weak", False) is True


def as_python(result: Any, other: Any) -> Any:
    """A result of Python's operators on Python numbers, one of which is traced, is a Python number:
    weak again."""
    if is_weak(other):
        result.weak = True
    return result


def binary(ufunc: Any) -> tuple[Any, Any, Any]:
    """An operator, its reflection and its form in place."""

    def forward(self: Any, other: Any) -> Any:
        result = ufunc(self, other)
        return as_python(result, other) if self.weak else result

    def reflected(self: Any, other: Any) -> Any:
        result = ufunc(other, self)
        return as_python(result, other) if self.weak else result

    def in_place(self: Any, other: Any) -> Any:
        return ufunc(self, other, out=self) if is_array(self) else forward(self, other)

    return forward, reflected, in_place


def unary(ufunc: Any) -> Any:
    """An operator of one operand."""

    def call(self: Any) -> Any:
        result = ufunc(self)
        return as_python(result, self) if self.weak else result

    return call


def method(function: Any) -> Any:
    """A NumPy function as a method of its first argument."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    return call


def as_any(x: Any) -> Any:
    """x for NumPy's functions, whose types do not know of traced arrays."""
    return x


class Operators:
    """What a traced array inherits: operators and methods that are functions of NumPy."""

    __slots__ = ()

    __add__, __radd__, __iadd__ = binary(np.add)
    __sub__, __rsub__, __isub__ = binary(np.subtract)
    __mul__, __rmul__, __imul__ = binary(np.multiply)
    __truediv__, __rtruediv__, __itruediv__ = binary(np.true_divide)
    __floordiv__, __rfloordiv__, __ifloordiv__ = binary(np.floor_divide)
    __mod__, __rmod__, __imod__ = binary(np.remainder)
    __pow__, __rpow__, __ipow__ = binary(np.power)
    __matmul__, __rmatmul__, __imatmul__ = binary(np.matmul)
    __and__, __rand__, __iand__ = binary(np.bitwise_and)
    __or__, __ror__, __ior__ = binary(np.bitwise_or)
    __xor__, __rxor__, __ixor__ = binary(np.bitwise_xor)
    __lshift__, __rlshift__, __ilshift__ = binary(np.left_shift)
    __rshift__, __rrshift__, __irshift__ = binary(np.right_shift)
    __lt__ = method(np.less)
    __le__ = method(np.less_equal)
    __gt__ = method(np.greater)
    __ge__ = method(np.greater_equal)
    __eq__ = method(np.equal)
    __ne__ = method(np.not_equal)
    __neg__ = unary(np.negative)
    __pos__ = unary(np.positive)
    __abs__ = unary(np.absolute)
    __invert__ = method(np.invert)

    sum = method(np.sum)
    prod = method(np.prod)
    mean = method(np.mean)
    std = method(np.std)
    var = method(np.var)
    max = method(np.max)
    min = method(np.min)
    argmax = method(np.argmax)
    argmin = method(np.argmin)
    any = method(np.any)
    all = method(np.all)
    cumsum = method(np.cumsum)
    ravel = method(np.ravel)
    squeeze = method(np.squeeze)
    swapaxes = method(np.swapaxes)
    diagonal = method(np.diagonal)
    dot = method(np.dot)
    clip = method(np.clip)
    take = method(np.take)
    repeat = method(np.repeat)
    round = method(np.round)
    trace = method(np.trace)
    cumprod = method(np.cumprod)
    argsort = method(np.argsort)
    argpartition = method(np.argpartition)
    searchsorted = method(np.searchsorted)
    nonzero = method(np.nonzero)
    choose = method(np.choose)
    put = method(np.put)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other  # pyright: ignore[reportUnknownVariableType]

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __contains__(self, item: Any) -> bool:
        return bool(np.any(np.equal(as_any(self), item)))

    def conj(self: Any) -> Any:
        """Of what is not complex the array itself, as NumPy's method; `np.conj` makes a new one."""
        return np.conjugate(self) if self.dtype.kind == "c" else self

    conjugate = conj

    def compress(self, condition: Any, axis: Any = None) -> Any:
        return np.compress(condition, as_any(self), axis)

    def sort(self: Any, axis: Any = -1, kind: Any = None, **keywords: Any) -> None:
        """In place."""
        self[...] = np.sort(self, axis, kind, **keywords)

    def partition(self: Any, kth: Any, axis: Any = -1, **keywords: Any) -> None:
        """In place."""
        self[...] = np.partition(self, kth, axis, **keywords)

    @property
    def mT(self) -> Any:
        return np.matrix_transpose(as_any(self))

    @property
    def flat(self) -> Any:
        return np.reshape(as_any(self), -1)

    @property
    def itemsize(self: Any) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self: Any) -> int:
        return self.size * self.dtype.itemsize

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What an array has and a traced one has not: all that is about memory."""
            if name.startswith("__") or not hasattr(np.ndarray, name):
                raise AttributeError(f"a traced array has no attribute {name!r}")
            raise remedies.refuse_attribute(name, repr(self))
