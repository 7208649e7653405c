"""What a person reads of symbolic differentiation: formulas, LaTeX, counts of operations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...graph import Graph
from ..method import Symbolic
from ..real import require_no_rules
from .derivative import slopes
from .formulas import Formulas, to_sympy
from .functions import Formula, load_sympy, plain
from .size import walkable

ASKED = "formula"


@dataclass(frozen=True, slots=True)
class Report:
    """What symbolic differentiation did to a function.

    Attributes:
        name: the function's.
        symbols: for each argument its symbol, or an array of them.
        formula: the function; a sympy Array if its result is an array, a tuple if it has several
            results.
        values: its formulas one by one, those of an array row by row.
        partials: the derivatives by all symbols in order, of one result; of several, by rows.
        lets: named subexpressions of formula and derivatives together, in order.
        shared: formula and derivatives in terms of these names.
        operations, operations_derivative, operations_shared: counted by sympy in f, in the
            derivatives as written, and in both with common subexpressions shared.
    """

    name: str
    symbols: tuple[Any, ...]
    formula: Any
    values: tuple[Any, ...]
    partials: tuple[Any, ...]
    lets: tuple[tuple[Any, Any], ...]
    shared: tuple[Any, ...]
    operations: int
    operations_derivative: int
    operations_shared: int

    @property
    def flat(self) -> tuple[Any, ...]:
        """All symbols, in order."""
        return tuple(flat_symbols(self.symbols))

    @property
    def jacobian(self) -> Any:
        """The derivatives as a sympy Matrix: a row for each value, a column for each symbol."""
        return load_sympy().Matrix(len(self.values), len(self.flat), list(self.partials))

    def latex(self) -> str:
        """The function and its derivatives in LaTeX, a line each; of several results the Jacobian
        as a matrix."""
        sympy = load_sympy()
        called = f"{self.title}\\left({', '.join(map(sympy.latex, self.flat))}\\right)"
        lines = [f"{called} &= {sympy.latex(self.formula)}"]
        if len(self.values) == 1:
            lines += [f"{left} &= {right}" for left, right in self.slopes()]
        else:
            lines.append(f"J_{{{self.title}}} &= {sympy.latex(self.jacobian)}")
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"

    @property
    def title(self) -> str:
        """The function's name in LaTeX."""
        word = "f" if self.name in ("lambda", "") else self.name
        return word if len(word) == 1 else f"\\operatorname{{{word}}}".replace("_", "\\_")

    def slopes(self) -> list[tuple[str, str]]:
        """Each derivative of a scalar function in LaTeX, ∂f/∂x and what it is."""
        sympy = load_sympy()
        d = "d" if len(self.flat) == 1 else "\\partial"
        lefts = [f"\\frac{{{d} {self.title}}}{{{d} {sympy.latex(x)}}}" for x in self.flat]
        rights: list[str] = [sympy.latex(d) for d in self.partials]
        return list(zip(lefts, rights, strict=True))


def flat_symbols(symbols: Sequence[Any]) -> Iterator[Formula]:
    for array in symbols:
        yield from np.ravel(np.asarray(array, object))


def arranged(array: Any) -> Any:
    """An array of formulas as sympy has it: an expression, or an Array."""
    if array.shape == ():
        return array[()]
    return load_sympy().ImmutableDenseNDimArray(list(array.ravel()), array.shape)


def readable(formulas: Formulas) -> Any:
    """The outputs for a reader."""
    found = [arranged(each(plain, out)) for out in formulas.outputs]
    return found[0] if len(found) == 1 else tuple(found)


def each(function: Any, array: Any) -> Any:
    """A function of formulas on an array of them."""
    out = np.empty(array.shape, object)
    for place in np.ndindex(*array.shape):
        out[place] = function(array[place])
    return out


def report(graph: Graph, simplify: bool = False, limit: int = Symbolic().limit) -> Report:
    """Differentiate a graph as on paper, by every parameter.

    Raises `UnsupportedError` for what has no formula, or one of more than `limit` operations.
    """
    sympy = load_sympy()
    require_no_rules(graph, ASKED)
    formulas = to_sympy(graph, limit=limit, asked=ASKED)
    with walkable(ASKED):
        symbols = list(flat_symbols(formulas.symbols))
        values = [y for out in formulas.outputs for y in np.ravel(out)]
        partials = [plain(d) for y in values for d in slopes(y, symbols, ASKED)]
        if simplify:
            partials = [sympy.simplify(d) for d in partials]
        values = [plain(y) for y in values]
        lets, shared = sympy.cse([*values, *partials])
        return Report(
            graph.name, formulas.symbols, readable(formulas), tuple(values), tuple(partials),
            tuple(lets), tuple(shared),
            operations=count(values),
            operations_derivative=count(partials),
            operations_shared=count([value for _, value in lets]) + count(shared),
        )  # fmt: skip


def count(formulas: Sequence[Formula]) -> int:
    """The operations that sympy counts."""
    sympy = load_sympy()
    return sum(int(sympy.count_ops(formula)) for formula in formulas)
