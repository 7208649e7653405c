"""An ndarray's operators and methods, each the NumPy function of its name.

Operators in place are that function with `out=`, as in NumPy, for arrays. NumPy's scalars never
change, and Python then binds the name to a new value: so do traced ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .views import is_array


def is_weak(x: Any) -> bool:
    """Whether NumPy promotes x as a Python number (NEP 50)."""
    return type(x) in (int, float, complex) or getattr(x, "weak", False) is True


def as_python(result: Any, self: Any, other: Any) -> Any:
    """A result of Python's operators on Python numbers is a Python number: weak again."""
    if self.weak and is_weak(other):
        result.weak = True
    return result


def binary(ufunc: Any) -> tuple[Any, Any, Any]:
    """An operator, its reflection and its form in place."""

    def forward(self: Any, other: Any) -> Any:
        return as_python(ufunc(self, other), self, other)

    def reflected(self: Any, other: Any) -> Any:
        return as_python(ufunc(other, self), self, other)

    def in_place(self: Any, other: Any) -> Any:
        return ufunc(self, other, out=self) if is_array(self) else forward(self, other)

    return forward, reflected, in_place


def unary(ufunc: Any) -> Any:
    """An operator of one operand."""

    def call(self: Any) -> Any:
        return as_python(ufunc(self), self, self)

    return call


def method(function: Any) -> Any:
    """A NumPy function as a method of its first argument."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    return call


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
    conj = method(np.conjugate)
    conjugate = method(np.conjugate)
