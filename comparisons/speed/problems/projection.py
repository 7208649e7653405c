"""Jacobians of many small functions at once: how a camera sees a point, 2 outputs of 15 inputs.

A row holds r (3), the camera's rotation as an axis times an angle; its centre C (3); the focal
length f; the principal point c (2); the distortions k₁, k₂; the point X (3); and a weight w:

    Y = R(r) (X - C),   u = (Y₁, Y₂)/Y₃,   ρ = |u|²,   D = 1 + k₁ ρ + k₂ ρ²,
    e = w (f D u + c - feature)

with Rodrigues' rotation, for θ = |r|, n = r/θ and d = X - C,
Y = d cos θ + (n × d) sin θ + n (n·d)(1 - cos θ). By hand, a row g of ∂e/∂Y gives
∂e/∂X = Rᵀ g = -∂e/∂C and, with γ = g·n, δ = n·d,

    ∂e/∂θ = (γ δ - g·d) sin θ + g·(n × d) cos θ,   ν = (d × g) sin θ + (γ d + δ g)(1 - cos θ)
    ∂e/∂r = n ∂e/∂θ + (ν - n (n·ν))/θ

Source: Srajer, Kukelova & Fitzgibbon, Optimization Methods and Software 33 (2018).
"""

import math

import numpy

from comparisons.speed.numba_tools import numba_tools
from comparisons.speed.problem import Benchmark, Kernels

__all__ = ["BENCHMARK"]


