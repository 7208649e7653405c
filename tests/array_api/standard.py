"""The functions of the Python array API standard 2024.12 as data: names, parameters, dtypes, calls.

A row is a function: its parameters as the standard writes them, the dtypes that its array arguments
may have, and calls that use every parameter. `api.py` makes arguments of them; the tests run each
call on traced arrays and hold the result against `array_api_strict`, another implementation. What
NumPy has already of the next edition (`isin`) is a row, too. The elementwise functions are in
`elementwise.py`, their results at particular numbers in `special_cases.py`.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

import numpy as np

BOOL = ("bool",)
SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
INTEGER = SIGNED + UNSIGNED
REAL_FLOATING = ("float32", "float64")
COMPLEX_FLOATING = ("complex64", "complex128")
FLOATING = REAL_FLOATING + COMPLEX_FLOATING
REAL = INTEGER + REAL_FLOATING
NUMERIC = INTEGER + FLOATING
INTEGER_OR_BOOL = BOOL + INTEGER
ALL = BOOL + NUMERIC
"""The dtypes of the standard and its categories of them, by name."""


@dataclass(frozen=True)
class Call:
    """What follows the arrays of a call. A keyword `dtype` is named, and found in the namespace."""

    args: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict[str, Any])


def given(*args: Any, **keywords: Any) -> Call:
    return Call(args, keywords)


@dataclass(frozen=True)
class Function:
    """`arrays`: for each array argument a shape, or an array of a dtype of its own. `gathered`:
    whether the function takes them in one list. `low`, `high`, `positive_definite`: what the values
    must be. `undefined`: whether the values of the result are. `ulps`: how many units in the last
    place two implementations may differ by."""

    name: str
    signature: str
    dtypes: tuple[str, ...]
    arrays: tuple[Any, ...] = ((2, 3),)
    calls: tuple[Call, ...] = (Call(),)
    gathered: bool = False
    low: float = -4.0
    high: float = 4.0
    positive_definite: bool = False
    undefined: bool = False
    ulps: float = 4.0

    def __str__(self) -> str:
        return self.name

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        made = eval(f"lambda {self.signature}: None")
        return dict(inspect.signature(made).parameters)


def row(name: str, signature: str, dtypes: tuple[str, ...], *calls: Call, **more: Any) -> Function:
    return Function(name, signature, dtypes, calls=calls or (Call(),), **more)


X = ((2, 3),)
XY = ((2, 3), (2, 3))
LINE = ((5,),)
SQUARE = ((3, 3),)
STACK = ((2, 3, 3),)
PLACES = np.array([1, 0, 2])
ALONG = np.array([[1, 0], [2, 2]])

# fmt: off
CREATION = (
    row("asarray", "obj, /, *, dtype=None, device=None, copy=None", ALL,
        given(), given(dtype="complex128"), given(copy=True), given(device="cpu"),
        given(copy=None)),
    row("astype", "x, dtype, /, *, copy=True, device=None", ALL, given(dtype_="complex128"),
        given(dtype_="complex64", copy=False), given(dtype_="complex128", device="cpu")),
    row("empty_like", "x, /, *, dtype=None, device=None", ALL,
        given(), given(dtype="int32"), given(device="cpu"), undefined=True),
    row("full_like", "x, /, fill_value, *, dtype=None, device=None", ALL,
        given(1), given(fill_value=True, device="cpu"), given(3, dtype="float32")),
    row("ones_like", "x, /, *, dtype=None, device=None", ALL,
        given(), given(dtype="float32"), given(device="cpu")),
    row("zeros_like", "x, /, *, dtype=None, device=None", ALL,
        given(), given(dtype="uint8"), given(device="cpu")),
    row("tril", "x, /, *, k=0", ALL, given(), given(k=-1), given(k=1)),
    row("triu", "x, /, *, k=0", ALL, given(), given(k=-1), given(k=1)),
    row("meshgrid", "*arrays, indexing='xy'", NUMERIC, given(), given(indexing="ij"),
        arrays=((2,), (3,))),
    row("from_dlpack", "x, /, *, device=None, copy=None", NUMERIC, given()),
)
"""Functions that make arrays from arrays."""

MAKERS = (
    row("arange", "start, /, stop=None, step=1, *, dtype=None, device=None", ALL,
        given(3), given(1, 7), given(1, 7, 2), given(0.0, 1.0, 0.25), given(1, stop=4, step=2),
        given(5, dtype="float32"), given(3, device="cpu"), given(-3), given(5, 1, -2)),
    row("linspace", "start, stop, /, num, *, dtype=None, device=None, endpoint=True", ALL,
        given(0, 1, 5), given(0.0, 2.0, num=4, endpoint=False), given(1, 2, 3, dtype="float32"),
        given(0, 1, 3, device="cpu"), given(0, 1 + 2j, 3)),
    row("empty", "shape, *, dtype=None, device=None", ALL,
        given(3), given((2, 3), dtype="int16"), given(shape=(0,), device="cpu"), undefined=True),
    row("zeros", "shape, *, dtype=None, device=None", ALL,
        given(3), given((2, 3), dtype="int16"), given(shape=(0,), device="cpu"), given(())),
    row("ones", "shape, *, dtype=None, device=None", ALL,
        given(3), given((2, 3), dtype="bool"), given(shape=(0,), device="cpu"), given(())),
    row("full", "shape, fill_value, *, dtype=None, device=None", ALL,
        given(3, 1.5), given((2, 3), 7), given((), True), given((2,), 1j), given(2, fill_value=1.0),
        given(shape=2, fill_value=2, dtype="float32"), given((2,), 1, device="cpu")),
    row("eye", "n_rows, n_cols=None, /, *, k=0, dtype=None, device=None", ALL,
        given(3), given(2, 3), given(3, k=1), given(2, 3, k=-1, dtype="int8"),
        given(2, device="cpu")),
    row("fft.fftfreq", "n, /, *, d=1.0, dtype=None, device=None", ALL,
        given(5), given(4, d=0.5), given(4, dtype="float32"), given(4, device="cpu")),
    row("fft.rfftfreq", "n, /, *, d=1.0, dtype=None, device=None", ALL,
        given(5), given(4, d=0.5), given(4, dtype="float32"), given(4, device="cpu")),
)
"""Functions that make arrays from numbers."""

MANIPULATION = (
    row("broadcast_arrays", "*arrays", ALL, arrays=((2, 1), (3,))),
    row("broadcast_to", "x, /, shape", ALL, given((4, 2, 3)), given(shape=(2, 3))),
    row("concat", "arrays, /, *, axis=0", ALL, given(), given(axis=-1), given(axis=None),
        arrays=XY, gathered=True),
    row("expand_dims", "x, /, *, axis=0", ALL, given(axis=0), given(axis=-1), given(axis=1)),
    row("flip", "x, /, *, axis=None", ALL, given(), given(axis=-1), given(axis=(0, 1))),
    row("moveaxis", "x, source, destination, /", ALL, given(0, 1), given((0, 1), (1, 0)),
        given(-1, 0)),
    row("permute_dims", "x, /, axes", ALL, given((1, 0)), given(axes=(0, 1))),
    row("repeat", "x, repeats, /, *, axis=None", ALL, given(2), given(2, axis=1), given(0, axis=0)),
    row("reshape", "x, /, shape, *, copy=None", ALL, given((3, 2)), given(shape=(-1,)),
        given((6, 1), copy=True), given((1, -1, 2), copy=None)),
    row("roll", "x, /, shift, *, axis=None", ALL, given(1), given(shift=-2, axis=1),
        given((1, 2), axis=(0, 1)), given(7)),
    row("squeeze", "x, /, axis", ALL, given(0), given(axis=(0, 2)), given((-3,)),
        arrays=((1, 2, 1),)),
    row("stack", "arrays, /, *, axis=0", ALL, given(), given(axis=-1), given(axis=1), arrays=XY,
        gathered=True),
    row("tile", "x, repetitions, /", ALL, given((2,)), given((2, 1)), given((1, 2, 1)),
        given((0, 1))),
    row("unstack", "x, /, *, axis=0", ALL, given(), given(axis=1), given(axis=-1)),
)

SEARCHING = (
    row("argmax", "x, /, *, axis=None, keepdims=False", REAL, given(), given(axis=0),
        given(axis=-1, keepdims=True), given(keepdims=True)),
    row("argmin", "x, /, *, axis=None, keepdims=False", REAL, given(), given(axis=0),
        given(axis=-1, keepdims=True), given(keepdims=True)),
    row("count_nonzero", "x, /, *, axis=None, keepdims=False", ALL, given(), given(axis=0),
        given(axis=(0, 1), keepdims=True)),
    row("searchsorted", "x1, x2, /, *, side='left', sorter=None", REAL, given(),
        given(side="right"), arrays=(np.array([-1.0, 0.0, 1.0, 2.0]), (2, 3))),
    row("where", "condition, x1, x2, /", ALL,
        arrays=(np.array([[True, False, True]]), (2, 3), (2, 3))),
    row("argsort", "x, /, *, axis=-1, descending=False, stable=True", REAL, given(), given(axis=0),
        given(descending=True), given(descending=True, axis=0, stable=True), given(stable=True)),
    row("sort", "x, /, *, axis=-1, descending=False, stable=True", REAL, given(), given(axis=0),
        given(descending=True), given(descending=True, axis=0), given(stable=False)),
    row("isin", "x1, x2, /, *, invert=False", INTEGER, given(), given(invert=True),
        arrays=((2, 3), (4,))),
    row("take", "x, indices, /, *, axis=None", ALL, given(), given(axis=0), given(axis=-1),
        arrays=((5,), PLACES)),
    row("take_along_axis", "x, indices, /, *, axis=-1", ALL, given(), given(axis=1),
        arrays=((2, 3), ALONG)),
)

BY_VALUE = (
    row("nonzero", "x, /", ALL),
    row("unique_all", "x, /", ALL),
    row("unique_counts", "x, /", ALL),
    row("unique_inverse", "x, /", ALL),
    row("unique_values", "x, /", ALL),
)
"""The shapes of their results depend on values: refused where these are not known."""

REDUCING = ("x, /, *, axis=None, keepdims=False", given(), given(axis=0),
            given(axis=(0, -1), keepdims=True), given(axis=()))
ADDING = ("x, /, *, axis=None, dtype=None, keepdims=False", given(), given(axis=0),
          given(axis=(0, -1), keepdims=True), given(dtype="complex128"), given(axis=()))
SPREAD = ("x, /, *, axis=None, correction=0.0, keepdims=False", given(), given(axis=0),
          given(axis=(0, -1), keepdims=True), given(correction=1), given(axis=1, correction=0.5))
SUMMING = ("x, /, *, axis=None, dtype=None, include_initial=False", given(), given(axis=0),
           given(axis=-1, include_initial=True), given(axis=0, dtype="complex128"))


def reducing(name: str, dtypes: tuple[str, ...], how: tuple[Any, ...], **more: Any) -> Function:
    return row(name, how[0], dtypes, *how[1:], **more)


STATISTICS = (
    reducing("max", REAL, REDUCING), reducing("min", REAL, REDUCING),
    reducing("mean", FLOATING, REDUCING, ulps=16),
    reducing("sum", NUMERIC, ADDING, ulps=16), reducing("prod", NUMERIC, ADDING, ulps=16),
    reducing("std", REAL_FLOATING, SPREAD, ulps=16),
    reducing("var", REAL_FLOATING, SPREAD, ulps=16),
    row("cumulative_sum", SUMMING[0], NUMERIC, *SUMMING[2:], ulps=16),
    row("cumulative_prod", SUMMING[0], NUMERIC, *SUMMING[2:], ulps=16),
    row("cumulative_sum", SUMMING[0], NUMERIC, given(), *SUMMING[2:], arrays=LINE, ulps=16),
    reducing("all", ALL, REDUCING), reducing("any", ALL, REDUCING),
    row("diff", "x, /, *, axis=-1, n=1, prepend=None, append=None", NUMERIC, given(), given(axis=0),
        given(n=2), given(n=0), ulps=16),
)

LINEAR = (
    row("matmul", "x1, x2, /", NUMERIC, arrays=((2, 3), (3, 4)), ulps=16),
    row("matmul", "x1, x2, /", NUMERIC, arrays=((5, 2, 3), (3,)), ulps=16),
    row("matrix_transpose", "x, /", ALL, arrays=((4, 2, 3),)),
    row("tensordot", "x1, x2, /, *, axes=2", NUMERIC, given(axes=1), given(axes=0),
        given(axes=((1,), (0,))), arrays=((2, 3), (3, 2)), ulps=16),
    row("vecdot", "x1, x2, /, *, axis=-1", NUMERIC, given(), given(axis=-2),
        arrays=((2, 3), (2, 3)), ulps=16),
    row("linalg.cholesky", "x, /, *, upper=False", FLOATING, given(), given(upper=True),
        arrays=STACK, positive_definite=True, ulps=256),
    row("linalg.cross", "x1, x2, /, *, axis=-1", NUMERIC, given(), given(axis=-2),
        arrays=((3, 3), (3, 3)), ulps=16),
    row("linalg.det", "x, /", FLOATING, arrays=STACK, ulps=256),
    row("linalg.diagonal", "x, /, *, offset=0", ALL, given(), given(offset=1), given(offset=-1),
        arrays=STACK),
    row("linalg.eigh", "x, /", FLOATING, arrays=STACK, positive_definite=True, ulps=2048),
    row("linalg.eigvalsh", "x, /", FLOATING, arrays=STACK, positive_definite=True, ulps=2048),
    row("linalg.inv", "x, /", FLOATING, arrays=STACK, positive_definite=True, ulps=2048),
    row("linalg.matmul", "x1, x2, /", NUMERIC, arrays=((2, 3), (3, 4)), ulps=16),
    row("linalg.matrix_norm", "x, /, *, keepdims=False, ord='fro'", FLOATING, given(),
        given(keepdims=True), given(ord="nuc"), given(ord=1), given(ord=-1), given(ord=2),
        given(ord=-2), given(ord=np.inf), given(ord=-np.inf), arrays=STACK, ulps=2048),
    row("linalg.matrix_power", "x, n, /", FLOATING, given(0), given(3), given(-1), arrays=STACK,
        positive_definite=True, ulps=2048),
    row("linalg.matrix_rank", "x, /, *, rtol=None", FLOATING, given(), given(rtol=0.5),
        arrays=STACK, positive_definite=True),
    row("linalg.matrix_transpose", "x, /", ALL, arrays=((4, 2, 3),)),
    row("linalg.outer", "x1, x2, /", NUMERIC, arrays=((2,), (3,))),
    row("linalg.pinv", "x, /, *, rtol=None", FLOATING, given(), given(rtol=1e-3), arrays=((3, 2),),
        ulps=2048),
    row("linalg.qr", "x, /, *, mode='reduced'", FLOATING, given(), given(mode="complete"),
        arrays=((3, 2),), ulps=2048),
    row("linalg.slogdet", "x, /", FLOATING, arrays=STACK, ulps=2048),
    row("linalg.solve", "x1, x2, /", FLOATING, arrays=((3, 3), (3, 2)), positive_definite=True,
        ulps=2048),
    row("linalg.svd", "x, /, *, full_matrices=True", FLOATING, given(), given(full_matrices=False),
        arrays=((3, 2),), ulps=2048),
    row("linalg.svdvals", "x, /", FLOATING, arrays=((3, 2),), ulps=2048),
    row("linalg.tensordot", "x1, x2, /, *, axes=2", NUMERIC, given(axes=1),
        arrays=((2, 3), (3, 2)), ulps=16),
    row("linalg.trace", "x, /, *, offset=0, dtype=None", NUMERIC, given(), given(offset=1),
        given(dtype="complex128"), arrays=STACK, ulps=16),
    row("linalg.vecdot", "x1, x2, /, *, axis=-1", NUMERIC, given(), given(axis=-2),
        arrays=((2, 3), (2, 3)), ulps=16),
    row("linalg.vector_norm", "x, /, *, axis=None, keepdims=False, ord=2", FLOATING, given(),
        given(axis=0), given(axis=(0, 1), keepdims=True), given(ord=1), given(ord=np.inf),
        given(ord=-np.inf), given(ord=0), given(ord=3), given(ord=-1.5), ulps=64),
)

ONE_AXIS = ("x, /, *, n=None, axis=-1, norm='backward'", given(), given(n=2), given(n=5),
            given(axis=0), given(norm="ortho"), given(norm="forward"))
SEVERAL = ("x, /, *, s=None, axes=None, norm='backward'", given(),
           given(s=(2, 4), axes=(0, 1)), given(axes=(0,)), given(norm="ortho"))
FOURIER = (
    *(row(f"fft.{name}", ONE_AXIS[0], dtypes, *ONE_AXIS[1:], ulps=64) for name, dtypes in (
        ("fft", COMPLEX_FLOATING), ("ifft", COMPLEX_FLOATING), ("rfft", REAL_FLOATING),
        ("irfft", COMPLEX_FLOATING), ("hfft", COMPLEX_FLOATING), ("ihfft", REAL_FLOATING),
    )),
    *(row(f"fft.{name}", SEVERAL[0], dtypes, *SEVERAL[1:], ulps=64) for name, dtypes in (
        ("fftn", COMPLEX_FLOATING), ("ifftn", COMPLEX_FLOATING), ("rfftn", REAL_FLOATING),
        ("irfftn", COMPLEX_FLOATING),
    )),
    row("fft.fftshift", "x, /, *, axes=None", FLOATING, given(), given(axes=0), given(axes=(0, 1))),
    row("fft.ifftshift", "x, /, *, axes=None", FLOATING, given(), given(axes=0),
        given(axes=(0, 1))),
)
# fmt: on

FUNCTIONS = (*CREATION, *MANIPULATION, *SEARCHING, *STATISTICS, *LINEAR, *FOURIER)
"""All that take arrays and return arrays, but the elementwise ones."""

ABOUT_DTYPES = ("can_cast", "finfo", "iinfo", "isdtype", "result_type", "broadcast_shapes")
CONSTANTS = ("e", "inf", "nan", "newaxis", "pi")
