"""Scenarios of differences, integrals, interpolation, convolution and polynomials."""

from __future__ import annotations

import numpy as np

from .scenario import COLUMN, LINE, ROW, SQUARE, T, X, Y, case, numbers

N = np.array([[3, -7, 5], [-2, 9, 4]])
LONG = numbers(231, 9)
TABLE = numbers(232, 4, 5)
GRID = np.array([0.0, 0.4, 1.1, 1.3, 2.0])
XP = np.array([-1.5, -0.7, 0.2, 0.9, 1.8])
SPACES = np.array([0.3, 0.5, 0.2, 0.6])
ANGLES = np.array([[0.2, 3.0, -3.1, 2.9, 9.0], [0.1, 0.3, 6.5, 0.4, 0.2]])
VECTORS = numbers(233, 4, 3)
PLANE = numbers(234, 4, 2)


def CONV(x, y, low, high):
    return T.nn.functional.conv1d(
        T.nn.functional.pad(x, (low, high))[None, None], y.flip(0)[None, None]
    )[0, 0]


def BETWEEN(x, xp, fp):
    """The broken line, for points inside."""
    k = T.searchsorted(xp.detach(), x.detach(), right=True) - 1
    return fp[k] + (fp[k + 1] - fp[k]) / (xp[k + 1] - xp[k]) * (x - xp[k])


# fmt: off
DIFFERENCES = [
    case("diff", np.diff, X, torch=lambda x: x.diff()),
    case("diff-2", lambda x: np.diff(x, 2, axis=0), TABLE, torch=lambda x: x.diff(2, 0)),
    case("diff-ends", lambda x, y: np.diff(x, prepend=0.5, append=y, axis=1), X, Y,
         torch=lambda x, y: T.cat([0 * x[:, :1] + 0.5, x, y], 1).diff()),
    case("diff-none", lambda x: np.diff(x, 0) * x, X, torch=lambda x: x * x),
    case("diff-booleans", lambda x: np.diff(x > 0), LONG),
    case("ediff1d", np.ediff1d, X, torch=lambda x: x.ravel().diff()),
    case("ediff1d-ends", lambda x, y: np.ediff1d(x, to_end=y, to_begin=1.0), LONG, ROW,
         torch=lambda x, y: T.cat([0 * y[:1] + 1, x.diff(), y])),
    case("gradient", np.gradient, LONG, torch=lambda x: T.gradient(x)[0]),
    case("gradient-axes", lambda x: np.gradient(x, 0.5, 2.0), TABLE,
         torch=lambda x: T.gradient(x, spacing=[0.5, 2.0])),
    case("gradient-axis", lambda x: np.gradient(x, 0.1, axis=1, edge_order=2), TABLE, ulps=16,
         torch=lambda x: T.gradient(x, spacing=0.1, dim=1, edge_order=2)[0]),
    case("gradient-coordinates", lambda x: np.gradient(x, GRID, axis=-1), TABLE, ulps=32,
         torch=lambda x: T.gradient(x, spacing=[T.tensor(GRID)], dim=1)[0], single=False),
    case("gradient-coordinates-traced",
         lambda x, d: np.gradient(x, np.cumsum(d), edge_order=2), LONG[:4], SPACES, ulps=64,
         torch=lambda x, d: T.gradient(x, spacing=[d.cumsum(0)], edge_order=2)[0]),
    case("gradient-spacing-traced", lambda x, h: np.gradient(x, h, edge_order=2), LONG, 0.3,
         torch=lambda x, h: T.gradient(x, edge_order=2)[0] / h, ulps=16),
    case("gradient-integers", lambda n: np.gradient(n, axis=(0, 1)), N),
    case("trapezoid", lambda x: np.trapezoid(x, dx=0.5), X,
         torch=lambda x: T.trapezoid(x, dx=0.5)),
    case("trapezoid-points", lambda y, d: np.trapezoid(y, np.cumsum(d), axis=0), TABLE, SPACES,
         torch=lambda y, d: T.trapezoid(y, d.cumsum(0), dim=0), ulps=8),
    case("trapezoid-every", lambda y, x: np.trapezoid(y, x, axis=1), X, Y * 2,
         torch=lambda y, x: T.trapezoid(y, x, dim=1), ulps=16),
    case("unwrap", np.unwrap, ANGLES, ulps=16),
    case("unwrap-period", lambda x: np.unwrap(x, axis=0, period=1.5), TABLE, ulps=16),
    case("unwrap-discont", lambda x: np.unwrap(x, 4.0), ANGLES, ulps=16),
    case("unwrap-integers", lambda n: np.unwrap(n, period=4, axis=1), N, single=False),
    case("cross", np.cross, VECTORS, numbers(235, 4, 3), torch=lambda x, y: T.linalg.cross(x, y)),
    case("cross-axes", lambda x, y: np.cross(x, y, axisa=0, axisb=-1, axisc=0), VECTORS.T * 1, ROW,
         torch=lambda x, y: T.linalg.cross(x.T, y.expand(4, 3)).T),
    case("cross-axis", lambda x, y: np.cross(x, y, axis=0), SQUARE, COLUMN[:1] + SQUARE[::-1],
         torch=lambda x, y: T.linalg.cross(x, y, dim=0)),
]

