"""A recorded function runs with `np` bound to diffkit's: it, what it calls, and nothing else."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy
import numpy as np
import pytest
from numpy import empty, ndarray
from numpy import zeros as nothing

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.numpy.rebinding import rebind
from diffkit.tracing import trees
from tests.replay import replayed

X = np.array([0.5, 1.5, 2.5])
COUNT = 0
SCALE = 2.0


def fill(x):
    out = np.zeros(3)
    out[1:] = x[1:] * SCALE
    return out


def by_name(x):
    out, more = nothing(3), empty((3,))
    out[0] = x[0]
    more[:] = x
    return out * more, isinstance(x, ndarray), ndarray((2,)).shape


def through_others(x):
    return fill(fill(x)) + numpy.ones(3)


def even(n, x):
    if n == 0:
        out = np.zeros(3)
        out[:] = x
        return out
    return odd(n - 1, x * 2.0)


def odd(n, x):
    out = np.empty(3)
    out[:] = even(n - 1, x)
    return out


def recursive(x):
    return even(4, x)


def counting(x):
    counting.calls += 1
    return fill(x)


counting.calls = 0


def helper_with_defaults(x, *, factor=3.0, **rest):
    out = np.zeros(3)
    out[:] = x * factor
    return out


def keywords(x):
    return helper_with_defaults(x) + helper_with_defaults(x, factor=1.0, other=2)


def generator(x):
    def items():
        for k in range(3):
            cell = np.zeros(1)
            cell[0] = x[k]
            yield cell[0]

    return sum(items()) + sum([nothing(1)[0] + v for v in items()])


class Model:
    def __init__(self, factor):
        self.factor = factor

    def apply(self, x):
        out = np.zeros(3)
        out[:] = x * self.factor
        return out


METHOD = Model(2.0).apply
PARTIAL = functools.partial(helper_with_defaults, factor=5.0)


def methods(x):
    return METHOD(x) + PARTIAL(x)


PROGRAMS = [
    fill, by_name, through_others, recursive, counting, keywords, generator, methods, METHOD,
    PARTIAL,
]  # fmt: skip


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: getattr(f, "__name__", "partial"))
def test_the_rebuilt_function_fills_its_buffers(f):
    want = f(X)
    for result in (dk.vjp(f, X)[0], replayed(f)(X)):
        pairs = zip(trees.flatten(result)[0], trees.flatten(want)[0], strict=True)
        for got, expected in pairs:
            np.testing.assert_array_equal(got, expected)


def test_nothing_is_touched():
    before = dict(globals())
    dk.jacobian(through_others)(X)
    assert globals() == before and np is numpy and np.zeros is nothing
    assert isinstance(fill(X), np.ndarray)
    assert type(dnp.zeros(3)) is np.ndarray


def test_globals_are_looked_up_when_they_are_needed(monkeypatch):
    def f(x):
        return x * SCALE

    assert dk.grad(f)(1.0) == 2.0
    monkeypatch.setitem(globals(), "SCALE", 7.0)
    assert dk.grad(f)(1.0) == 7.0
    monkeypatch.setitem(globals(), "fill", lambda x: x * SCALE)
    np.testing.assert_array_equal(dk.jacobian(through_others)(X), 49.0 * np.eye(3))


def test_a_missing_global_is_a_name_error():
    def f(x):
        return x * no_such_name  # noqa: F821

    with pytest.raises(NameError, match="no_such_name"):
        dk.grad(f)(1.0)
    with pytest.raises(AttributeError, match="no_such"):
        dk.grad(lambda x: np.no_such(x))(1.0)


def test_a_function_that_writes_globals_is_left_alone():
    def f(x):
        global COUNT
        COUNT += 1
        return x * COUNT

    start = COUNT
    assert rebind(f) is f
    assert dk.grad(f)(1.0) == start + 1 and start + 1 == COUNT


def test_closures():
    calls = 0
    make = np.zeros
    array = np

    def inner(x):
        nonlocal calls
        calls += 1
        out = make(3)
        out[:] = x
        return out

    def loop(n, x):
        out = array.zeros(3)
        out[:] = x if n == 0 else loop(n - 1, inner(x))
        return out

    def f(x):
        return loop(2, x)

    np.testing.assert_array_equal(dk.jacobian(f)(X), np.eye(3))
    assert calls == 2
    assert make is np.zeros and array is np


def test_a_closure_that_changes_is_seen():
    factor = 1.0

    def f(x):
        return x * factor

    assert dk.grad(f)(1.0) == 1.0
    factor = 3.0
    assert dk.grad(f)(1.0) == 3.0


def test_functions_as_arguments():
    def apply(g, x, h=None):
        return (g(x) * h(x)).sum()

    got = dk.grad(apply, argnums=1)(fill, X, h=fill)
    np.testing.assert_array_equal(got, [0, 8 * X[1], 8 * X[2]])


def test_modules_of_the_user():
    module = types.ModuleType("a_module_of_the_user")
    exec(
        "import numpy as np\nRATE = 2.0\ndef fill(x):\n    out = np.zeros(3)\n"
        "    out[:] = RATE * x\n    return out\nclass Box:\n    pass\n",
        module.__dict__,
    )
    sys.modules[module.__name__] = module
    try:
        ours = types.ModuleType("holder")
        ours.inner = module

        def f(x):
            ours.inner.seen = True
            assert ours.inner.Box is ours.inner.Box
            return ours.inner.fill(x) * ours.inner.RATE

        np.testing.assert_array_equal(dk.jacobian(f)(X), 4.0 * np.eye(3))
        assert module.seen is True
    finally:
        del sys.modules[module.__name__]


def test_what_is_left_alone():
    class Callable_:
        def __call__(self, x):
            return x

    thing = Callable_()
    for f in (np.sin, len, thing, Model, dk.grad, dk.grad(fill), functools.reduce):
        assert rebind(f) is f


def test_identity_holds_within_a_recording():
    seen: list[Callable[..., Any]] = []

    def f(x):
        seen.append(fill)
        seen.append(fill)
        return x

    again = rebind(f)
    again(1.0)
    assert seen[0] is seen[1] and seen[0] is not fill
    assert rebind(again) is again
    assert seen[0].__name__ == "fill" and seen[0].__code__ is fill.__code__


def test_derivatives_inside_derivatives():
    def energy(x):
        out = np.zeros(3)
        for k in range(3):
            out[k] = x[k] ** 3
        return out.sum()

    def f(x):
        force = np.zeros(3)
        force[:] = dk.grad(energy)(x)
        return (force * force).sum()

    np.testing.assert_allclose(dk.grad(f)(X), 36 * X**3, rtol=1e-14)
    np.testing.assert_allclose(dk.hessian(energy)(X), np.diag(6 * X), rtol=1e-14)
    np.testing.assert_allclose(replayed(dk.grad(f))(X), 36 * X**3, rtol=1e-14)


def test_arrays_outside_a_trace_are_numpys():
    for name in ("zeros", "ones", "empty", "zeros_like", "ones_like", "empty_like"):
        made = getattr(dnp, name)(np.ones(2) if "like" in name else 2, dtype=np.int32)
        assert type(made) is np.ndarray and made.dtype == np.int32
    assert dnp.eye(2, 3, 1).tolist() == [[0, 1, 0], [0, 0, 1]]
    assert dnp.identity(1).tolist() == [[1]] and dnp.full_like(X, 2).tolist() == [2, 2, 2]
    assert isinstance(X, dnp.ndarray) and not isinstance(1.0, dnp.ndarray)
    assert issubclass(np.matrix, dnp.ndarray) and dnp.ndarray.sum is np.ndarray.sum
    assert dnp.ndarray((2,), float, X.tobytes()).tolist() == [0.5, 1.5]
    assert type(dnp.ndarray((2,))) is np.ndarray
    assert dnp.array([1.0], ndmin=2).shape == (1, 1) and dnp.asarray([1]).dtype == np.int64
