"""lstm: the loss of a network that predicts the next character of a text, and its gradient.

Characters are vectors of b bits. Each of l layers has weights w and biases v in four parts, a
hidden state h and a cell c, and does, element by element,

    f = σ(x w_f + v_f),  i = σ(h w_i + v_i),  o = σ(x w_o + v_o),  g = tanh(h w_g + v_g)
    c ← c f + i g,  h ← o tanh c,  and h is the x of the next layer.

The first x is a character times w_in; the last gives y = x w_out + v_out, and the loss is the mean
of -s (y - log(2 + Σ exp y)) over the bits s of the characters that follow.

Source: the model of ADBench (Srajer, Kukelova & Fitzgibbon 2018), as GradBench computes it. Its
gates are not those of the usual LSTM, and the 2 is not derived from anything.
"""

import numpy

import diffkit as dk
from comparisons.gradbench.evaluation import Arguments, Eval, Workload, floats

__all__ = ["EVAL", "jacobian", "objective"]


def objective(main, extra, state, sequence, np=numpy, scan=dk.scan):
    """The loss over a sequence, float64[c, b], for main float64[2l, 4b] with weights and biases in
    turn, extra float64[3, b] = (w_in, w_out, v_out) and state float64[2l, b] = (h, c) in turn."""
    w_in, w_out, v_out = extra
    weights, biases = main[::2], main[1::2]

    def step(states, characters):
        x, following = characters
        x, states = scan(up, x * w_in, (weights, biases, *states))
        y = x * w_out + v_out
        return states, np.sum(following * (y - np.log(2.0 + np.sum(np.exp(y)))))

    def up(x, row):
        h, cell = layer(x, *row, np)
        return h, (h, cell)

    _, gains = scan(step, (state[::2], state[1::2]), (sequence[:-1], sequence[1:]))
    return -np.sum(gains) / sequence[1:].size


def layer(x, weights, biases, h, cell, np):
    """The new h and cell."""
    w_f, w_i, w_o, w_g = np.split(weights, 4)
    v_f, v_i, v_o, v_g = np.split(biases, 4)
    forget, take = sigmoid(x * w_f + v_f, np), sigmoid(h * w_i + v_i, np)
    show, change = sigmoid(x * w_o + v_o, np), np.tanh(h * w_g + v_g)
    cell = cell * forget + take * change
    return show * np.tanh(cell), cell


def sigmoid(x, np):
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + np.exp(-x))


def jacobian(main, extra, state, sequence):
    """The gradient by main and extra, one after the other, float64[8lb + 3b]."""
    parts = dk.grad(objective, argnums=(0, 1))(main, extra, state, sequence)
    return numpy.concatenate([numpy.ravel(part) for part in parts])


BITS = 14


def generate(layers, characters, b=BITS):
    """Parameters between 0 and 1, and a text of printable characters, high bits first."""
    rng = numpy.random.default_rng(31337)
    text = rng.integers(32, 127, size=characters)
    return {
        "main_params": rng.uniform(size=(2 * layers, 4 * b)),
        "extra_params": rng.uniform(size=(3, b)),
        "state": rng.uniform(size=(2 * layers, b)),
        "sequence": (text[:, None] >> numpy.arange(b)[::-1] & 1).astype(numpy.float64),
    }


def arguments(given):
    """The parameters, the state and the sequence."""
    names = ("main_params", "extra_params", "state", "sequence")
    return Arguments(tuple(floats(given[name]) for name in names))


SIZES = sorted(((l, c) for l in (2, 4, 6) for c in (1024, 4096, 8192)), key=numpy.prod)  # noqa: E741
EVAL = Eval(
    name="lstm",
    title="loss of a recurrent network",
    functions={"objective": objective, "jacobian": jacobian},
    primal="objective",
    derivative="jacobian",
    workloads=tuple(
        Workload(f"l={layers},c={c}", {"layers": layers, "characters": c}) for layers, c in SIZES
    ),
    small=(
        Workload("l=2,c=9,b=7", {"layers": 2, "characters": 9, "b": 7}),
        Workload("l=2,c=200", {"layers": 2, "characters": 200}),
    ),
    generate=generate,
    arguments=arguments,
)
