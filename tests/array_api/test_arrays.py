"""The array object of the standard, traced: operators, promotion, attributes, methods, indexing."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable
from typing import Any

import array_api_strict as strict
import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.errors import DiffkitError, MissingAttributeError, UnsupportedError
from diffkit.types import f64, type_of
from tests.replay import prepare

from .agreement import close, plain
from .api import flat
from .standard import ALL, BOOL, COMPLEX_FLOATING, FLOATING, INTEGER, NUMERIC, REAL

OPERATORS: list[tuple[str, tuple[str, ...]]] = [
    ("add", NUMERIC), ("sub", NUMERIC), ("mul", NUMERIC), ("truediv", FLOATING),
    ("floordiv", REAL), ("mod", REAL), ("pow", NUMERIC), ("matmul", NUMERIC),
    ("and_", BOOL + INTEGER), ("or_", BOOL + INTEGER), ("xor", BOOL + INTEGER),
    ("lshift", INTEGER), ("rshift", INTEGER),
    ("lt", REAL), ("le", REAL), ("gt", REAL), ("ge", REAL), ("eq", ALL), ("ne", ALL),
]  # fmt: skip
UNARY: list[tuple[str, tuple[str, ...]]] = [
    ("abs", NUMERIC), ("neg", NUMERIC), ("pos", NUMERIC), ("invert", BOOL + INTEGER),
]  # fmt: skip
IN_PLACE = [name for name, _ in OPERATORS if name not in ("lt", "le", "gt", "ge", "eq", "ne")]
OF_KIND = {"b": True, "i": 2, "u": 2, "f": 2.5, "c": 1.5 + 0.5j}


def numbers(dtype: str, *shape: int, seed: int = 0) -> Any:
    """Small positive numbers, so that integers neither overflow nor divide by zero."""
    whole = np.random.default_rng(seed).integers(1, 5, shape)
    return (whole > 2) if dtype == "bool" else whole.astype(dtype)


def agree(f: Callable[..., Any], *arrays: Any, ulps: float = 16) -> None:
    """f of traced arrays equals f of those of `array_api_strict`."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        want = [plain(y) for y in flat(f(*[strict.asarray(x) for x in arrays]))]
        graph = dk.trace(lambda *xs: tuple(flat(f(*xs))))(*[type_of(x) for x in arrays])
        found = prepare(graph)(list(arrays))
    for got, y in zip(found, want, strict=True):
        close(got, y, ulps, str([x.dtype for x in arrays]))


@pytest.mark.parametrize(("name", "dtypes"), OPERATORS)
def test_operators_and_their_reflections(name: str, dtypes: tuple[str, ...]) -> None:
    function = getattr(operator, name)
    for dtype in dtypes:
        x, y = numbers(dtype, 2, 2), numbers(dtype, 2, 2, seed=1)
        agree(function, x, y)
        if name == "matmul":
            continue
        scalar = OF_KIND[np.dtype(dtype).kind]
        agree(lambda x, scalar=scalar: function(x, scalar), x)
        agree(lambda x, scalar=scalar: function(scalar, x), x)
        agree(function, x, numbers(dtype, seed=2))
        agree(function, x, numbers(dtype, 1, 2, seed=2))
        agree(function, numbers(dtype, 0), numbers(dtype, seed=2))


@pytest.mark.parametrize("name", IN_PLACE)
def test_operators_in_place(name: str) -> None:
    """They keep the array, its dtype and its shape, and the other names of the array see it."""
    written = getattr(operator, "i" + name.rstrip("_"))

    def f(x: Any, y: Any) -> Any:
        x = +x if name not in ("and_", "or_", "xor") else x ^ x ^ x
        same = x
        x = written(x, y)
        assert x is same or name == "matmul"  # `array_api_strict` makes a new object of that
        return x

    for dtype in dict(OPERATORS)[name]:
        agree(f, numbers(dtype, 2, 2), numbers(dtype, 2, 2, seed=1))


@pytest.mark.parametrize(("name", "dtypes"), UNARY)
def test_operators_of_one_array(name: str, dtypes: tuple[str, ...]) -> None:
    for dtype in dtypes:
        agree(getattr(operator, name), numbers(dtype, 2, 3))
        agree(getattr(operator, name), numbers(dtype))


def test_promotion_of_two_dtypes() -> None:
    """The table of the standard, which leaves integers with floating-point numbers out."""
    for p in ALL:
        for q in ALL:
            try:
                want = strict.result_type(getattr(strict, p), getattr(strict, q))
            except TypeError:
                continue
            graph = dk.trace(lambda x, y: x.__array_namespace__().where(x == x, x, y))(
                type_of(np.ones(2, p)), type_of(np.ones(2, q))
            )
            assert graph.types[0].dtype.numpy == np.dtype(str(want).rpartition(".")[2]), (p, q)
            assert dnp.result_type(getattr(dnp, p), getattr(dnp, q)) == graph.types[0].dtype.numpy


