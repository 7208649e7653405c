"""A ten-second smoke test: one function through every mode and operator."""

import numpy as np
import pytest

import diffkit as dk
from diffkit.graph import builder
from tests.replay import replayed, same


def f(x):
    return np.sum(np.tanh(x) * x) + np.max(x) * x[0]


X = np.array([0.3, -1.2, 0.7])
WANT = np.tanh(X) + X / np.cosh(X) ** 2 + np.array([0.7, 0.0, 0.3])


@pytest.mark.parametrize("method", ["reverse", "forward", "symbolic", "complex-step", "finite"])
def test_gradient(method):
    tolerance = 1e-9 if method == "finite" else 1e-14
    np.testing.assert_allclose(dk.grad(f, method=method)(X), WANT, rtol=tolerance)


def test_operators():
    same([replayed(f)(X)], [f(X)])
    y, dy = dk.jvp(f, (X,), (np.ones(3),))
    assert y == f(X) and abs(dy - WANT.sum()) < 1e-14
    assert dk.hessian(f)(X).shape == (3, 3)
    dk.check_grads(f, X)
    assert "tanh" in str(dk.trace(f)(X)) and "reverse trace" in str(dk.explain(f)(X))


def test_graphs_are_verified_here():
    assert builder.CHECK
