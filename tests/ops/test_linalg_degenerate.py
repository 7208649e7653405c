"""Repeated eigenvalues and singular values, singular matrices, a change of rank: the derivative
where it exists, checked against closed forms and differences; where it does not, an error that
names what was asked and the user's line. Never a quiet nan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.linalg as sl

import diffkit as dk
from diffkit.errors import EvaluationError, UnsupportedError

from .numerics import ridders

RNG = np.random.default_rng(7)
EYE = np.eye(3)
Q, _ = np.linalg.qr(RNG.standard_normal((4, 4)))
TWICE = Q @ np.diag([2.0, 2.0, -1.0, 5.0]) @ Q.T
"""Symmetric, with an eigenvalue that is there twice."""
ONCE = TWICE[:3, :3] + np.diag([0.0, 1.0, 3.0])
S = RNG.standard_normal((3, 3))
S4 = RNG.standard_normal((4, 4))
SYMMETRIC = S4 + S4.T
SINGULAR = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
"""Of rank 2."""
RANK_1 = np.outer([1.0, -2.0, 0.5], [3.0, 1.0, 2.0])


def slope(f: Callable[..., Any], x: Any, v: Any) -> float:
    """The derivative of a scalar along v, by differences."""
    return ridders(lambda t: float(f(x + t * v)))[0]


def both(f: Callable[..., Any], x: Any, v: Any) -> tuple[float, float]:
    """The same by forward and by reverse mode."""
    return float(dk.jvp(f, (x,), (v,))[1]), float(np.sum(dk.grad(f)(x) * v))


def symmetric(f: Callable[..., Any]) -> Callable[..., Any]:
    """f of the symmetric part."""
    return lambda x: f((x + x.T) / 2)


# --- what exists ---------------------------------------------------------------------------------

SPECTRAL = {
    "trace": lambda a: np.sum(np.linalg.eigvalsh(a)),
    "squares": lambda a: np.sum(np.linalg.eigvalsh(a) ** 2),
    "exponentials": lambda a: np.sum(np.exp(np.linalg.eigvalsh(a))),
    "product": lambda a: np.prod(np.linalg.eigvalsh(a)),
    "general": lambda a: np.real(np.sum(np.linalg.eigvals(a) ** 3)),
    "singular": lambda a: np.sum(np.linalg.svdvals(a) ** 3),
    "single vector": lambda a: np.linalg.eigh(a)[1][0, 0] ** 2,  # of the eigenvalue -1
    "single value": lambda a: np.linalg.eigvalsh(a)[3],
}


@pytest.mark.parametrize("name", SPECTRAL)
def test_symmetric_functions_of_repeated_eigenvalues(name: str) -> None:
    f = symmetric(SPECTRAL[name])
    want = slope(f, TWICE, SYMMETRIC)
    found = (
        both(f, TWICE, SYMMETRIC)
        if name != "single vector"
        else [
            float(np.sum(dk.grad(f)(TWICE) * SYMMETRIC))  # forward mode moves all vectors
        ]
    )
    for got in found:
        assert abs(got - want) <= 1e-7 * max(1, abs(want))


def test_the_identity_has_the_gradients_of_its_spectrum() -> None:
    np.testing.assert_allclose(dk.grad(symmetric(SPECTRAL["trace"]))(EYE), EYE, atol=1e-15)
    gradient = dk.grad(symmetric(SPECTRAL["exponentials"]))(EYE)
    np.testing.assert_allclose(gradient, np.e * EYE, rtol=1e-14)
    nuclear = dk.grad(lambda x: np.linalg.norm(x, "nuc"))(2 * EYE)
    np.testing.assert_allclose(nuclear, EYE, atol=1e-15)


def test_equal_eigenvalues_share_evenly() -> None:
    """The subgradient of least norm of the greatest eigenvalue, and of the spectral norm."""
    np.testing.assert_allclose(
        dk.grad(symmetric(lambda a: np.linalg.eigvalsh(a)[-1]))(EYE), EYE / 3, atol=1e-15
    )
    np.testing.assert_allclose(dk.grad(lambda x: np.linalg.norm(x, 2))(EYE), EYE / 3, atol=1e-15)


@pytest.mark.parametrize("order", [None, "fro", "nuc", 2, 1, np.inf])
def test_norms_are_flat_at_zero(order: Any) -> None:
    gradient = dk.grad(lambda x: np.linalg.norm(x, order))(np.zeros((3, 2)))
    np.testing.assert_array_equal(gradient, np.zeros((3, 2)))


@pytest.mark.parametrize("order", [1, 2, 3, 1.5, 0.5, np.inf])
def test_vector_norms_at_zeros(order: Any) -> None:
    zero = dk.grad(lambda x: np.linalg.norm(x, order))(np.zeros(3))
    np.testing.assert_array_equal(zero, np.zeros(3))
    some = dk.grad(lambda x: np.linalg.norm(x, order))(np.array([2.0, 0.0, -1.0]))
    assert np.all(np.isfinite(some)) and some[1] == 0


def test_the_nuclear_norm_of_a_singular_matrix() -> None:
    """The subgradient of least norm is U V* of the singular vectors that count."""
    u, _, vh = np.linalg.svd(RANK_1)
    gradient = dk.grad(lambda x: np.linalg.norm(x, "nuc"))(RANK_1)
    np.testing.assert_allclose(gradient, np.outer(u[:, 0], vh[0]), atol=1e-12)


@pytest.mark.parametrize("a", [SINGULAR, RANK_1, 0 * EYE, EYE, S], ids=lambda a: str(a[0, 0])[:4])
def test_determinants_have_a_gradient_at_every_matrix(a: Any) -> None:
    """Cofactors by their definition, minors of a 3 × 3 matrix."""
    cofactors = np.array(
        [
            [(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(3)]
            for i in range(3)
        ]
    )
    np.testing.assert_allclose(dk.grad(np.linalg.det)(a), cofactors, atol=1e-12)
    forward = dk.jvp(np.linalg.det, (a,), (S,))[1]
    np.testing.assert_allclose(forward, np.sum(cofactors * S), atol=1e-11)


def test_functions_of_matrices_do_not_mind_repeated_eigenvalues() -> None:
    """Matrices with one Jordan block, and multiples of the identity."""
    jordan = np.array([[2.0, 1.0, 0.0], [0.0, 2.0, 1.0], [0.0, 0.0, 2.0]])
    for f in (sl.expm, sl.sqrtm, sl.logm, sl.sinm):
        for a in (jordan, 2 * EYE):

            def along(x: Any, f: Any = f) -> Any:
                return np.sum(S * f(x))

            want = slope(along, a, S.T)
            recorded = {
                sl.expm: lambda x: np.sum(S * sl.expm(x)),
                sl.sqrtm: lambda x: np.sum(S * sl.sqrtm(x)),
                sl.logm: lambda x: np.sum(S * sl.logm(x)),
                sl.sinm: lambda x: np.sum(S * sl.sinm(x)),
            }[f]
            for got in both(recorded, a, S.T):
                assert abs(got - want) <= 1e-7 * max(1, abs(want))


def test_the_polar_factor_of_the_identity() -> None:
    def f(x: Any) -> Any:
        return np.sum(S * sl.polar(x)[0])

    want = slope(f, EYE, S.T)
    for got in both(f, EYE, S.T):
        assert abs(got - want) <= 1e-8


def test_the_pseudo_inverse_along_its_rank() -> None:
    left, right = RNG.standard_normal(3), RNG.standard_normal(3)

    def curve(t: Any) -> Any:
        u, v = np.array([1.0, -2.0, 0.5]) + t * left, np.array([3.0, 1.0, 2.0]) + t * right
        return np.sum(S * np.linalg.pinv(np.outer(u, v), rcond=1e-10))

    want = ridders(lambda t: float(curve(t)))[0]
    assert abs(dk.jvp(curve, (0.0,), (1.0,))[1] - want) <= 1e-8 * abs(want)
    assert abs(dk.grad(curve)(0.0) - want) <= 1e-8 * abs(want)


def test_the_span_of_other_vectors() -> None:
    """Vectors of eigenvalues that are alone have derivatives next to some that are not."""

    def f(a: Any) -> Any:
        v = np.linalg.eigh(a)[1]
        return np.sum(SYMMETRIC * np.outer(v[:, 3], v[:, 3]))

    want = slope(symmetric(f), TWICE, SYMMETRIC)
    gradient = dk.grad(symmetric(f))(TWICE)
    assert abs(np.sum(gradient * SYMMETRIC) - want) <= 1e-7


# --- what does not -------------------------------------------------------------------------------

UNDEFINED: dict[str, tuple[Callable[..., Any], Any, str]] = {
    "eigh": (lambda a: np.sum(S * np.linalg.eigh(a)[1]), EYE, "eigenvectors"),
    "eigh twice": (lambda a: np.linalg.eigh(a)[1][2, 1] ** 2, TWICE, "eigenvectors"),
    "eigh product": (
        lambda a: (lambda w, v: np.sum(S * ((v * w) @ v.T)))(*np.linalg.eigh(a)),
        EYE,
        "eigenvectors",
    ),
    "eig": (lambda a: np.real(np.sum(S * np.linalg.eig(a)[1])), EYE, "eigenvectors"),
    "svd": (lambda a: np.sum(S * np.linalg.svd(a)[0]), EYE, "singular vectors"),
    "svd at 0": (lambda a: np.sum(S * np.linalg.svd(a)[0]), RANK_1, "singular vectors"),
    "svd basis": (
        lambda a: np.sum(S * np.linalg.svd(a)[0]), RNG.standard_normal((3, 1)),
        "beyond the singular values",
    ),
    "qr basis": (
        lambda a: np.sum(S * np.linalg.qr(a, "complete")[0]), RNG.standard_normal((3, 1)),
        "last columns",
    ),
    "qr": (lambda a: np.sum(np.linalg.qr(a)[0] * S), RANK_1 * 0 + 1.0, "QR"),
    "defective": (
        lambda a: np.real(np.sum(np.array([1.0, 2.0]) * np.linalg.eigvals(a))),
        np.array([[1.0, 1.0], [0.0, 1.0]]), "eigenvalues",
    ),
    "inv": (lambda a: np.sum(np.linalg.inv(a)), np.ones((2, 2)), "Singular matrix"),
    "slogdet": (lambda a: np.linalg.slogdet(a)[1], np.ones((2, 2)), "Singular matrix"),
    "cholesky": (lambda a: np.sum(np.linalg.cholesky(a)), -EYE, "not positive definite"),
    "sqrtm": (lambda a: np.sum(S * sl.sqrtm(a)), np.diag([1.0, 0.0, 0.0]), "sqrtm"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNDEFINED)
def test_what_is_not_unique_is_refused_by_name(name: str) -> None:
    f, at, said = UNDEFINED[name]
    with pytest.raises(EvaluationError, match=said) as caught:
        dk.grad(f)(at)
    assert "test_linalg_degenerate.py:" in str(caught.value)
    assert "Expected" in str(caught.value)


FORWARD = ("eigh", "eigh product", "eig", "svd", "svd at 0", "defective", "inv", "slogdet", "sqrtm")


@pytest.mark.parametrize("name", FORWARD)
def test_forward_mode_refuses_it_too(name: str) -> None:
    f, at, said = UNDEFINED[name]
    rng = np.random.default_rng(3)
    with pytest.raises(EvaluationError, match=said):
        dk.jvp(f, (at,), (rng.standard_normal(at.shape),))


def test_a_direction_that_keeps_the_space_is_a_derivative() -> None:
    """Along a multiple of the matrix the vectors stay where they are."""
    _, moved = dk.jvp(lambda a: np.linalg.eigh(a)[1], (TWICE,), (3 * TWICE,))
    np.testing.assert_allclose(moved, np.zeros((4, 4)), atol=1e-14)


def test_a_direction_that_changes_the_rank_is_refused() -> None:
    with pytest.raises(EvaluationError, match="pseudo-inverse"):
        dk.jvp(lambda a: np.linalg.pinv(a, rcond=1e-10), (RANK_1,), (EYE,))


def test_the_second_derivative_of_a_determinant_at_a_singular_matrix() -> None:
    with pytest.raises(EvaluationError, match="Singular matrix"):
        dk.hvp(np.linalg.det)(SINGULAR, S)


@pytest.mark.parametrize(
    "f",
    [
        lambda a: sl.schur(a)[0],
        lambda a: sl.null_space(a),
        lambda a: sl.orth(a),
        lambda a: sl.qr(a, pivoting=True)[0],
        lambda a: sl.eigh(a, subset_by_value=[0, 1])[0],
        lambda a: sl.svd(a, lapack_driver="gesvd")[1],
        lambda a: np.linalg.qr(a, "raw")[0],
        lambda a: np.linalg.norm(a, "sum"),
    ],
)
def test_what_is_not_recorded_is_named(f: Callable[..., Any]) -> None:
    with pytest.raises((UnsupportedError, TypeError), match=r"at .*test_linalg_degenerate"):
        dk.grad(lambda a: np.sum(f(a)))(S)


def test_a_real_matrix_with_a_complex_logarithm() -> None:
    with pytest.raises(EvaluationError, match="astype"):
        dk.grad(lambda a: np.sum(sl.logm(a)))(np.diag([-1.0, 2.0]))


@pytest.mark.parametrize("f", [np.linalg.cholesky, np.linalg.eigvalsh, np.linalg.svdvals])
def test_the_complex_step_is_refused_where_there_is_none(f: Callable[..., Any]) -> None:
    with pytest.raises(UnsupportedError, match="complex step"):
        dk.jacobian(f, method="complex-step")(TWICE + 7 * np.eye(4))
