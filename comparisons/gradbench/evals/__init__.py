"""The twelve evals, by name, and in the order in which they are reported."""

from comparisons.gradbench.evals import (
    ba,
    det,
    gmm,
    hello,
    ht,
    kmeans,
    llsq,
    lse,
    lstm,
    ode,
    particle,
    saddle,
)
from comparisons.gradbench.evaluation import Eval

__all__ = ["EVALS"]

EVALS: dict[str, Eval] = {
    module.EVAL.name: module.EVAL
    for module in (hello, llsq, lse, gmm, ba, ht, kmeans, lstm, ode, det, particle, saddle)
}
