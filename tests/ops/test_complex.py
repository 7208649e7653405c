"""Complex numbers: the convention of the gradient, kinks and branch cuts, dtypes, control flow,
rules, and what each method answers or refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import diffkit as dk

Z = np.array([0.7 - 0.4j, -1.1 + 0.3j, 0.2 + 0.9j])
A = np.array([[1.0 + 0.2j, 0.3j, -0.4], [0.1, 0.8 - 0.5j, 0.2], [0.3 + 0.1j, 0.0, 1.1j]])
X = np.array([0.4, -1.3, 2.1])
T = np.array([0.3, 0.8, -0.5, 1.1])


def modulus(z: Any) -> Any:
    """A function that is not analytic anywhere."""
    return z * np.abs(z)


def by_parts(f: Any, z: Any) -> Any:
    """∂f/∂x - i ∂f/∂y of a real function, by diffkit's gradients of real numbers."""
    return dk.grad(lambda x: f(x + 1j * z.imag))(z.real.copy()) - 1j * dk.grad(
        lambda y: f(z.real + 1j * y)
    )(z.imag.copy())


# --- the convention -------------------------------------------------------------------------------


def test_gradient_is_of_the_parts_without_a_conjugate() -> None:
    np.testing.assert_array_equal(dk.grad(lambda z: np.sum(np.abs(z) ** 2))(Z), 2 * np.conj(Z))

    def f(z: Any) -> Any:
        return np.sum(np.abs(np.exp(1j * z) + z * np.conj(A @ z)) * np.angle(z))

    np.testing.assert_allclose(dk.grad(f)(Z), by_parts(f, Z), rtol=1e-13)


def test_gradient_by_a_real_argument_is_real() -> None:
    slope = dk.grad(lambda x: np.sum(np.abs(x * Z + 1j) ** 2))(X)
    assert slope.dtype == np.float64
    np.testing.assert_allclose(slope, 2 * (X * np.abs(Z) ** 2 + (1j * np.conj(Z)).real), rtol=1e-14)


def test_an_analytic_function_has_one_derivative() -> None:
    """Of exp it is exp, along the real axis, along the imaginary one, and by reverse mode."""
    for direction in (1.0, 1j):
        tangent = dk.jvp(np.exp, (Z,), (np.full(3, direction),))[1]
        np.testing.assert_allclose(tangent, np.exp(Z) * direction, rtol=1e-15)
    np.testing.assert_allclose(dk.vjp(np.exp, Z)[1](np.full(3, 1j))[0], 1j * np.exp(Z), rtol=1e-15)


def test_newton_by_the_gradient_finds_a_root() -> None:
    """Descent goes against the conjugate of the gradient."""
    z = np.array(0.4 + 1.0j)
    for _ in range(200):
        z = z - 0.05 * np.conj(dk.grad(lambda z: np.abs(z**2 - 2j) ** 2)(z))
    assert abs(z - (1 + 1j)) < 1e-8


# --- kinks and branch cuts ------------------------------------------------------------------------

AT_ZERO = {
    "abs": lambda z: np.sum(np.abs(z)),
    "sign": lambda z: np.sum(np.sign(z).real),
    "norm": np.linalg.norm,
    "std": np.std,
    "square": lambda z: np.sum((z**2).real),
    "cube": lambda z: np.sum((z**3).real),
    "prod": lambda z: np.abs(np.prod(z)),
    "where": lambda z: np.sum(np.where(z == 0, 0, np.sqrt(z) / z).real),
}


@pytest.mark.parametrize("name", AT_ZERO)
@pytest.mark.parametrize("method", ["forward", "reverse"])
def test_at_zero_the_derivative_is_zero(name: str, method: str) -> None:
    with np.errstate(all="ignore"):
        slope = dk.grad(AT_ZERO[name], method=method)(np.zeros(2, np.complex128))
    np.testing.assert_array_equal(slope, 0)


def test_ties_split_evenly() -> None:
    z = np.array([1 + 1j, 1 + 1j, 0.5])
    np.testing.assert_array_equal(dk.grad(lambda z: np.max(z).real)(z), [0.5, 0.5, 0])
    pair = dk.grad(lambda z, w: np.maximum(z, w).real, argnums=(0, 1))(1 + 1j, 1 + 1j)
    assert pair == (0.5, 0.5)


