"""Closures: the derivative at a point, computed up to what is linear, to be applied many times.

The joint graph of the reverse mode is cut in two: the first part gives values and residuals, the
second part pulls cotangents. It is linear in the cotangents, so its transpose pushes
tangents (Radul et al., You Only Linearize Once, POPL 2023, run the other way round).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from ..graph import Graph
from ..tracing import Run
from ..transforms.partition import partition
from .linear_map import Arrays, At, LinearMap
from .reverse import joint, vjp
from .reverse_regions import transposed


def linearize(graph: Graph, count: int) -> At:
    """The derivative with respect to the first `count` inputs; the function runs once, when they
    are given."""
    n = len(graph.outputs)
    active = [k < count for k in range(len(graph.params))]
    whole = vjp(graph, active)
    parts = partition(whole, [k < len(graph.params) for k in range(len(whole.params))])
    kept = len(parts.first.outputs) - sum(parts.early)

    @cache
    def pushing() -> Graph:
        return transposed(parts.second, kept, joint)

    def at(inputs: Sequence[Any], run: Run) -> LinearMap:
        early = run(parts.first, inputs)
        known, residuals = early[: sum(parts.early)], early[sum(parts.early) :]
        values = known[:n]

        def pull(cts: Arrays) -> tuple[Arrays, Arrays]:
            late = iter(run(parts.second, [*residuals, *cts]))
            first = iter(known)
            return values, [next(first) if on else next(late) for on in parts.early][n:]

        def push(dxs: Arrays) -> tuple[Arrays, Arrays]:
            # what does not depend on the cotangents is zero, and its tangent without effect
            moving = [dx for dx, on in zip(dxs, parts.early[n:], strict=True) if not on]
            return values, run(pushing(), [*residuals, *moving])

        return LinearMap(graph.types, lambda: values, push, pull)

    return at
