"""Exported source stands alone: C is compiled by the system's compiler with all warnings as errors
and called through ctypes, Python is run on its own, and both compute what the graph means."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.special as sp

import diffkit as dk
from diffkit.backends.interpreter import prepare
from diffkit.errors import UnsupportedError
from diffkit.graph import Graph

Function = Callable[..., Any]
CC = shutil.which("cc")
needs_compiler = pytest.mark.skipif(CC is None, reason="no C compiler")
RNG = np.random.default_rng(11)
X, Y, W = RNG.normal(size=6), RNG.normal(size=(4, 3)), RNG.normal(size=(3, 3)) / 2
BIG = RNG.normal(size=(40, 30))


def network(x, w):
    return np.sum(np.tanh(x @ w) ** 2)


def recurrence(w, x):
    def step(h, row):
        h = np.tanh(w @ h + row)
        return h, np.sum(h * h)

    last, sums = dk.scan(step, np.zeros(3), x)
    return np.sum(last) + np.sum(sums)


def newton(a):
    return dk.while_loop(lambda c: np.abs(c * c - a) > 1e-12, lambda c: (c + a / c) / 2, a)


def choice(x):
    return dk.cond(x[0] > 0, lambda v: np.sum(np.sin(v)), lambda v: np.prod(v + 2), x)


def gathers(x, k):
    return np.sum(x[k] * x[::-1][k]) + np.max(x) * np.min(x[1:])


def scattered(x, k):
    y = np.zeros(6)
    y[k] += np.exp(x[:4])
    return np.cumsum(y)[::2]


def elementary(x):
    y = np.abs(x) + 0.1
    parts = [
        np.log1p(y), np.sqrt(y), np.cbrt(x), np.hypot(x, 1), np.arctan2(x, y), np.sinh(x),
        np.mod(x, 0.7), np.floor_divide(x, 0.3), np.sign(x), np.maximum(x, 0.2), np.minimum(x, y),
        np.where(x > 0.1, x**3, -x), y**x, 1 / y, np.floor(x), np.rint(x), np.trunc(x), np.exp2(x),
        np.signbit(x) * 1.0, np.isfinite(x) * x, np.arcsinh(x), np.expm1(x),
    ]  # fmt: skip
    return np.stack(parts)


def whole(k, m):
    bits = (k & m) | (k ^ 3)
    shifted = (bits << 2, bits >> 1, ~k)
    return k // m, k % m, k**2, np.abs(k), *shifted, np.maximum(k, m), k * m - 5, k / m


def several(x, s):
    return {"same": x, "twice": (x * s, x * s), "constant": np.arange(3.0), "number": 2.5, "n": s}


def single(x):
    return np.sum(np.exp(-x * x)) / np.float32(3), np.sin(x) * np.float32(0.1)


def of_large_arrays(x):
    y = np.sin(x) @ np.cos(x).T
    return np.sum(y @ y) + np.sum(np.cumsum(y, axis=0))


def pieces(x):
    y = np.concatenate([x[1:], np.zeros(2), x[:2] ** 2])
    z = np.pad(np.reshape(y[:6], (2, 3)), 1) + np.linspace(0, 1, 5)
    return np.transpose(z)[1:, ::-1] * np.roll(z.T, 1, axis=0)[1:]


K = np.array([5, 0, 2, 2])
INTS = (np.array([7, -7, 9, -2]), np.array([2, 3, -4, 5]))
PROGRAMS: list[tuple[str, Function, tuple[Any, ...]]] = [
    ("network", dk.value_and_grad(network, argnums=(0, 1)), (Y, W)),
    ("recurrence", recurrence, (W, Y)),
    ("gradient of a recurrence", dk.grad(recurrence, argnums=(0, 1)), (W, Y)),
    ("while", newton, (2.0,)),
    ("gradient of a while", dk.value_and_grad(newton), (2.0,)),
    ("cond", dk.value_and_grad(choice), (X,)),
    ("gathers", dk.value_and_grad(gathers), (X, K)),
    ("scattered", dk.jacobian(scattered), (X, K)),
    ("elementary", elementary, (X,)),
    ("integers", whole, INTS),
    ("several results", several, (X, 0.5)),
    ("single precision", single, (X.astype(np.float32),)),
    ("products of matrices", dk.value_and_grad(of_large_arrays), (BIG,)),
    ("pieces", pieces, (X,)),
    ("hessian", dk.hessian(lambda x: np.prod(x) * np.sum(np.sin(x))), (X,)),
]


def graph_of(f: Function, args: tuple[Any, ...]) -> Graph:
    return dk.trace(f)(*args)


def compiled(text: str, folder: Path) -> Any:
    """The text as a shared library; a warning is a failure."""
    source, library = folder / "exported.c", folder / "exported.so"
    source.write_text(text)
    flags = ["-std=c99", "-Wall", "-Werror", "-pedantic", "-O2", "-shared", "-fPIC"]
    done = subprocess.run(
        [str(CC), *flags, "-o", str(library), str(source), "-lm"], capture_output=True, text=True
    )
    assert done.returncode == 0, f"{done.stderr}\n{text}"
    return ctypes.CDLL(str(library))


def call_c(library: Any, graph: Graph, args: tuple[Any, ...]) -> tuple[int, list[Any]]:
    """What a C function returns, and its results."""
    given: list[Any] = []
    kept = [np.array(arg, order="C") for arg in args]
    for arg in kept:
        kind = np.ctypeslib.as_ctypes_type(arg.dtype)
        given.append(arg.ctypes.data_as(ctypes.POINTER(kind)) if arg.ndim else kind(arg[()]))
    outs = [np.full(t.shape, 77, t.dtype.numpy) for t in graph.types]
    pointers = [ctypes.c_void_p(out.ctypes.data) for out in outs]
    return getattr(library, graph.name)(*given, *pointers), outs


@needs_compiler
@pytest.mark.parametrize(("f", "args"), [p[1:] for p in PROGRAMS], ids=[p[0] for p in PROGRAMS])
def test_c_computes_what_the_graph_means(
    f: Function, args: tuple[Any, ...], tmp_path: Path
) -> None:
    graph = graph_of(f, args)
    text = dk.export(f, *args, language="c")
    status, got = call_c(compiled(text, tmp_path), graph, args)
    if "int status" in text:
        assert status == 0
    for y, want in zip(got, prepare(graph)(args), strict=True):
        tight = 1e-5 if y.dtype == np.float32 else 1e-12
        np.testing.assert_allclose(y, want, rtol=tight, atol=tight, strict=True)


@needs_compiler
def test_c_says_that_it_failed(tmp_path: Path) -> None:
    def f(x, k):
        return x[k] * 2

    def unending(x):
        return dk.while_loop(lambda c: c < 2 * x + 1, lambda c: c * 0.5, x, max_steps=7)

    graph = graph_of(f, (X, np.int64(0)))
    library = compiled(dk.export(graph), tmp_path)
    assert call_c(library, graph, (X, np.int64(3)))[0] == 0
    assert call_c(library, graph, (X, np.int64(6)))[0] == 1
    (tmp_path / "b").mkdir()
    loop = graph_of(unending, (1.0,))
    assert call_c(compiled(dk.export(loop), tmp_path / "b"), loop, (np.float64(1.0),))[0] == 1


def run_python(text: str, graph: Graph, args: tuple[Any, ...]) -> list[Any]:
    """The results of an exported function, run with nothing but its own imports."""
    space: dict[str, Any] = {}
    exec(compile(text, "exported.py", "exec"), space)
    with np.errstate(all="ignore"):
        found = space[graph.name if graph.name != "lambda" else "lambda_"](*args)
    return list(found) if len(graph.types) > 1 else [found]


@pytest.mark.parametrize(("f", "args"), [p[1:] for p in PROGRAMS], ids=[p[0] for p in PROGRAMS])
def test_numpy_computes_what_the_graph_means(f: Function, args: tuple[Any, ...]) -> None:
    graph = graph_of(f, args)
    got = run_python(dk.export(f, *args, language="numpy"), graph, args)
    for y, want in zip(got, prepare(graph)(args), strict=True):
        assert np.asarray(y).dtype == want.dtype
        np.testing.assert_allclose(y, want, rtol=1e-6 if want.dtype == np.float32 else 1e-13)


# --- the text ------------------------------------------------------------------------------------


def mean_square(x, w):
    return np.mean((x @ w - 1) ** 2)


def settle(start):
    def step(c, k):
        c = np.where(c > 0, np.cos(start * c), c)
        return c, c * k

    return dk.scan(step, start, np.arange(1.0, 7.0))


def test_numpy_text_of_a_gradient():
    text = dk.export(
        dk.value_and_grad(mean_square, argnums=1), dk.f64[5, 2], dk.f64[2], language="numpy"
    )
    assert (
        text
        == """\
