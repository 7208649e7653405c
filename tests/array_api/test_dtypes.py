"""Questions about dtypes, constants, and what the namespace says of itself."""

from __future__ import annotations

import math
from typing import Any

import array_api_strict as strict
import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.types import type_of

from .standard import (
    ALL,
    BOOL,
    COMPLEX_FLOATING,
    FLOATING,
    INTEGER,
    NUMERIC,
    REAL_FLOATING,
    SIGNED,
    UNSIGNED,
)

KINDS = {
    "bool": BOOL, "signed integer": SIGNED, "unsigned integer": UNSIGNED, "integral": INTEGER,
    "real floating": REAL_FLOATING, "complex floating": COMPLEX_FLOATING, "numeric": NUMERIC,
}  # fmt: skip


def asked(dtype: str, question: Any) -> Any:
    """What a function answers about a traced array while it is recorded."""
    answers: list[Any] = []

    def f(x: Any) -> Any:
        answers.append(question(x.__array_namespace__(), x))
        return x

    dk.trace(f)(type_of(np.ones(2, dtype)))
    return answers[0]


@pytest.mark.parametrize("dtype", ALL)
def test_kinds(dtype: str) -> None:
    for kind, members in KINDS.items():
        assert asked(dtype, lambda xp, x, kind=kind: xp.isdtype(x.dtype, kind)) == (
            dtype in members
        )
    assert asked(dtype, lambda xp, x: xp.isdtype(x.dtype, (x.dtype, "bool")))
    assert asked(dtype, lambda xp, x: x.dtype == getattr(xp, dtype))


@pytest.mark.parametrize("dtype", NUMERIC)
def test_limits_of_a_traced_array(dtype: str) -> None:
    floats = dtype in FLOATING
    names = ("bits", "eps", "max", "min", "smallest_normal") if floats else ("bits", "max", "min")
    ours = asked(dtype, lambda xp, x: (xp.finfo if floats else xp.iinfo)(x))
    theirs = (strict.finfo if floats else strict.iinfo)(getattr(strict, dtype))
    for name in names:
        assert getattr(ours, name) == getattr(theirs, name)


def test_casts() -> None:
    """As NumPy, which allows what the standard's promotion does, and integers to floats."""
    for p in ALL:
        for q in ALL:
            got = asked(p, lambda xp, x, q=q: xp.can_cast(x, getattr(xp, q)))
            assert got == np.can_cast(p, q)
            assert got or not strict.can_cast(getattr(strict, p), getattr(strict, q))


def test_types_of_results() -> None:
    assert asked("float32", lambda xp, x: xp.result_type(x, xp.float64)) == np.float64
    assert asked("float32", lambda xp, x: xp.result_type(x, 1.0)) == np.float32
    assert asked("int8", lambda xp, x: xp.result_type(xp.int16, x, 3)) == np.int16


def test_shapes_broadcast() -> None:
    assert dnp.broadcast_shapes((2, 1), (3,), ()) == (2, 3)
    with pytest.raises(ValueError):
        dnp.broadcast_shapes((2,), (3,))


def test_constants() -> None:
    assert (dnp.e, dnp.pi, dnp.inf, dnp.newaxis) == (math.e, math.pi, math.inf, None)
    assert math.isnan(dnp.nan)


def test_the_namespace_about_itself() -> None:
    info = dnp.__array_namespace_info__()
    assert info.default_device() == "cpu" and list(info.devices()) == ["cpu"]
    assert set(info.dtypes()) == set(ALL)
    for kind, members in KINDS.items():
        assert set(info.dtypes(kind=kind)) == set(members)
    defaults = info.default_dtypes()
    assert (defaults["real floating"], defaults["complex floating"]) == ("float64", "complex128")
    assert (defaults["integral"], defaults["indexing"]) == ("int64", "int64")
    assert set(info.capabilities()) >= {"boolean indexing", "data-dependent shapes"}
