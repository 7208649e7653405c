"""Logistic regression on the breast-cancer data: one matrix product and a loss that overflows
unless written with care.

With standardised features (and a column of ones) Z, labels y in {0, 1} and margins t = Z w,

    f(w) = mean_i (softplus(t_i) - y_i t_i) + lambda/2 |w|^2,        lambda = 1e-3,
    softplus(t) = max(t, 0) + log1p(exp(-|t|)),
    grad f = Z'(sigmoid(t) - y) / n + lambda w.

The stable softplus is written with `where`, so both branches stay finite and no derivative of `max`
or `abs` is taken.

Source of the data: Wolberg, Street & Mangasarian, UCI Machine Learning Repository 1995, as bundled
with scikit-learn.
"""

import numpy

from comparisons.problem import Case, Problem

__all__ = ["PROBLEM", "make"]

PENALTY = 1e-3


def make(samples: int) -> Case:
    """The regularised mean log-loss of the first `samples` (at most 569) patients; w has shape
    (31,)."""
    from sklearn.datasets import load_breast_cancer

    features, labels = load_breast_cancer(return_X_y=True)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    z = numpy.concatenate([features, numpy.ones((len(features), 1))], axis=1)[:samples]
    y = labels[:samples].astype(numpy.float64)
    w = numpy.random.default_rng(1995).normal(0.0, 0.3, z.shape[1])

    def f(w, np=numpy):
        t = z @ w
        minus_size = np.where(t > 0.0, -t, t)
        softplus = np.where(t > 0.0, t, 0.0) + np.log1p(np.exp(minus_size))
        return np.sum(softplus - y * t) / samples + 0.5 * PENALTY * np.sum(w * w)

    def twin(w):
        import torch

        t = torch.from_numpy(z) @ w
        softplus = torch.logaddexp(t, torch.zeros_like(t))
        return (softplus - torch.from_numpy(y) * t).mean() + 0.5 * PENALTY * (w * w).sum()

    def reference() -> numpy.ndarray:
        wide_z, wide_w = z.astype(numpy.longdouble), w.astype(numpy.longdouble)
        sigmoid = 1 / (1 + numpy.exp(-(wide_z @ wide_w)))
        gradient = wide_z.T @ (sigmoid - y) / samples + numpy.longdouble(PENALTY) * wide_w
        return gradient.astype(numpy.float64)

    return Case(f=f, x=w, torch=twin, reference=reference)


PROBLEM = Problem(
    name="logistic_regression",
    title="Logistic regression, breast-cancer data (size: samples)",
    source="Wolberg, Street & Mangasarian 1995, by scikit-learn",
    sizes=(100, 569),
    quick=(100,),
    make=make,
)
