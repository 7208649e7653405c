"""Heat conduction in a rod, stepped through time in a Python loop: which conductivities explain
what was measured at the end?

On n inner points of a rod of length 1 with cold ends, u_0 = u_{n+1} = 0, and a conductivity k_j
between the points j and j + 1, one explicit step is

    q_j = k_j (u_{j+1} - u_j),     u_i <- u_i + r (q_i - q_{i-1}),     r = dt / dx^2 = 0.4,

which is stable while k <= 1.25. The loss after 12 steps is the mean squared distance from a target,
and it is differentiated with respect to the n + 1 conductivities, in units of a reference one. Many
inputs and a loop: reverse mode's home, but it has to keep the temperatures of every step.

Source: the explicit scheme of Courant, Friedrichs & Lewy, Über die partiellen
Differenzengleichungen der mathematischen Physik, Mathematische Annalen 100 (1928) 32-74; the
reference is its discrete adjoint, as in Giles & Pierce, An introduction to the adjoint approach to
design, Flow, Turbulence and Combustion 65 (2000) 393-415.
"""

import numpy

from comparisons.problem import Case, Problem

__all__ = ["PROBLEM", "adjoint", "make"]

STEPS, R = 12, 0.4


def make(n: int) -> Case:
    """The loss for n inner points at conductivities between 0.6 and 1."""
    position = numpy.arange(1.0, n + 1.0) / (n + 1.0)
    start, target = numpy.sin(numpy.pi * position), 0.5 * position
    k = numpy.random.default_rng(1928).uniform(0.6, 1.0, n + 1)
    end = numpy.zeros(1)

    def f(k, np=numpy):
        u = start
        for _ in range(STEPS):
            rod = np.concatenate([end, u, end])
            q = k * (rod[1:] - rod[:-1])
            u = u + R * (q[1:] - q[:-1])
        return np.sum((u - target) ** 2) / n

    def twin(k):
        import torch

        u, cold = torch.from_numpy(start), torch.from_numpy(end)
        for _ in range(STEPS):
            rod = torch.cat([cold, u, cold])
            q = k * (rod[1:] - rod[:-1])
            u = u + R * (q[1:] - q[:-1])
        return torch.sum((u - torch.from_numpy(target)) ** 2) / n

    return Case(f=f, x=k, torch=twin, reference=lambda: adjoint(k, start, target))


def adjoint(k: numpy.ndarray, start: numpy.ndarray, target: numpy.ndarray) -> numpy.ndarray:
    """The gradient by hand, in extended precision.

    With w = u' the derivative of the loss by the temperatures, going back one step takes

        q'_j = r (w_j - w_{j+1}),     k'_j += q'_j (u_{j+1} - u_j),
        w_i <- w_i + k_{i-1} q'_{i-1} - k_i q'_i.
    """
    k, u, target = (array.astype(numpy.longdouble) for array in (k, start, target))
    r = numpy.longdouble(R)
    slopes = []
    for _ in range(STEPS):
        slopes.append(numpy.diff(u, prepend=0, append=0))
        u = u + r * numpy.diff(k * slopes[-1])
    w = 2 * (u - target) / len(u)
    gradient = numpy.zeros_like(k)
    for slope in reversed(slopes):
        dq = -r * numpy.diff(w, prepend=0, append=0)
        gradient += dq * slope
        w = w - numpy.diff(k * dq)
    return gradient.astype(numpy.float64)


PROBLEM = Problem(
    name="heat",
    title="Heat in a rod, 12 steps (size: points; one input more)",
    source="Courant, Friedrichs & Lewy 1928; Giles & Pierce 2000",
    sizes=(8, 64),
    quick=(8,),
    make=make,
)
