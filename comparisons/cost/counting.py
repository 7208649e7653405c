"""What the demonstrations of cost count on graphs: how often an op is applied, and how a quantity
grows.

A graph is what a program computes and nothing else, so a count of its operations is the cost model
of the textbooks: no machine, no clock, the same number on every run.
"""

from collections.abc import Sequence

import numpy

from diffkit.graph import Graph

__all__ = ["exponent", "occurrences"]


def occurrences(graph: Graph, op: str) -> int:
    """How often an op is applied to single elements, each step of a loop counted."""
    total = 0
    for node in graph.nodes:
        if node.regions:
            steps = node.region.trips(node.attrs) or 1
            total += steps * sum(occurrences(region, op) for region in node.regions)
        elif node.op.name == op:
            total += node.out.type.size
    return total


def exponent(x: Sequence[float], y: Sequence[float]) -> float:
    """The p of y ~ x^p, by least squares on logarithmic axes."""
    return float(numpy.polyfit(numpy.log(x), numpy.log(y), 1)[0])
