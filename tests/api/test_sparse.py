"""Sparse Jacobians and Hessians agree with the dense ones, wherever they are evaluated."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from scipy.optimize import rosen, rosen_der, rosen_hess
from scipy.sparse import coo_array, csr_array, issparse

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.errors import (
    CheckError,
    DtypeError,
    ShapeError,
    TracingError,
    TreeError,
    UnsupportedError,
)
from diffkit.tracing import trees
from diffkit.transforms.sparsity import index_sets
from tests.control import test_random_loops as loops
from tests.modes import test_random_programs as programs
from tests.transforms.sparse_oracle import matrix

N = 12
X = np.random.default_rng(5).normal(size=N)
Y = np.random.default_rng(6).normal(size=N)


def heat(u: Any) -> Any:
    def step(k: Any, u: Any) -> Any:
        wide = np.pad(u, 1)
        return u + 0.1 * (wide[2:] - 2.0 * u + wide[:-2]) * u

    return dk.fori_loop(0, 2, step, u)


def arrow(x: Any) -> Any:
    return np.concatenate([np.sum(x * x)[None], x[0] * x[1:] ** 2])


def blocks(x: Any) -> Any:
    return np.ravel(
        np.einsum("bij,bj->bi", np.exp(-np.ones((4, 3, 3))), np.reshape(x, (4, 3)) ** 2)
    )


def branches(x: Any) -> Any:
    return dk.cond(np.sum(x) > 0, lambda x: x**2, lambda x: x * x[::-1], x)


def selected(x: Any) -> Any:
    return x * x[np.argmin(x)]


def until(x: Any) -> Any:
    out = dk.while_loop(
        lambda c: np.sum(np.abs(c[1])) > 1.0, lambda c: (c[0] + 1, c[1] * 0.5), (0, x)
    )
    return np.sin(out[1])


def filled(x: Any) -> Any:
    return dk.fori_loop(1, N, lambda k, y: dnp.set_at(y, k, x[k] * x[k - 1]), np.zeros(N))


JACOBIANS: list[tuple[Callable[..., Any], int]] = [
    (heat, 5), (arrow, 3), (blocks, 3), (branches, 2), (selected, N), (until, N), (filled, 2),
    (lambda x: x - x, 1), (lambda x: 0.0 * x, 1), (lambda x: np.where(x > 0, x, 0.0) ** 2, 1),
    (lambda x: np.floor(x), 0), (lambda x: x[:0], 0), (lambda x: np.sum(x), 1),
    (np.cumsum, N), (lambda x: np.outer(x[:2], x[2:5]), 3), (lambda x: x[3], 1),
]  # fmt: skip


@pytest.mark.parametrize(("f", "passes"), JACOBIANS)
def test_jacobians_agree_with_dense_ones(f: Callable[..., Any], passes: int) -> None:
    J = dk.sparse_jacobian(f)
    plan = J.plan(X)
    assert plan.passes <= passes
    for x in (X, Y, -X):  # the plan of the first serves all
        found = J(x)
        assert isinstance(found, csr_array)
        assert found.has_canonical_format
        np.testing.assert_allclose(found.toarray(), matrix(f, [x]), rtol=1e-13, atol=1e-14)
        assert J.plan(x) is plan


@pytest.mark.parametrize("method", ["forward", "reverse", "bidirectional"])
@pytest.mark.parametrize("f", [heat, arrow, blocks, branches])
def test_every_direction_agrees(f: Callable[..., Any], method: str) -> None:
    J = dk.sparse_jacobian(f, method=method)
    assert J.plan(X).mode == method
    np.testing.assert_allclose(J(X).toarray(), matrix(f, [X]), rtol=1e-13, atol=1e-14)


def test_a_plan_prints_what_and_why() -> None:
    lines = str(dk.sparse_jacobian(lambda x: x[1:] * x[:-1]).plan(X)).splitlines()
    assert lines[0] == "pattern  11 × 12, 22 entries (0.167 of all)"
    assert lines[1] == "mode     forward: 2 forward passes"
    assert [line.split()[0] for line in lines[2:]] == ["cost", "cost", "why"]
    assert lines[-1].endswith("the least of forward, reverse")


def test_an_arrowhead_takes_three_passes() -> None:
    x = np.linspace(1.0, 2.0, 500)
    J = dk.sparse_jacobian(arrow)
    assert (J.plan(x).mode, J.plan(x).passes) == ("bidirectional", 3)
    np.testing.assert_allclose(J(x)[0].toarray(), 2 * x, rtol=1e-14)


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(programs.PROGRAMS, programs.SEEDS)
def test_random_programs(program: Any, seed: int) -> None:
    f, first, second = programs.function_of(program), programs.point(seed), programs.point(seed + 1)
    J = dk.sparse_jacobian(f, argnums=(0, 1, 2))
    for args in (first, second):
        want = matrix(f, args, (0, 1, 2))
        np.testing.assert_allclose(J(*args).toarray(), want, rtol=1e-9, atol=1e-11)


@settings(max_examples=40, derandomize=True, deadline=None, database=None)
@given(loops.PROGRAMS, loops.SEEDS)
def test_random_loops(program: Any, seed: int) -> None:
    f, args = loops.function_of(program), loops.point(seed)
    found = dk.sparse_jacobian(f, argnums=(0, 1))(*args).toarray()
    np.testing.assert_allclose(found, matrix(f, args, (0, 1)), rtol=1e-9, atol=1e-11)


# --- trees, arguments, types ---------------------------------------------------------------------


def test_trees_stand_in_the_order_of_their_leaves() -> None:
    def f(p: Any, t: Any) -> Any:
        return {"a": p["u"][1:] * p["v"], "b": (t * p["u"], 3)}

    p = {"u": X[:4], "v": np.float64(2.0)}
    found = dk.sparse_jacobian(f, argnums=(0, 1))(p, 0.5)
    assert found.shape == (8, 6)
    floats = matrix(lambda p, t: trees.flatten(f(p, t))[0][:2], [p, 0.5], (0, 1))
    np.testing.assert_allclose(found.toarray()[:7], floats)
    assert found[7].nnz == 0  # an integer has no derivative


def test_float32_stays_float32() -> None:
    x = X.astype(np.float32)
    found = dk.sparse_jacobian(heat)(x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.toarray(), matrix(heat, [x]), rtol=1e-5)


def test_other_arguments_may_change_and_integers_are_values() -> None:
    recorded: list[int] = []

    def f(x: Any, t: Any, places: Any, power: Any = 2) -> Any:
        recorded.append(1)
        return t * x[places] ** power

    J = dk.sparse_jacobian(f)
    for t in (1.0, 2.0, 3.0):
        for places in (np.array([0, 3]), np.array([5, 3, 3])):
            for power in (2, 3):
                args = (X, t, places, power)
                found = J(*args).toarray()
                np.testing.assert_allclose(found, matrix(f, args), rtol=1e-13)
    before = len(recorded)
    J(X, 4.0, np.array([0, 3]), power=3)
    J(X, 5.0, np.array([0, 3]), power=3)
    J(Y, 5.0, np.array([0, 3]), power=3)
    assert len(recorded) == before + 1


def test_an_argument_without_a_value_to_compare_is_refused() -> None:
    with pytest.raises(TreeError, match="hashable"):
        dk.sparse_jacobian(lambda x, s: x)(X, {1, 2})


def test_the_result_is_the_callers() -> None:
    J = dk.sparse_jacobian(heat)
    first = J(X)
    want = first.toarray()
    first.indices[:] = 0
    first.data[:] = np.nan
    np.testing.assert_array_equal(J(X).toarray(), want)


def test_many_colours_run_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr("diffkit.modes.linear_map.MOST_LANES", 3)
    for method in ("forward", "reverse"):
        J = dk.sparse_jacobian(np.cumsum, method=method)
        np.testing.assert_array_equal(J(X[:10]).toarray(), np.tri(10))


def test_threads_share_one_plan() -> None:
    recorded: list[int] = []

    def f(x: Any) -> Any:
        recorded.append(1)
        return heat(x)

    J = dk.sparse_jacobian(f)
    want = matrix(heat, [X])
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda k: J(X + 0.0 * k).toarray(), range(32)))
    for found in results:
        np.testing.assert_allclose(found, want, rtol=1e-13, atol=1e-14)
    assert len(recorded) == 1


def test_compiled_passes_agree() -> None:
    for f in (heat, arrow):
        found = dk.sparse_jacobian(f, backend="numba")(X)
        np.testing.assert_allclose(found.toarray(), matrix(f, [X]), rtol=1e-13, atol=1e-14)
    found = dk.sparse_hessian(banana, backend="numba")(X)
    np.testing.assert_allclose(found.toarray(), rosen_hess(X), rtol=1e-12)


def test_a_rule_for_one_direction_decides_the_direction() -> None:
    @dk.custom_vjp
    def clipped(x: Any) -> Any:
        return x[:3] * 1.0

    # not linear in the cotangent, so that forward mode refuses it
    clipped.defvjp(
        lambda x: (x[:3] * 1.0, ()),
        lambda residuals, ct: (np.concatenate([np.minimum(ct, 0.5), np.zeros(N - 3)]),),
    )
    J = dk.sparse_jacobian(clipped)
    assert J.plan(X).mode == "reverse"
    assert list(J.plan(X).costs) == ["reverse"]
    np.testing.assert_array_equal(J(X).toarray(), matrix(clipped, [X]))
    for method in ("sparse", "auto"):
        np.testing.assert_array_equal(dk.jacobian(clipped, method=method)(X), J(X).toarray())
    with pytest.raises(UnsupportedError, match="not linear"):
        dk.sparse_jacobian(clipped, method="forward")(X)


# --- a pattern of the user's ---------------------------------------------------------------------


def test_a_given_pattern_is_used() -> None:
    wide = np.abs(np.subtract.outer(np.arange(N), np.arange(N))) <= 3
    for given_ in (wide, coo_array(wide), wide.astype(float)):
        J = dk.sparse_jacobian(heat, pattern=given_)
        assert J.plan(X).pattern.nnz == wide.sum()
        np.testing.assert_allclose(J(X).toarray(), matrix(heat, [X]), rtol=1e-13, atol=1e-14)


def test_a_pattern_that_lacks_an_entry_is_an_error() -> None:
    right = matrix(heat, [X]) != 0
    for i, j in ((4, 4), (4, 6), (0, 1)):
        wrong = right.copy()
        wrong[i, j] = False
        with pytest.raises(CheckError, match=r"row .* times a direction"):
            dk.sparse_jacobian(heat, pattern=wrong)(X)
        unchecked = dk.sparse_jacobian(heat, pattern=wrong, check=False)(X)
        assert not np.allclose(unchecked.toarray(), matrix(heat, [X]))


def test_a_pattern_of_another_shape_is_an_error() -> None:
    with pytest.raises(ShapeError, match=r"\(12, 11\).*\(12, 12\)"):
        dk.sparse_jacobian(heat, pattern=np.ones((N, N - 1)))(X)


def test_a_known_pattern_goes_where_finding_it_would_be_too_dense(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(index_sets, "MOST_ENTRIES", 20)
    with pytest.raises(UnsupportedError, match="pattern="):
        dk.sparse_jacobian(heat)(X)
    J = dk.sparse_jacobian(heat, pattern=matrix(heat, [X]) != 0)
    np.testing.assert_allclose(J(X).toarray(), matrix(heat, [X]), rtol=1e-13, atol=1e-14)


# --- Hessians ------------------------------------------------------------------------------------


def banana(x: Any) -> Any:
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def energy(x: Any) -> Any:
    """A chain in a loop, with a reaction that every mass feels."""
    end, _ = dk.scan(lambda s, row: (s + np.sin(row) ** 2, None), 0.0, x)
    return end + np.sum(np.cos(np.diff(x))) + x[0] * np.sum(x[1:] ** 2)


def settling(x: Any) -> Any:
    out = dk.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, c[1] + 0.1 * c[1] ** 2), (0, x))
    return np.sum(out[1] * out[1][::-1])


@pytest.mark.parametrize("f", [banana, energy, settling, lambda x: np.sum(x), np.prod])
def test_hessians_agree_with_dense_ones(f: Callable[..., Any]) -> None:
    H = dk.sparse_hessian(f)
    for x in (X, Y):
        found = H(x).toarray()
        np.testing.assert_array_equal(found, found.T)
        np.testing.assert_allclose(found, dk.hessian(f)(x), rtol=1e-12, atol=1e-13)


@settings(max_examples=40, derandomize=True, deadline=None, database=None)
@given(loops.PROGRAMS, loops.SEEDS)
def test_hessians_of_random_loops(program: Any, seed: int) -> None:
    f, (s, v) = loops.function_of(program), loops.point(seed)
    found = dk.sparse_hessian(lambda s, v: f(s, v)[0], argnums=(0, 1))(s, v).toarray()
    dense = dk.hessian(lambda w: f(w[0], w[1:])[0])(np.array([s, *v]))
    np.testing.assert_allclose(found, dense, rtol=1e-8, atol=1e-9)


def test_rosenbrock_takes_three_passes_at_any_size() -> None:
    x = np.random.default_rng(1).normal(size=20_000)
    H = dk.sparse_hessian(banana)
    assert (H.plan(x).mode, H.plan(x).passes, H.plan(x).pattern.nnz) == ("star", 3, 3 * len(x) - 2)
    v = np.random.default_rng(2).normal(size=len(x))
    np.testing.assert_allclose(H(x) @ v, dk.hvp(banana)(x, v), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(H(x[:9]).toarray(), rosen_hess(x[:9]), rtol=1e-12)
    np.testing.assert_allclose(dk.grad(banana)(x), rosen_der(x), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(banana(x), rosen(x))


def test_a_hessian_of_several_arguments() -> None:
    def f(p: Any, q: Any, c: Any) -> Any:
        return c * np.sum(p["a"] ** 2 * q) + np.sum(q[1:] * q[:-1])

    p, q = {"a": X[:3]}, Y[:3]
    found = dk.sparse_hessian(f, argnums=(0, 1))(p, q, 2.0).toarray()
    flat = dk.hessian(lambda v: f({"a": v[:3]}, v[3:], 2.0))(np.concatenate([X[:3], Y[:3]]))
    np.testing.assert_allclose(found, flat, rtol=1e-13)


def test_a_hessian_wants_a_scalar() -> None:
    with pytest.raises(ShapeError, match="scalar"):
        dk.sparse_hessian(lambda x: x * 2.0)(X)


def test_a_wrong_hessian_pattern_is_an_error() -> None:
    with pytest.raises(CheckError):
        dk.sparse_hessian(banana, pattern=np.eye(N))(X)


# --- errors --------------------------------------------------------------------------------------


def test_errors_say_what_to_do() -> None:
    with pytest.raises(UnsupportedError, match="bidirectional"):
        dk.sparse_jacobian(heat, method="magic")
    with pytest.raises(UnsupportedError, match="numba"):
        dk.sparse_jacobian(heat, backend="abacus")
    with pytest.raises(DtypeError, match="floating point"):
        dk.sparse_jacobian(heat)(np.arange(4))
    with pytest.raises(TracingError, match=r"dk\.jacobian"):
        dk.jit(lambda x: dk.sparse_jacobian(heat)(x))(X)
    with pytest.raises(TracingError, match=r"np\.where|cond"):
        dk.sparse_jacobian(lambda x: x if x[0] > 0 else 2.0 * x)(X)


def test_scipy_takes_the_matrix() -> None:
    from scipy.integrate import solve_ivp
    from scipy.optimize import least_squares

    def residual(x: Any) -> Any:
        return np.concatenate([x[:1] - 1.0, 10.0 * (x[1:] - x[:-1] ** 2)])

    J = dk.sparse_jacobian(residual)
    assert issparse(J(X))
    fit = least_squares(residual, np.full(5, 0.7), jac=J)
    np.testing.assert_allclose(fit.x, 1.0, rtol=1e-6)

    def rate(t: Any, u: Any) -> Any:
        wide = np.pad(u, 1)
        return wide[2:] - 2.0 * u + wide[:-2] - u**3

    given_, without = (
        solve_ivp(rate, (0.0, 1.0), X, method="BDF", rtol=1e-8, atol=1e-10, **kw)
        for kw in ({"jac": dk.sparse_jacobian(rate, argnums=1)}, {})
    )
    assert given_.njev >= 1
    np.testing.assert_allclose(given_.y[:, -1], without.y[:, -1], rtol=1e-6, atol=1e-7)
