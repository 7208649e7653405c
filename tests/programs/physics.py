"""Fluids, bodies and implicit steps."""

import numpy as np

from .program import Program, numbers

NX, NY, NT, NIT = 6, 5, 3, 4
DX, DY, DT, RHO, NU = 2 / (NX - 1), 2 / (NY - 1), 0.01, 1.0, 0.1


def build_up_b(b, u, v):
    b[1:-1, 1:-1] = RHO * (
        1 / DT * ((u[1:-1, 2:] - u[1:-1, :-2]) / (2 * DX) + (v[2:, 1:-1] - v[:-2, 1:-1]) / (2 * DY))
        - ((u[1:-1, 2:] - u[1:-1, :-2]) / (2 * DX)) ** 2
        - 2 * ((u[2:, 1:-1] - u[:-2, 1:-1]) / (2 * DY) * (v[1:-1, 2:] - v[1:-1, :-2]) / (2 * DX))
        - ((v[2:, 1:-1] - v[:-2, 1:-1]) / (2 * DY)) ** 2
    )


def pressure_poisson(p, b):
    pn = np.empty_like(p)
    pn = p.copy()
    for _ in range(NIT):
        pn = p.copy()
        p[1:-1, 1:-1] = (
            (pn[1:-1, 2:] + pn[1:-1, :-2]) * DY**2 + (pn[2:, 1:-1] + pn[:-2, 1:-1]) * DX**2
        ) / (2 * (DX**2 + DY**2)) - DX**2 * DY**2 / (2 * (DX**2 + DY**2)) * b[1:-1, 1:-1]
        p[:, -1] = p[:, -2]
        p[0, :] = p[1, :]
        p[:, 0] = p[:, 1]
        p[-1, :] = 0


def cavity_flow(u, v, p):
    un = np.empty_like(u)
    vn = np.empty_like(v)
    b = np.zeros((NY, NX))
    for _ in range(NT):
        un = u.copy()
        vn = v.copy()
        build_up_b(b, u, v)
        pressure_poisson(p, b)
        u[1:-1, 1:-1] = (
            un[1:-1, 1:-1]
            - un[1:-1, 1:-1] * DT / DX * (un[1:-1, 1:-1] - un[1:-1, :-2])
            - vn[1:-1, 1:-1] * DT / DY * (un[1:-1, 1:-1] - un[:-2, 1:-1])
            - DT / (2 * RHO * DX) * (p[1:-1, 2:] - p[1:-1, :-2])
            + NU * DT / DX**2 * (un[1:-1, 2:] - 2 * un[1:-1, 1:-1] + un[1:-1, :-2])
            + NU * DT / DY**2 * (un[2:, 1:-1] - 2 * un[1:-1, 1:-1] + un[:-2, 1:-1])
        )
        v[1:-1, 1:-1] = (
            vn[1:-1, 1:-1]
            - un[1:-1, 1:-1] * DT / DX * (vn[1:-1, 1:-1] - vn[1:-1, :-2])
            - vn[1:-1, 1:-1] * DT / DY * (vn[1:-1, 1:-1] - vn[:-2, 1:-1])
            - DT / (2 * RHO * DY) * (p[2:, 1:-1] - p[:-2, 1:-1])
            + NU * DT / DX**2 * (vn[1:-1, 2:] - 2 * vn[1:-1, 1:-1] + vn[1:-1, :-2])
            + NU * DT / DY**2 * (vn[2:, 1:-1] - 2 * vn[1:-1, 1:-1] + vn[:-2, 1:-1])
        )
        u[0, :] = 0
        u[:, 0] = 0
        u[:, -1] = 0
        u[-1, :] = 1
        v[0, :] = v[-1, :] = 0
        v[:, 0] = v[:, -1] = 0
    return u, v, p


def acceleration(pos, mass, softening):
    x, y, z = pos[:, 0:1], pos[:, 1:2], pos[:, 2:3]
    dx, dy, dz = x.T - x, y.T - y, z.T - z
    inv_r3 = dx**2 + dy**2 + dz**2 + softening**2
    inv_r3[inv_r3 > 0] = inv_r3[inv_r3 > 0] ** (-1.5)
    ax, ay, az = (dx * inv_r3) @ mass, (dy * inv_r3) @ mass, (dz * inv_r3) @ mass
    return np.hstack((ax, ay, az))


def n_body(pos, vel, mass):
    vel -= np.mean(mass * vel, 0) / np.mean(mass)
    acc = acceleration(pos, mass, 0.1)
    energy = np.zeros(3)
    for i in range(2):
        vel += acc * 0.01 / 2.0
        pos += vel * 0.01
        acc = acceleration(pos, mass, 0.1)
        vel += acc * 0.01 / 2.0
        energy[i + 1] = 0.5 * np.sum(mass * vel**2)
    return pos, vel, energy


def masked_diagonal(pos):
    """Distances with the diagonal, where they are zero, set to one."""
    d = pos[:, None] - pos[None]
    r = np.sqrt(np.sum(d * d, axis=-1))
    np.fill_diagonal(r, 1.0)
    w = 1.0 / r**3
    w[np.arange(len(pos)), np.arange(len(pos))] = 0.0
    return np.sum(d * w[..., None], axis=1)


def crank_nicolson(u):
    n = len(u)
    r = 0.4
    cp, dp = np.zeros(n), np.zeros(n)
    for _ in range(3):
        rhs = np.empty(n)
        rhs[0], rhs[-1] = u[0], u[-1]
        rhs[1:-1] = r / 2 * u[:-2] + (1 - r) * u[1:-1] + r / 2 * u[2:]
        cp[0], dp[0] = 0.0, rhs[0]
        for i in range(1, n - 1):
            denom = 1 + r + r / 2 * cp[i - 1]
            cp[i] = -r / 2 / denom
            dp[i] = (rhs[i] + r / 2 * dp[i - 1]) / denom
        u[-1] = rhs[-1]
        for i in reversed(range(n - 1)):
            u[i] = dp[i] - cp[i] * u[i + 1]
    return u


def lorenz(state, params):
    trajectory = np.empty((8, 3))
    trajectory[0] = state
    for k in range(1, 8):
        x, y, z = trajectory[k - 1]
        s, r, b = params
        rate = np.array([s * (y - x), x * (r - z) - y, x * y - b * z])
        trajectory[k] = trajectory[k - 1] + 0.01 * rate
    return trajectory


def limited_advection(u):
    """Upwind with the minmod limiter."""
    for _ in range(3):
        left, right = u[1:-1] - u[:-2], u[2:] - u[1:-1]
        slope = np.zeros_like(u)
        slope[1:-1] = np.where(np.abs(left) < np.abs(right), left, right)
        slope[1:-1][left * right <= 0] = 0.0
        flux = u + 0.3 * slope
        u[1:] -= 0.4 * (flux[1:] - flux[:-1])
        u[u < 0.05] = 0.05
    return u


PROGRAMS = [
    Program(
        cavity_flow, (numbers(70, NY, NX), numbers(71, NY, NX), numbers(72, NY, NX)), close=1e-12
    ),
    Program(n_body, (numbers(73, 4, 3), numbers(74, 4, 3), numbers(75, 4, 1)), analytic=False),
    Program(masked_diagonal, (numbers(76, 4, 3),), analytic=False),
    Program(crank_nicolson, (numbers(77, 7),)),
    Program(lorenz, (numbers(78, 3), numbers(79, 3) * 10)),
    Program(limited_advection, (numbers(80, 9),), analytic=False),
]
