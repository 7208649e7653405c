"""vmath: at most 2 ulp from the truth, NumPy's special values, vector instructions.

The truth is `np.longdouble` (64 bits of significand on x86: an ulp of it is 2⁻¹¹ ulp of float64),
which a test below checks against mpmath; erf has no such twin and is compared with mpmath itself
(float32: with SciPy's float64). The default run takes 20,000 points and more a function;
`VMATH_POINTS=1000000 pytest tests/backends/test_vmath.py -s` takes that many and prints the errors.
"""

import os
import platform
import re
import subprocess
import sys
from functools import lru_cache

import mpmath
import numba
import numpy as np
import pytest
import scipy.special
from llvmlite import binding

from diffkit.backends import vmath

POINTS = int(os.environ.get("VMATH_POINTS", "24000"))
LONG = np.longdouble
PAIRS = ("atan2", "hypot", "pow")
GAMMA = ("digamma", "lgamma", "polygamma")
STEPS = ("maximum", "minimum", "plus", "times", "where")
NAMES = [name for name in vmath.__all__ if name not in (*STEPS, *GAMMA)]
DTYPES = (np.float64, np.float32)
pytestmark = pytest.mark.skipif(np.finfo(LONG).nmant < 63, reason="no extended precision here")


def sigmoid(x):
    t = np.exp(-np.abs(x))
    return np.where(x < 0, t, x.dtype.type(1)) / (1 + t) + 0 * np.where(np.isnan(x), x, 0)


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


TRUTH = {"atan": np.arctan, "atan2": np.arctan2, "pow": np.power, "asin": np.arcsin}
TRUTH |= {"acos": np.arccos, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh}
TRUTH |= {"sigmoid": sigmoid, "softplus": softplus, "erf": scipy.special.erf}
TRUTH |= {name: getattr(np, name) for name in NAMES if name not in TRUTH}


@lru_cache
def compiled(name, dtype):
    """The function in a plain loop."""
    f, kind = getattr(vmath, name), numba.from_dtype(np.dtype(dtype))[::1]
    if name in PAIRS:

        @numba.njit([numba.void(kind, kind, kind)], error_model="numpy")
        def loop(x, y, out):
            for i in range(out.size):
                out[i] = f(x[i], y[i])

    else:

        @numba.njit([numba.void(kind, kind)], error_model="numpy")
        def loop(x, out):
            for i in range(out.size):
                out[i] = f(x[i])

    return loop


def evaluate(name, *args):
    out = np.empty_like(args[0])
    compiled(name, args[0].dtype.type)(*args, out)
    return out


