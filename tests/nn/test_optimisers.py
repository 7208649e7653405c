"""Optimisers: twenty steps on a tree equal PyTorch's, updates are pure, trees must match."""

import numpy as np
import pytest
import torch

import diffkit as dk
from diffkit import nn
from diffkit.errors import TreeError
from tests.replay import replayed

A = np.random.default_rng(3).normal(size=(5, 3))
START = {"w": np.array([1.0, -2.0, 0.5]), "b": np.array(0.3)}
PAIRS = {
    "sgd": (nn.SGD(0.01), lambda p: torch.optim.SGD(p, lr=0.01)),
    "momentum": (nn.SGD(0.01, 0.9), lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9)),
    "adam": (nn.Adam(0.05), lambda p: torch.optim.Adam(p, lr=0.05)),
    "adam, other settings": (
        nn.Adam(0.02, 0.8, 0.95, 1e-6),
        lambda p: torch.optim.Adam(p, lr=0.02, betas=(0.8, 0.95), eps=1e-6),
    ),
}


def loss(p):
    return np.sum(np.tanh(A @ p["w"] + p["b"]) ** 2)


@pytest.mark.parametrize("name", PAIRS)
def test_twenty_steps_equal_torch(name):
    ours, make = PAIRS[name]
    twin = {k: torch.tensor(v, requires_grad=True) for k, v in START.items()}
    theirs = make([twin["b"], twin["w"]])
    params, state = START, ours.init(START)
    for _ in range(20):
        params, state = ours.update(dk.grad(loss)(params), state, params)
        theirs.zero_grad()
        torch.sum(torch.tanh(torch.tensor(A) @ twin["w"] + twin["b"]) ** 2).backward()
        theirs.step()
        for key, value in twin.items():
            np.testing.assert_allclose(params[key], value.detach().numpy(), rtol=1e-12, atol=1e-14)
    assert loss(params) < 0.9 * loss(START)


def test_update_changes_nothing_it_was_given():
    adam = nn.Adam()
    grads = dk.grad(loss)(START)
    state = adam.init(START)
    copies = [np.copy(START["w"]), np.copy(grads["w"]), np.copy(state.mean["w"])]
    first = adam.update(grads, state, START)
    second = adam.update(grads, state, START)
    np.testing.assert_array_equal(first[0]["w"], second[0]["w"])
    for kept, now in zip(copies, [START["w"], grads["w"], state.mean["w"]], strict=True):
        np.testing.assert_array_equal(kept, now)


def test_update_runs_inside_jit():
    adam = nn.Adam(0.05)

    def step(params, state):
        return adam.update(dk.grad(loss)(params), state, params)

    jitted = replayed(step)
    params, state = START, adam.init(START)
    fast, fast_state = START, adam.init(START)
    for _ in range(3):
        params, state = step(params, state)
        fast, fast_state = jitted(fast, fast_state)
    np.testing.assert_allclose(fast["w"], params["w"], rtol=1e-14)
    assert jitted.traces == 1


@pytest.mark.parametrize("optimiser", [nn.SGD(), nn.Adam()])
def test_trees_of_another_structure_are_refused(optimiser):
    with pytest.raises(TreeError, match=r"update: a tree .* Expected .*'b'"):
        optimiser.update({"w": START["w"]}, optimiser.init(START), START)


def test_single_precision_stays_single():
    x = np.ones(3, np.float32)
    for optimiser in (nn.Adam(0.1), nn.SGD(0.1, momentum=0.9)):
        step = replayed(lambda p, s, o=optimiser: o.update(p, s, p))
        for update in (step, lambda p, s, o=optimiser: o.update(p, s, p)):
            p, state = update(x, optimiser.init(x))
            p, state = update(p, state)
            assert p.dtype == np.float32
