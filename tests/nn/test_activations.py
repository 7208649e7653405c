"""Activations: value and gradient equal PyTorch's in float64; kinks and tails by the convention."""

import numpy as np
import pytest
import torch

import diffkit as dk
from diffkit import nn

X = np.concatenate([np.linspace(-30.0, 30.0, 61), [-700.0, -40.0, 1e-9, 40.0, 700.0]])
ELEMENTWISE = {
    "relu": (nn.relu, torch.relu),
    "tanh": (nn.tanh, torch.tanh),
    "sigmoid": (nn.sigmoid, torch.sigmoid),
    "softplus": (nn.softplus, lambda x: torch.nn.functional.softplus(x, threshold=1000.0)),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_value_and_gradient_equal_torch(name):
    function, twin = ELEMENTWISE[name]
    x = torch.tensor(X, requires_grad=True)
    y = twin(x)
    y.sum().backward()
    np.testing.assert_allclose(function(X), y.detach().numpy(), rtol=1e-12, atol=0)
    slope = dk.grad(lambda x: np.sum(function(x)))(X)
    # PyTorch's σ(1 - σ) and 1 - tanh² lose digits where σ and tanh round to 1: an ulp of 1 each
    np.testing.assert_allclose(slope, x.grad.numpy(), rtol=1e-12, atol=3e-16)


def test_sigmoid_and_its_derivative_keep_their_digits_on_both_tails():
    np.testing.assert_allclose(nn.sigmoid(X[X < -30]), np.exp(X[X < -30]), rtol=1e-12)
    slope = dk.grad(lambda x: np.sum(nn.sigmoid(x)))(X)
    np.testing.assert_allclose(slope, nn.sigmoid(X) * nn.sigmoid(-X), rtol=1e-14)


@pytest.mark.parametrize("function", [nn.softmax, nn.log_softmax])
def test_softmax_equals_torch_along_each_axis(function):
    rng = np.random.default_rng(1)
    z, weights = rng.normal(0, 5, (3, 4)), rng.normal(size=(3, 4))
    for axis in (0, 1):
        x = torch.tensor(z, requires_grad=True)
        y = getattr(torch, function.__name__)(x, dim=axis)
        (y * torch.tensor(weights)).sum().backward()
        slope = dk.grad(lambda z, axis=axis: np.sum(weights * function(z, axis=axis)))(z)
        np.testing.assert_allclose(function(z, axis=axis), y.detach().numpy(), rtol=1e-12)
        np.testing.assert_allclose(slope, x.grad.numpy(), rtol=1e-12, atol=1e-15)


def test_kinks_and_smooth_points_at_zero():
    def derivatives(f):
        return dk.grad(f)(0.0), dk.grad(dk.grad(f))(0.0), dk.grad(dk.grad(dk.grad(f)))(0.0)

    assert dk.grad(nn.relu)(0.0) == 0
    assert derivatives(nn.sigmoid) == (0.25, 0.0, -0.125)
    assert derivatives(nn.softplus) == (0.5, 0.25, 0.0)


@pytest.mark.parametrize("function", [nn.sigmoid, nn.softplus, nn.relu, nn.tanh])
def test_far_tails_are_finite_with_exact_limits(function):
    limits = {"sigmoid": (0, 1), "softplus": (0, 1000), "relu": (0, 1000), "tanh": (-1, 1)}
    far = np.array([-1000.0, 1000.0])
    np.testing.assert_array_equal(function(far), limits[function.__name__])
    slopes = [dk.grad(function)(x) for x in far]
    assert slopes == ([0, 1] if function in (nn.softplus, nn.relu) else [0, 0])


def test_softmax_of_far_logits_is_one_hot_with_zero_gradient():
    far = np.array([1000.0, 0.0, -1000.0])
    np.testing.assert_array_equal(nn.softmax(far), [1, 0, 0])
    np.testing.assert_array_equal(nn.log_softmax(far), [0, -1000, -2000])
    np.testing.assert_array_equal(dk.jacobian(nn.softmax)(far), np.zeros((3, 3)))


@pytest.mark.parametrize("name", [*ELEMENTWISE, "softmax", "log_softmax"])
def test_float32_stays_float32(name):
    x = np.array([-1.0, 0.0, 2.0], np.float32)
    function = getattr(nn, name)
    assert function(x).dtype == np.float32
    assert dk.grad(lambda x: np.sum(function(x) ** 2))(x).dtype == np.float32
