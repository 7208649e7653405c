"""The vocabulary of types: a dtype and a static shape, written `f64[2, 3]`.

A value of the graph has a `Type`. There are only strong types: a Python scalar takes its dtype from
its neighbours while the function is traced (NEP 50), so no rule further down needs to know of it.
A complex number is differentiable as the pair of its parts is (see `ops.complex`).

    >>> from diffkit.types import f64
    >>> f64[2, 3]
    f64[2, 3]
    >>> f64[2, 3].size
    6
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .errors import DtypeError, ShapeError, explain

Array: TypeAlias = NDArray[Any]
Shape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DType:
    """An element type. `kind` is "f" or "c" (complex), which are differentiable, "i" or "b"."""

    name: str
    numpy: np.dtype[Any]
    kind: str

    def __getitem__(self, shape: int | tuple[int, ...]) -> Type:
        return Type(self, shape if isinstance(shape, tuple) else (shape,))

    def __repr__(self) -> str:
        return self.name


f64 = DType("f64", np.dtype(np.float64), "f")
f32 = DType("f32", np.dtype(np.float32), "f")
i64 = DType("i64", np.dtype(np.int64), "i")
i32 = DType("i32", np.dtype(np.int32), "i")
f16 = DType("f16", np.dtype(np.float16), "f")
i16 = DType("i16", np.dtype(np.int16), "i")
i8 = DType("i8", np.dtype(np.int8), "i")
u64 = DType("u64", np.dtype(np.uint64), "i")
u32 = DType("u32", np.dtype(np.uint32), "i")
u16 = DType("u16", np.dtype(np.uint16), "i")
u8 = DType("u8", np.dtype(np.uint8), "i")
b1 = DType("b1", np.dtype(np.bool_), "b")
c128 = DType("c128", np.dtype(np.complex128), "c")
c64 = DType("c64", np.dtype(np.complex64), "c")

COMPILED = frozenset({f64, f32, i64, i32, b1, c128, c64})
"""The types that compiled code computes in."""
DTYPES: dict[np.dtype[Any], DType] = {
    d.numpy: d for d in (f64, f32, f16, i64, i32, i16, i8, u64, u32, u16, u8, b1, c128, c64)
}
REAL: dict[DType, DType] = {c128: f64, c64: f32}
"""The type of the parts of a complex number."""
COMPLEX: dict[DType, DType] = {real: complex_ for complex_, real in REAL.items()}
"""The complex type of parts of this type."""


@dataclass(frozen=True, slots=True)
class Type:
    """A dtype and a shape; `f64[()]` is a scalar.

    A `tape` is a sequence of such arrays, its length known only when the program has run: what a
    `while` saves of its steps. It prints as `f64[?, 3]`, and only loops look into it.
    """

    dtype: DType
    shape: Shape
    tape: bool = False

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def differentiable(self) -> bool:
        return self.dtype.kind in "fc"

    @property
    def complex(self) -> bool:
        return self.dtype.kind == "c"

    def with_shape(self, shape: Shape) -> Type:
        assert not self.tape, f"{self} has no fixed shape"
        return Type(self.dtype, shape)

    def with_dtype(self, dtype: DType) -> Type:
        return Type(dtype, self.shape, self.tape)

    def __repr__(self) -> str:
        dims = (["?"] if self.tape else []) + [str(n) for n in self.shape]
        return f"{self.dtype.name}[{', '.join(dims)}]"


def dtype_of(numpy_dtype: Any, asked: str = "tracing a value") -> DType:
    """The `DType` of a NumPy dtype, or a `DtypeError` that names the conversion to write."""
    dtype = np.dtype(numpy_dtype)
    found = DTYPES.get(dtype)
    if found is None:
        carried = ", ".join(d.name for d in DTYPES.values())
        remedy = "Convert it first, for example with x.astype(np.float64)"
        raise DtypeError(explain(asked, f"got dtype {dtype}", f"one of {carried}", remedy))
    return found


def type_of(value: Any, asked: str = "tracing a value") -> Type:
    """The type of an array or number (a Python float is f64[], a Python int i64[])."""
    array = np.asarray(value)
    return Type(dtype_of(array.dtype, asked), array.shape)


def broadcast_shapes(asked: str, *shapes: Shape) -> Shape:
    """NumPy's broadcast of several shapes, or a `ShapeError` that names `asked`."""
    first = shapes[0]
    if all(shape == first or shape == () for shape in shapes[1:]):
        return first
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        got = " and ".join(map(str, shapes))
        remedy = "Reshape an operand, or add an axis with x[:, None]"
        want = "shapes that NumPy can broadcast together"
        raise ShapeError(explain(asked, f"got shapes {got}", want, remedy)) from None
