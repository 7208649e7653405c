"""A triangle of masses and springs, simulated in a Python loop: the gradient of a long sequential
program.

Three unit masses, three springs of stiffness k = 10, damping alpha = 20, step dt = 1e-3, no units.
For a spring between a and b with d = x_a - x_b and length |d| + 1e-4, the force on a is -k (length
- L0) d / length, and on b its opposite. A step is semi-implicit Euler,

    v <- exp(-alpha dt) v + dt F,    x <- x + dt v,

after which a mass beyond the wall x = 0.4 that still moves outwards loses its normal speed and, by
friction 0.01, a part of its tangential speed. The loss is (area of the triangle - 0.1)^2 after n
time levels, that is n - 1 steps, and it is differentiated with respect to the three rest lengths
L0. Few inputs and a long chain: forward mode's home, while reverse mode has to keep every step.

Source: Hu et al., DiffTaichi: differentiable programming for physical simulation, ICLR 2020 (arXiv
1910.00935), the example `mass_spring_simple`. There the area has an absolute value, which is
dropped here: the triangle never turns over.
"""

import math

import numpy

from comparisons.problem import Case, Problem

__all__ = ["PROBLEM", "make"]

STIFFNESS, DAMPING, DT, FRICTION, WALL, TARGET = 10.0, 20.0, 1e-3, 0.01, 0.4, 0.1
START = ((0.3, 0.5), (0.3, 0.4), (0.4, 0.4))
SPRINGS = ((0, 1), (1, 2), (2, 0))
_FROM = numpy.array([a for a, _ in SPRINGS])
_TO = numpy.array([b for _, b in SPRINGS])
# Row i: what each spring's force adds to mass i, -1 at its first end and +1 at its second.
_INCIDENCE = numpy.eye(3)[:, _TO] - numpy.eye(3)[:, _FROM]


def make(levels: int) -> Case:
    """The loss after `levels` time levels (`levels - 1` steps), at DiffTaichi's initial rest
    lengths."""
    rest_lengths = numpy.array([0.1, 0.1, 0.1 * math.sqrt(2.0)])
    keep = math.exp(-DT * DAMPING)

    def f(rest, np=numpy):
        x, v = numpy.array(START), numpy.zeros((3, 2))
        for _ in range(levels - 1):
            d = x[_FROM] - x[_TO]
            length = np.sqrt(np.sum(d * d, axis=1)) + 1e-4
            pull = (STIFFNESS * (length - rest) / length)[:, None] * d
            v = keep * v + DT * (_INCIDENCE @ pull)
            x = x + DT * v
            vx, vy = v[:, 0], v[:, 1]
            drop = FRICTION * vx
            slowed = np.where(vy > drop, vy - drop, np.where(vy < -drop, vy + drop, 0.0))
            hit = np.logical_and(x[:, 0] > WALL, vx > 0.0)
            v = np.stack([np.where(hit, 0.0, vx), np.where(hit, slowed, vy)], axis=1)
        e, g = x[0] - x[1], x[0] - x[2]
        return (0.5 * (e[0] * g[1] - e[1] * g[0]) - TARGET) ** 2

    def twin(rest):
        import torch

        x = torch.tensor(START, dtype=torch.float64)
        v = torch.zeros((3, 2), dtype=torch.float64)
        zero = torch.zeros((), dtype=torch.float64)
        start, end = torch.from_numpy(_FROM), torch.from_numpy(_TO)
        incidence = torch.from_numpy(_INCIDENCE)
        for _ in range(levels - 1):
            d = x[start] - x[end]
            length = (d * d).sum(dim=1).sqrt() + 1e-4
            pull = (STIFFNESS * (length - rest) / length)[:, None] * d
            v = keep * v + DT * (incidence @ pull)
            x = x + DT * v
            vx, vy = v[:, 0], v[:, 1]
            drop = FRICTION * vx
            slowed = torch.where(vy > drop, vy - drop, torch.where(vy < -drop, vy + drop, zero))
            hit = (x[:, 0] > WALL) & (vx > 0.0)
            v = torch.stack([torch.where(hit, zero, vx), torch.where(hit, slowed, vy)], dim=1)
        e, g = x[0] - x[1], x[0] - x[2]
        return (0.5 * (e[0] * g[1] - e[1] * g[0]) - TARGET) ** 2

    return Case(
        f=f,
        x=rest_lengths,
        torch=twin,
        multiprecision=lambda rest: _multiprecision(rest, levels, keep),
    )


def _multiprecision(rest, levels: int, keep: float):
    """The same program on `mpmath` numbers; the constants are the float64 ones, converted
    exactly."""
    import mpmath

    dt, friction, wall = mpmath.mpf(DT), mpmath.mpf(FRICTION), mpmath.mpf(WALL)
    stiffness, epsilon = mpmath.mpf(STIFFNESS), mpmath.mpf(1e-4)
    x = [[mpmath.mpf(c) for c in point] for point in START]
    v = [[mpmath.mpf(0), mpmath.mpf(0)] for _ in START]
    for _ in range(levels - 1):
        force = [[mpmath.mpf(0), mpmath.mpf(0)] for _ in START]
        for (a, b), natural in zip(SPRINGS, rest, strict=True):
            d = [x[a][c] - x[b][c] for c in range(2)]
            length = mpmath.sqrt(d[0] ** 2 + d[1] ** 2) + epsilon
            for c in range(2):
                pull = stiffness * (length - natural) / length * d[c]
                force[a][c] -= pull
                force[b][c] += pull
        for i in range(3):
            v[i] = [keep * v[i][c] + dt * force[i][c] for c in range(2)]
            x[i] = [x[i][c] + dt * v[i][c] for c in range(2)]
            if x[i][0] > wall and v[i][0] > 0:
                drop = friction * v[i][0]
                speed = max(abs(v[i][1]) - drop, mpmath.mpf(0))
                v[i] = [mpmath.mpf(0), speed if v[i][1] > 0 else -speed]
    e = [x[0][c] - x[1][c] for c in range(2)]
    g = [x[0][c] - x[2][c] for c in range(2)]
    return ((e[0] * g[1] - e[1] * g[0]) / 2 - mpmath.mpf(TARGET)) ** 2


PROBLEM = Problem(
    name="mass_spring",
    title="Mass-spring triangle (size: time levels)",
    source="Hu et al., DiffTaichi, ICLR 2020, mass_spring_simple",
    sizes=(4, 16, 64),
    quick=(4,),
    make=make,
)
