"""The derivative of formulas, as on paper or with what they share.

As on paper, a formula swells: every product doubles what it multiplies (Baydin et al., JMLR 18,
2018, table 1). With `cse`, each named formula is differentiated by itself, and the chain rule joins
them, one term of a sum after another; then every derivative has a name, too.

Through a choice the chain rule multiplies a slope by zero where a branch is not taken. That slope
may be infinite there, so these products are `Guarded`: zero is zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import UnsupportedError, explain
from ..method import Symbolic
from .formulas import Formulas, Lets
from .functions import Formula, load_sympy, own, with_even_ties
from .size import walkable

ASKED = "method='symbolic'"


@dataclass(frozen=True, slots=True)
class Derivative:
    """Formulas for a Jacobian: `lets` are named subexpressions in order, `partials[o][k]` the array
    ∂ output o / ∂ parameter k, of shape output.shape + parameter.shape."""

    symbols: tuple[Any, ...]
    values: tuple[Any, ...]
    lets: Lets
    partials: list[list[Any]]


def differentiate(formulas: Formulas, count: int, settings: Symbolic) -> Derivative:
    """The Jacobian with respect to the first `count` parameters."""
    sympy = load_sympy()
    flat = [x for array in formulas.symbols[:count] for x in np.ravel(np.asarray(array, object))]
    values = [y for array in formulas.outputs for y in np.ravel(array)]
    with walkable(ASKED):
        if settings.cse:
            rows, lets = chain_rule(formulas.lets, values, flat)
        else:
            lets = formulas.lets
            rows = [slopes(y, flat) for y in values]
        if settings.simplify:
            rows = [[sympy.simplify(entry) for entry in row] for row in rows]
    sizes = [np.size(x) for x in formulas.symbols[:count]]
    shapes = [np.shape(x) for x in formulas.symbols[:count]]
    partials: list[list[Any]] = []
    at = 0
    for out in formulas.outputs:
        block = np.empty((out.size, len(flat)), object)
        for r in range(out.size):
            block[r] = rows[at + r]
        at += out.size
        parts = np.split(block, np.cumsum(sizes)[:-1], axis=1)
        partials.append(
            [p.reshape(out.shape + shape) for p, shape in zip(parts, shapes, strict=True)]
        )
    return Derivative(formulas.symbols, formulas.outputs, lets, partials)


def slopes(formula: Formula, symbols: Sequence[Formula], asked: str = ASKED) -> list[Formula]:
    """The partial derivatives of a formula. Raises `UnsupportedError` for an argument by which
    sympy knows no derivative, such as the order of a zeta function."""
    sympy = load_sympy()
    tied = with_even_ties(formula)
    try:
        return [sympy.diff(tied, x) for x in symbols]
    except sympy.core.function.ArgumentIndexError as error:
        function, place = error.args
        got = f"a derivative of {type(function).__name__} by its argument number {place}"
        want, remedy = "an argument by which a derivative is known", "Hold it constant"
        raise UnsupportedError(explain(asked, got, want, remedy)) from None


def chain_rule(
    lets: Lets, outputs: list[Formula], xs: list[Formula]
) -> tuple[list[list[Formula]], Lets]:
    """Differentiate each named formula by what it mentions, and join by the chain rule; every
    derivative gets a name of its own."""
    sympy = load_sympy()
    known: dict[Formula, dict[Formula, Formula]] = {x: {x: sympy.Integer(1)} for x in xs}
    program: Lets = []

    def named(expression: Formula) -> Formula:
        if expression.is_Atom:
            return expression
        symbol = sympy.Dummy(f"d{len(program)}", real=True)
        program.append((symbol, expression))
        return symbol

    def gradient(formula: Formula) -> dict[Formula, Formula]:
        local: dict[Formula, list[Formula]] = {}
        for term in sympy.Add.make_args(formula):  # a sum term by term: each mentions few symbols
            mentioned = [x for x in sorted(term.free_symbols, key=str) if x in known]
            for symbol, slope in zip(mentioned, slopes(term, mentioned), strict=True):
                local.setdefault(symbol, []).append(slope)
        total: dict[Formula, list[Formula]] = {}
        for symbol, parts in local.items():
            partial = sympy.Add(*parts)
            times = own().Guarded if chooses(partial) and symbol not in xs else sympy.Mul
            factor = named(partial)
            for x, slope in known[symbol].items():
                total.setdefault(x, []).append(times(slope, factor))
        return {x: named(sympy.Add(*parts)) for x, parts in total.items()}

    for symbol, formula in lets:
        program.append((symbol, formula))
        found = gradient(formula)
        if found:
            known[symbol] = found
    zero = sympy.Integer(0)
    gradients = [gradient(y) for y in outputs]
    return [[found.get(x, zero) for x in xs] for found in gradients], program


def chooses(partial: Formula) -> bool:
    """Whether a slope is zero on one side of something."""
    sympy = load_sympy()
    return bool(partial.has(sympy.Piecewise, sympy.Heaviside, own().Share))
