"""Stencils over time loops, and sweeps that use what they have just written."""

import numpy as np

from .program import Program, numbers


def jacobi_1d_kernel(steps, A, B):
    for _ in range(1, steps):
        B[1:-1] = 0.33333 * (A[:-2] + A[1:-1] + A[2:])
        A[1:-1] = 0.33333 * (B[:-2] + B[1:-1] + B[2:])


def jacobi_1d(A, B):
    jacobi_1d_kernel(6, A, B)
    return A, B


def jacobi_2d(A, B):
    for _ in range(4):
        B[1:-1, 1:-1] = 0.2 * (
            A[1:-1, 1:-1] + A[1:-1, :-2] + A[1:-1, 2:] + A[2:, 1:-1] + A[:-2, 1:-1]
        )
        A[1:-1, 1:-1] = 0.2 * (
            B[1:-1, 1:-1] + B[1:-1, :-2] + B[1:-1, 2:] + B[2:, 1:-1] + B[:-2, 1:-1]
        )
    return A


def heat_3d(A):
    B = np.copy(A)
    for _ in range(3):
        for X, Y in ((A, B), (B, A)):
            Y[1:-1, 1:-1, 1:-1] = (
                0.125 * (X[2:, 1:-1, 1:-1] - 2.0 * X[1:-1, 1:-1, 1:-1] + X[:-2, 1:-1, 1:-1])
                + 0.125 * (X[1:-1, 2:, 1:-1] - 2.0 * X[1:-1, 1:-1, 1:-1] + X[1:-1, :-2, 1:-1])
                + 0.125 * (X[1:-1, 1:-1, 2:] - 2.0 * X[1:-1, 1:-1, 1:-1] + X[1:-1, 1:-1, :-2])
                + X[1:-1, 1:-1, 1:-1]
            )
    return A


def fdtd_2d(ex, ey, hz, source):
    for t in range(source.shape[0]):
        ey[0, :] = source[t]
        ey[1:, :] -= 0.5 * (hz[1:, :] - hz[:-1, :])
        ex[:, 1:] -= 0.5 * (hz[:, 1:] - hz[:, :-1])
        hz[:-1, :-1] -= 0.7 * (ex[:-1, 1:] - ex[:-1, :-1] + ey[1:, :-1] - ey[:-1, :-1])
    return ex, ey, hz


def seidel_2d(A):
    N = A.shape[0]
    for _ in range(2):
        for i in range(1, N - 1):
            A[i, 1:-1] += (
                A[i - 1, :-2] + A[i - 1, 1:-1] + A[i - 1, 2:]
                + A[i, 2:] + A[i + 1, :-2] + A[i + 1, 1:-1] + A[i + 1, 2:]
            )  # fmt: skip
            for j in range(1, N - 1):
                A[i, j] += A[i, j - 1]
                A[i, j] /= 9.0
    return A


def gauss_seidel(A, b, x):
    n = len(b)
    for _ in range(3):
        for i in range(n):
            s = b[i]
            for j in range(n):
                if j != i:
                    s -= A[i, j] * x[j]
            x[i] = s / A[i, i]
    return x


def adi(u):
    N = u.shape[0]
    v = np.empty(u.shape, dtype=u.dtype)
    p = np.empty(u.shape, dtype=u.dtype)
    q = np.empty(u.shape, dtype=u.dtype)
    a, b, c, d, e, f = -0.4, 1.8, -0.4, -0.3, 1.6, -0.3
    for _ in range(2):
        v[0, 1 : N - 1] = 1.0
        p[1 : N - 1, 0] = 0.0
        q[1 : N - 1, 0] = v[0, 1 : N - 1]
        for j in range(1, N - 1):
            p[1 : N - 1, j] = -c / (a * p[1 : N - 1, j - 1] + b)
            q[1 : N - 1, j] = (
                -d * u[j, 0 : N - 2]
                + (1.0 + 2.0 * d) * u[j, 1 : N - 1]
                - f * u[j, 2:N]
                - a * q[1 : N - 1, j - 1]
            ) / (a * p[1 : N - 1, j - 1] + b)
        v[N - 1, 1 : N - 1] = 1.0
        for j in range(N - 2, 0, -1):
            v[j, 1 : N - 1] = p[1 : N - 1, j] * v[j + 1, 1 : N - 1] + q[1 : N - 1, j]
        u[1 : N - 1, 1 : N - 1] = 0.5 * (u[1 : N - 1, 1 : N - 1] + v[1 : N - 1, 1 : N - 1] * e)
    return u


