"""Gaussian mixture: log posterior of a mixture with a Wishart prior.

Parameters alpha (k), mu (k, d), q (k, d) and l (k, d(d-1)/2). Q_k is lower triangular with diagonal
exp(q_k) and l_k filled column by column below it. For points x_i, with LSE the log of a sum of
exponentials,

    beta_ik = alpha_k + sum_j q_kj - |Q_k (x_i - mu_k)|^2 / 2
    F = -n (d/2 log 2 pi + LSE(alpha)) + sum_i LSE_k(beta_ik)
        + k (nu d log(gamma / sqrt 2) - log Gamma_d(nu / 2))
        - gamma^2/2 sum_k |Q_k|_F^2 + m sum_kj q_kj,           nu = d + m + 1

Source: Srajer, Kukelova & Fitzgibbon, A benchmark of selected algorithmic differentiation tools on
some problems in computer vision and machine learning, Optimization Methods and Software 33 (2018);
the form is that of GradBench's `gmm`.
"""

import math

import numpy

from comparisons.problem import Case, Problem

__all__ = ["PROBLEM", "closed_form", "make"]

DIMENSION, POINTS, GAMMA, WISHART_M = 4, 100, 1.0, 0
# Position in (0, l_1, l_2, ...) of each entry of a triangle that is filled column by column; 0
# stands for an entry that is not below the diagonal.
_COLUMNS, _ROWS = numpy.triu_indices(DIMENSION, 1)
_PLACE = numpy.zeros((DIMENSION, DIMENSION), dtype=numpy.int64)
_PLACE[_ROWS, _COLUMNS] = 1 + numpy.arange(len(_ROWS))


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
    ends = numpy.cumsum([components, components * DIMENSION, components * DIMENSION]).tolist()
    constant = _constant(components)
    eye = numpy.eye(DIMENSION)
    no_entry = numpy.zeros((components, 1))

    def f(x, np=numpy):
        alpha = x[: ends[0]]
        mu = np.reshape(x[ends[0] : ends[1]], (components, DIMENSION))
        q = np.reshape(x[ends[1] : ends[2]], (components, DIMENSION))
        packed_l = np.reshape(x[ends[2] :], (components, packed))
        below = np.concatenate([no_entry, packed_l], axis=1)[:, _PLACE]
        triangle = below + np.exp(q)[:, :, None] * eye
        z = np.einsum("kij,nkj->nki", triangle, points[:, None, :] - mu)
        beta = alpha + np.sum(q, axis=1) - 0.5 * np.sum(z**2, axis=2)
        peak = np.max(beta, axis=1)
        rows = peak + np.log(np.sum(np.exp(beta - peak[:, None]), axis=1))
        top = np.max(alpha)
        weights = top + np.log(np.sum(np.exp(alpha - top)))
        prior = WISHART_M * np.sum(q) - 0.5 * GAMMA**2 * np.sum(triangle**2)
        return constant - POINTS * weights + np.sum(rows) + prior

    def twin(x):
        import torch

        alpha = x[: ends[0]]
        mu = x[ends[0] : ends[1]].reshape(components, DIMENSION)
        q = x[ends[1] : ends[2]].reshape(components, DIMENSION)
        packed_l = x[ends[2] :].reshape(components, packed)
        below = torch.cat([torch.from_numpy(no_entry), packed_l], dim=1)[
            :, torch.from_numpy(_PLACE)
        ]
        triangle = below + torch.diag_embed(torch.exp(q))
        z = torch.einsum("kij,nkj->nki", triangle, torch.from_numpy(points)[:, None, :] - mu)
        beta = alpha + q.sum(dim=1) - 0.5 * (z**2).sum(dim=2)
        prior = WISHART_M * q.sum() - 0.5 * GAMMA**2 * (triangle**2).sum()
        rows, weights = torch.logsumexp(beta, dim=1), torch.logsumexp(alpha, dim=0)
        return constant - POINTS * weights + rows.sum() + prior

    return Case(f=f, x=x, torch=twin, reference=lambda: closed_form(x, points, components))


def _constant(components: int) -> float:
    """The terms of F that no parameter enters."""
    d, nu = DIMENSION, DIMENSION + WISHART_M + 1
    log_gamma_d = d * (d - 1) / 4 * math.log(math.pi)
    log_gamma_d += sum(math.lgamma(nu / 2 + (1 - j) / 2) for j in range(1, d + 1))
    prior = nu * d * math.log(GAMMA / math.sqrt(2.0)) - log_gamma_d
    return components * prior - POINTS * d / 2 * math.log(2 * math.pi)


def closed_form(x: numpy.ndarray, points: numpy.ndarray, components: int) -> numpy.ndarray:
    """The gradient by hand, in extended precision.

    With responsibilities r = softmax_k(beta), delta = x_i - mu_k and z = Q delta:

        dF/dalpha = sum_i r_i - n softmax(alpha)      dF/dmu_k = sum_i r_ik Q_k' z_ik
        dF/dQ_k   = -sum_i r_ik z_ik delta_ik' - gamma^2 Q_k,   below the diagonal: dF/dl
        dF/dq_kj  = sum_i r_ik + m + exp(q_kj) (dF/dQ_k)_jj
    """
    wide = x.astype(numpy.longdouble)
    k, d = components, DIMENSION
    alpha, mu, q, packed_l = numpy.split(wide, numpy.cumsum([k, k * d, k * d]))
    mu, q, packed_l = mu.reshape(k, d), q.reshape(k, d), packed_l.reshape(k, -1)
    triangle = numpy.zeros((k, d, d), dtype=numpy.longdouble)
    triangle[:, _ROWS, _COLUMNS] = packed_l
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
    d_l = d_triangle[:, _ROWS, _COLUMNS]
    return numpy.concatenate([d_alpha, d_mu.ravel(), d_q.ravel(), d_l.ravel()]).astype(
        numpy.float64
    )


PROBLEM = Problem(
    name="gmm",
    title="Gaussian mixture with Wishart prior (size: components; 15 parameters each)",
    source="Srajer, Kukelova & Fitzgibbon 2018; GradBench gmm",
    sizes=(5, 10, 25),
    quick=(5,),
    make=make,
)