def inputs(rows: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Rows float[rows, 15] and features float[rows, 2]."""
    rng = numpy.random.default_rng(9)
    x = numpy.concatenate(
        [
            rng.uniform(0.05, 0.3, (rows, 3)) * rng.choice([-1.0, 1.0], (rows, 3)),
            rng.normal(0.0, 0.2, (rows, 3)),
            rng.uniform(400.0, 600.0, (rows, 1)),
            rng.normal(0.0, 5.0, (rows, 2)),
            rng.normal(0.0, 0.05, (rows, 2)),
            rng.normal((0.0, 0.0, 6.0), 1.0, (rows, 3)),
            rng.uniform(0.5, 1.5, (rows, 1)),
        ],
        axis=1,
    )
    return x, rng.normal(0.0, 50.0, (rows, 2))


def f(x, feature, np=numpy):
    """The two errors of a row; whole arrays of rows will do as well."""
    r0, r1, r2 = x[..., 0], x[..., 1], x[..., 2]
    d0, d1, d2 = x[..., 11] - x[..., 3], x[..., 12] - x[..., 4], x[..., 13] - x[..., 5]
    theta = np.sqrt(r0 * r0 + r1 * r1 + r2 * r2)
    n0, n1, n2 = r0 / theta, r1 / theta, r2 / theta
    c, s = np.cos(theta), np.sin(theta)
    along = (n0 * d0 + n1 * d1 + n2 * d2) * (1.0 - c)
    y0 = d0 * c + (n1 * d2 - n2 * d1) * s + n0 * along
    y1 = d1 * c + (n2 * d0 - n0 * d2) * s + n1 * along
    y2 = d2 * c + (n0 * d1 - n1 * d0) * s + n2 * along
    u0, u1 = y0 / y2, y1 / y2
    rho = u0 * u0 + u1 * u1
    scale = x[..., 6] * (1.0 + x[..., 9] * rho + x[..., 10] * rho * rho)
    w = x[..., 14]
    e0 = w * (scale * u0 + x[..., 7] - feature[..., 0])
    e1 = w * (scale * u1 + x[..., 8] - feature[..., 1])
    return np.stack([e0, e1], axis=-1)


def lens(x, feature, theta, c, s, j0, j1):
    """Fill in the derivatives of both errors by f, c, k and w, from a row, its angle, and the
    angle's cosine and sine (columns of rows will do as well).

    Returns ∂e/∂u as its three different entries, and what `pose` needs beside them.
    """
    inverse = 1.0 / theta
    n = n0, n1, n2 = x[0] * inverse, x[1] * inverse, x[2] * inverse
    d = d0, d1, d2 = x[11] - x[3], x[12] - x[4], x[13] - x[5]
    p = p0, p1, p2 = n1 * d2 - n2 * d1, n2 * d0 - n0 * d2, n0 * d1 - n1 * d0
    focal, k1, k2, w = x[6], x[9], x[10], x[14]
    delta, lift = n0 * d0 + n1 * d1 + n2 * d2, 1.0 - c
    share = delta * lift
    depth = 1.0 / (d2 * c + p2 * s + n2 * share)
    u0, u1 = (d0 * c + p0 * s + n0 * share) * depth, (d1 * c + p1 * s + n1 * share) * depth
    rho = u0 * u0 + u1 * u1
    bend = 1.0 + rho * (k1 + k2 * rho)
    j0[14], j1[14] = (
        focal * bend * u0 + x[7] - feature[0],
        focal * bend * u1 + x[8] - feature[1],
    )
    j0[6], j1[6] = w * bend * u0, w * bend * u1
    j0[7], j0[8], j1[7], j1[8] = w, 0.0, 0.0, w
    weighted = w * focal
    j0[9], j1[9] = weighted * rho * u0, weighted * rho * u1
    j0[10], j1[10] = weighted * rho * rho * u0, weighted * rho * rho * u1
    # ∂e/∂u is symmetric: w f (D 1 + 2 (k₁ + 2 k₂ ρ) u uᵀ)
    slope = 2.0 * weighted * (k1 + 2.0 * k2 * rho)
    both = weighted * bend + slope * u0 * u0, slope * u0 * u1, weighted * bend + slope * u1 * u1
    return both, (u0, u1, depth, n, d, p, c, s, lift, delta, inverse)


def pose(a, b, view, j):
    """Fill in the derivatives by r, C and X of an error that changes by a du₀ + b du₁."""
    u0, u1, depth, n, d, p, c, s, lift, delta, inverse = view
    (n0, n1, n2), (d0, d1, d2), (p0, p1, p2) = n, d, p
    g0, g1 = a * depth, b * depth
    g2 = -(g0 * u0 + g1 * u1)
    gamma = g0 * n0 + g1 * n1 + g2 * n2
    tilt, share = gamma * lift, delta * lift
    x0 = g0 * c - (n1 * g2 - n2 * g1) * s + n0 * tilt
    x1 = g1 * c - (n2 * g0 - n0 * g2) * s + n1 * tilt
    x2 = g2 * c - (n0 * g1 - n1 * g0) * s + n2 * tilt
    j[11], j[12], j[13] = x0, x1, x2
    j[3], j[4], j[5] = -x0, -x1, -x2
    turn = (gamma * delta - g0 * d0 - g1 * d1 - g2 * d2) * s + (g0 * p0 + g1 * p1 + g2 * p2) * c
    v0 = (d1 * g2 - d2 * g1) * s + tilt * d0 + share * g0
    v1 = (d2 * g0 - d0 * g2) * s + tilt * d1 + share * g1
    v2 = (d0 * g1 - d1 * g0) * s + tilt * d2 + share * g2
    rest = turn - (n0 * v0 + n1 * v1 + n2 * v2) * inverse
    j[0], j[1], j[2] = n0 * rest + v0 * inverse, n1 * rest + v1 * inverse, n2 * rest + v2 * inverse


def by_hand(x, feature):
    """The Jacobians in NumPy, a column of all rows at a time."""
    jacobian = numpy.empty((2, 15, len(x)))
    columns = numpy.ascontiguousarray(x.T)
    theta = numpy.sqrt(numpy.einsum("kr,kr->r", columns[:3], columns[:3]))
    (e00, e01, e11), view = lens(
        columns, feature.T, theta, numpy.cos(theta), numpy.sin(theta), *jacobian
    )
    pose(e00, e01, view, jacobian[0])
    pose(e01, e11, view, jacobian[1])
    return numpy.ascontiguousarray(jacobian.transpose(2, 0, 1))


def compiled() -> Kernels:
    """One loop over rows: what the two gradients share is computed once."""
    tools = numba_tools()
    njit, sin, cos = tools.njit, tools.sin, tools.cos
    lens_of, pose_of = njit(lens), njit(pose)

    @njit
    def angle(row):
        return math.sqrt(row[0] * row[0] + row[1] * row[1] + row[2] * row[2])

    @njit
    def primal(x, feature):
        out = numpy.empty((x.shape[0], 2))
        for r in range(x.shape[0]):
            row = x[r]
            theta = angle(row)
            c, s, inverse = cos(theta), sin(theta), 1.0 / theta
            n0, n1, n2 = row[0] * inverse, row[1] * inverse, row[2] * inverse
            d0, d1, d2 = row[11] - row[3], row[12] - row[4], row[13] - row[5]
            share = (n0 * d0 + n1 * d1 + n2 * d2) * (1.0 - c)
            depth = 1.0 / (d2 * c + (n0 * d1 - n1 * d0) * s + n2 * share)
            u0 = (d0 * c + (n1 * d2 - n2 * d1) * s + n0 * share) * depth
            u1 = (d1 * c + (n2 * d0 - n0 * d2) * s + n1 * share) * depth
            rho = u0 * u0 + u1 * u1
            scale = row[6] * (1.0 + rho * (row[9] + row[10] * rho))
            out[r, 0] = row[14] * (scale * u0 + row[7] - feature[r, 0])
            out[r, 1] = row[14] * (scale * u1 + row[8] - feature[r, 1])
        return out

    @njit
    def gradient(x, feature):
        jacobian = numpy.empty((x.shape[0], 2, 15))
        for r in range(x.shape[0]):
            theta = angle(x[r])
            j0, j1 = jacobian[r, 0], jacobian[r, 1]
            (e00, e01, e11), view = lens_of(x[r], feature[r], theta, cos(theta), sin(theta), j0, j1)
            pose_of(e00, e01, view, j0)
            pose_of(e01, e11, view, j1)
        return jacobian

    return Kernels(primal, gradient)


def in_torch(x, feature):
    """The errors of a row, with PyTorch's cross product."""
    import torch

    r, d = x[0:3], x[11:14] - x[3:6]
    theta = torch.sqrt(torch.sum(r * r))
    n = r / theta
    c = torch.cos(theta)
    y = d * c + torch.linalg.cross(n, d) * torch.sin(theta) + n * (torch.sum(n * d) * (1.0 - c))
    u = y[0:2] / y[2]
    rho = torch.sum(u * u)
    bend = 1.0 + x[9] * rho + x[10] * rho * rho
    return x[14] * (x[6] * bend * u + x[7:9] - feature)


BENCHMARK = Benchmark(
    name="projection",
    title="batched 2×15 Jacobians of a camera (size: rows)",
    source="Srajer, Kukelova & Fitzgibbon, Optimization Methods and Software 33 (2018)",
    sizes=(100, 10_000),
    quick=(100,),
    tiny=3,
    inputs=inputs,
    f=f,
    numpy=by_hand,
    compiled=compiled,
    torch=in_torch,
    jacobian=True,
)