@pytest.mark.parametrize("dtype", ALL)
def test_python_numbers_give_way(dtype: str) -> None:
    kinds = {"b": [True], "i": [2, True], "u": [2], "f": [2.5, 2], "c": [1j, 2.5, 2]}
    for scalar in kinds[np.dtype(dtype).kind]:

        def f(x: Any, scalar: Any = scalar) -> Any:
            xp = x.__array_namespace__()
            assert xp.result_type(x, scalar) == x.dtype
            return xp.where(x == x, x, scalar), xp.where(x != x, scalar, x)

        graph = dk.trace(f)(type_of(np.ones(2, dtype)))
        assert [t.dtype.numpy.name for t in graph.types] == [dtype, dtype]


@pytest.mark.parametrize("scalar", [300, -1, 2**70])
def test_integers_beyond_a_dtype(scalar: int) -> None:
    """They compare as they are, and are refused in arithmetic."""
    for compare in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne):
        for f in (lambda x: compare(x, scalar), lambda x: compare(scalar, x)):  # noqa: B023
            x = np.array([0, 200], np.uint8)
            close(prepare(dk.trace(f)(type_of(x)))([x])[0], f(x), 0)
    with pytest.raises(OverflowError):
        dk.trace(lambda x: x + scalar)(type_of(np.ones(2, np.uint8)))


def test_methods_of_booleans_as_in_numpy() -> None:
    x = np.array([True, False])
    for f in (lambda x: x.conj(), lambda x: x.conjugate(), lambda x: x.round(), np.conjugate):
        close(prepare(dk.trace(f)(type_of(x)))([x])[0], f(x), 0)


def test_attributes() -> None:
    def f(x: Any) -> Any:
        assert (x.shape, x.ndim, x.size, x.device) == ((2, 3, 4), 3, 24, "cpu")
        assert x.dtype == dnp.float64 and x.to_device("cpu") is x
        assert x.to_device(x.device) is x
        return x.mT, x[0, ...].T

    assert dk.trace(f)(f64[2, 3, 4]).types == (f64[2, 4, 3], f64[4, 3])


def test_the_namespace_is_diffkit_numpy() -> None:
    def f(x: Any) -> Any:
        for version in (None, "2021.12", "2022.12", "2023.12", "2024.12"):
            assert x.__array_namespace__(api_version=version) is dnp
        with pytest.raises(UnsupportedError, match=r"api_version='1999\.01'.* 2024\.12"):
            x.__array_namespace__(api_version="1999.01")
        return x

    dk.trace(f)(f64[2])
    assert dnp.__array_api_version__ == "2024.12"
    assert {"linalg", "fft", "sin", "set_at"} <= set(dir(dnp))


def test_memory_and_other_devices_are_refused_by_name() -> None:
    def f(x: Any) -> Any:
        with pytest.raises(MissingAttributeError, match=r"__dlpack__ .*no memory of its own"):
            x.__dlpack__()
        with pytest.raises(MissingAttributeError, match="__dlpack_device__"):
            x.__dlpack_device__()
        with pytest.raises(UnsupportedError, match=r"x\.to_device .*device='gpu'"):
            x.to_device("gpu")
        with pytest.raises(UnsupportedError, match="stream=3"):
            x.to_device("cpu", stream=3)
        for make in (
            lambda: dnp.zeros(3, device="gpu"), lambda: dnp.zeros_like(x, device="gpu"),
            lambda: dnp.full(3, x[0], device="gpu"), lambda: dnp.full_like(x, 1, device="gpu"),
            lambda: dnp.asarray(x, device="gpu"), lambda: dnp.astype(x, dnp.int8, device="gpu"),
            lambda: dnp.from_dlpack(x, device="gpu"),
        ):  # fmt: skip
            with pytest.raises(UnsupportedError, match="device='gpu'"):
                make()
        with pytest.raises(ValueError, match="copy=False"):
            dnp.asarray([x[0], x[1]], copy=False)
        with pytest.raises(ValueError, match="copy=False"):
            dnp.asarray(x, dtype=dnp.float32, copy=False)
        return x

    dk.trace(f)(f64[2])


