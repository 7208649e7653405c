"""Robertson's reactions against the sensitivities that SUNDIALS publishes."""

import numpy as np
import pytest

import diffkit as dk
from physics import robertson as r


@pytest.mark.parametrize("oracle", r.PROBLEM.oracles, ids=lambda o: o.quantity)
def test_the_oracles_hold(oracle):
    assert oracle.error() < oracle.tolerance


def test_mass_is_kept_and_so_are_its_sensitivities():
    y = r.concentrations(r.RATES)
    np.testing.assert_allclose(np.sum(y, axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(np.sum(r.sensitivities(0.4), axis=0) * r.RATES, 0.0, atol=1e-12)


def test_the_loss_has_its_minimum_at_the_true_rates():
    value, slope = dk.value_and_grad(r.loss)({"factors": np.ones(3)})
    assert value == 0.0
    np.testing.assert_array_equal(slope["factors"], 0.0)


def test_forward_and_reverse_agree_away_from_it():
    params = r.PROBLEM.start()
    forward = dk.grad(r.loss, method="forward")(params)["factors"]
    reverse = dk.grad(r.loss)(params)["factors"]
    np.testing.assert_allclose(forward, reverse, rtol=1e-9)
