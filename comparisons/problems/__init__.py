"""The problems of a comparison, in the order in which they run: from a scalar to a simulation."""

from comparisons.problem import Problem
from comparisons.problems import (
    bundle_adjustment,
    gmm,
    helmholtz,
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
    mass_spring.PROBLEM,
    bundle_adjustment.PROBLEM,
)
