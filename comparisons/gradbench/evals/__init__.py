"""The twelve evals, by name, and in the order in which they are reported."""

from comparisons.gradbench.evals import hello, llsq, lse
from comparisons.gradbench.evaluation import Eval

__all__ = ["EVALS"]

EVALS: dict[str, Eval] = {module.EVAL.name: module.EVAL for module in (hello, llsq, lse)}
