"""Complex numbers in loop programs and compiled code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.backends.interpreter import prepare
from diffkit.backends.numba.backend import Lowered
from diffkit.errors import EvaluationError, UnsupportedError
from diffkit.graph import Graph
from diffkit.lowering.elements import COMPLEX
from diffkit.types import c64, c128
from tests.lowering.agreement import (
    agree_compiled,
    agree_in_python,
    close,
    graph_of,
    variants,
    variants_agree_in_python,
)
from tests.lowering.everywhere import OPS

rng = np.random.default_rng(5)
X, Y = rng.standard_normal((2, 5))
Z, W = X + 1j * Y, Y - 0.7j * X
M, N = rng.standard_normal((2, 4, 5)) + 1j * rng.standard_normal((2, 4, 5))
BIG = rng.standard_normal((64, 64)) + 1j * rng.standard_normal((64, 64))
K = np.array([3, 0, 3])
K1 = Z.round() + np.array([0, 1j, 1, -1j, -1])

ANALYTIC = (
    np.exp, np.exp2, np.expm1, np.log, np.log2, np.log10, np.log1p, np.sqrt, np.square,
    np.reciprocal, np.sin, np.cos, np.tan, np.arcsin, np.arccos, np.arctan, np.sinh, np.cosh,
    np.tanh, np.arcsinh, np.arccosh, np.arctanh, np.conjugate, np.negative,
)  # fmt: skip


def mean_field(z: Any) -> Any:
    """A real function of complex numbers, by their parts."""
    return np.sum(np.abs(z) ** 2 * np.angle(z)) + np.sum(np.real(np.conj(z) * np.exp(1j * z)))


def steps(z: Any) -> Any:
    def step(c: Any, row: Any) -> Any:
        c = c * row + 0.5j
        return c, c / (1 + c * np.conj(c))

    return dk.scan(step, 0.3 + 0.1j, z)


def escapes(z: Any) -> Any:
    """Newton's method for a root of w³ = z."""
    return dk.while_loop(
        lambda w: np.abs(w * w * w - z) > 1e-9, lambda w: w - (w * w * w - z) / (3 * w * w), z, 60
    )


def writes(m: Any, z: Any) -> Any:
    return dk.numpy.set_at(m, 1, z) + dk.numpy.add_at(m, (slice(0, 2), 1), 1j)


def branches(z: Any) -> Any:
    return dk.cond(z.real[0] > 0, lambda z: z * 1j, lambda z: np.conj(z), z)


# fmt: off
PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "arithmetic": (lambda z, w: (z + w) * (z - w) / (1 + w) - 2j * z, (Z, W)),
    "real with complex": (lambda z, x: z * x + x / z - 1.5, (Z, X)),
    "powers": (lambda z, w: z**w + z**3 + z**-2 + z**0.5, (Z, W)),
    "parts": (lambda z: z.real * np.imag(z) + np.abs(z), (Z,)),
    "made of parts": (lambda x, y: x + 1j * y, (X, Y)),
    "choice": (lambda z, w: np.where(z.real > w.imag, z, w * 2), (Z, W)),
    "equality": (lambda z, w: (z == w) | (z != 1) | ~np.isfinite(z), (Z, W)),
    "order": (lambda z: (z < K1, z <= K1, z > K1, z >= K1), (Z.round(),)),
    "casts": (lambda z, x: z.astype(np.complex64) * x.astype(np.complex64), (Z, X)),
    "sums": (lambda m: np.sum(m) + np.sum(m, axis=0)[0] + np.mean(m, axis=1)[1], (M,)),
    "products of all": (lambda z: np.prod(z) + np.cumsum(z)[2], (Z,)),
    "small product": (lambda m, n: m @ np.conj(n).T, (M, N)),
    "product by BLAS": (lambda m: m @ m.T @ np.conj(m), (BIG,)),
    "matrix and vector by BLAS": (lambda m: m @ np.conj(m[0]), (BIG,)),
    "system": (lambda m, z: np.linalg.solve(m[:, :4] + 3 * np.eye(4), m @ z), (M, Z)),
    "moves": (lambda m: np.concatenate([m.T[::-1], np.pad(m.T, 1)[1:-1, :4]]).reshape(2, -1), (M,)),
    "gathers": (lambda m, k: m[k] * m[:, k].T[0, 0], (M, K)),
    "writes": (writes, (M, Z)),
    "field": (mean_field, (Z,)),
    "scan": (steps, (Z,)),
    "while": (escapes, (0.7 + 2j,)),
    "branches": (branches, (Z,)),
    "scalars": (lambda a, b: (a * np.exp(b), a.real), (1.5 - 2j, 0.25 + 1j)),
    "constants": (lambda z: z * np.array([1j, -0.0, 3 - 1j, 2, 0]) + complex(-0.0, 1), (Z,)),
}
# fmt: on