import numpy as np


def value_and_grad_mean_square(x, w):
    \"\"\"x: float64[5, 2], w: float64[2]; returns float64, float64[2].\"\"\"
    x = np.asarray(x, np.float64)
    w = np.asarray(w, np.float64)
    a = x @ w
    b = a - 1.0
    c = np.square(b)
    d = np.sum(c)
    e = d / 5.0
    f = 2.0 * b
    g = f * np.full((5,), 0.2, np.float64)
    h = g @ x
    return e, h
"""
    )


def test_numpy_text_of_a_loop():
    assert (
        dk.export(settle, 0.5, language="numpy")
        == """\
import numpy as np


def settle(start):
    \"\"\"start: float64; returns float64, float64[6].\"\"\"
    start = np.float64(start)
    c = start
    a = np.empty((6,), np.float64)
    for k in range(6):
        k_2 = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], np.float64)[k]
        b = c > 0.0
        d = start * c
        e = np.cos(d)
        f = np.where(b, e, c)[()]
        g = f * k_2
        a[k] = g
        c = f
    return c, a
"""
    )


def test_c_text_of_a_loop():
    lines = dk.export(lambda x: np.sum(np.sin(x) * x), dk.f64[3]).splitlines()
    plain = [line.partition("  /*")[0] for line in lines]
    assert (
        "\n".join(plain)
        == """\