CUTS = {
    "log": (np.log, -2.0),
    "log2": (np.log2, -2.0),
    "log10": (np.log10, -2.0),
    "log1p": (np.log1p, -2.0),
    "sqrt": (np.sqrt, -2.0),
    "arcsin": (np.arcsin, 2.0),
    "arcsin-left": (np.arcsin, -2.0),
    "arccos": (np.arccos, 2.0),
    "arccos-left": (np.arccos, -2.0),
    "arccosh": (np.arccosh, -2.0),
    "arccosh-middle": (np.arccosh, 0.3),
    "arctanh": (np.arctanh, 2.0),
    "arctanh-left": (np.arctanh, -2.0),
}


@pytest.mark.parametrize("name", CUTS)
@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize("method", ["forward", "reverse"])
def test_on_a_branch_cut_the_sign_of_zero_says_which_side(
    name: str, side: float, method: str
) -> None:
    """The derivative is that of the values along the cut, all on one side of it."""
    f, x = CUTS[name]
    h = 1e-4
    below, above = (f(complex(x + s * h, side * 0.0)) for s in (-1, 1))
    slope = dk.grad(f, holomorphic=True, method=method)(complex(x, side * 0.0))
    assert abs(slope - (above - below) / (2 * h)) < 1e-6


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize("y", [2.0, -2.0])
@pytest.mark.parametrize("f", [np.arcsinh, np.arctan])
def test_on_a_branch_cut_along_the_imaginary_axis(f: Any, y: float, side: float) -> None:
    h = 1e-4
    below, above = (f(complex(side * 0.0, y + s * h)) for s in (-1, 1))
    slope = dk.grad(f, holomorphic=True)(complex(side * 0.0, y))
    assert abs(slope - (above - below) / (2j * h)) < 1e-6


# --- dtypes and conversions -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "f",
    [
        lambda z: z * 2.5, lambda z: z * (1 + 2j), lambda z: 1j - z, lambda z: z**2,
        lambda z: z**0.5, lambda z: z * z.real, np.exp, np.abs, np.angle, np.var, np.linalg.norm,
        np.sign, np.fft.fft, np.nan_to_num, lambda z: np.where(z.real > 0, z, 1j),
        lambda z: np.round(z, 1), lambda z: np.clip(z, 0, 1), lambda z: z.real * 1j,
    ],
)  # fmt: skip
def test_single_precision_stays_single(f: Any) -> None:
    z = Z.astype(np.complex64)
    value, pull = dk.vjp(f, z)
    assert value.dtype == np.asarray(f(z)).dtype
    assert value.dtype in (np.complex64, np.float32)
    assert pull(np.ones_like(value))[0].dtype == np.complex64


def test_a_complex_number_makes_a_real_array_complex() -> None:
    assert dk.trace(lambda x: x * 1j)(X).types == (dk.c128[3],)
    assert dk.trace(lambda x: x * 1j)(X.astype(np.float32)).types == (dk.c64[3],)
    assert dk.trace(lambda k: k + 1j)(np.arange(3)).types == (dk.c128[3],)


def test_conversion_to_real_warns_as_numpy_does() -> None:
    with pytest.warns(np.exceptions.ComplexWarning):
        slope = dk.grad(lambda z: np.sum(z.astype(np.float64)))(Z)
    np.testing.assert_array_equal(slope, np.ones(3))


def written(x: Any) -> Any:
    out = np.zeros(3)
    out[0] = x[0] * 1j
    return out


def real_part_written(z: Any) -> Any:
    z = z.copy()
    z.real[...] = 1.0
    return z


def complex_added(x: Any) -> Any:
    x = x.copy()
    x += 1j
    return x


