"""What every mode gives: the value of a function at a point, and its derivative there as a linear
map, pushed forward (tangents, J ẋ), pulled back (cotangents, Jᵀ ȳ), or both; one direction at a
time, or many in one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from ..graph import Graph
from ..tracing import Run
from ..transforms.vmap import batch
from ..types import Type

Arrays: TypeAlias = list[Any]

MOST_LANES = 256
MOST_BYTES = 2**28  # of all that lives at once in one run


@dataclass(frozen=True, slots=True)
class Many:
    """`run(directions)`, arrays with an axis of directions in front, is the results likewise. No
    more than `most` directions at once keep the memory in bounds."""

    run: Callable[[Arrays], Arrays]
    most: int


def many(graph: Graph, fixed: int) -> Callable[[Sequence[Any], Run], Many]:
    """The first parameters of the graph are given later, the directions are the others."""
    count = len(graph.params) - fixed

    @cache
    def lanes(size: int) -> Graph:
        return batch(graph, [False] * fixed + [True] * count, size, [True] * len(graph.outputs))[0]

    def at(inputs: Sequence[Any], run: Run) -> Many:
        def run_all(directions: Arrays) -> Arrays:
            return run(lanes(len(directions[0])), [*inputs, *directions])

        return Many(run_all, most)

    most = most_lanes(graph)
    return at


def most_lanes(graph: Graph) -> int:
    """How many directions of a graph at once keep the memory in bounds."""
    return min(MOST_LANES, max(1, MOST_BYTES // max(1, graph.cost().peak)))


@dataclass(frozen=True, slots=True)
class LinearMap:
    """The derivative of a flat function at a point.

    Tangents and cotangents are lists, one entry for each input leaf and each floating-point output
    leaf. Nothing is computed before it is asked for; `push` and `pull` also give the values of the
    outputs, which they compute on the way.
    """

    types: tuple[Type, ...]
    """The types of the outputs."""
    values: Callable[[], Arrays]
    push: Callable[[Arrays], tuple[Arrays, Arrays]] | None = None
    """`push(tangents)` is (values, tangents of the floating-point outputs)."""
    pull: Callable[[Arrays], tuple[Arrays, Arrays]] | None = None
    """`pull(cotangents)` is (values, cotangents of the inputs)."""
    jacobian: Callable[[], list[Arrays]] | None = None
    """The blocks ∂ output / ∂ input of floating-point outputs, where the mode has them whole."""
    pushes: Callable[[], Many] | None = None
    """As `push`, for many tangents in one run, without the values."""
    pulls: Callable[[], Many] | None = None
    """As `pull`, for many cotangents."""


At: TypeAlias = Callable[[Sequence[Any], Run], LinearMap]
"""The derivative of a graph, to be taken at inputs: `at(inputs, run)`. What is made of the graph is
made before, or once, so that it serves for all inputs."""
