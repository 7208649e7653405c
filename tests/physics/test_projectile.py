"""The projectile against closed forms, published numbers, PyTorch, and the verification kit.

Tests of derivatives take long steps: what they assert holds for every step.
"""

import math

import numpy as np
import pytest
import torch

import diffkit as dk
from physics import projectile as p
from physics import verify

START = p.PROBLEM.start()
WINDY = {**START, "wind": np.array([2.0, -0.5])}
LONG = 0.1
NAMES = ("speed", "angle", "drag", "wind")


def flat(tree):
    return np.concatenate([np.ravel(tree[name]) for name in NAMES])


def reach(params):
    return p.distance(params, LONG)


def test_the_oracles_hold():
    for oracle in p.PROBLEM.oracles:
        assert oracle.error() < oracle.tolerance, oracle.quantity


def test_the_range_at_one_millisecond_is_the_published_one():
    assert round(float(p.distance(START, p.DT)), 6) == 95.102039
    assert abs(p.distance(START, p.DT) - p.distance(START, p.COARSE)) < 4e-9


def test_runge_kutta_converges_at_order_four():
    exact = p.distance(START, p.DT)
    errors = [abs(p.distance(START, dt) - exact) for dt in (0.2, 0.1, 0.05)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(np.abs(orders - 4) < 0.15)


@pytest.mark.parametrize("height", [0.0, 1.0])
def test_range_without_air_has_the_derivatives_of_the_closed_form(height):
    vacuum = {"speed": 40.0, "angle": math.radians(35)}

    def simulated(aim):
        return p.distance({**START, **aim, "drag": 0.0}, LONG, height)

    value, slope = dk.value_and_grad(simulated)(vacuum)
    expected, known = dk.value_and_grad(lambda aim: p.vacuum_range(aim, height))(vacuum)
    np.testing.assert_allclose(value, expected, rtol=1e-13)
    for name in vacuum:
        np.testing.assert_allclose(slope[name], known[name], rtol=1e-12)
    if height == 0:
        np.testing.assert_allclose(expected, 40**2 * math.sin(math.radians(70)) / p.GRAVITY)


def test_a_fall_from_rest_is_the_hyperbolic_tangent():
    height = 30.0

    def fall(drag):
        params = {"speed": 0.0, "angle": 0.0, "drag": drag, "wind": np.zeros(2)}
        end = p.land(params, 0.02, height)
        return dk.numpy.array([end.time, end.velocity[1]])

    def known(drag):
        return dk.numpy.array([p.fall_time(drag, height), p.fall_speed(drag, height)])

    np.testing.assert_allclose(fall(0.35), known(0.35), rtol=1e-8)
    np.testing.assert_allclose(dk.jacobian(fall)(0.35), dk.jacobian(known)(0.35), rtol=1e-6)


def test_the_time_of_landing_obeys_the_implicit_function_theorem():
    end = p.land(WINDY, LONG)
    steps = int(end.time / LONG)
    rest = end.time - steps * LONG
    event = dk.grad(lambda q: p.land(q, LONG).time)(WINDY)
    still = dk.grad(lambda q: p.fly(q, steps, rest, LONG).x[1])(WINDY)
    rate = dk.grad(lambda h: p.fly(WINDY, steps, h, LONG).x[1])(float(rest))
    np.testing.assert_allclose(flat(event), -flat(still) / rate, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(rate, end.velocity[1], rtol=1e-6)  # the step's slope is v_y


def test_second_derivatives_pass_through_the_event():
    vacuum = {"speed": 40.0, "wind": np.zeros(2), "drag": 0.0}
    curvature = dk.grad(dk.grad(lambda a: p.distance({**vacuum, "angle": a}, 0.2)))(0.6)
    known = dk.grad(dk.grad(lambda a: p.vacuum_range({**vacuum, "angle": a})))(0.6)
    np.testing.assert_allclose(curvature, known, rtol=1e-11)


def test_forward_reverse_and_complex_step_agree():
    reverse = flat(dk.grad(reach)(WINDY))
    forward = flat(dk.grad(reach, method="forward")(WINDY))
    stepped = flat(dk.grad(reach, method="complex-step")(WINDY))
    np.testing.assert_allclose(forward, reverse, rtol=1e-12)
    np.testing.assert_allclose(stepped, reverse, rtol=1e-12)


def test_taylor_and_dot_product():
    rng = np.random.default_rng(0)
    direction = verify.direction_like(WINDY, rng)

    def miss(params):
        return p.loss(params, LONG)

    without, with_gradient = verify.taylor_slopes(
        miss, dk.grad(miss)(WINDY), WINDY, direction, verify.STEPS
    )
    assert all(1.9 < s < 2.1 for s in with_gradient), (without, with_gradient)
    assert verify.dot_product_error(lambda q: p.land(q, 0.2), WINDY, rng) < 1e-12


def torch_reach(speed, angle, drag, wind, dt):
    k = p.AIR * math.pi * p.DIAMETER**2 / 8 / p.MASS * drag
    down = torch.tensor(p.DOWN)

    def slope(s):
        u = s[2:] - wind
        return torch.cat([s[2:], down - k * torch.linalg.norm(u) * u])

    def advance(s, h):
        k1 = slope(s)
        k2 = slope(s + h / 2 * k1)
        k3 = slope(s + h / 2 * k2)
        k4 = slope(s + h * k3)
        return s + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    velocity = speed * torch.stack([torch.cos(angle), torch.sin(angle)])
    s = torch.cat([torch.tensor([0.0, p.HEIGHT], dtype=torch.float64), velocity])
    while (after := advance(s, dt))[1] > 0:
        s = after
    h = torch.tensor(0.0, dtype=torch.float64)
    for _ in range(8):
        end = advance(s, h)
        h = h - end[1] / end[3]
    return advance(s, h)[0]


def test_value_and_gradient_equal_torch():
    leaves = {name: torch.tensor(WINDY[name], requires_grad=True) for name in NAMES}
    value = torch_reach(**leaves, dt=LONG)
    value.backward()
    got, slope = dk.value_and_grad(reach)(WINDY)
    np.testing.assert_allclose(got, value.item(), rtol=1e-12)
    for name, leaf in leaves.items():
        np.testing.assert_allclose(slope[name], leaf.grad.numpy(), rtol=1e-10)


def test_training_hits_the_target():
    losses = [step.loss for step in p.train(dt=LONG)]
    np.testing.assert_allclose(losses[0], (95.102039 - p.TARGET) ** 2, rtol=1e-6)
    assert losses[-1] < 1e-10 and len(losses) == 5