def test_a_copy_is_one() -> None:
    def f(x: Any) -> Any:
        xp = x.__array_namespace__()
        copies = [xp.asarray(x, copy=True), xp.reshape(x, (3,), copy=True), xp.astype(x, x.dtype),
                  xp.from_dlpack(x, copy=True)]  # fmt: skip
        same = [xp.asarray(x), xp.asarray(x, copy=False), xp.astype(x, x.dtype, copy=False)]
        x += 1.0
        return (*copies, *same)

    found = dk.graph.evaluate(dk.trace(f)(f64[3]), [np.zeros(3)])
    for k, got in enumerate(found):
        np.testing.assert_array_equal(got, np.full(3, 0.0 if k < 4 else 1.0))


def test_numbers_of_arrays_without_axes() -> None:
    """Where a value is known, Python has it as a number; where not, the error says why."""

    def known(x: Any) -> Any:
        xp = x.__array_namespace__()
        assert float(xp.asarray(2.5)) == 2.5 and int(xp.asarray(3)) == 3
        assert complex(xp.asarray(1j)) == 1j and bool(xp.asarray(True))
        assert operator.index(xp.asarray(4)) == 4
        return x

    dk.trace(known)(f64[()])
    for number in (float, int, complex, bool, operator.index):
        with pytest.raises(DiffkitError):
            dk.trace(lambda x, number=number: x + number(x))(f64[()])


INDICES: list[Any] = [
    0, -1, (1, 2), (0, slice(None)), slice(1, None), slice(None, None, -1), (Ellipsis, 0),
    (slice(None), None), (None, 1, Ellipsis), (slice(0, 2), slice(2, None, -2)), Ellipsis,
    (slice(None), slice(3, 3)), (), (1, Ellipsis, 2), (slice(None), -1),
]  # fmt: skip


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_basic_indexing_reads_and_writes(index: Any) -> None:
    x, y = np.arange(6.0).reshape(2, 3), np.array(7.0)

    def read(x: Any) -> Any:
        return x.__array_namespace__().asarray(x[index], copy=True)

    def write(x: Any, y: Any) -> Any:
        x = +x
        x[index] = y
        return x

    full = index if isinstance(index, tuple) else (index,)
    whole = Ellipsis in full or sum(part is not None for part in full) == 2
    if whole:  # the standard wants an index for every axis
        agree(read, x)
        if None not in full:
            agree(write, x, y)
    want = x.copy()
    want[index] = 7.0
    close(prepare(dk.trace(read)(type_of(x)))([x])[0], x[index], 0)
    close(prepare(dk.trace(write)(type_of(x), type_of(y)))([x, y])[0], want, 0)


def test_integer_arrays_and_masks_as_indices() -> None:
    x = np.arange(12.0).reshape(3, 4)
    rows, columns = np.array([2, 0]), np.array([[1], [-1]])
    agree(lambda x, j, k: x[j, k], x, rows, columns)
    agree(lambda x, j: x[j, 1], x, rows)
    agree(lambda x, j: x[1, j], x, rows)

    def masked(x: Any) -> Any:
        return x[x.__array_namespace__().asarray([True, False, True])]

    agree(masked, x)

    def filled(x: Any) -> Any:
        x = +x
        x[x > 5] = -1.0
        return x

    agree(filled, x)


@pytest.mark.parametrize("index", [3, -4, (0, 5), (0, 0, 0)], ids=str)
def test_indices_out_of_bounds(index: Any) -> None:
    with pytest.raises(IndexError):
        dk.trace(lambda x: x[index])(f64[3, 2])


@pytest.mark.parametrize("dtype", COMPLEX_FLOATING)
def test_real_and_imaginary_parts_keep_the_precision(dtype: str) -> None:
    agree(lambda z: (z.__array_namespace__().real(z), z.__array_namespace__().imag(z)),
          numbers(dtype, 3))  # fmt: skip


def test_makers_of_arrays_of_traced_values() -> None:
    """Nested lists of them, converted, copied or not; keywords are followed or refused."""

    def f(x: Any, y: Any) -> Any:
        xp = x.__array_namespace__()
        return (
            xp.asarray([[x, 1.0], [y, x]]),
            xp.asarray([x, y], dtype=xp.float32),
            xp.asarray((x, (y))),
            xp.array([x, y], ndmin=2, copy=None),
            xp.full((2,), y),
            np.zeros(2, like=x),
        )

    found = dk.graph.evaluate(dk.trace(f)(f64[()], f64[()]), [np.float64(2), np.float64(3)])
    want = [
        np.array([[2.0, 1.0], [3.0, 2.0]]), np.array([2, 3], np.float32), np.array([2.0, 3.0]),
        np.array([[2.0, 3.0]]), np.array([3.0, 3.0]), np.zeros(2),
    ]  # fmt: skip
    for got, y in zip(found, want, strict=True):
        close(got, y, 0)
    with pytest.raises(ValueError, match="copy=False"):
        dk.trace(lambda x: dnp.array([x, x], copy=False))(f64[()])
