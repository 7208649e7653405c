"""Gaussian mixture: log posterior of a mixture with a Wishart prior.

The function, its twin in PyTorch and the source are those of GradBench's eval
(`comparisons.gradbench.evals.gmm`), here with all parameters in one vector: alpha (k), mu (k, d),
q (k, d) and l (k, d(d-1)/2), of a mixture in d = 4 dimensions.
"""

import numpy

from comparisons.gradbench.evals.blocks import whole
from comparisons.gradbench.evals.gmm import entries_below, objective
from comparisons.gradbench.peers import torch_gmm
from comparisons.problem import Case, Problem

__all__ = ["PROBLEM", "closed_form", "make"]

DIMENSION, POINTS, GAMMA, WISHART_M = 4, 100, 1.0, 0


def make(components: int) -> Case:
    """A mixture of `components` Gaussians in 4 dimensions, with 15 parameters each."""
    rng = numpy.random.default_rng(31337)
    points = rng.normal(size=(POINTS, DIMENSION))
    packed = DIMENSION * (DIMENSION - 1) // 2
    x = numpy.concatenate(
        [
            rng.normal(size=components),
            rng.uniform(size=components * DIMENSION),
            rng.normal(size=components * DIMENSION),
            rng.normal(size=components * packed),
        ]
    )

    def f(x, np=numpy):
        parameters = unpacked(x, components, np.reshape)
        return objective(parameters, points, GAMMA, m=WISHART_M, np=np, rows=whole)

    def twin(x):
        import torch

        parameters = unpacked(x, components, torch.reshape)
        return torch_gmm.objective(parameters, torch.from_numpy(points), GAMMA, m=WISHART_M)

    return Case(f=f, x=x, torch=twin, reference=lambda: closed_form(x, points, components))


def unpacked(x, k, reshape):
    """The parameters by name, for k components."""
    d = DIMENSION
    a, b, c = k, k + k * d, k + 2 * k * d
    return {
        "alpha": x[:a],
        "mu": reshape(x[a:b], (k, d)),
        "q": reshape(x[b:c], (k, d)),
        "l": reshape(x[c:], (k, d * (d - 1) // 2)),
    }


def closed_form(x: numpy.ndarray, points: numpy.ndarray, components: int) -> numpy.ndarray:
    """The gradient by hand, in extended precision.

    With responsibilities r = softmax_k(beta), delta = x_i - mu_k and z = Q delta:

        dF/dalpha = sum_i r_i - n softmax(alpha)      dF/dmu_k = sum_i r_ik Q_k' z_ik
        dF/dQ_k   = -sum_i r_ik z_ik delta_ik' - gamma^2 Q_k,   below the diagonal: dF/dl
        dF/dq_kj  = sum_i r_ik + m + exp(q_kj) (dF/dQ_k)_jj
    """
    parameters = unpacked(x.astype(numpy.longdouble), components, numpy.reshape)
    alpha, mu, q, packed_l = (parameters[name] for name in ("alpha", "mu", "q", "l"))
    k, d = mu.shape
    rows, columns = entries_below(d)
    triangle = numpy.zeros((k, d, d), dtype=numpy.longdouble)
    triangle[:, rows, columns] = packed_l
    triangle[:, numpy.arange(d), numpy.arange(d)] = numpy.exp(q)
    delta = points.astype(numpy.longdouble)[:, None, :] - mu
    z = numpy.einsum("kij,nkj->nki", triangle, delta)
    beta = alpha + q.sum(axis=1) - (z**2).sum(axis=2) / 2
    r = numpy.exp(beta - beta.max(axis=1, keepdims=True))
    r /= r.sum(axis=1, keepdims=True)
    share = numpy.exp(alpha - alpha.max())
    share /= share.sum()
    d_alpha = r.sum(axis=0) - len(points) * share
    d_mu = numpy.einsum("nk,kij,nki->kj", r, triangle, z)
    d_triangle = -numpy.einsum("nk,nki,nkj->kij", r, z, delta) - GAMMA**2 * triangle
    diagonal = numpy.einsum("kjj->kj", d_triangle)
    d_q = r.sum(axis=0)[:, None] + WISHART_M + numpy.exp(q) * diagonal
    d_l = d_triangle[:, rows, columns]
    return numpy.concatenate([d_alpha, d_mu.ravel(), d_q.ravel(), d_l.ravel()]).astype(
        numpy.float64
    )


PROBLEM = Problem(
    name="gmm",
    title="Gaussian mixture with Wishart prior (size: components; 15 parameters each)",
    source="Srajer, Kukelova & Fitzgibbon 2018; GradBench gmm",
    sizes=(2, 10),
    quick=(2,),
    make=make,
)
