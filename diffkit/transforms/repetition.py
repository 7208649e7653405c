"""Which line of the user's program makes a graph large, and the error that says so.

A Python loop is recorded once for each step, so the line inside it is behind most of the graph. All
work after recording grows with the graph, and to compile a hundred thousand operations takes
minutes: better to name the line first.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass

from ..errors import UnsupportedError, explain
from ..graph import Graph, Loc, all_nodes


@dataclass(frozen=True, slots=True)
class Repeated:
    """The line behind most operations of a graph."""

    loc: Loc
    count: int
    """How many operations come from it."""
    total: int
    """How many operations the graph has, its regions included."""


def repetition(graph: Graph) -> Repeated | None:
    """The line behind most operations, the first of several; None if no line is known.

    >>> import numpy as np, diffkit as dk
    >>> from diffkit.transforms.repetition import repetition
    >>> def f(x):
    ...     for _ in range(50):
    ...         x = np.sin(x) + 1
    ...     return x * x
    >>> found = repetition(dk.trace(f)(dk.f64[()]))
    >>> found.loc.line, found.count, found.total
    (3, 100, 101)
    """
    lines = Counter(node.loc for node in all_nodes(graph))
    total = lines.total()
    ranked = ((loc, count) for loc, count in lines.most_common() if loc is not None)
    most = next(ranked, None)
    return None if most is None else Repeated(most[0], most[1], total)


def too_large(graph: Graph, limit: int, asked: str = "jit") -> UnsupportedError:
    """The error for a graph of more than `limit` operations, to be raised by who compiles it."""
    found = repetition(graph)
    if found is None:
        got = f"{sum(1 for _ in all_nodes(graph))} operations"
    else:
        where = f"{os.path.basename(found.loc.file)}:{found.loc.line}"
        got = f"{found.total} operations, of which {found.count} come from {where}"
    want = f"at most {limit} (the setting max_nodes)"
    remedy = "Write the loop with dk.scan or dk.fori_loop, or raise max_nodes"
    return UnsupportedError(explain(f"{asked} of `{graph.name}`", got, want, remedy))
