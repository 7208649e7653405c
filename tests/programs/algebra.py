"""Dense linear algebra by loops over elements and over slices of length zero up."""

import numpy as np

from .program import Program, numbers, spd


def cholesky(A):
    A[0, 0] = np.sqrt(A[0, 0])
    for i in range(1, A.shape[0]):
        for j in range(i):
            A[i, j] -= np.dot(A[i, :j], A[j, :j])
            A[i, j] /= A[j, j]
        A[i, i] -= np.dot(A[i, :i], A[i, :i])
        A[i, i] = np.sqrt(A[i, i])
    return np.tril(A)


def cholesky_by_columns(A):
    n = A.shape[0]
    L = np.zeros((n, n))
    for j in range(n):
        L[j, j] = np.sqrt(A[j, j] - L[j, :j] @ L[j, :j])
        L[j + 1 :, j] = (A[j + 1 :, j] - L[j + 1 :, :j] @ L[j, :j]) / L[j, j]
    return L


def lu_kernel(A):
    for i in range(A.shape[0]):
        for j in range(i):
            A[i, j] -= A[i, :j] @ A[:j, j]
            A[i, j] /= A[j, j]
        for j in range(i, A.shape[0]):
            A[i, j] -= A[i, :i] @ A[:i, j]


def lu(A):
    lu_kernel(A)
    return A


def lu_and_solve(A, b):
    n = A.shape[0]
    lu_kernel(A)
    x = np.zeros_like(b)
    y = np.zeros_like(b)
    for i in range(n):
        y[i] = b[i] - A[i, :i] @ y[:i]
    for i in range(n - 1, -1, -1):
        x[i] = (y[i] - A[i, i + 1 :] @ x[i + 1 :]) / A[i, i]
    return x


def elimination_with_pivots(A, b):
    n = len(b)
    for k in range(n):
        p = k + np.argmax(np.abs(A[k:, k]))
        if p != k:
            A[[k, p]] = A[[p, k]]
            b[[k, p]] = b[[p, k]]
        A[k + 1 :, k] /= A[k, k]
        A[k + 1 :, k + 1 :] -= np.outer(A[k + 1 :, k], A[k, k + 1 :])
        b[k + 1 :] -= A[k + 1 :, k] * b[k]
    for k in range(n)[::-1]:
        b[k] = (b[k] - A[k, k + 1 :] @ b[k + 1 :]) / A[k, k]
    return b


def triangular_solve(L, b):
    x = np.empty(b.shape[0])
    for i in range(x.shape[0]):
        x[i] = (b[i] - L[i, :i] @ x[:i]) / L[i, i]
    return x


def gram_schmidt(A):
    Q = np.zeros_like(A)
    R = np.zeros((A.shape[1], A.shape[1]), dtype=A.dtype)
    for k in range(A.shape[1]):
        nrm = np.dot(A[:, k], A[:, k])
        R[k, k] = np.sqrt(nrm)
        Q[:, k] = A[:, k] / R[k, k]
        for j in range(k + 1, A.shape[1]):
            R[k, j] = np.dot(Q[:, k], A[:, j])
            A[:, j] -= Q[:, k] * R[k, j]
    return Q, R


def durbin(r):
    y = np.empty_like(r)
    alpha = -r[0]
    beta = 1.0
    y[0] = -r[0]
    for k in range(1, r.shape[0]):
        beta *= 1.0 - alpha * alpha
        alpha = -(r[k] + np.dot(np.flip(r[:k]), y[:k])) / beta
        y[:k] += alpha * np.flip(y[:k])
        y[k] = alpha
    return y


def tridiagonal_solve(lower, diag, upper, rhs):
    n = len(diag)
    for i in range(1, n):
        w = lower[i - 1] / diag[i - 1]
        diag[i] -= w * upper[i - 1]
        rhs[i] -= w * rhs[i - 1]
    x = rhs.copy()
    x[-1] = rhs[-1] / diag[-1]
    for i in range(n - 2, -1, -1):
        x[i] = (rhs[i] - upper[i] * x[i + 1]) / diag[i]
    return x


def symmetric_product(alpha, beta, C, A):
    for i in range(A.shape[0]):
        C[i, : i + 1] *= beta
        for k in range(A.shape[1]):
            C[i, : i + 1] += alpha * A[i, k] * A[: i + 1, k]
    return C


def correlation(data):
    mean = np.mean(data, axis=0)
    stddev = np.std(data, axis=0)
    stddev[stddev <= 0.1] = 1.0
    data -= mean
    data /= np.sqrt(float(data.shape[0])) * stddev
    corr = np.eye(data.shape[1], dtype=data.dtype)
    for i in range(data.shape[1] - 1):
        corr[i + 1 :, i] = corr[i, i + 1 :] = data[:, i] @ data[:, i + 1 :]
    return corr


def power_iteration(A):
    v = np.ones(A.shape[0])
    for _ in range(5):
        w = A @ v
        v[:] = w / np.sqrt(np.sum(w * w))
    return v @ A @ v


SQUARE = numbers(30, 5, 5) + 3 * np.eye(5)
PROGRAMS = [
    Program(cholesky, (spd(31, 5),)),
    Program(cholesky_by_columns, (spd(32, 5),)),
    Program(lu, (SQUARE,)),
    Program(lu_and_solve, (SQUARE, numbers(33, 5))),
    Program(elimination_with_pivots, (numbers(34, 4, 4), numbers(35, 4)), analytic=False),
    Program(triangular_solve, (SQUARE, numbers(36, 5))),
    Program(gram_schmidt, (numbers(37, 5, 4),)),
    Program(durbin, (0.4 * numbers(38, 6),)),
    Program(
        tridiagonal_solve,
        (numbers(39, 4), 3 + numbers(40, 5), numbers(41, 4), numbers(42, 5)),
    ),
    Program(
        symmetric_product,
        (np.float64(1.5), np.float64(1.2), numbers(43, 4, 4), numbers(44, 4, 3)),
    ),
    Program(correlation, (numbers(45, 6, 4) * [1.0, 1.0, 0.1, 1.0],), analytic=False),
    Program(power_iteration, (spd(46, 4),)),
]
