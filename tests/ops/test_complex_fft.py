"""Fourier transforms: theorems about them, what they cost, arguments and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.fft
from scipy.fft import rfft as rfft_by_name

import diffkit as dk
import diffkit.numpy as dnp

RNG = np.random.default_rng(5)
X = RNG.standard_normal(9)
Y = RNG.standard_normal(9)
Z = RNG.standard_normal((4, 6)) + 1j * RNG.standard_normal((4, 6))
F = np.fft


def ops(f: Any, *args: Any) -> set[str]:
    """The names of the ops in the graph of a function."""
    return {node.op.name for node in dk.trace(f)(*args).nodes}


# --- theorems -------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
def test_parseval(norm: str) -> None:
    """The energy of a signal is that of its spectrum, so that the gradient is 2x."""
    scale = {"backward": 1 / 9, "ortho": 1.0, "forward": 9.0}[norm]

    def energy(x: Any) -> Any:
        return scale * np.sum(np.abs(F.fft(x, norm=norm)) ** 2)

    np.testing.assert_allclose(dk.grad(energy)(X), 2 * X, rtol=1e-13)
    np.testing.assert_allclose(dk.hessian(energy)(X), 2 * np.eye(9), atol=1e-13)
    whole = dk.grad(lambda z: np.sum(np.abs(F.ifft2(F.fft2(z))) ** 2))(Z)
    np.testing.assert_allclose(whole, 2 * np.conj(Z), rtol=1e-13)


def test_convolution_theorem() -> None:
    def by_spectrum(x: Any, y: Any) -> Any:
        return F.irfft(F.rfft(x, 17) * F.rfft(y, 17), 17)

    np.testing.assert_allclose(by_spectrum(X, Y), np.convolve(X, Y), atol=1e-13)
    matrix = np.array([np.convolve(row, Y) for row in np.eye(9)]).T
    for method in ("forward", "reverse"):
        found = dk.jacobian(by_spectrum, method=method)(X, Y)
        np.testing.assert_allclose(found, matrix, atol=1e-13)


def test_derivative_of_a_wave_by_its_spectrum() -> None:
    """Multiplication by ik differentiates a periodic function; the map is antisymmetric."""
    t = 2 * np.pi * np.arange(16) / 16

    def slope(u: Any) -> Any:
        return F.irfft(1j * np.arange(9) * (np.arange(9) < 8) * F.rfft(u), 16)

    np.testing.assert_allclose(slope(np.sin(3 * t)), 3 * np.cos(3 * t), atol=1e-13)
    matrix = dk.jacobian(slope)(np.sin(t))
    np.testing.assert_allclose(matrix, -matrix.T, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8])
@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
def test_jacobians_are_the_transforms_of_unit_vectors(n: int, norm: Any) -> None:
    """All of the matrix, for lengths that cut and fill, even and odd."""
    rows = np.eye(5)
    real = dk.jacobian(lambda x: F.rfft(x, n, norm=norm))(X[:5])
    np.testing.assert_allclose(real, F.rfft(rows, n, norm=norm).T, atol=1e-14)
    pulled = dk.jacobian(lambda z: F.irfft(z, n, norm=norm))(Z[0, :5])
    pushed = dk.jacobian(lambda z: F.irfft(z, n, norm=norm), method="forward")(Z[0, :5])
    along, across = (F.irfft(unit * rows, n, norm=norm).T for unit in (1, 1j))
    np.testing.assert_allclose(pulled, along - 1j * across, atol=1e-14)
    np.testing.assert_allclose(pushed, along - 1j * across, atol=1e-14)


# --- cost and structure ---------------------------------------------------------------------------


def test_real_transforms_stay_real() -> None:
    """No derivative of a transform of real numbers runs the complex one, twice as long."""

    def power(x: Any) -> Any:
        return np.sum(np.abs(F.rfft(x)) ** 2)

    def smooth(x: Any) -> Any:
        return np.sum(F.irfft(F.rfft(x) * 0.5, 9) ** 2)

    for f in (power, smooth):
        found = ops(dk.grad(f), X) | ops(lambda x, f=f: dk.jvp(f, (x,), (x,)), X)
        assert {"rfft", "irfft"} <= found
        assert "fft" not in found


def test_a_transform_is_one_op_for_each_axis() -> None:
    names = [node.op.name for node in dk.trace(F.rfftn)(np.ones((2, 3, 4))).nodes]
    assert names.count("fft") == 2
    assert names.count("rfft") == 1


def test_lines_do_not_mix() -> None:
    """The pattern of transforms along one axis is one dense block for each line."""

    def f(x: Any) -> Any:
        return np.abs(F.rfft(x.reshape(3, 4), axis=1)) ** 2

    plan = dk.sparse_jacobian(f).plan(np.ones(12))
    block = np.kron(np.eye(3), np.ones((3, 4)))
    np.testing.assert_array_equal(plan.pattern.toarray() != 0, block != 0)
    x = RNG.standard_normal(12)
    dense = dk.jacobian(lambda x: f(x).ravel())(x)
    np.testing.assert_allclose(dk.sparse_jacobian(f)(x).toarray(), dense, atol=1e-13)


# --- arguments ------------------------------------------------------------------------------------

DTYPES = [np.float64, np.float32, np.float16, np.complex64, np.int64, np.int8, np.bool_]


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "fft2", "rfftn"])
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_dtypes_are_those_of_numpy(name: str, dtype: Any) -> None:
    f, x = getattr(F, name), np.ones((3, 4), dtype)
    if x.dtype.kind == "c" and name in ("rfft", "ihfft", "rfftn"):
        with pytest.raises(dk.DiffkitError, match="real numbers"):
            dk.trace(f)(x)
        return
    want = f(x)
    (found,) = dk.trace(f)(x).types
    assert (found.dtype.numpy, found.shape) == (want.dtype, want.shape)


def test_a_result_is_written_where_out_says() -> None:
    def f(z: Any) -> Any:
        out = dnp.zeros(6, dtype=np.complex128)
        F.fft(z[0], out=out)
        return np.sum(np.abs(out) ** 2)

    np.testing.assert_allclose(dk.grad(f)(Z)[0], 12 * np.conj(Z[0]), rtol=1e-13)


def test_a_traced_sample_spacing() -> None:
    np.testing.assert_allclose(dk.grad(lambda d: F.fftfreq(6, d)[1])(0.5), -1 / (6 * 0.25))


ERRORS = {
    "length": (lambda z: F.fft(z, 0), "at least one point"),
    "axis": (lambda z: F.ifft(z, axis=2), "an axis from -2 to 1"),
    "norm": (lambda z: F.fft2(z, norm="unitary"), "norm='unitary'"),
    "complex": (F.rfft, "np.fft.rfft.*real numbers"),
    "no axis": (lambda z: F.fft(z[0, 0]), "at least one axis"),
    "no axes": (lambda z: F.irfftn(z, axes=()), "at least one axis"),
    "as many": (lambda z: F.fftn(z, (2, 3), (0,)), "as many lengths as axes"),
    "shift": (lambda z: F.fftshift(z[0, 0]), "at least one axis"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_say_what_was_expected(name: str) -> None:
    """NumPy refuses these as well, with errors of the same kinds."""
    f, message = ERRORS[name]
    with pytest.raises((ValueError, TypeError, IndexError)):
        f(Z)
    with pytest.raises(dk.DiffkitError, match=message) as caught:
        dk.trace(f)(Z)
    assert isinstance(caught.value, ValueError | TypeError)


# --- SciPy's names --------------------------------------------------------------------------------


def test_names_of_scipy() -> None:
    for name in (
        "fft",
        "ifft",
        "rfft",
        "irfft",
        "hfft",
        "ihfft",
        "fft2",
        "irfft2",
        "rfftn",
        "ifftn",
    ):

        def f(x: Any, name: str = name) -> Any:
            return np.sum(np.abs(getattr(scipy.fft, name)(x, norm="ortho", workers=1)) ** 2)

        def g(x: Any, name: str = name) -> Any:
            return np.sum(np.abs(getattr(F, name)(x, norm="ortho")) ** 2)

        x = np.ascontiguousarray(Z.real)
        np.testing.assert_allclose(dk.grad(f)(x), dk.grad(g)(x), rtol=1e-14)
    one = dk.grad(lambda x: np.sum(np.abs(rfft_by_name(x)) ** 2))(X)
    np.testing.assert_allclose(one, dk.grad(lambda x: np.sum(np.abs(F.rfft(x)) ** 2))(X))
    middle = dk.grad(lambda x: scipy.fft.ifftshift(scipy.fft.fftshift(x) * 2)[0])(X)
    np.testing.assert_array_equal(middle, 2 * np.eye(9)[0])


def test_what_scipy_has_alone_is_refused_by_name() -> None:
    with pytest.raises(dk.DiffkitError, match=r"scipy\.fft\.dct"):
        dk.grad(lambda x: np.sum(scipy.fft.dct(x)))(X)
    with pytest.raises(dk.DiffkitError, match="plan="):
        dk.grad(lambda x: np.sum(np.abs(scipy.fft.fft(x, plan=1))))(X)
