"""Linear systems against NumPy and PyTorch, and conjugate gradients against the dense solution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import diffkit as dk
from tests.replay import replayed

rng = np.random.default_rng(3)
A = rng.normal(size=(4, 4)) + 3 * np.eye(4)
B = rng.normal(size=(4, 2))


def test_linear_solve_is_numpy() -> None:
    np.testing.assert_array_equal(dk.solve.linear_solve(A, B), np.linalg.solve(A, B))
    dk.check_grads(dk.solve.linear_solve, A, B)
    dk.check_grads(dk.solve.linear_solve, np.stack([A, A.T]), B[:, 0])
    assert replayed(dk.solve.linear_solve)(A, [1, 2, 3, 4]).shape == (4,)


def test_second_derivatives_agree_with_torch() -> None:
    torch = pytest.importorskip("torch")
    v = rng.normal(size=(4, 4))

    def loss(A: Any) -> Any:
        return np.sum(np.linalg.solve(A, B) ** 3)

    def by_torch(A: Any) -> Any:
        return (torch.linalg.solve(A, torch.tensor(B)) ** 3).sum()

    want = torch.autograd.functional.vhp(by_torch, torch.tensor(A), torch.tensor(v))[1].numpy()
    np.testing.assert_allclose(dk.hvp(loss)(A, v), want, rtol=1e-11, atol=1e-11)


def spd(L: Any) -> Any:
    return L @ L.T + np.eye(4)


def test_cg_with_a_matrix() -> None:
    L, b = 0.5 * A, B[:, 0]

    def by_cg(L: Any, b: Any) -> Any:
        return dk.solve.cg(spd(L), b, tol=1e-14)

    def dense(L: Any, b: Any) -> Any:
        return np.linalg.solve(spd(L), b)

    np.testing.assert_allclose(by_cg(L, b), dense(L, b), rtol=1e-12)
    for argnum in (0, 1):
        got, want = (dk.jacobian(f, argnum)(L, b) for f in (by_cg, dense))
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-11)
        forward = dk.jacobian(by_cg, argnum, method="forward")(L, b)
        np.testing.assert_allclose(forward, want, rtol=1e-9, atol=1e-11)

    def twice(f: Any) -> Any:
        return dk.grad(lambda L: np.sum(dk.grad(lambda M: np.sum(f(M, b) ** 2))(L) ** 2))(L)

    np.testing.assert_allclose(twice(by_cg), twice(dense), rtol=1e-8, atol=1e-9)


def test_cg_without_a_matrix() -> None:
    """A Laplacian with a captured coefficient, on a tree."""

    def f(k: Any, b: Any) -> Any:
        def operator(v: Any) -> Any:
            u = v["u"]
            padded = np.concatenate([np.zeros(1), u, np.zeros(1)])
            return {"u": k * (2 * u - padded[2:] - padded[:-2]) + u, "w": (3 * k * v["w"][0],)}

        return dk.solve.cg(operator, {"u": b, "w": (b[0],)}, tol=1e-13)

    dk.check_grads(f, 1.7, rng.normal(size=5), rtol=1e-5)


def test_cg_unrolled() -> None:
    """Through the iterations, which are as many as there are unknowns."""
    L, b = 0.5 * A, B[:, 0]

    def f(L: Any, b: Any, route: str) -> Any:
        return np.sum(dk.solve.cg(spd(L), b, tol=1e-14, differentiate=route) ** 2)

    for argnum in (0, 1):
        implicit, unrolled = (dk.grad(f, argnum)(L, b, r) for r in ("implicit", "unrolled"))
        np.testing.assert_allclose(unrolled, implicit, rtol=1e-7, atol=1e-9)


def test_cg_of_zero() -> None:
    x, info = dk.solve.cg(np.eye(3), np.zeros(3), full=True)
    assert info.converged and info.steps == 0 and not np.any(x)


def test_the_transpose_of_an_operator_that_is_not_symmetric() -> None:
    """Should the iteration reach the solution all the same, its derivative is still the true one:
    the cotangents are solved with the transpose of the function."""
    skewed = np.eye(2) + np.array([[0.0, 1e-3], [0.0, 0.0]])
    seed = np.array([1.0, -2.0])

    def f(b: Any) -> Any:
        return dk.solve.cg(skewed, b, tol=1e-4, max_steps=100, full=True)[0] @ seed

    slope = dk.grad(f)(np.array([1.0, 1.0]))
    want = np.linalg.solve(skewed.T, seed)
    assert np.all(np.isnan(slope)) or np.allclose(slope, want, atol=1e-3)
