"""Every function of the standard on traced arrays: there, called in all its ways, equal to another
implementation for every dtype, and on arrays that are empty or have no axes."""

from __future__ import annotations

import inspect
from typing import Any

import array_api_strict as strict
import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.errors import UnsupportedError
from diffkit.types import f64

from .agreement import check, close, plain
from .api import arguments, call, find, flat, values
from .elementwise import ELEMENTWISE
from .standard import (
    ABOUT_DTYPES,
    ALL,
    BY_VALUE,
    CONSTANTS,
    FUNCTIONS,
    MAKERS,
    Function,
)

EVERY = (*FUNCTIONS, *ELEMENTWISE)


def test_the_table_is_the_standard() -> None:
    names = {f.name for f in (*EVERY, *MAKERS, *BY_VALUE)} | {*ABOUT_DTYPES, *CONSTANTS, *ALL}
    of_strict = {
        name for name in strict.__all__ if not name.startswith("_") and "strict" not in name.lower()
    }
    of_strict |= {f"linalg.{n}" for n in strict.linalg.__all__}
    of_strict |= {f"fft.{n}" for n in strict.fft.__all__}
    assert names == of_strict - {"Device", "linalg", "fft"}


@pytest.mark.parametrize("function", (*EVERY, *MAKERS, *BY_VALUE), ids=str)
def test_every_parameter_is_used_by_a_call(function: Function) -> None:
    parameters = list(function.parameters.values())
    assert callable(find(dnp, function.name))
    arrays = 0 if function in MAKERS else 1 if function.gathered else len(function.arrays)
    used = {p.name for p in parameters[:arrays] if p.kind is not inspect.Parameter.VAR_POSITIONAL}
    for how in function.calls:
        used |= {p.name for p in parameters[: arrays + len(how.args)]}
        used |= {key.rstrip("_") for key in how.keywords}
    named = {p.name for p in parameters if p.kind is not inspect.Parameter.VAR_POSITIONAL}
    spare = {"sorter", "prepend", "append", "device", "copy"}  # given arrays, or of one meaning
    assert named - used <= spare


@pytest.mark.parametrize("function", (*EVERY, *MAKERS, *BY_VALUE), ids=str)
def test_parameters_have_the_names_of_the_standard(function: Function) -> None:
    """Those that may be given by name can be found by introspection."""
    found = inspect.signature(find(dnp, function.name)).parameters
    by_name = [p for p in function.parameters.values() if p.kind is not p.POSITIONAL_ONLY]
    for parameter in by_name:
        if parameter.kind is not parameter.VAR_POSITIONAL:
            assert parameter.name in found
            assert found[parameter.name].kind is not parameter.POSITIONAL_ONLY


@pytest.mark.parametrize("function", EVERY, ids=str)
def test_of_every_dtype(function: Function) -> None:
    for dtype in function.dtypes:
        for how in function.calls:
            check(function, how, arguments(function, dtype))


@pytest.mark.parametrize("function", EVERY, ids=str)
def test_in_half_precision(function: Function) -> None:
    """Not in the standard: as NumPy."""
    if "float32" in function.dtypes and "." not in function.name:
        for how in function.calls:
            if "descending" not in how.keywords:
                check(function, how, arguments(function, "float16"), np)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (2, 1, 3)], ids=str)
@pytest.mark.parametrize("function", ELEMENTWISE, ids=str)
def test_elementwise_on_any_shape(function: Function, shape: tuple[int, ...]) -> None:
    dtype = function.dtypes[-1]
    for how in function.calls:
        check(function, how, arguments(function, dtype, [shape] * len(function.arrays)))
    if len(function.arrays) == 2:
        check(function, function.calls[0], arguments(function, dtype, [shape, (1,)]))
        check(function, function.calls[0], arguments(function, dtype, [(), shape]))


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_on_empty_arrays_and_numbers(function: Function) -> None:
    """The first call that `array_api_strict` answers, too."""
    dtype = function.dtypes[-1]
    for shape in ((), (0,), (0, 3), (3, 0), (0, 3, 3)):
        shapes = [x if isinstance(x, np.ndarray) else shape for x in function.arrays]
        arrays = arguments(function, dtype, shapes)
        if 0 in shape and function.name in ("fft.irfft", "fft.hfft", "fft.irfftn"):
            continue  # NumPy reads memory that nobody has written
        for how in function.calls:
            try:
                call(strict, function, how, [strict.asarray(x) for x in arrays])
            except Exception:  # whatever it refuses may be refused
                continue
            check(function, how, arrays)


@pytest.mark.parametrize("function", MAKERS, ids=str)
def test_makers_of_arrays(function: Function) -> None:
    for how in function.calls:
        want = plain(call(strict, function, how, ()))
        alone = np.asarray(call(dnp, function, how, ()))

        def f(x: Any, function: Function = function, how: Any = how) -> Any:
            return x, call(x.__array_namespace__(), function, how, ())

        graph = dk.trace(f)(f64[()])
        inside = np.asarray(dk.graph.evaluate(graph, [np.float64(0)])[1])
        for got in (alone, inside):
            assert (got.dtype, got.shape) == (want.dtype, want.shape)
            if not function.undefined:
                close(got, want, 4)


@pytest.mark.parametrize("function", BY_VALUE, ids=str)
def test_shapes_that_depend_on_values(function: Function) -> None:
    """Refused by name where values are not known, and answered where they are."""
    for dtype in function.dtypes:
        x = values(function, dtype, (2, 3))
        want = [
            np.asarray(y)
            for y in flat(call(strict, function, function.calls[0], [strict.asarray(x)]))
        ]

        def known(y: Any, x: Any = x) -> Any:
            xp = y.__array_namespace__()
            return tuple(flat(call(xp, function, function.calls[0], [xp.asarray(x)])))

        got = dk.graph.evaluate(dk.trace(known)(f64[()]), [np.float64(0)])
        for p, q in zip(got, want, strict=True):
            in_any_order = function.name == "unique_values"
            close(*(np.sort(v) if in_any_order else v for v in (p, q)), 0)
    with pytest.raises(UnsupportedError, match=function.name):
        dk.trace(lambda y: call(y.__array_namespace__(), function, function.calls[0], [y]))(
            f64[2, 3]
        )


def test_parameters_that_are_arrays() -> None:
    def f(x: Any, places: Any) -> Any:
        xp = x.__array_namespace__()
        line = x[0, :]
        found = xp.searchsorted(line, x[1, :], sorter=xp.argsort(line), side="right")
        return xp.diff(x, axis=0, prepend=x[:1, :], append=x[1:, :]), found, xp.repeat(line, places)

    x = np.array([[3.0, 1.0, 2.0], [0.5, 2.5, 4.0]])
    counts = np.array([2, 0, 1])
    want = f(strict.asarray(x), strict.asarray(counts))
    graph = dk.trace(lambda x: f(x, counts))(f64[2, 3])
    for got, y in zip(dk.graph.evaluate(graph, [x]), want, strict=True):
        close(got, plain(y), 4)


PLANTED = [
    ("dtype", np.ones(2, np.float32), np.ones(2)),
    ("shape", np.ones((2, 1)), np.ones(2)),
    ("value", np.array([1.0, 2.0 + 1e-12]), np.array([1.0, 2.0])),
    ("nan", np.array([np.nan]), np.array([1.0])),
    ("kind", np.array([1, 0]), np.array([True, False])),
]


@pytest.mark.parametrize(("what", "got", "want"), PLANTED)
def test_what_differs_is_noticed(what: str, got: Any, want: Any) -> None:
    with pytest.raises(AssertionError):
        close(got, want, 4, what)
