"""A long short-term memory, by a scan over time: products of matrices inside a loop.

    a_t = x_t Wx + h Wh + b = (i, j, k, o),   c ← σ(k) c + σ(i) tanh(j),   h ← σ(o) tanh(c)

for a batch of 16 sequences, 8 inputs and 32 hidden units; the loss is the mean of (h_t V - y_t)²
over all steps, in the weights Wx, Wh, b and V. An expert takes the products that do not depend on
the state out of the loop, as one product over all steps: X Wx before it, and in the sweep back, in
which ā_t is kept, Xᵀ Ā and Hᵀ Ā after it.

Source: Hochreiter & Schmidhuber, Neural Computation 9 (1997); gates as in Gers, Schmidhuber &
Cummins, Neural Computation 12 (2000).
"""

import numpy

import diffkit as dk
from comparisons.speed.numba_tools import numba_tools
from comparisons.speed.problem import Benchmark, Kernels

__all__ = ["BENCHMARK"]

BATCH, INPUTS, HIDDEN = 16, 8, 32


def inputs(steps: int) -> tuple[numpy.ndarray, ...]:
    """Wx[8, 128], Wh[32, 128], b[128], V[32, 8], and the sequences x, y [steps, 16, 8]."""
    rng = numpy.random.default_rng(8)
    waves = numpy.cumsum(rng.normal(0.0, 0.3, (steps + 1, BATCH, INPUTS)), axis=0)
    waves = numpy.tanh(waves)
    scale = HIDDEN**-0.5
    return (
        rng.normal(0.0, scale, (INPUTS, 4 * HIDDEN)),
        rng.normal(0.0, scale, (HIDDEN, 4 * HIDDEN)),
        rng.normal(0.0, scale, 4 * HIDDEN),
        rng.normal(0.0, scale, (HIDDEN, INPUTS)),
        waves[:-1].copy(),
        waves[1:].copy(),
    )


def f(wx, wh, b, v, xs, ys, np=numpy, scan=dk.scan):
    """The mean squared error of the next values."""
    n = wh.shape[0]

    def sigmoid(a):
        return 1.0 / (1.0 + np.exp(-a))

    def step(state, x):
        h, c = state
        a = x @ wx + h @ wh + b
        c = sigmoid(a[:, 2 * n : 3 * n]) * c + sigmoid(a[:, :n]) * np.tanh(a[:, n : 2 * n])
        h = sigmoid(a[:, 3 * n :]) * np.tanh(c)
        return (h, c), h

    start = np.zeros((xs.shape[1], n))
    _, hs = scan(step, (start, start), xs)
    return np.mean((hs @ v - ys) ** 2)


def by_hand(wx, wh, b, v, xs, ys):
    """Value and gradients in NumPy."""
    steps, batch, width = xs.shape
    n = wh.shape[0]
    gates = (xs.reshape(-1, width) @ wx + b).reshape(steps, batch, 4 * n)
    hs, cs = numpy.zeros((steps + 1, batch, n)), numpy.zeros((steps + 1, batch, n))
    tanhs = numpy.empty((steps, batch, n))
    for t in range(steps):
        a = gates[t]
        a += hs[t] @ wh
        a[:, n : 2 * n] *= 2.0  # tanh(a) = 2 σ(2a) - 1: one exponential for all four gates
        numpy.negative(a, out=a)
        numpy.exp(a, out=a)
        a += 1.0
        numpy.reciprocal(a, out=a)
        a[:, n : 2 * n] *= 2.0
        a[:, n : 2 * n] -= 1.0
        cs[t + 1] = a[:, 2 * n : 3 * n] * cs[t] + a[:, :n] * a[:, n : 2 * n]
        numpy.tanh(cs[t + 1], out=tanhs[t])
        hs[t + 1] = a[:, 3 * n :] * tanhs[t]
    flat = hs[1:].reshape(-1, n)
    miss = flat @ v - ys.reshape(-1, v.shape[1])
    value = numpy.mean(miss * miss)
    miss *= 2.0 / miss.size
    from_loss = (miss @ v.T).reshape(steps, batch, n)
    dh, dc = numpy.zeros((batch, n)), numpy.zeros((batch, n))
    for t in range(steps - 1, -1, -1):
        i, j, k, o = (gates[t, :, m * n : (m + 1) * n] for m in range(4))
        dh += from_loss[t]
        dc += dh * o * (1.0 - tanhs[t] ** 2)
        parts = (
            dc * j * i * (1.0 - i),
            dc * i * (1.0 - j * j),
            dc * cs[t] * k * (1.0 - k),
            dh * tanhs[t] * o * (1.0 - o),
        )
        dc *= k
        for m, part in enumerate(parts):
            gates[t, :, m * n : (m + 1) * n] = part
        dh = gates[t] @ wh.T
    slopes = gates.reshape(-1, 4 * n)
    return (
        value,
        xs.reshape(-1, width).T @ slopes,
        hs[:-1].reshape(-1, n).T @ slopes,
        numpy.sum(slopes, axis=0),
        flat.T @ miss,
    )