INTERPOLATION = [
    case("interp", lambda x, f: np.interp(x, XP, f), numbers(236, 2, 3, low=-1.3, high=1.6), LINE,
         torch=lambda x, f: BETWEEN(x, T.tensor(XP), f), ulps=8, single=False),
    case("interp-points", lambda p, x, f: np.interp(x, np.sort(p), f), LINE,
         numbers(237, 4, low=-1.2, high=1.2), LINE[::-1] * 2, ulps=16, single=False,
         torch=lambda p, x, f: BETWEEN(x, p.sort().values, f)),
    case("interp-outside", lambda x, f: np.interp(x, XP, f), np.array([-3.0, 0.1, 5.0]), LINE,
         torch=lambda x, f: T.stack([f[0], BETWEEN(x[1:2], T.tensor(XP), f)[0], f[4]]), ulps=8,
         single=False),
    case("interp-ends", lambda x, a: np.interp(x, XP, LINE, left=a, right=-1.0),
         np.array([-3.0, 0.1, 5.0]), 0.4, ulps=8, single=False),
    case("interp-period", lambda x, f: np.interp(x, [0.4, 1.9, 1.1, 0.1, 2.2], f, period=2.5),
         numbers(238, 6, low=-4, high=4), LINE, ulps=32, single=False),
    case("interp-scalar", lambda x: np.interp(x, XP, LINE), 0.3, ulps=8, single=False),
]

CONVOLUTION = [
    case("convolve", np.convolve, LONG, ROW, torch=lambda x, y: CONV(x, y, 2, 2), ulps=8),
    case("convolve-same", lambda x, y: np.convolve(x, y, "same"), LONG, LINE[:4], ulps=8,
         torch=lambda x, y: CONV(x, y, 2, 1)),
    case("convolve-valid", lambda x, y: np.convolve(y, x, mode="valid"), LONG, ROW, ulps=8,
         torch=lambda x, y: CONV(x, y, 0, 0)),
    case("convolve-integers", lambda n: np.convolve(n[0], n[1]), N),
    case("correlate", np.correlate, LONG, ROW, torch=lambda x, y: CONV(x, y.flip(0), 0, 0), ulps=8),
    case("correlate-full", lambda x, y: np.correlate(y, x, "full"), LONG, ROW, ulps=8,
         torch=lambda x, y: CONV(x, y.flip(0), 2, 2).flip(0)),
    case("correlate-same", lambda x, y: np.correlate(x, y, mode="same"), LONG, LINE[:4], ulps=8,
         torch=lambda x, y: CONV(x, y.flip(0), 2, 1)),
    case("correlate-same-shorter", lambda x, y: np.correlate(y, x, mode="same"), LONG, LINE[:4],
         ulps=8),
]

POLYNOMIALS = [
    case("polyval", np.polyval, LINE, X, ulps=64,
         torch=lambda c, x: sum(c[k] * x ** (4 - k) for k in range(5))),
    case("vander", np.vander, LINE, ulps=8,
         torch=lambda x: T.stack([x**k for k in range(4, -1, -1)], 1)),
    case("vander-increasing", lambda x: np.vander(x, 3, increasing=True), LINE,
         torch=lambda x: T.stack([x**k for k in range(3)], 1)),
    case("vander-integers", lambda n: np.vander(n, 4), N[0]),
    case("polyadd", np.polyadd, LINE, ROW, torch=lambda p, q: T.cat([p[:2], p[2:] + q])),
    case("polysub", np.polysub, ROW, LINE, torch=lambda p, q: T.cat([-q[:2], p - q[2:]])),
    case("polymul", np.polymul, LINE, ROW, torch=lambda p, q: CONV(p, q, 2, 2), ulps=8),
    case("polydiv", lambda u, v: np.polydiv(u, v), LINE, np.array([2.0, 0.3, -0.7]), ulps=32),
    case("polyder", lambda p: np.polyder(p, 2), LINE,
         torch=lambda p: p[:3] * T.tensor([12.0, 6.0, 2.0], dtype=p.dtype)),
    case("polyint", lambda p, k: np.polyint(p, 2, k), ROW, np.array([0.7, -1.2]),
         torch=lambda p, k: T.stack([p[0] / 12, p[1] / 6, p[2] / 2, k[0], k[1]])),
    case("polyint-integers", lambda n: np.polyint(n), N[0]),
    case("roots", lambda p: np.sort(np.real(np.roots(p))), np.array([1.0, -1.9, -3.1, 1.7]),
         ulps=256, single=False, analytic=False),
    case("polyfit", lambda x, y: np.polyfit(x, y, 2), LONG, np.sin(LONG), ulps=4096, single=False,
         analytic=False),
    case("polyfit-weights", lambda y, w: np.polyfit(GRID, y, 1, w=w), LINE, np.exp(LINE), ulps=256,
         single=False, analytic=False),
    case("poly", np.poly, ROW, ulps=16,
         torch=lambda r: T.stack([0 * r[0] + 1, -r.sum(), r[0] * r[1] + r[0] * r[2] + r[1] * r[2],
                                  -r.prod()])),
]
# fmt: on

SCENARIOS = [*DIFFERENCES, *INTERPOLATION, *CONVOLUTION, *POLYNOMIALS]
