"""lstm against the same sums number by number, in complex steps, and against PyTorch."""

import cmath

import numpy
import pytest

from comparisons.gradbench.evals import lstm
from comparisons.gradbench.validate import difference

SIZES = {"layers": 2, "characters": 6, "b": 7}


def sigmoid(z):
    return 1 / (1 + cmath.exp(-z))


def loss(main, extra, state, sequence):
    """One complex number at a time."""
    b, layers = len(sequence[0]), len(main) // 2
    state = [list(map(complex, row)) for row in state]
    total = 0.0
    for t in range(len(sequence) - 1):
        y = []
        for j in range(b):
            x = sequence[t][j] * extra[0][j]
            for k in range(layers):
                (h, c), w, v = (state[2 * k][j], state[2 * k + 1][j]), main[2 * k], main[2 * k + 1]
                c = c * sigmoid(x * w[j] + v[j]) + sigmoid(h * w[b + j] + v[b + j]) * cmath.tanh(
                    h * w[3 * b + j] + v[3 * b + j]
                )
                x = sigmoid(x * w[2 * b + j] + v[2 * b + j]) * cmath.tanh(c)
                state[2 * k][j], state[2 * k + 1][j] = x, c
            y.append(x * extra[1][j] + extra[2][j])
        norm = cmath.log(2 + sum(map(cmath.exp, y)))
        total += sum(s * (v - norm) for s, v in zip(sequence[t + 1], y, strict=True))
    return -total / (b * (len(sequence) - 1))


def test_lstm_is_the_loss_and_its_slopes(both):
    main, extra, state, sequence = lstm.arguments(lstm.generate(**SIZES)).data
    flat = numpy.concatenate([main.ravel(), extra.ravel()])

    def at(x):
        parts = x[: main.size].reshape(main.shape), x[main.size :].reshape(extra.shape)
        return loss(*parts, state, sequence)

    steps = numpy.eye(flat.size) * 1e-30j
    expected = {
        "objective": at(flat).real,
        "jacobian": numpy.array([at(flat + step).imag / 1e-30 for step in steps]),
    }
    assert numpy.linalg.norm(expected["jacobian"]) > 0.05
    for function, found, by_hand in both("lstm", **SIZES):
        assert difference(found, expected[function]) <= 1e-13
        assert difference(by_hand, expected[function]) <= 1e-13


def test_lstm_agrees_with_torch(both):
    pytest.importorskip("torch")
    from comparisons.gradbench.peers.torch import DERIVATIVES

    expected = DERIVATIVES["lstm"](lstm.arguments(lstm.generate(**SIZES)))().numpy()
    assert expected.shape == (8 * 2 * 7 + 3 * 7,)
    for function, found, by_hand in both("lstm", **SIZES):
        if function == "jacobian":
            assert difference(found, expected) <= 1e-12
            assert difference(by_hand, expected) <= 1e-12