def compiled() -> Kernels:
    """BLAS for the products, and one pass over the state between two of them."""
    tools = numba_tools()
    njit, add, tanh, sigmoid = tools.njit, tools.add, tools.tanh, tools.sigmoid

    @njit
    def cell(a, from_h, b, c, new, tanhs, h):
        """The gates in place of what they are computed from; the new state. A loop for each thing
        to compute: one loop for all of them has too many arrays to be vectorised."""
        n = c.shape[1]
        for r in range(c.shape[0]):
            for u in range(n):
                a[r, u] = sigmoid(a[r, u] + from_h[r, u] + b[u])
            for u in range(n):
                a[r, n + u] = tanh(a[r, n + u] + from_h[r, n + u] + b[n + u])
            for u in range(n):
                a[r, 2 * n + u] = sigmoid(a[r, 2 * n + u] + from_h[r, 2 * n + u] + b[2 * n + u])
            for u in range(n):
                a[r, 3 * n + u] = sigmoid(a[r, 3 * n + u] + from_h[r, 3 * n + u] + b[3 * n + u])
            for u in range(n):
                new[r, u] = a[r, 2 * n + u] * c[r, u] + a[r, u] * a[r, n + u]
            for u in range(n):
                tanhs[r, u] = tanh(new[r, u])
            for u in range(n):
                h[r, u] = a[r, 3 * n + u] * tanhs[r, u]

    @njit
    def cell_back(a, c, tanhs, from_loss, dh, dc):
        """The cotangents of the four sums in place of the gates; that of the last state in dc."""
        n = c.shape[1]
        for r in range(c.shape[0]):
            for u in range(n):
                g, s, o = dh[r, u] + from_loss[r, u], tanhs[r, u], a[r, 3 * n + u]
                dc[r, u] += g * o * (1.0 - s * s)
                a[r, 3 * n + u] = g * s * o * (1.0 - o)
            for u in range(n):
                i, j, d = a[r, u], a[r, n + u], dc[r, u]
                a[r, u] = d * j * i * (1.0 - i)
                a[r, n + u] = d * i * (1.0 - j * j)
            for u in range(n):
                k, d = a[r, 2 * n + u], dc[r, u]
                a[r, 2 * n + u] = d * c[r, u] * k * (1.0 - k)
                dc[r, u] = d * k

    @njit
    def loss(miss, ys):
        """The mean square of miss - ys, of which the slope is left in miss."""
        total, scale = 0.0, 2.0 / miss.size
        for r in range(miss.shape[0]):
            for u in range(miss.shape[1]):
                d = miss[r, u] - ys[r, u]
                total = add(total, d * d)
                miss[r, u] = scale * d
        return total / miss.size

    @njit
    def primal(wx, wh, b, v, xs, ys):
        steps, batch, width = xs.shape
        n = wh.shape[0]
        gates = numpy.empty((steps, batch, 4 * n))
        numpy.dot(xs.reshape(steps * batch, width), wx, gates.reshape(steps * batch, 4 * n))
        hs, c = numpy.empty((steps, batch, n)), numpy.zeros((batch, n))
        from_h, tanhs = numpy.zeros((batch, 4 * n)), numpy.empty((batch, n))
        for t in range(steps):
            if t:
                numpy.dot(hs[t - 1], wh, from_h)
            cell(gates[t], from_h, b, c, c, tanhs, hs[t])
        miss = numpy.empty((steps * batch, v.shape[1]))
        numpy.dot(hs.reshape(steps * batch, n), v, miss)
        return loss(miss, ys.reshape(steps * batch, v.shape[1]))

    @njit
    def gradient(wx, wh, b, v, xs, ys):
        steps, batch, width = xs.shape
        n, rows = wh.shape[0], xs.shape[0] * xs.shape[1]
        # one block for all that is kept: the system gives and takes back large ones page by page
        work = numpy.empty((8 * steps + 2, batch, n))
        gates = work[: 4 * steps].reshape(steps, batch, 4 * n)
        tanhs, from_loss = work[4 * steps : 5 * steps], work[5 * steps : 6 * steps]
        hs, cs = work[6 * steps : 7 * steps + 1], work[7 * steps + 1 :]
        flat = gates.reshape(rows, 4 * n)
        numpy.dot(xs.reshape(rows, width), wx, flat)
        hs[0] = 0.0
        cs[0] = 0.0
        from_h = numpy.empty((batch, 4 * n))
        for t in range(steps):
            numpy.dot(hs[t], wh, from_h)
            cell(gates[t], from_h, b, cs[t], cs[t + 1], tanhs[t], hs[t + 1])
        outs = hs[1:].reshape(rows, n)
        miss = numpy.empty((rows, v.shape[1]))
        numpy.dot(outs, v, miss)
        value = loss(miss, ys.reshape(rows, v.shape[1]))
        gv = numpy.empty_like(v)
        numpy.dot(outs.T, miss, gv)
        numpy.dot(miss, v.T, from_loss.reshape(rows, n))
        dh, dc = numpy.zeros((batch, n)), numpy.zeros((batch, n))
        for t in range(steps - 1, -1, -1):
            cell_back(gates[t], cs[t], tanhs[t], from_loss[t], dh, dc)
            numpy.dot(gates[t], wh.T, dh)
        gx, gh, gb = numpy.empty_like(wx), numpy.empty_like(wh), numpy.zeros_like(b)
        numpy.dot(xs.reshape(rows, width).T, flat, gx)
        numpy.dot(hs[:-1].reshape(rows, n).T, flat, gh)
        for r in range(rows):
            for u in range(4 * n):
                gb[u] += flat[r, u]
        return value, gx, gh, gb, gv

    return Kernels(primal, gradient)


def in_torch(wx, wh, b, v, xs, ys):
    """PyTorch's own layer, with the same order of gates."""
    import torch

    n = wh.shape[0]
    i, j, k, o = (slice(m * n, (m + 1) * n) for m in range(4))
    order = (i, k, j, o)

    def arranged(w):
        return torch.cat([w[..., part] for part in order], dim=-1)

    weights = [arranged(wx).T, arranged(wh).T, arranged(b), torch.zeros_like(b)]
    start = xs.new_zeros((1, xs.shape[1], n))
    hs, _, _ = torch.lstm(xs, (start, start), weights, True, 1, 0.0, False, False, False)
    return torch.mean((hs @ v - ys) ** 2)


BENCHMARK = Benchmark(
    name="lstm",
    title="LSTM by scan, batch 16, 8 inputs, 32 units (size: steps)",
    source="Hochreiter & Schmidhuber, Neural Computation 9 (1997)",
    sizes=(16, 128),
    quick=(16,),
    tiny=3,
    inputs=inputs,
    f=f,
    numpy=by_hand,
    compiled=compiled,
    torch=in_torch,
    wrt=4,
    without={"torch-compile": "torch.lstm is one call into PyTorch's library already"},
)
