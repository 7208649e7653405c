"""Initial weights, layers, batches, and a network that learns handwritten digits."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

import diffkit as dk
from diffkit import nn
from diffkit.errors import ShapeError


@pytest.mark.parametrize(
    ("init", "variance", "kurtosis"),
    [
        (nn.glorot_uniform, 2 / 500, 1.8),
        (nn.glorot_normal, 2 / 500, 3.0),
        (nn.he_normal, 2 / 300, 3.0),
    ],
)
def test_initial_weights_have_the_variance_of_the_paper(init, variance, kurtosis):
    w = init(np.random.default_rng(4), (300, 200))
    assert w.shape == (300, 200) and w.dtype == np.float64
    # 60,000 samples: the relative deviation of a variance is √((kurtosis - 1)/n) < 0.6 %
    assert abs(w.var() / variance - 1) < 0.025
    assert abs(w.mean()) < 5 * np.sqrt(variance / w.size)
    assert abs(np.mean(w**4) / w.var() ** 2 - kurtosis) < 0.1
    np.testing.assert_array_equal(w, init(np.random.default_rng(4), (300, 200)))


def test_uniform_weights_keep_their_bound():
    w = nn.glorot_uniform(np.random.default_rng(5), (300, 200))
    assert np.abs(w).max() <= np.sqrt(6 / 500)


def test_an_mlp_is_its_formula_and_its_gradient_is_a_tree():
    params = nn.mlp_params(np.random.default_rng(6), (3, 4, 2))
    x = np.random.default_rng(7).normal(size=(5, 3))
    hidden = np.maximum(x @ params[0]["weight"] + params[0]["bias"], 0)
    expected = hidden @ params[1]["weight"] + params[1]["bias"]
    np.testing.assert_array_equal(nn.mlp(params, x, nn.relu), expected)
    slope = dk.grad(lambda p: np.sum(nn.mlp(p, x, nn.relu) ** 2))(params)
    assert [g["weight"].shape for g in slope] == [(3, 4), (4, 2)]
    np.testing.assert_allclose(slope[1]["bias"], 2 * expected.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(slope[1]["weight"], 2 * hidden.T @ expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda rng: nn.dense(nn.dense_params(rng, 3, 2), np.zeros((5, 4))), "length 3"),
        (lambda rng: nn.mlp_params(rng, (3,)), "at least inputs and outputs"),
        (lambda rng: nn.he_normal(rng, (0, 3)), "positive"),
        (lambda rng: list(nn.minibatches(rng, 2, np.zeros(3), np.zeros(4))), "one length"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(call, says):
    with pytest.raises(ShapeError, match=says):
        call(np.random.default_rng(0))


def test_an_epoch_sees_every_row_once_and_keeps_rows_together():
    x = np.arange(10)
    batches = list(nn.minibatches(np.random.default_rng(8), 3, x, x**2))
    assert [len(a) for a, _ in batches] == [3, 3, 3, 1]
    assert all(np.array_equal(a**2, b) for a, b in batches)
    seen = np.concatenate([a for a, _ in batches])
    assert sorted(seen) == list(x) and list(seen) != list(x)


def test_a_network_learns_the_digits():
    images, labels = load_digits(return_X_y=True)
    images = images / 16.0
    rng = np.random.default_rng(9)
    order = rng.permutation(len(images))
    train, test = order[:1400], order[1400:]
    params = nn.mlp_params(rng, (64, 32, 10))
    adam = nn.Adam(rate=3e-3)
    state = adam.init(params)
    step = nn.train_step(lambda p, x, y: nn.cross_entropy(nn.mlp(p, x), y), adam)
    losses = []
    for _ in range(30):
        for x, y in nn.minibatches(rng, 56, images[train], labels[train]):
            params, state, value = step(params, state, x, y)
            losses.append(value)
    assert losses[0] > 2.0 and np.mean(losses[-25:]) < 0.05
    assert nn.accuracy(nn.mlp(params, images[test]), labels[test]) > 0.95
