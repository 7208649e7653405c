"""The triangle of springs against the published run, PyTorch, momentum, and the verification kit.

Only one test runs the full history; what the others assert holds for every length.
"""

import numpy as np
import pytest
import torch

import diffkit as dk
from physics import mass_spring as m
from physics import verify

START = m.PROBLEM.start()
OPENED = {"rest_length": np.array([0.65, 0.73, 0.67])}  # pushes a mass into the wall
SHORT = 60


def short(params):
    return m.loss(params, SHORT)


def test_training_follows_the_published_run():
    steps = list(m.train())
    losses = [step.loss for step in steps]
    rests = [step.params["rest_length"] for step in steps]
    np.testing.assert_allclose(losses[0], 9.026402e-3, rtol=1e-7)
    slope = (rests[0] - rests[1]) / 5.0
    np.testing.assert_allclose(slope, [-5.65966e-3, -5.65966e-3, -2.69581e-3], rtol=1e-6)
    assert abs(losses[24] - 4.91e-5) < 0.005e-5
    assert np.all(np.diff(losses) < 0)
    np.testing.assert_array_equal(np.round(rests[25], 3), [0.650, 0.731, 0.676])


def test_internal_forces_keep_the_momentum():
    x, v = m.START - 1.0, np.zeros((3, 2))  # away from the wall
    rest = np.array([[0.3], [0.05], [0.2]])
    for _ in range(50):
        x, v = m.advance(x, v, rest)
    assert np.max(np.abs(v)) > 0.01
    np.testing.assert_allclose(np.sum(v, axis=0), 0.0, atol=1e-16)


def test_springs_at_rest_stay():
    natural = np.sqrt(np.sum((m.INCIDENCE @ m.START) ** 2, axis=1)) + m.EPSILON
    x, v = m.simulate({"rest_length": natural}, 5)
    np.testing.assert_allclose(x, m.START, atol=1e-16)
    np.testing.assert_allclose(v, 0.0, atol=1e-15)


@pytest.mark.parametrize(
    ("velocity", "after"),
    [
        ((2.0, 0.5), (0.0, 0.48)),  # friction takes 0.01 of the normal speed
        ((2.0, -0.5), (0.0, -0.48)),
        ((2.0, 0.01), (0.0, 0.0)),  # but never more than there is
        ((-2.0, 0.5), (-2.0, 0.5)),  # moving away from the wall
    ],
)
def test_the_wall(velocity, after):
    outside, v = np.array([[m.WALL + 0.01, 0.0]]), np.array([velocity])
    np.testing.assert_allclose(m.stop_at_wall(outside, v), [after], atol=1e-16)
    np.testing.assert_array_equal(m.stop_at_wall(outside - 0.02, v), v)


@pytest.mark.parametrize("params", [START, OPENED], ids=["free", "wall"])
def test_forward_reverse_and_complex_step_agree(params):
    reverse = dk.grad(short)(params)["rest_length"]
    forward = dk.grad(short, method="forward")(params)["rest_length"]
    stepped = dk.grad(short, method="complex-step")(params)["rest_length"]
    np.testing.assert_allclose(forward, reverse, rtol=1e-12)
    np.testing.assert_allclose(stepped, reverse, rtol=1e-12)


# At START a mass touches the wall and hardly moves; rest lengths 0.2 % longer push it in: a kink.
@pytest.mark.parametrize(("params", "scale"), [(START, 0.1), (OPENED, 1.0)], ids=["free", "wall"])
def test_taylor_and_dot_product(params, scale):
    rng = np.random.default_rng(0)
    direction = verify.direction_like(params, rng)
    steps = scale * np.array(verify.STEPS)
    slopes = verify.taylor_slopes(short, dk.grad(short)(params), params, direction, steps)[1]
    assert all(1.9 < s < 2.1 for s in slopes), slopes
    assert verify.dot_product_error(lambda q: m.simulate(q, 20), params, rng) < 1e-12


def torch_loss(rest, steps):
    x, v = torch.tensor(m.START), torch.zeros((3, 2), dtype=torch.float64)
    for _ in range(steps):
        force = [torch.zeros(2, dtype=torch.float64) for _ in range(3)]
        for (a, b), natural in zip(m.SPRINGS, rest, strict=True):
            d = x[a] - x[b]
            length = torch.linalg.norm(d) + m.EPSILON
            pull = m.STIFFNESS * (length - natural) * d / length
            force[a], force[b] = force[a] - pull, force[b] + pull
        v = m.KEEP * v + m.DT * torch.stack(force)
        x = x + m.DT * v
        rows = []
        for position, (vx, vy) in zip(x, v, strict=True):
            if position[0] > m.WALL and vx > 0:
                if vy > 0:
                    vy = vy - torch.minimum(vy, m.FRICTION * vx)
                elif vy < 0:
                    vy = vy + torch.minimum(-vy, m.FRICTION * vx)
                vx = torch.zeros_like(vx)
            rows.append(torch.stack([vx, vy]))
        v = torch.stack(rows)
    e, f = x[1] - x[0], x[2] - x[0]
    return (0.5 * torch.abs(e[0] * f[1] - e[1] * f[0]) - m.AREA) ** 2


@pytest.mark.parametrize("params", [START, OPENED], ids=["free", "wall"])
def test_value_and_gradient_equal_torch(params):
    rest = torch.tensor(params["rest_length"], requires_grad=True)
    value = torch_loss(rest, 100)
    value.backward()
    got, slope = dk.value_and_grad(lambda q: m.loss(q, 100))(params)
    np.testing.assert_allclose(got, value.item(), rtol=1e-12)
    np.testing.assert_allclose(slope["rest_length"], rest.grad.numpy(), rtol=1e-10)


def test_the_opened_triangle_runs_into_the_wall():
    x, v = m.simulate(OPENED, SHORT)
    assert np.any((x[:, 0] > m.WALL) & (v[:, 0] == 0))
