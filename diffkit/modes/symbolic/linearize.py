"""Symbolic mode: graph → formula (sympy) → derivative → graph.

The formulas and their differentiation stand in `formulas`, the way back in `formula_graph`. This
file joins them to the linear map that every mode gives, and to what a person reads: the formula of
the derivative, its LaTeX, and the count of operations before and after.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from ...graph import Graph
from ...tracing import Run
from ..linear_map import Arrays, LinearMap
from ..method import Symbolic
from ..real import require_real
from .formula_graph import to_graph
from .formulas import Formulas, differentiate, load_sympy, to_sympy


def jacobian_graph(graph: Graph, count: int, settings: Symbolic) -> Graph:
    """The graph (params) -> (outputs, ∂ output / ∂ parameter, row by row) of the formulas."""
    require_real(graph, "method='symbolic'")
    return to_graph(differentiate(to_sympy(graph, settings.cse), count, settings), graph)


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


@dataclass(frozen=True, slots=True)
class Report:
    """What symbolic differentiation did to a scalar function: the formula, its partial derivatives,
    and the operations counted by sympy in f, in the derivatives as written, and with common
    subexpressions shared."""

    formula: Any
    partials: tuple[Any, ...]
    operations: int
    operations_derivative: int
    operations_shared: int

    def latex(self) -> str:
        """The derivatives in LaTeX."""
        sympy = load_sympy()
        return ",\\quad ".join(sympy.latex(p) for p in self.partials)


def report(graph: Graph, simplify: bool = False) -> Report:
    """Differentiate a scalar graph as on paper, by every parameter."""
    require_real(graph, "formula")
    sympy = load_sympy()
    formulas: Formulas = to_sympy(graph)
    formula = formulas.outputs[0][()]
    symbols = [x for array in formulas.symbols for x in np.ravel(np.asarray(array, object))]
    partials = tuple(sympy.diff(formula, x) for x in symbols)
    if simplify:
        partials = tuple(sympy.simplify(p) for p in partials)
    lets, reduced = sympy.cse([formula, *partials])
    shared = sum(sympy.count_ops(value) for _, value in lets) + sum(
        sympy.count_ops(value) for value in reduced
    )
    swollen = sum(sympy.count_ops(p) for p in partials)
    return Report(formula, partials, sympy.count_ops(formula), swollen, shared)
