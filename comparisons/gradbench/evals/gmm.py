"""gmm: the log posterior of a Gaussian mixture with a Wishart prior, and its gradient.

Parameters alpha (k), mu (k, d), q (k, d) and l (k, d(d-1)/2). Q_k is lower triangular with diagonal
exp(q_k) and l_k filled column by column below it. For points x_i, with LSE the log of a sum of
exponentials,

    beta_ik = alpha_k + Σ_j q_kj - ½ |Q_k (x_i - mu_k)|²
    F = -n (d/2 log 2π + LSE(alpha)) + Σ_i LSE_k(beta_ik)
        + k (nu d log(gamma/√2) - log Gamma_d(nu/2)) - gamma²/2 Σ_k |Q_k|² + m Σ_kj q_kj

where nu = d + m + 1. All Q_k x_i of a block of points are one product of matrices.

Source: Srajer, Kukelova & Fitzgibbon, A benchmark of selected algorithmic differentiation tools on
some problems in computer vision and machine learning, Optimization Methods and Software 33 (2018),
as GradBench corrects it.
"""

import math

import numpy

import diffkit as dk
from comparisons.gradbench.evals.blocks import in_blocks
from comparisons.gradbench.evaluation import Arguments, Eval, Workload, floats

__all__ = ["EVAL", "PARAMETERS", "constant", "entries_below", "jacobian", "objective"]

PARAMETERS = ("alpha", "mu", "q", "l")


def objective(parameters, x, gamma, *, m, np=numpy, rows=in_blocks):
    """The log posterior for points x, float64[n, d]; the parameters are a dict."""
    alpha, mu, q, l = (parameters[name] for name in PARAMETERS)  # noqa: E741, the paper's name
    (n, d), k = x.shape, len(alpha)
    factors = triangles(q, l, np)
    centres = np.reshape(np.einsum("kij,kj->ki", factors, mu), (k * d,))
    weights = alpha + np.sum(q, axis=1)

    def likelihood(points):
        z = points @ np.reshape(factors, (k * d, d)).T - centres
        distances = np.sum(np.reshape(z, (len(points), k, d)) ** 2, axis=2)
        return log_sum_exp(weights - 0.5 * distances, np)

    total = np.sum(rows(likelihood, x, 50)) - n * log_sum_exp(alpha, np)
    prior = m * np.sum(q) - 0.5 * gamma**2 * np.sum(factors**2)
    return constant(n, d, k, gamma, m, np) + total + prior


def triangles(q, l, np):  # noqa: E741
    """The lower triangles Q, float64[k, d, d]."""
    k, d = q.shape
    rows, columns = entries_below(d)
    place = numpy.zeros((d, d), dtype=numpy.int64)  # in (0, l_1, l_2, ...)
    place[rows, columns] = 1 + numpy.arange(len(rows))
    below = np.concatenate([np.zeros((k, 1)), l], axis=1)[:, place]
    return below + np.exp(q)[:, :, None] * np.eye(d)


def entries_below(d):
    """Rows and columns of the entries below a diagonal, column by column."""
    columns, rows = numpy.triu_indices(d, 1)
    return rows, columns


def log_sum_exp(values, np):
    """Along the last axis."""
    largest = np.max(values, axis=-1, keepdims=True)
    return largest[..., 0] + np.log(np.sum(np.exp(values - largest), axis=-1))


def constant(n, d, k, gamma, m, np=numpy):
    """The terms of F that no parameter enters."""
    nu = d + m + 1
    log_gamma_d = d * (d - 1) / 4 * math.log(math.pi)
    log_gamma_d += sum(math.lgamma((nu - j) / 2) for j in range(d))
    prior = nu * d * np.log(gamma / math.sqrt(2.0)) - log_gamma_d
    return k * prior - n * d / 2 * math.log(2 * math.pi)


jacobian = dk.grad(objective)


def generate(d, k, n=1000, gamma=1.0, m=0):
    """A mixture of k Gaussians in d dimensions, and n points that have nothing to do with it."""
    rng = numpy.random.default_rng(31337)
    return {
        "d": d,
        "k": k,
        "n": n,
        "x": rng.normal(size=(n, d)),
        "m": m,
        "gamma": gamma,
        "alpha": rng.normal(size=k),
        "mu": rng.uniform(size=(k, d)),
        "q": rng.normal(size=(k, d)),
        "l": rng.normal(size=(k, d * (d - 1) // 2)),
    }


def arguments(given):
    """The parameters, x and gamma; m is known before."""
    parameters = {name: floats(given[name]) for name in PARAMETERS}
    return Arguments(
        (parameters, floats(given["x"]), float(given["gamma"])), {"m": int(given["m"])}
    )


SIZES = sorted(
    ((d, k) for d in (2, 10, 20, 32, 64) for k in (5, 10, 25, 50, 100)),
    key=lambda sizes: sizes[0] * sizes[1],
)
EVAL = Eval(
    name="gmm",
    title="log posterior of a Gaussian mixture",
    functions={"objective": objective, "jacobian": jacobian},
    primal="objective",
    derivative="jacobian",
    workloads=tuple(Workload(f"{d}_{k}_1000", {"d": d, "k": k}) for d, k in SIZES),
    small=(
        Workload("2_3_5", {"d": 2, "k": 3, "n": 5, "gamma": 1.3, "m": 2}),
        Workload("10_5_100", {"d": 10, "k": 5, "n": 100}),
    ),
    generate=generate,
    arguments=arguments,
)
