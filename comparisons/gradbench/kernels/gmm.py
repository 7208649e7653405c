"""gmm by hand: all products of a block of points at once, by BLAS, and their squares in place."""

from collections.abc import Callable
from typing import Any

import numpy

from comparisons.gradbench.evals.gmm import constant
from comparisons.speed.numba_tools import numba_tools

__all__ = ["kernels"]

BLOCK = 50  # points at a time, so that the largest product, 50 by 6400, stays in cache


def kernels() -> dict[str, Callable[..., Any]]:
    """The log posterior, and its gradient: with r = softmax_k(beta), z = Q(x - mu) and u = -r z,

    dF/dalpha = Σ_i r_i - n softmax(alpha),   dF/dQ_k = Σ_i u_ik (x_i - mu_k)' - gamma² Q_k,
    dF/dmu_k = -Q_k' Σ_i u_ik,   dF/dq_k = Σ_i r_ik + m + exp(q_k) diag dF/dQ_k.
    """
    tools = numba_tools()
    njit, add, larger, exp, log = tools.njit, tools.add, tools.larger, tools.exp, tools.log

    @njit
    def prepare(alpha, mu, q, l):  # noqa: E741
        k, d = q.shape
        factors, centres, start = numpy.zeros((k, d, d)), numpy.zeros((k, d)), alpha.copy()
        for c in range(k):
            place = 0
            for j in range(d):
                start[c] += q[c, j]
                factors[c, j, j] = exp(q[c, j])
                for i in range(j + 1, d):
                    factors[c, i, j] = l[c, place]
                    place += 1
            for i in range(d):
                for j in range(i + 1):
                    centres[c, i] = add(centres[c, i], factors[c, i, j] * mu[c, j])
        return factors, centres, start

    @njit
    def softmax(values, out):
        largest, total = -numpy.inf, 0.0
        for c in range(values.size):
            largest = larger(largest, values[c])
        for c in range(values.size):
            out[c] = exp(values[c] - largest)
            total = add(total, out[c])
        for c in range(values.size):
            out[c] /= total
        return largest + log(total)

    @njit
    def exponents(z, start, beta):
        rows, k, d = z.shape
        for p in range(rows):
            for c in range(k):
                square = 0.0
                for i in range(d):
                    square = add(square, z[p, c, i] * z[p, c, i])
                beta[p, c] = start[c] - 0.5 * square

    @njit
    def weigh(z, r, weights):
        rows, k, d = z.shape
        for p in range(rows):
            for c in range(k):
                weights[c] += r[p, c]
                for i in range(d):
                    z[p, c, i] *= -r[p, c]

    @njit
    def block_of(x, matrix, centres, b, z):
        points = x[b : b + BLOCK]
        rows, width = len(points), len(matrix)
        numpy.dot(points, matrix.T, z[:rows])
        for p in range(rows):
            for i in range(width):
                z[p, i] -= centres[i]
        return points, rows

    @njit
    def value(alpha, mu, q, l, x, gamma, m):  # noqa: E741
        (n, d), k = x.shape, alpha.size
        factors, centres, start = prepare(alpha, mu, q, l)
        z, beta = numpy.empty((BLOCK, k * d)), numpy.empty((BLOCK, k))
        total = 0.0
        for b in range(0, n, BLOCK):
            _, rows = block_of(x, factors.reshape(k * d, d), centres.reshape(k * d), b, z)
            exponents(z[:rows].reshape(rows, k, d), start, beta)
            for p in range(rows):
                total += softmax(beta[p], beta[p])
        total -= n * softmax(alpha, beta[0])
        square = 0.0
        for factor in factors.reshape(k * d * d):
            square = add(square, factor * factor)
        return total + m * q.sum() - 0.5 * gamma**2 * square

    @njit
    def gradient(alpha, mu, q, l, x, gamma, m):  # noqa: E741
        (n, d), k = x.shape, alpha.size
        factors, centres, start = prepare(alpha, mu, q, l)
        matrix = factors.reshape(k * d, d)
        z, r = numpy.empty((BLOCK, k * d)), numpy.empty((BLOCK, k))
        d_factors, part = numpy.zeros((k * d, d)), numpy.empty((k * d, d))
        sums, weights = numpy.zeros(k * d), numpy.zeros(k)
        for b in range(0, n, BLOCK):
            points, rows = block_of(x, matrix, centres.reshape(k * d), b, z)
            by_component = z[:rows].reshape(rows, k, d)
            exponents(by_component, start, r)
            for p in range(rows):
                softmax(r[p], r[p])
            weigh(by_component, r, weights)
            for p in range(rows):
                for i in range(k * d):
                    sums[i] += z[p, i]
            numpy.dot(z[:rows].T, points, part)
            for i in range(k * d):
                for j in range(d):
                    d_factors[i, j] += part[i, j]
        softmax(alpha, r[0])
        d_alpha = weights - n * r[0]
        d_mu, d_q, d_l = numpy.zeros_like(mu), numpy.empty_like(q), numpy.empty_like(l)
        for c in range(k):
            for i in range(d):
                for j in range(i + 1):
                    d_mu[c, j] -= factors[c, i, j] * sums[c * d + i]
                    d_factors[c * d + i, j] -= (
                        sums[c * d + i] * mu[c, j] + gamma**2 * factors[c, i, j]
                    )
            place = 0
            for j in range(d):
                d_q[c, j] = weights[c] + m + factors[c, j, j] * d_factors[c * d + j, j]
                for i in range(j + 1, d):
                    d_l[c, place] = d_factors[c * d + i, j]
                    place += 1
        return d_alpha, d_mu, d_q, d_l

    def objective(parameters, x, gamma, m):
        (n, d), k = x.shape, len(parameters["alpha"])
        return constant(n, d, k, gamma, m) + value(**parameters, x=x, gamma=gamma, m=m)

    def jacobian(parameters, x, gamma, m):
        parts = gradient(**parameters, x=x, gamma=gamma, m=m)
        return dict(zip(("alpha", "mu", "q", "l"), parts, strict=True))

    return {"objective": objective, "jacobian": jacobian}