LARGE = {"product by BLAS", "matrix and vector by BLAS"}
"""Too large for Python."""


@pytest.mark.parametrize("name", sorted(PROGRAMS.keys() - LARGE))
def test_the_loop_program_means_what_the_graph_means(name: str) -> None:
    f, args = PROGRAMS[name]
    variants_agree_in_python(graph_of(f, args), args)


@pytest.mark.parametrize("name", PROGRAMS)
def test_compiled_code_computes_what_the_graph_does(name: str) -> None:
    """The value, with the reverse mode where there is one, in one piece."""
    f, args = PROGRAMS[name]
    found = variants(graph_of(f, args))
    graph = found.get("optimised vjp", found["optimised"])
    assert Lowered(graph).cut.whole
    agree_compiled(graph, args, name)


@pytest.mark.parametrize("name", sorted(LARGE))
def test_large_products_go_to_blas(name: str) -> None:
    f, args = PROGRAMS[name]
    assert set(Lowered(graph_of(f, args)).pieces[0].loops.calls) == {"dot"}


def test_single_precision_stays_single() -> None:
    z = Z.astype(np.complex64)
    graph = graph_of(lambda z: (np.exp(z) * (2 - 1j) / z, np.tanh(z), z**2.5, np.abs(z)), [z])
    assert [t.dtype for t in graph.types[:3]] == [c64, c64, c64]
    agree_in_python(graph, [z])
    agree_compiled(graph, [z])


# --- elementary functions ------------------------------------------------------------------------

PARTS = np.array([0.0, -0.0, 1e-9, -0.3, 0.7, -1.0, 2.5, -17.0, 40.0, -300.0, 700.0])
PLANE = np.array([complex(a, b) for a in PARTS for b in PARTS])
SIDES = PLANE[~((np.abs(PLANE.real) == 1) & (PLANE.imag == 0))]  # but not at poles
ODD = np.array([complex(a, b) for a in (0.3, np.inf, -np.inf, np.nan) for b in PARTS])


def together(functions: Any, z: Any, dtype: Any = c128) -> Graph:
    return dk.trace(lambda z: [f(z) for f in functions])(dtype[z.shape])


def test_functions_all_over_the_plane_and_on_both_sides_of_their_cuts() -> None:
    """To a few ulps of the greater part; where one part overflows, so does NumPy's."""
    graph = together(ANALYTIC, SIDES)
    run = Lowered(graph)
    assert run.cut.whole
    with np.errstate(all="ignore"):
        for f, got in zip(ANALYTIC, run.compile()([SIDES]), strict=True):
            want = f(SIDES)
            size = np.maximum(np.abs(want.real), np.abs(want.imag))
            fine = np.isfinite(want) & (size < 1e300)
            apart = np.abs(got - want)[fine]
            assert np.all(apart <= 3e-15 * size[fine]), f.__name__
            for part, expected in ((got.real, want.real), (got.imag, want.imag)):
                zero = fine & (expected == 0)
                assert np.all(part[zero] == 0), f.__name__


def test_small_differences_are_not_lost() -> None:
    z = np.array([1e-12 + 1e-12j, 1e-9j, -1e-10, 1e-5 + 3e-9j])
    run = Lowered(together((np.expm1, np.tanh, np.sinh, np.log1p), z)).compile()
    for f, got in zip((np.expm1, np.tanh, np.sinh, np.log1p), run([z]), strict=True):
        np.testing.assert_allclose(got.real, f(z).real, rtol=1e-14, atol=1e-30)
        np.testing.assert_allclose(got.imag, f(z).imag, rtol=1e-14, atol=1e-30)