@np.errstate(over="ignore")
def points(dtype, count, seed=0):
    """Every bit pattern alike, then the ranges where functions bend, and multiples of π/2."""
    rng = np.random.default_rng(seed)
    info, kind = np.finfo(dtype), np.dtype(f"i{np.dtype(dtype).itemsize}")
    n = count // 6
    limits = np.iinfo(kind)
    anything = rng.integers(limits.min, limits.max, 2 * n, dtype=kind).view(dtype)
    binades = np.ldexp(LONG(1), np.arange(info.minexp - info.nmant, info.maxexp)).astype(dtype)
    edge = 760 if dtype is np.float64 else 110
    parts = [
        anything[np.isfinite(anything)],
        rng.integers(1, 1 << info.nmant, n // 4, dtype=kind).view(dtype),  # subnormals
        rng.uniform(-30, 30, n),
        rng.uniform(-1.5, 1.5, n),
        1 + rng.choice([-1, 1], n // 2) * 2.0 ** rng.uniform(-info.nmant, 0, n // 2),
        rng.uniform(-edge, edge, n),
        rng.integers(-(10**6), 10**6, n // 2) * (np.pi / 2),
        rng.choice([-1, 1], n) * 2.0 ** rng.uniform(-30, 12, n),
        binades, -binades, np.nextafter(binades, dtype(0)),
    ]  # fmt: skip
    return np.concatenate([np.asarray(part).astype(dtype) for part in parts])


@np.errstate(over="ignore")
def arguments(name, dtype, count):
    x = points(dtype, count)
    if name not in PAIRS:
        return (x,)
    rng = np.random.default_rng(1)
    if name != "pow":
        near = (rng.uniform(0.3, 3, x.size) * x.astype(LONG)).astype(dtype)
        near[~np.isfinite(near)] = 1
        return np.concatenate([x, x]), np.concatenate([rng.permutation(x), near])
    # Any pair over- or underflows; here |y·log x| spreads over the range of results.
    edge = 745 if dtype is np.float64 else 103
    base = np.exp(rng.uniform(-1, 1, x.size) * 10 ** rng.uniform(-7, 2.8, x.size)).astype(dtype)
    base = np.where((base == 1) | (base == 0) | np.isinf(base), dtype(1.5), base)
    exponent = (rng.uniform(-edge, edge, x.size) / np.log(base.astype(LONG))).astype(dtype)
    whole = rng.integers(-40, 40, x.size).astype(dtype)
    return np.concatenate([x, base, -base]), np.concatenate([rng.permutation(x), exponent, whole])


def from_mpmath(f, x):
    """f in 90 bits, as longdouble."""
    with mpmath.workprec(90):
        values = [f(mpmath.mpf(float(v))) for v in x]
        heads = [float(v) for v in values]
        return np.array([LONG(h) + LONG(float(v - h)) for h, v in zip(heads, values, strict=True)])


def truth(name, args):
    if name == "erf":
        if args[0].dtype == np.float32:
            return scipy.special.erf(args[0].astype(np.float64)).astype(LONG)
        return from_mpmath(mpmath.erf, args[0])
    with np.errstate(all="ignore"):
        return TRUTH[name](*(a.astype(LONG) for a in args))


def ulps(got, want):
    """|got − want| in units of the last place that want has in got's type."""
    info = np.finfo(got.dtype)
    with np.errstate(all="ignore"):
        nearest = want.astype(got.dtype)
        agree = (got == nearest) | (np.isnan(got) & np.isnan(want))
        size = np.clip(np.abs(want), LONG(info.smallest_normal), LONG(info.max))
        unit = np.ldexp(LONG(1), np.frexp(size)[1] - 1 - info.nmant)
        # Just beyond the largest number, infinity is one unit away.
        finite = np.where(np.isinf(got), np.sign(got) * np.ldexp(LONG(1), info.maxexp), got)
        error = np.abs(finite.astype(LONG) - np.clip(want, -2 * LONG(info.max), 2 * LONG(info.max)))
        return np.where(agree, np.minimum(np.nan_to_num(error / unit, nan=0), 0.5), error / unit)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_error_is_at_most_two_ulp(name, dtype):
    args = arguments(name, dtype, POINTS)
    got = evaluate(name, *args)
    error = ulps(got, truth(name, args))
    worst = int(np.argmax(np.where(np.isnan(error), np.inf, error)))
    if "VMATH_POINTS" in os.environ:
        print(f"\n{name:9}{dtype.__name__:8} {error[worst]:.3f} ulp over {error.size:,} points")
    assert error[worst] <= 2, (name, [a[worst] for a in args], got[worst])


MPMATH = {"atan": mpmath.atan, "exp2": lambda v: mpmath.power(2, v), "cbrt": mpmath.cbrt}
MPMATH |= {
    "log10": mpmath.log10,
    "log2": lambda v: mpmath.log(v, 2),
    "erf": None,
    "sigmoid": None,
    "softplus": None,
}
MPMATH |= {name: getattr(mpmath, name) for name in NAMES if name not in (*MPMATH, *PAIRS)}


@pytest.mark.parametrize("name", [name for name in MPMATH if MPMATH[name] is not None])
def test_longdouble_is_exact_enough(name):
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.uniform(0.01, 20, 200), 2.0 ** rng.uniform(-40, 9, 200)])
    if name in ("acos", "asin", "atanh"):
        x = x[x < 1]
    if name == "acosh":
        x = x[x > 1]
    if name in ("sin", "cos", "tan"):
        x = np.concatenate([x, 10 ** rng.uniform(0, 308, 200)])
        with mpmath.workprec(1200):
            exact = np.array([LONG(str(MPMATH[name](mpmath.mpf(float(v))))) for v in x])
    else:
        exact = from_mpmath(MPMATH[name], x)
    error = np.abs(TRUTH[name](x.astype(LONG)) - exact) / np.abs(exact)
    assert error.max() < 2.0**-60


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_special_values_are_numpys(name, dtype):
    info = np.finfo(dtype)
    some = [0, 0.5, 1, 1.5, 2, 3, info.max, info.smallest_normal, info.smallest_subnormal, np.inf]
    some = np.array([*some, *(-v for v in some), np.nan], dtype)
    some[len(some) // 2] = -dtype(0)
    args = (some,)
    if name in PAIRS:
        args = tuple(np.ascontiguousarray(a.ravel()) for a in np.meshgrid(some, some))
    got = evaluate(name, *args)
    with np.errstate(all="ignore"):
        want = TRUTH[name](*args)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    close = np.isfinite(want)
    np.testing.assert_array_equal(np.where(close, 0, got), np.where(close, 0, want))
    np.testing.assert_allclose(got[close], want[close], rtol=8 * info.eps, atol=0)
    np.testing.assert_array_equal(
        np.signbit(got)[~np.isnan(want)], np.signbit(want)[~np.isnan(want)]
    )


def has(*features):
    """Whether the processor has all of these instructions."""
    known = binding.get_host_cpu_features()
    return all(known.get(feature, False) for feature in features)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="reads x86 assembly")
@pytest.mark.skipif(not has("avx2", "fma"), reason="seen with vectors of 256 bits or more and fma")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_loops_are_vectorised(name, dtype):
    """The loop multiplies vectors, and calls nothing of the C library."""
    text = "\n".join(compiled(name, dtype).inspect_asm().values())
    packed = "pd" if dtype is np.float64 else "ps"
    assert re.search(rf"vmul{packed}[^\n]*%[yz]mm", text)
    for called in ("fma@", "rint@", "exp@", "log@", "sin@", "pow@"):
        assert f"call\t{called}" not in text


MODULE = """
import numpy as np
from numba import njit
from diffkit.backends.vmath import digamma, maximum, plus, pow, sin

@njit("f8(f8[::1])", cache=True, error_model="numpy", fastmath=False)
def program(x):
    s, m = 0.0, 0.0
    for i in range(x.size):
        s = plus(s, sin(x[i]) + pow(x[i], 0.5))
        m = maximum(m, x[i])
    return s + digamma(m)

x = np.concatenate([np.linspace(1.0, 9.0, 1000), 10.0 ** np.arange(20, 30)])
print(sum(program.stats.cache_hits.values()), repr(float(program(x))))
"""


def test_callers_are_cached_on_disk(tmp_path):
    """Compiled in one process, loaded in another: the same number, near NumPy's."""
    (tmp_path / "module.py").write_text(MODULE)
    command = [sys.executable, "-c", "import module"]
    where = dict(os.environ, PYTHONPATH=os.pathsep.join([str(tmp_path), *sys.path]))
    runs = [
        subprocess.run(
            command, env=where, capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(2)
    ]
    assert [run[0] for run in runs] == ["0", "1"]
    assert runs[0][1] == runs[1][1]
    x = np.concatenate([np.linspace(1.0, 9.0, 1000), 10.0 ** np.arange(20, 30)])
    want = np.sum(np.sin(x) + np.sqrt(x)) + scipy.special.psi(x.max())
    assert float(runs[0][1]) == pytest.approx(want, rel=1e-12)