def horizontal_diffusion(field, coeff):
    I, J = field.shape[0] - 4, field.shape[1] - 4  # noqa: E741
    lap = 4.0 * field[1 : I + 3, 1 : J + 3] - (
        field[2 : I + 4, 1 : J + 3]
        + field[0 : I + 2, 1 : J + 3]
        + field[1 : I + 3, 2 : J + 4]
        + field[1 : I + 3, 0 : J + 2]
    )
    res = lap[1:, 1 : J + 1] - lap[:-1, 1 : J + 1]
    flx = np.where((res * (field[2 : I + 3, 2 : J + 2] - field[1 : I + 2, 2 : J + 2])) > 0, 0, res)
    res = lap[1 : I + 1, 1:] - lap[1 : I + 1, :-1]
    fly = np.where((res * (field[2 : I + 2, 2 : J + 3] - field[2 : I + 2, 1 : J + 2])) > 0, 0, res)
    out = np.zeros_like(field)
    out[2:-2, 2:-2] = field[2 : I + 2, 2 : J + 2] - coeff * (
        flx[1:, :] - flx[:-1, :] + fly[:, 1:] - fly[:, :-1]
    )
    return out


def vertical_advection(utens, ustage, wcon, upos):
    K = utens.shape[1]
    ccol = np.ndarray(utens.shape, dtype=utens.dtype)
    dcol = np.ndarray(utens.shape, dtype=utens.dtype)
    out = np.zeros_like(utens)
    for k in range(K):
        gav = -0.25 * wcon[:, k]
        if k == 0:
            cs = gav * 0.6
            ccol[:, k] = gav * 0.4
            bcol = 3.0 - ccol[:, k]
            dcol[:, k] = 3.0 * upos[:, k] + utens[:, k] - cs * (ustage[:, k + 1] - ustage[:, k])
            divided = 1.0 / bcol
        else:
            acol = gav * 0.4
            ccol[:, k] = gav * 0.4 if k < K - 1 else 0.0
            bcol = 3.0 - acol - ccol[:, k]
            correction = -0.6 * acol * (ustage[:, k - 1] - ustage[:, k])
            dcol[:, k] = 3.0 * upos[:, k] + utens[:, k] + correction
            divided = 1.0 / (bcol - ccol[:, k - 1] * acol)
            dcol[:, k] = dcol[:, k] - dcol[:, k - 1] * acol
        ccol[:, k] = ccol[:, k] * divided
        dcol[:, k] = dcol[:, k] * divided
    data = dcol[:, K - 1]
    for k in range(K - 1, -1, -1):
        datacol = dcol[:, k] - (ccol[:, k] * data if k < K - 1 else 0.0)
        out[:, k] = 3.0 * (datacol - upos[:, k])
        data = datacol
    return out


def sweep_with_periodic_ends(u):
    un = np.empty_like(u)
    for _ in range(4):
        un[:] = u
        u[1:-1] -= 0.3 * un[1:-1] * (un[1:-1] - un[:-2]) - 0.1 * (un[2:] - 2 * un[1:-1] + un[:-2])
        u[0] = u[-2]
        u[-1] = u[1]
    return u


PROGRAMS = [
    Program(jacobi_1d, (numbers(1, 9), numbers(2, 9))),
    Program(jacobi_2d, (numbers(3, 6, 7), numbers(4, 6, 7))),
    Program(heat_3d, (numbers(5, 5, 4, 5),)),
    Program(fdtd_2d, (numbers(6, 5, 6), numbers(7, 5, 6), numbers(8, 5, 6), numbers(9, 4))),
    Program(seidel_2d, (numbers(10, 5, 5),)),
    Program(gauss_seidel, (numbers(11, 4, 4) + 4 * np.eye(4), numbers(12, 4), numbers(13, 4))),
    Program(adi, (numbers(14, 6, 6),)),
    Program(horizontal_diffusion, (numbers(15, 8, 7), numbers(16, 4, 3)), analytic=False),
    Program(
        vertical_advection,
        (numbers(17, 3, 5), numbers(18, 3, 5), numbers(19, 3, 5), numbers(20, 3, 5)),
    ),
    Program(sweep_with_periodic_ends, (numbers(21, 8),)),
]
