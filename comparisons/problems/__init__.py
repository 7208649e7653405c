"""The problems of a comparison, in the order in which they run: from a scalar to a simulation.

Problems outside this package are found by `comparisons.plugins` (see docs/adding.md).
"""

from comparisons.problem import Problem
from comparisons.problems import (
    bundle_adjustment,
    gmm,
    heat,
    helmholtz,
    kepler,
    logistic_map,
    logistic_regression,
    mass_spring,
    mlp,
    rosenbrock,
    speelpenning,
)

__all__ = ["PROBLEMS"]

PROBLEMS: tuple[Problem, ...] = (
    logistic_map.PROBLEM,
    speelpenning.PROBLEM,
    rosenbrock.PROBLEM,
    helmholtz.PROBLEM,
    gmm.PROBLEM,
    logistic_regression.PROBLEM,
    mlp.PROBLEM,
    kepler.PROBLEM,
    mass_spring.PROBLEM,
    heat.PROBLEM,
    bundle_adjustment.PROBLEM,
)