/* lambda, written by diffkit. Arrays are in C order and do not overlap.
 *
 *   x    in   double[3]
 *   out  out  double
 */

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

void lambda(const double *restrict x, double *restrict out) {
    double c = 0, x1 = 0;
    c = 0.0;
    for (int64_t i = 0; i < 3; i++) {
        x1 = x[i];
        c = c + sin(x1) * x1;
    }
    *out = c;
}"""
    )


def callback(x):
    return dk.callback(np.sin, dk.f64[()])(x)


@pytest.mark.parametrize(
    ("f", "x", "language", "named"),
    [
        (lambda x: sp.j0(x), 1.0, "c", "j0"),
        (lambda x: dk.grad(sp.gammaln)(x), 1.0, "c", "polygamma"),
        (lambda x: np.linalg.solve(x, np.ones(2)), np.eye(2), "c", "solve"),
        (lambda x: np.abs(x + 1j), 1.0, "c", "complex"),
        (callback, 1.0, "c", "callback"),
        (callback, 1.0, "numpy", "callback"),
        (lambda x: np.linalg.svd(x)[1], np.eye(2), "numpy", "svd"),
        (np.sin, 1.0, "fortran", "'fortran'"),
    ],
)
def test_what_a_language_has_not_is_named(f: Function, x: Any, language: str, named: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        dk.export(f, x, language=language)
    assert named in str(caught.value) and "test_export.py" in str(caught.value)


def test_an_argument_that_a_language_has_not_is_named() -> None:
    with pytest.raises(UnsupportedError, match=r"complex numbers|argument z is c128"):
        dk.export(lambda z: z * z, 1j)


def test_numpy_imports_scipy_only_where_it_is_needed() -> None:
    text = dk.export(
        dk.grad(lambda x: sp.gammaln(x) * sp.j0(x) + sp.zeta(2.0)), 1.5, language="numpy"
    )
    assert text.startswith("import numpy as np\nfrom scipy import special\n")
    graph = dk.trace(dk.grad(lambda x: sp.gammaln(x) * sp.j0(x)))(1.5)
    got = run_python(dk.export(graph, language="numpy"), graph, (1.5,))[0]
    np.testing.assert_allclose(got, dk.grad(lambda x: sp.gammaln(x) * sp.j0(x))(1.5), rtol=1e-14)
    assert "scipy" not in dk.export(np.sin, 1.0, language="numpy")
