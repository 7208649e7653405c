"""Softmax cross-entropy of a small net on the digits data: products of matrices, and between them
what a library must fuse.

    h = tanh(Z W₁ + b₁),   l = h W₂ + b₂,   f = mean_i (LSE(l_i) - l_{i, label i})

with layers 64-32-10. By hand, with P = softmax(l) and D = (P - onehot)/n:
dW₂ = hᵀ D, dA = (D W₂ᵀ)(1 - h²), dW₁ = Zᵀ dA, and the biases take the column sums.

Source: Rumelhart, Hinton & Williams, Nature 323 (1986); the data: Alpaydin & Kaynak, UCI Machine
Learning Repository 1998, as bundled with scikit-learn.
"""

import math

import numpy

from comparisons.speed.numba_tools import numba_tools
from comparisons.speed.problem import Benchmark, Kernels

__all__ = ["BENCHMARK"]

INPUTS, HIDDEN, CLASSES = 64, 32, 10


def inputs(batch: int) -> tuple[numpy.ndarray, ...]:
    """Weights and biases of two layers; the first images (at most 1797) and their labels."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    rng = numpy.random.default_rng(3)
    return (
        rng.normal(0.0, INPUTS**-0.5, (INPUTS, HIDDEN)),
        rng.normal(0.0, 0.1, HIDDEN),
        rng.normal(0.0, HIDDEN**-0.5, (HIDDEN, CLASSES)),
        rng.normal(0.0, 0.1, CLASSES),
        images[:batch] / 16.0,
        labels[:batch].astype(numpy.int64),
    )


def f(w1, b1, w2, b2, z, labels, np=numpy):
    """The mean cross-entropy."""
    logits = np.tanh(z @ w1 + b1) @ w2 + b2
    peak = np.max(logits, axis=1)
    total = peak + np.log(np.sum(np.exp(logits - peak[:, None]), axis=1))
    return np.mean(total - logits[np.arange(len(z)), labels])


def by_hand(w1, b1, w2, b2, z, labels):
    """Back-propagation in NumPy."""
    n, rows = len(z), numpy.arange(len(z))
    h = z @ w1
    h += b1
    numpy.tanh(h, out=h)
    d = h @ w2
    d += b2
    d -= numpy.max(d, axis=1, keepdims=True)
    picked = d[rows, labels]
    numpy.exp(d, out=d)
    total = numpy.sum(d, axis=1, keepdims=True)
    value = (numpy.sum(numpy.log(total)) - numpy.sum(picked)) / n
    d /= total * n
    d[rows, labels] -= 1.0 / n
    da = d @ w2.T
    da *= 1.0 - h * h
    return value, z.T @ da, numpy.sum(da, axis=0), h.T @ d, numpy.sum(d, axis=0)


def compiled() -> Kernels:
    """BLAS for the products, one loop for each thing between two of them."""
    tools = numba_tools()
    njit, add, tanh, exp = tools.njit, tools.add, tools.tanh, tools.exp

    @njit
    def hidden_layer(w1, b1, z, h):
        numpy.dot(z, w1, h)
        for i in range(h.shape[0]):
            for k in range(h.shape[1]):
                h[i, k] = tanh(h[i, k] + b1[k])

    @njit
    def row_entropy(row, b2, label):
        """Leaves the shifted exponentials of a row in it: the entropy and the sum of them."""
        peak = row[0] + b2[0]
        for k in range(row.size):
            row[k] += b2[k]
            peak = max(peak, row[k])
        picked, total = row[label] - peak, 0.0
        for k in range(row.size):
            row[k] = exp(row[k] - peak)
            total = add(total, row[k])
        return math.log(total) - picked, total

    @njit
    def primal(w1, b1, w2, b2, z, labels):
        n = z.shape[0]
        h = numpy.empty((n, w1.shape[1]))
        logits = numpy.empty((n, w2.shape[1]))
        hidden_layer(w1, b1, z, h)
        numpy.dot(h, w2, logits)
        value = 0.0
        for i in range(n):
            value += row_entropy(logits[i], b2, labels[i])[0]
        return value / n

    @njit
    def gradient(w1, b1, w2, b2, z, labels):
        n, width, classes = z.shape[0], w1.shape[1], w2.shape[1]
        h, da, d = numpy.empty((n, width)), numpy.empty((n, width)), numpy.empty((n, classes))
        g1, g2 = numpy.empty_like(w1), numpy.empty_like(w2)
        c1, c2 = numpy.zeros_like(b1), numpy.zeros_like(b2)
        hidden_layer(w1, b1, z, h)
        numpy.dot(h, w2, d)
        value = 0.0
        for i in range(n):
            entropy, total = row_entropy(d[i], b2, labels[i])
            value += entropy
            share = 1.0 / (total * n)
            for k in range(classes):
                d[i, k] *= share
            d[i, labels[i]] -= 1.0 / n
            for k in range(classes):
                c2[k] += d[i, k]
        numpy.dot(d, w2.T, da)
        for i in range(n):
            for k in range(width):
                slope = da[i, k] * (1.0 - h[i, k] * h[i, k])
                da[i, k] = slope
                c1[k] += slope
        numpy.dot(z.T, da, g1)
        numpy.dot(h.T, d, g2)
        return value / n, g1, c1, g2, c2

    return Kernels(primal, gradient)


def in_torch(w1, b1, w2, b2, z, labels):
    """PyTorch's fused layers and loss."""
    import torch

    hidden = torch.tanh(torch.addmm(b1, z, w1))
    return torch.nn.functional.cross_entropy(torch.addmm(b2, hidden, w2), labels)


BENCHMARK = Benchmark(
    name="mlp",
    title="softmax cross-entropy of a net 64-32-10 on digits (size: images)",
    source="Rumelhart, Hinton & Williams, Nature 323 (1986)",
    sizes=(64, 1_024),
    quick=(64,),
    tiny=5,
    inputs=inputs,
    f=f,
    numpy=by_hand,
    compiled=compiled,
    torch=in_torch,
    wrt=4,
)
