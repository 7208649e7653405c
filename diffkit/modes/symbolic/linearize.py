"""Symbolic mode: graph → formula (sympy) → derivative → graph.

The formulas stand in `formulas`, their differentiation in `derivative`, the way back in
`formula_graph`. This file joins them to the linear map that every mode gives; `report` is what a
person reads.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from ...graph import Graph
from ...tracing import Run
from ..linear_map import Arrays, LinearMap
from ..method import Symbolic
from ..real import require_no_rules
from .derivative import ASKED, differentiate
from .formula_graph import to_graph
from .formulas import to_sympy


def jacobian_graph(graph: Graph, count: int, settings: Symbolic) -> Graph:
    """The graph (params) -> (outputs, ∂ output / ∂ parameter, row by row) of the formulas."""
    require_no_rules(graph, ASKED)
    formulas = to_sympy(graph, settings.cse, settings.limit)
    return to_graph(differentiate(formulas, count, settings), graph)


def linearize(
    graph: Graph, inputs: Sequence[Any], count: int, run: Run, settings: Symbolic
) -> LinearMap:
    """The derivative with respect to the first `count` inputs: a Jacobian, to push or to pull."""
    out = run(jacobian_graph(graph, count, settings), inputs)
    n = len(graph.outputs)
    rows = [out[n + k * count : n + (k + 1) * count] for k in range(n)]
    triples = zip(out, rows, graph.types, strict=False)
    rows = [[where_defined(y, J) for J in row] for y, row, t in triples if t.differentiable]
    shapes = [p.type.shape for p in graph.params[:count]]

    def push(dxs: Arrays) -> tuple[Arrays, Arrays]:
        pairs = [list(zip(row, dxs, shapes, strict=True)) for row in rows]
        terms = [[np.tensordot(J, dx, len(shape)) for J, dx, shape in row] for row in pairs]
        return out[:n], [reduce(operator.add, row) for row in terms]

    def pull(cts: Arrays) -> tuple[Arrays, Arrays]:
        columns = [list(zip(cts, column, strict=True)) for column in zip(*rows, strict=True)]
        terms = [[np.tensordot(ct, J, np.ndim(ct)) for ct, J in column] for column in columns]
        return out[:n], [reduce(operator.add, column) for column in terms]

    return LinearMap(graph.types, lambda: out[:n], push, pull, lambda: rows)


def where_defined(y: Any, J: Any) -> Any:
    """Partials of an output, nan where it is nan: a formula goes on where its function ends."""
    nan = np.isnan(y)
    return np.where(np.reshape(nan, np.shape(y) + (1,) * (np.ndim(J) - np.ndim(y))), np.nan, J)
