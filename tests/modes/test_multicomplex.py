"""Second derivatives by two imaginary units: exact to rounding, whatever the step."""

import mpmath
import numpy as np
import pytest
from scipy.optimize import rosen_der, rosen_hess

import diffkit as dk
from diffkit.errors import UnsupportedError

X = np.linspace(-1.2, 1.3, 10)


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def squire_trapp(x, m=np):
    return m.exp(x) / m.sqrt(m.sin(x) ** 3 + m.cos(x) ** 3)


CASES = {
    "exp": (lambda x, m: m.exp(x), 1.0),
    "Squire-Trapp": (squire_trapp, 1.5),
    "logarithm near 0": (lambda x, m: m.log(x), 1e-3),
    "root near 0": (lambda x, m: m.sqrt(x), 1e-8),
    "far out": (lambda x, m: m.sin(x) * m.tanh(x / 500), 1000.0),
    "fast": (lambda x, m: m.sin(100 * x), 0.3),
    "pole nearby": (lambda x, m: 1 / x, 1e-2),
}


@pytest.mark.parametrize("name", CASES)
def test_second_derivatives_against_fifty_digits(name):
    f, x = CASES[name]
    with mpmath.workdps(50):
        want = float(mpmath.diff(lambda t: f(t, mpmath), mpmath.mpf(x), 2))
    found = dk.hessian(lambda t: f(t, np), method="multicomplex")(x)
    assert abs(found - want) <= 2e-14 * abs(want)


@pytest.mark.parametrize("step", [1e-20, 1e-60, 1e-140])
def test_the_step_is_not_seen(step):
    found = dk.hessian(rosenbrock, method=dk.Multicomplex(step))(X)
    np.testing.assert_allclose(found, rosen_hess(X), rtol=1e-15, atol=1e-12)
    assert np.array_equal(found == 0, rosen_hess(X) == 0)


def test_first_derivatives_are_those_of_the_complex_step():
    found = dk.grad(rosenbrock, method="multicomplex")(X)
    np.testing.assert_array_equal(found, dk.grad(rosenbrock, method="complex-step")(X))
    np.testing.assert_allclose(found, rosen_der(X), rtol=1e-13)
    J = dk.jacobian(lambda x: x[1:] * x[:-1], method="multicomplex")(X)
    np.testing.assert_allclose(J, dk.jacobian(lambda x: x[1:] * x[:-1])(X), rtol=1e-15)


def test_loops_branches_and_linear_algebra():
    A = np.eye(3) * 4 + np.arange(9.0).reshape(3, 3) / 9

    def f(x):
        y = dk.fori_loop(0, 5, lambda i, y: np.tanh(A @ y) + x / (i + 1), x)
        y = np.where(y > 0.5, y**3, np.exp(y))
        return y @ np.linalg.solve(A + np.outer(x, x), y) + np.max(x) * np.abs(x[0])

    x = np.array([0.3, -0.4, 0.9])
    np.testing.assert_allclose(
        dk.hessian(f, method="multicomplex")(x), dk.hessian(f)(x), rtol=1e-12, atol=1e-13
    )


@pytest.mark.parametrize(
    "method", ["forward", "reverse", "symbolic", "taylor", "complex-step", "multicomplex"]
)
def test_exact_hessians_agree(method):
    found = dk.hessian(rosenbrock, method=method)(X[:5])
    np.testing.assert_allclose(found, rosen_hess(X[:5]), rtol=1e-13, atol=1e-12)


@pytest.mark.parametrize("method", ["multicomplex", "complex-step", "finite", "adaptive"])
def test_trees_of_arguments(method):
    def f(p, s):
        return s * p["a"] ** 2 * np.sum(p["b"] ** 3)

    p = {"a": 2.0, "b": np.array([1.0, 3.0])}
    close = {"rtol": 1e-6 if method == "finite" else 1e-9, "atol": 1e-4}
    by_p, by_s = dk.hessian(f, (0, 1), method=method)(p, 1.5)
    assert by_p["b"][0]["b"].shape == (2, 2) and by_s[0]["b"].shape == (2,)
    np.testing.assert_allclose(by_p["a"][0]["b"], 1.5 * 4 * 3 * p["b"] ** 2, **close)
    np.testing.assert_allclose(by_p["b"][0]["b"], np.diag(1.5 * 4 * 6 * p["b"]), **close)
    np.testing.assert_allclose([by_p["a"][1], by_s[0]["a"], by_s[1]], [112, 112, 0], **close)


def test_what_has_no_hessian_is_refused():
    with pytest.raises(UnsupportedError, match="one direction"):
        dk.hessian(rosenbrock, method="sparse")(X)
    with pytest.raises(UnsupportedError, match="outermost"):
        dk.jit(dk.hessian(rosenbrock, method="adaptive"))(X)
