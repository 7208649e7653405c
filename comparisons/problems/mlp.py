"""A small neural net on the digits data: dense matrix products, tanh and a softmax, 2,410
parameters.

    h = tanh(Z W1 + b1),   logits = h W2 + b2,   f = mean_i (LSE(logits_i) - logits_{i, label_i})

with layers 64-32-10. With thousands of parameters and one output this is the case reverse mode was
made for; methods that take one direction at a time pay 2,410 sweeps. LSE is shifted by the row
maximum, whose derivative cancels exactly.

Source of the data: Alpaydin & Kaynak, UCI Machine Learning Repository 1998, as bundled with
scikit-learn; the gradient by hand is back-propagation, Rumelhart, Hinton & Williams, Nature 323
(1986) 533-536.
"""

import numpy

from comparisons.problem import Case, Problem

__all__ = ["PROBLEM", "back_propagation", "make"]

INPUTS, HIDDEN, CLASSES = 64, 32, 10
_ENDS = numpy.cumsum([INPUTS * HIDDEN, HIDDEN, HIDDEN * CLASSES]).tolist()


def make(batch: int) -> Case:
    """The mean cross-entropy over the first `batch` (at most 1797) images; the parameters are one
    flat vector."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    z = images[:batch] / 16.0
    onehot = numpy.eye(CLASSES)[labels[:batch]]
    rng = numpy.random.default_rng(1986)
    x = numpy.concatenate(
        [
            rng.normal(0.0, INPUTS**-0.5, INPUTS * HIDDEN),
            rng.normal(0.0, 0.1, HIDDEN),
            rng.normal(0.0, HIDDEN**-0.5, HIDDEN * CLASSES),
            rng.normal(0.0, 0.1, CLASSES),
        ]
    )

    def f(x, np=numpy):
        w1 = np.reshape(x[: _ENDS[0]], (INPUTS, HIDDEN))
        b1 = x[_ENDS[0] : _ENDS[1]]
        w2 = np.reshape(x[_ENDS[1] : _ENDS[2]], (HIDDEN, CLASSES))
        b2 = x[_ENDS[2] :]
        logits = np.tanh(z @ w1 + b1) @ w2 + b2
        peak = np.max(logits, axis=1)
        total = peak + np.log(np.sum(np.exp(logits - peak[:, None]), axis=1))
        return (np.sum(total) - np.sum(logits * onehot)) / batch

    def twin(x):
        import torch

        w1 = x[: _ENDS[0]].reshape(INPUTS, HIDDEN)
        w2 = x[_ENDS[1] : _ENDS[2]].reshape(HIDDEN, CLASSES)
        hidden = torch.tanh(torch.from_numpy(z) @ w1 + x[_ENDS[0] : _ENDS[1]])
        logits = hidden @ w2 + x[_ENDS[2] :]
        picked = (logits * torch.from_numpy(onehot)).sum(dim=1)
        return (torch.logsumexp(logits, dim=1) - picked).mean()

    return Case(f=f, x=x, torch=twin, reference=lambda: back_propagation(x, z, onehot))


def back_propagation(x: numpy.ndarray, z: numpy.ndarray, onehot: numpy.ndarray) -> numpy.ndarray:
    """The gradient by hand, in extended precision.

    d_logits = (softmax(logits) - onehot) / n,   d_a = (d_logits W2') (1 - h^2),
    dW2 = h' d_logits,   dW1 = Z' d_a,   and the biases take the column sums.
    """
    wide, z = x.astype(numpy.longdouble), z.astype(numpy.longdouble)
    w1, b1, w2, b2 = numpy.split(wide, _ENDS)
    w1, w2 = w1.reshape(INPUTS, HIDDEN), w2.reshape(HIDDEN, CLASSES)
    h = numpy.tanh(z @ w1 + b1)
    logits = h @ w2 + b2
    softmax = numpy.exp(logits - logits.max(axis=1, keepdims=True))
    softmax /= softmax.sum(axis=1, keepdims=True)
    d_logits = (softmax - onehot) / len(z)
    d_a = (d_logits @ w2.T) * (1 - h**2)
    parts = [z.T @ d_a, d_a.sum(axis=0), h.T @ d_logits, d_logits.sum(axis=0)]
    return numpy.concatenate([part.ravel() for part in parts]).astype(numpy.float64)


PROBLEM = Problem(
    name="mlp",
    title="Neural net 64-32-10 on digits (size: images)",
    source="Alpaydin & Kaynak 1998, by scikit-learn",
    sizes=(16, 64),
    quick=(16,),
    make=make,
)
