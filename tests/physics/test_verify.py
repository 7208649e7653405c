"""The verification kit passes what is right and, more to the point, fails what is wrong."""

import numpy as np
import pytest

import diffkit as dk
from physics import verify

PARAMS = {"a": np.array([0.5, -1.2]), "b": np.array(0.7)}
DIRECTION = {"a": np.array([1.0, 0.5]), "b": np.array(-2.0)}


def loss(p):
    return np.sum(np.exp(p["a"]) * np.sin(p["b"])) + p["b"] ** 4


def test_a_right_gradient_has_taylor_slope_two():
    without, with_gradient = verify.taylor_slopes(loss, dk.grad(loss)(PARAMS), PARAMS, DIRECTION)
    assert all(0.9 < s < 1.1 for s in without)
    assert all(1.9 < s < 2.1 for s in with_gradient)


@pytest.mark.parametrize("mistake", [0.97, 1.03, -1.0])
def test_a_wrong_gradient_does_not(mistake):
    grads = dk.grad(loss)(PARAMS)
    grads["b"] = grads["b"] * mistake
    slopes = verify.taylor_slopes(loss, grads, PARAMS, DIRECTION)[1]
    assert not all(1.9 < s < 2.1 for s in slopes)


def test_the_dot_product_test_sees_the_size_of_a_disagreement():
    rng = np.random.default_rng(0)
    assert verify.dot_product_error(lambda p: np.tanh(p["a"] * p["b"]), PARAMS, rng) < 1e-14


def test_directions_move_each_leaf_by_its_own_size():
    rng = np.random.default_rng(1)
    big = {"x": np.full(1000, 1e6), "y": np.zeros(1000), "z": np.full(1000, 1e-6)}
    direction = verify.direction_like(big, rng)
    sizes = [np.std(direction[k]) for k in "xyz"]
    np.testing.assert_allclose(sizes, [1e6, 1.0, 1e-6], rtol=0.1)
