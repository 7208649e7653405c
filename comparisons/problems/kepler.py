"""Kepler's equation solved by Newton's method: a Python `while` that ends when the values say so.

For n orbits with mean anomaly M and eccentricity e, the eccentric anomaly E and the distance r from
the sun, in units of the semi-major axis, are

    E - e sin E = M,      r = 1 - e cos E,      f = sum of r,

and the input is the flat vector (M, e). Newton's method repeats

    E <- E - (E - e sin E - M) / (1 - e cos E)

until no E moves by 1e-12, which takes a number of rounds that depends on the values. A tool that
runs the function once for all values can't follow it; one that records each call differentiates
the rounds that were made. The derivative of an iteration converges one round after its value, and
the last round here is one that moved nothing, so both have converged.

Source: Kepler, Astronomia nova, 1609, chapter 60; Battin, An introduction to the mathematics and
methods of astrodynamics, AIAA 1999, section 5.1. On the delay: Gilbert, Automatic differentiation
and iterative processes, Optimization Methods and Software 1 (1992) 13-21.
"""

import numpy

from comparisons.problem import Case, Problem

__all__ = ["PROBLEM", "closed_form", "make"]

TOLERANCE = 1e-12
MOST_ROUNDS = 50  # ends what doesn't converge: differences may ask for orbits that are no ellipses


def make(n: int) -> Case:
    """n orbits of eccentricity 0.1 to 0.7, somewhere on the way from perihelion to aphelion."""
    rng = numpy.random.default_rng(1609)
    x = numpy.concatenate([rng.uniform(0.2, 2.8, n), rng.uniform(0.1, 0.7, n)])

    def f(x, np=numpy):
        mean, e = x[:n], x[n:]
        anomaly = mean + e * np.sin(mean)
        moving, rounds = True, 0
        while moving and rounds < MOST_ROUNDS:
            step = (anomaly - e * np.sin(anomaly) - mean) / (1.0 - e * np.cos(anomaly))
            anomaly = anomaly - step
            moving, rounds = np.max(np.abs(step)) > TOLERANCE, rounds + 1
        return np.sum(1.0 - e * np.cos(anomaly))

    def twin(x):
        import torch

        mean, e = x[:n], x[n:]
        anomaly = mean + e * torch.sin(mean)
        moving, rounds = True, 0
        while moving and rounds < MOST_ROUNDS:
            step = (anomaly - e * torch.sin(anomaly) - mean) / (1.0 - e * torch.cos(anomaly))
            anomaly = anomaly - step
            moving, rounds = bool(torch.max(torch.abs(step)) > TOLERANCE), rounds + 1
        return torch.sum(1.0 - e * torch.cos(anomaly))

    return Case(f=f, x=x, torch=twin, reference=lambda: closed_form(x))


def closed_form(x: numpy.ndarray) -> numpy.ndarray:
    """The gradient at the solution, in extended precision:

    dr/dM = e sin E / (1 - e cos E),      dr/de = (e - cos E) / (1 - e cos E).
    """
    mean, e = numpy.split(x.astype(numpy.longdouble), 2)
    anomaly = mean
    for _ in range(MOST_ROUNDS):
        rate = 1 - e * numpy.cos(anomaly)
        anomaly = anomaly - (anomaly - e * numpy.sin(anomaly) - mean) / rate
    rate = 1 - e * numpy.cos(anomaly)
    found = numpy.concatenate([e * numpy.sin(anomaly) / rate, (e - numpy.cos(anomaly)) / rate])
    return found.astype(numpy.float64)


PROBLEM = Problem(
    name="kepler",
    title="Kepler's equation by Newton's method in a while loop (size: orbits; 2 inputs each)",
    source="Battin, AIAA 1999, section 5.1; Gilbert 1992",
    sizes=(2, 16),
    quick=(2,),
    make=make,
)
