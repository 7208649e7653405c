"""Lorenz and the double pendulum: published growth of derivatives, and derivatives that all modes
agree on however large they are."""

import numpy as np
import pytest

import diffkit as dk
from physics import double_pendulum, lorenz
from physics.chaos import integrate

PROBLEMS = (lorenz, double_pendulum)


@pytest.mark.parametrize("module", PROBLEMS, ids=lambda m: m.PROBLEM.name)
def test_the_oracles_hold(module):
    for oracle in module.PROBLEM.oracles:
        assert oracle.error() < oracle.tolerance, oracle.quantity


@pytest.mark.parametrize("module", PROBLEMS, ids=lambda m: m.PROBLEM.name)
def test_training_comes_near(module):
    steps = list(module.train())
    assert steps[-1].loss < 1e-2 * steps[0].loss


@pytest.mark.parametrize("time", [1, 5, 10])
def test_all_modes_agree_on_a_chaotic_trajectory(time):
    """To 1e-10 of a derivative that has grown; rounding of the state grows along with it."""

    def last(rho):
        return lorenz.state(rho, 100 * time)[2]

    forward = dk.grad(last, method="forward")(28.0)
    reverse = dk.grad(last, method="reverse")(28.0)
    step = dk.grad(last, method="complex-step")(28.0)
    np.testing.assert_allclose([forward, reverse], step, rtol=1e-10)


def test_the_loop_is_one_node_however_long():
    graphs = [dk.trace(lambda rho, n=n: lorenz.state(rho, n))(28.0) for n in (10, 10_000)]
    assert [len(g.nodes) for g in graphs] == [len(graphs[0].nodes)] * 2


def test_the_step_is_of_fourth_order():
    """u′ = -u² from 1 is 1/(1 + t)."""
    errors = [abs(integrate(lambda u: -u * u, 1.0, 1 / n, n) - 0.5) for n in (8, 16, 32)]
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert np.all(np.abs(orders - 4) < 0.2)


def test_pendulum_keeps_its_energy():
    start = np.array([1.0, 0.5, 0.0, 0.0])
    after = double_pendulum.state(1.0, 0.5, 500)
    assert abs(double_pendulum.energy(after) - double_pendulum.energy(start)) < 1e-9