REFUSED = {
    "float": (lambda z: float(z[0]), Z, TypeError, "traced value"),
    "complex": (lambda z: complex(z[0]), Z, TypeError, "derivative a plain number would lose"),
    "into a real array": (written, X, TypeError, "whose imaginary part an array"),
    "into a part": (real_part_written, Z, NotImplementedError, "np.real, a view"),
    "in place": (complex_added, X, TypeError, "c128"),
    "floor": (np.floor, Z, TypeError, "np.floor"),
    "remainder": (lambda z: z % 2, Z, TypeError, "np.remainder"),
    "arctan2": (lambda z: np.arctan2(z, 1), Z, TypeError, "np.arctan2"),
    "hypot": (lambda z: np.hypot(z, 1), Z, TypeError, "np.hypot"),
    "logaddexp": (lambda z: np.logaddexp(z, 1), Z, TypeError, "np.logaddexp"),
    "emath": (np.emath.sqrt, X, NotImplementedError, r"x\.astype\(complex\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_is_refused(name: str) -> None:
    f, x, kind, message = REFUSED[name]
    with pytest.raises(dk.DiffkitError, match=message) as caught:
        dk.vjp(f, x)
    assert isinstance(caught.value, kind)


def test_arrays_are_filled_part_by_part() -> None:
    def f(x: Any, z: Any) -> Any:
        out = np.zeros(4, dtype=complex)
        out[:3] = x
        out[1] += z[0]
        out[3] = 2j * z[2]
        out[::2] *= 1j
        return np.sum(np.abs(out) ** 2 * np.arange(1.0, 5.0))

    dk.check_grads(f, X, Z)


# --- control flow and rules -----------------------------------------------------------------------


def scanned(A: Any, z: Any, ts: Any) -> Any:
    def body(c: Any, t: Any) -> Any:
        c = A @ c * np.exp(1j * t) + t
        return c, np.abs(c) ** 2

    return dk.scan(body, z, ts)


PROGRAMS = {
    "scan": (scanned, A, Z, T),
    "fori": (lambda A, z: dk.fori_loop(0, 3, lambda k, c: A @ c + 1j * k, z), A, Z),
    "while": (
        lambda A, z: dk.while_loop(
            lambda s: np.sum(np.abs(s)) < 30, lambda s: 2 * s + A @ np.conj(s), z
        ),
        A,
        Z,
    ),
    "cond": (
        lambda z: dk.cond(z[0].real > 0, lambda z: modulus(z), lambda z: z.conj(), z),
        Z,
    ),
    "cond-else": (
        lambda z: dk.cond(z[0].real < 0, lambda z: modulus(z), lambda z: z.conj() ** 2, z),
        Z,
    ),
    "vmap": (lambda A, z: dk.vmap(lambda row: np.abs(np.vdot(row, z)))(A), A, Z),
    "vmap-scan": (lambda A, ts: dk.vmap(lambda row: scanned(A, row, ts)[0])(A), A, T),
    "vmap-fft": (lambda A: dk.vmap(lambda row: modulus(np.fft.fft(row)))(A), A),
    "checkpoint": (lambda A, z: dk.checkpoint(lambda A, z: np.exp(A @ z) * z)(A, z), A, Z),
    "stop_gradient": (lambda z: z * np.exp(dk.stop_gradient(np.array(0.5j))), Z),
    "solve": (lambda A, z: dk.solve.linear_solve(A, z), A, Z),
    "nested": (lambda z: dk.grad(lambda w: np.sum(np.abs(w) ** 4))(modulus(z)), Z),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str) -> None:
    """Both modes, twice, against differences."""
    f, *args = PROGRAMS[name]
    dk.check_grads(f, *args)


def test_custom_rules() -> None:
    """A rule for |z| z, which is not analytic, in each mode."""

    @dk.custom_vjp
    def pulled(z: Any) -> Any:
        return modulus(z)

    def pull(z: Any, ct: Any) -> Any:
        size = np.abs(z)
        return (ct * size + np.real(ct * z) * np.conj(z) / size,)

    pulled.defvjp(lambda z: (modulus(z), z), pull)
    dk.check_grads(pulled, Z, modes=("reverse",), order=1)

    @dk.custom_jvp
    def pushed(z: Any) -> Any:
        return modulus(z)

    @pushed.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        (z,), (dz,) = primals, tangents
        size = np.abs(z)
        return z * size, dz * size + z * np.real(np.conj(z) * dz) / size

    dk.check_grads(pushed, Z)


@pytest.mark.parametrize("solver", ["root", "fixed_point", "minimize"])
def test_solvers_of_real_numbers_say_so(solver: str) -> None:
    with pytest.raises(dk.DiffkitError, match="complex128"):
        getattr(dk.solve, solver)(lambda z: np.abs(z - 1j), np.array(1 + 1j))
    with pytest.raises(dk.DiffkitError, match="complex128"):
        dk.solve.odeint(lambda y, t: 1j * y, np.array([1 + 0j]), np.array([0.0, 1.0]))


# --- methods --------------------------------------------------------------------------------------

MAPS = {
    "complex to complex": (modulus, Z),
    "real to complex": (lambda x: np.exp(1j * x) * x, X),
    "complex to real": (lambda z: np.abs(z) ** 3, Z),
}


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("method", ["forward", "taylor", "finite"])
def test_pulling_by_methods_that_push(method: str, name: str) -> None:
    f, x = MAPS[name]
    rng = np.random.default_rng(0)
    value = np.asarray(f(x))
    ct = rng.standard_normal(3) + (1j * rng.standard_normal(3) if np.iscomplexobj(value) else 0)
    want = dk.vjp(f, x)[1](ct)[0]
    got = dk.vjp(f, x, method=method)[1](ct)[0]
    assert got.dtype == x.dtype
    np.testing.assert_allclose(got, want, rtol=1e-5 if method == "finite" else 1e-13)


@pytest.mark.parametrize("name", MAPS)
def test_pushing_by_reverse_mode(name: str) -> None:
    f, x = MAPS[name]
    rng = np.random.default_rng(1)
    dx = rng.standard_normal(3) + (1j * rng.standard_normal(3) if np.iscomplexobj(x) else 0)
    want = dk.jvp(f, (x,), (dx,))[1]
    np.testing.assert_allclose(dk.linearize(f, x)[1](dx), want, rtol=1e-13)
    np.testing.assert_allclose(dk.jvp(f, (x,), (dx,), method="reverse")[1], want, rtol=1e-13)


def test_taylor_coefficients_of_a_wave() -> None:
    t = 0.3
    found = dk.taylor(lambda t: np.exp(2j * t), t, order=4)
    np.testing.assert_allclose(found, np.exp(2j * t) * (2j) ** np.arange(5), rtol=1e-14)


@pytest.mark.parametrize("method", ["complex-step", "symbolic"])
def test_methods_of_real_numbers_say_so(method: str) -> None:
    with pytest.raises(NotImplementedError, match=r"argument z is c128\[3\]"):
        dk.grad(lambda z: np.sum(np.abs(z)), method=method)(Z)
    with pytest.raises(NotImplementedError, match=r"at .*test_complex\.py:\d+ is c128\[3\]"):
        dk.grad(lambda x: np.sum(np.abs(np.exp(1j * x))), method=method)(X)


@pytest.mark.parametrize("method", ["sparse", "auto"])
def test_sparse_methods_take_real_arguments(method: str) -> None:
    with pytest.raises(NotImplementedError, match=r"arguments of c128\[3\]"):
        dk.jacobian(np.abs, method=method)(Z)

    def f(x: Any) -> Any:
        return np.exp(1j * x) * x[0] + np.imag(np.exp(2j * x))

    np.testing.assert_allclose(dk.jacobian(f, method=method)(X), dk.jacobian(f)(X), rtol=1e-14)
    np.testing.assert_allclose(dk.sparse_jacobian(f)(X).toarray(), dk.jacobian(f)(X), rtol=1e-14)
    with pytest.raises(NotImplementedError, match=r"results of c128\[3\]"):
        dk.sparse_jacobian(f, method="reverse")(X)


def test_parts_keep_their_place_in_a_pattern() -> None:
    def f(x: Any) -> Any:
        z = x + 1j * x[::-1]
        return np.imag(z) * np.real(z[:1])

    pattern = dk.sparse_jacobian(f).plan(X).pattern.toarray() != 0
    dense = dk.jacobian(f)(X)
    assert np.all(pattern[dense != 0])
    assert not pattern[0, 1] and not pattern[2, 1]
    np.testing.assert_allclose(dk.sparse_jacobian(f)(X).toarray(), dense, rtol=1e-14)


# --- check_grads ----------------------------------------------------------------------------------


def test_check_grads_sees_a_conjugate_too_many() -> None:
    @dk.custom_vjp
    def wrong(z: Any) -> Any:
        return z * z

    wrong.defvjp(lambda z: (z * z, z), lambda z, ct: (2 * np.conj(z) * ct,))
    with pytest.raises(dk.errors.CheckError, match="reverse mode gives"):
        dk.check_grads(wrong, Z, modes=("reverse",), order=1)


def test_check_grads_in_single_precision() -> None:
    dk.check_grads(lambda z: z**2 * np.abs(z), Z.astype(np.complex64))
    dk.check_grads(lambda x: x**3, X.astype(np.float32))


def test_what_needs_no_computing_is_not_computed() -> None:
    graph = dk.trace(lambda z: np.real(np.conj(np.conj(z))) + np.imag(np.real(z)))(dk.c128[3])
    assert [node.op.name for node in graph.nodes if node.op.name not in ("real", "add")] == []
