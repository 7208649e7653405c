"""Losses: value and gradient equal PyTorch's in float64; far logits; arguments that do not fit."""

import numpy as np
import pytest
import torch

import diffkit as dk
from diffkit import nn
from diffkit.errors import DtypeError, IndexingError, ShapeError

RNG = np.random.default_rng(2)
F = torch.nn.functional


def same_as_torch(loss, twin, x):
    leaf = torch.tensor(x, requires_grad=True)
    value = twin(leaf)
    value.backward()
    got, slope = dk.value_and_grad(loss)(x)
    np.testing.assert_allclose(got, value.item(), rtol=1e-12)
    np.testing.assert_allclose(slope, leaf.grad.numpy(), rtol=1e-12, atol=1e-15)


def test_mse_equals_torch():
    x, target = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
    same_as_torch(lambda x: nn.mse(x, target), lambda x: F.mse_loss(x, torch.tensor(target)), x)


def test_cross_entropy_equals_torch():
    z, labels = RNG.normal(0, 5, (6, 4)), RNG.integers(0, 4, 6)
    twin = torch.tensor(labels)
    same_as_torch(lambda z: nn.cross_entropy(z, labels), lambda z: F.cross_entropy(z, twin), z)


def test_cross_entropy_takes_any_leading_axes():
    z, labels = RNG.normal(size=(2, 3, 4)), RNG.integers(0, 4, (2, 3))
    flat = nn.cross_entropy(z.reshape(6, 4), labels.ravel())
    assert nn.cross_entropy(z, labels) == flat
    assert nn.cross_entropy(z[0, 0], 3) == nn.cross_entropy(z[:1, 0], np.array([3]))
    slope = dk.grad(nn.cross_entropy)(z, labels)
    expected = (nn.softmax(z) - np.eye(4)[labels]) / 6
    np.testing.assert_allclose(slope, expected, rtol=1e-12, atol=1e-16)


def test_binary_cross_entropy_equals_torch():
    z, t = RNG.normal(0, 5, 7), RNG.uniform(size=7)
    twin = torch.tensor(t)
    same_as_torch(
        lambda z: nn.binary_cross_entropy(z, t),
        lambda z: F.binary_cross_entropy_with_logits(z, twin),
        z,
    )


def test_far_logits_give_finite_losses_and_exact_gradients():
    z = np.array([[1000.0, -1000.0], [1000.0, -1000.0]])
    value, slope = dk.value_and_grad(nn.cross_entropy)(z, np.array([0, 1]))
    assert value == 1000
    np.testing.assert_array_equal(slope, [[0, 0], [0.5, -0.5]])
    far, targets = np.array([-1000.0, 1000.0]), np.array([1.0, 1.0])
    value, slope = dk.value_and_grad(nn.binary_cross_entropy)(far, targets)
    assert value == 500
    np.testing.assert_array_equal(slope, [-0.5, 0])


def test_loss_is_second_order_differentiable():
    z, labels = RNG.normal(size=(1, 3)), np.array([2])
    p = nn.softmax(z)[0]
    H = dk.hessian(lambda z: nn.cross_entropy(z, labels))(z).reshape(3, 3)
    np.testing.assert_allclose(H, np.diag(p) - np.outer(p, p), rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: nn.mse(np.zeros(3), np.zeros((3, 1))), ShapeError, r"equal shapes"),
        (lambda: nn.cross_entropy(np.zeros((2, 3)), np.eye(2, 3)), ShapeError, "one-hot"),
        (lambda: nn.cross_entropy(np.zeros((2, 3)), np.zeros(2)), DtypeError, "integers"),
        (lambda: nn.cross_entropy(np.zeros((2, 3)), np.array([0, -1])), IndexingError, "0 to 2"),
        (lambda: nn.cross_entropy(np.zeros((2, 3)), np.array([0, 3])), IndexingError, "0 to 2"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(call, error, says):
    with pytest.raises(error, match=says):
        call()
