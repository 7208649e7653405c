"""where, maximum, minimum, plus, times: NumPy's values, and loops of them become vector code."""

import platform
import re

import numba
import numpy as np
import pytest
from llvmlite import binding

from diffkit.backends.vmath import maximum, minimum, plus, times, where

FEATURES = binding.get_host_cpu_features()
vector_code = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64") or not FEATURES.get("avx2", False),
    reason="reads x86 assembly with vectors of 256 or 512 bits",
)


def strict(f):
    return numba.njit(f, error_model="numpy", fastmath=False)


@strict
def dot(x, y):
    s = 0 * x[0]
    for i in range(x.size):
        s = plus(s, x[i] * y[i])
    return s


@strict
def ordered(x, y):
    s = 0 * x[0]
    for i in range(x.size):
        s = s + x[i] * y[i]
    return s


@strict
def product(x):
    s = x[0]
    for i in range(1, x.size):
        s = times(s, x[i])
    return s


@strict
def largest(x):
    m = x[0]
    for i in range(1, x.size):
        m = maximum(m, x[i])
    return m


@strict
def smallest(x):
    m = x[0]
    for i in range(1, x.size):
        m = minimum(m, x[i])
    return m


@strict
def clip(x, low, high, out):
    for i in range(x.size):
        out[i] = minimum(maximum(x[i], low[i]), high[i])


@strict
def choose(x, y, out):
    for i in range(x.size):
        out[i] = where(x[i] > y[i], x[i] * 2, y[i])


def sample(dtype, size=1003):
    values = np.random.default_rng(0).uniform(-9, 9, (3, size))
    return values.astype(dtype)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int32])
def test_values_are_numpys(dtype):
    x, y, z = sample(dtype)
    out = np.empty_like(x)
    np.testing.assert_array_equal(largest(x), x.max())
    np.testing.assert_array_equal(smallest(x), x.min())
    tolerance = 1e-4 if dtype is np.float32 else 1e-12
    np.testing.assert_allclose(dot(x, y), np.sum(x.astype(float) * y), rtol=tolerance)
    np.testing.assert_allclose(product(x[:9]), np.prod(x[:9]), rtol=tolerance)
    clip(x, y, z, out)
    np.testing.assert_array_equal(out, np.minimum(np.maximum(x, y), z))
    choose(x, y, out)
    np.testing.assert_array_equal(out, np.where(x > y, x * 2, y))


def test_complex_sums():
    x = sample(float)[0] + 1j * sample(float)[1]
    np.testing.assert_allclose(dot(x, x), np.sum(x * x), rtol=1e-12)


@pytest.mark.parametrize("at", [0, 1, 77, 1002])
def test_nan_is_handed_on(at):
    """In every position of a reduction, and from either side."""
    x, y, z = sample(float)
    x[at] = np.nan
    assert np.isnan(largest(x)) and np.isnan(smallest(x)) and np.isnan(dot(x, y))
    out = np.empty_like(x)
    for arrays in [(x, y, z), (y, x, z), (y, z, x)]:
        clip(*arrays, out)
        np.testing.assert_array_equal(np.isnan(out), np.arange(x.size) == at)


def test_infinities_stay():
    x = np.array([1.0, np.inf, 2.0, -np.inf])
    assert largest(x) == np.inf and smallest(x) == -np.inf
    assert dot(x[:3], x[:3]) == np.inf and np.isnan(dot(x, np.ones(4)))


def test_where_takes_truth_values_and_mixed_numbers():
    @strict
    def f(c, a):
        return where(c, a > 1, False), where(c, a, 2), where(c, 1, np.int32(3))

    assert f(True, 1.5) == (True, 1.5, 1) and f(False, 1.5) == (False, 2.0, 3)


def vectors(function, *instructions):
    """The lines that do these on vectors of 256 or 512 bits."""
    text = "\n".join(function.inspect_asm().values())
    return re.findall(rf"\b(?:{'|'.join(instructions)})\s[^\n]*%[yz]mm", text)


@vector_code
def test_loops_are_vectorised():
    x, y, z = sample(float)
    for function, args, instructions in [
        (dot, (x, y), ["vaddpd"]),
        (product, (x,), ["vmulpd"]),
        (largest, (x,), ["vmaxpd"]),
        (smallest, (x,), ["vminpd"]),
        (clip, (x, y, z, x), ["vmaxpd", "vminpd"]),
        (choose, (x, y, x), ["vcmp\\w*pd", "vmaxpd", "vblendv?m?pd"]),
    ]:
        function(*args)
        assert vectors(function, *instructions), function


@vector_code
def test_a_plain_sum_keeps_its_order():
    """The licence to regroup belongs to `plus` alone."""
    x, y, _ = sample(float)
    ordered(x, y)
    assert not vectors(ordered, "vaddpd")