def test_what_is_not_finite_is_told_as_numpy_tells_it() -> None:
    tests = (np.isnan, np.isinf, np.isfinite, lambda z: z == z, lambda z: z != 0.3 + 2.5j)
    graph = dk.trace(lambda z: [f(z) for f in tests])(c128[ODD.shape])
    for f, got in zip(tests, Lowered(graph).compile()([ODD]), strict=True):
        np.testing.assert_array_equal(got, f(ODD))


def test_powers_at_zero_and_of_whole_numbers() -> None:
    base = np.array([0, 0, 0, 0, 1j, -2 + 1j, 3 - 1j, -1.5, 0.2j])
    exponent = np.array([0, 2, 0.5 + 1j, -1, 4, -3, 99, 0.5, 2 - 1j])
    graph = dk.trace(lambda z, w: z**w)(c128[9], c128[9])
    got = Lowered(graph).compile()([base, exponent])[0]
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(got, np.power(base, exponent), rtol=1e-13)


def test_a_quotient_by_zero_raises_nothing() -> None:
    got = dk.jit(lambda z, w: z / w)(Z, np.zeros(5, complex))
    assert not np.isfinite(got).any()


def test_every_op_that_is_said_to_have_a_complex_form_is_emitted() -> None:
    def f(z: Any, w: Any) -> list[Any]:
        found: list[Any] = []
        for name in sorted(COMPLEX):
            op = OPS[name]
            for args in ((z,), (z, w), (z.real > 0, z, w), (z.real, w.real)):
                attrs = {"dtype": c64} if name == "cast" else {}
                try:
                    ones = [np.ones(1, x.dtype) for x in args]
                    result = op(*args, **attrs)
                    if np.asarray(op.numpy(*ones, **attrs)).dtype == result.dtype:
                        found.append(result)
                        done.add(name)
                        break
                except (TypeError, ValueError):
                    continue
        return found

    done: set[str] = set()
    graph = dk.trace(f)(c128[5], c128[5])
    assert done == COMPLEX
    run = Lowered(graph)
    assert run.cut.whole
    close(run.compile()([Z, W]), prepare(graph)([Z, W]), "all ops", 2e-6)


# --- what jit does with them ---------------------------------------------------------------------


def test_gradients_of_complex_arguments() -> None:
    run = dk.jit(dk.grad(mean_field))
    np.testing.assert_allclose(run(Z), dk.grad(mean_field)(Z), rtol=1e-12)
    assert str(run.plan(Z)).endswith("compiled as a whole")


def test_what_has_no_order_runs_in_numpy() -> None:
    def f(z: Any) -> Any:
        return np.sum(dk.callback(np.sort, c128[5])(z * z + 1) * z)

    run = dk.jit(f)
    np.testing.assert_allclose(run(Z), f(Z), rtol=1e-13)
    assert run.plan(Z).pieces == 2


def test_a_complex_argument_that_is_the_result() -> None:
    z, w = dk.jit(lambda z, w: (z, w))(Z, 2 + 1j)
    np.testing.assert_array_equal(z, Z)
    assert w == 2 + 1j and type(w) is np.complex128


def test_a_singular_complex_matrix_is_an_error() -> None:
    with pytest.raises((np.linalg.LinAlgError, EvaluationError)):
        dk.jit(np.linalg.solve)(np.ones((2, 2), complex), np.ones(2, complex))


def test_the_source_is_read_as_it_is_written() -> None:
    text = dk.jit(lambda z, w: (z + 2j) * np.conj(w) / z.real).source(1j, 1j)
    assert "(z + complex(0.0, 2.0)) * np.conj(w)" in text


def test_the_gpu_refuses_complex_numbers() -> None:
    with pytest.raises(UnsupportedError, match=r"complex numbers.*test_complex\.py"):
        _ = dk.jit(lambda z: np.exp(z) * 2, backend="cuda").source(Z)
