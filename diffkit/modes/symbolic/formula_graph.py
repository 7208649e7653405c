"""Formulas back into a graph: each sympy node becomes an op, every subexpression once.

Numbers become the nearest float64. Powers with known exponents become roots, reciprocals and
quotients, as a person would write them. Nothing recurses over a formula's depth.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from ...errors import UnsupportedError, explain
from ...graph import Builder, Graph, Value, literal
from ...ops import Expr
from ...ops import arithmetic as a
from ...ops import cylinder as c
from ...ops import elementwise as e
from ...ops import hypergeometric as h
from ...ops import index as i
from ...ops import shape as s
from ...types import f64
from .derivative import Derivative
from .functions import Formula, load_sympy
from .op_table import HYPERGEOMETRIC, op_table


def to_graph(d: Derivative, like: Graph) -> Graph:
    """A graph (params) -> (values, partials of the first output, partials of the second, …)."""
    b = Builder(f"{like.name}_symbolic", finite_math=True)
    params = [Expr(b, b.param(p.type, p.hint).atom) for p in like.params]
    emitter = Emitter(b, env_of(params, d.symbols), "method='symbolic'", slopes=True)
    for symbol, expression in d.lets:
        emitter.env[symbol] = emitter.emit(expression)
    rows = zip(d.partials, like.types, strict=True)
    arrays = [
        *zip(d.values, like.types, strict=True),
        *((block, type_) for row, type_ in rows for block in row),
    ]
    packed = [(pack(emitter, np.asarray(array, object)), t.dtype) for array, t in arrays]
    return b.finish([a.cast(value, dtype=dtype).atom for value, dtype in packed])


def env_of(params: Sequence[Expr], symbols: Sequence[Any]) -> dict[Formula, Expr]:
    """The value of each symbol: a parameter, or an element of one."""
    env: dict[Formula, Expr] = {}
    for param, array in zip(params, symbols, strict=True):
        for place, symbol in np.ndenumerate(np.asarray(array, object)):
            at = [Expr(param.builder, literal(np.int64(k))) for k in place]
            element = i.gather(param, *at) if at else param
            env[symbol] = a.cast(element, dtype=f64)  # formulas are of real numbers: f64
    return env


def pack(emitter: Emitter, array: Any) -> Value:
    """An array of formulas as one value."""
    items = [emitter.emit(item) for item in array.ravel()]
    if array.shape == ():
        return items[0]
    if not items:
        return s.zeros(emitter.b, f64[array.shape])
    return s.reshape(s.stack(*items, axis=0), shape=array.shape)


@dataclass(frozen=True, slots=True)
class Emitter:
    """Emits formulas, given values of their symbols; subformulas enter `env`. With `slopes`, these
    are derivatives, in which jumps count for nothing."""

    b: Builder
    env: dict[Formula, Expr]
    asked: str
    slopes: bool = False

    def emit(self, formula: Formula) -> Expr:
        """The value of a formula."""
        env, stack = self.env, [formula]
        while stack:
            node = stack[-1]
            if node in env:
                stack.pop()
                continue
            missing = [child for child in self.children(node) if child not in env]
            if missing:
                stack.extend(missing)
                continue
            env[node] = self.make(node)
            stack.pop()
        return env[formula]

    def children(self, node: Formula) -> list[Formula]:
        """The subformulas whose values a node needs; an error if nothing is known of it."""
        sympy = load_sympy()
        if is_number(node) or self.vanishes(node):
            return []
        if isinstance(node, sympy.Piecewise):
            return [part for pair in node.args for part in pair.args]
        if isinstance(node, sympy.Pow):
            return [node.base] if node.exp.is_Number else [node.base, node.exp]
        if isinstance(node, sympy.Mul):
            return [f.base if divides(f) else f for f in node.args]
        if isinstance(node, sympy.hyper):
            return [*node.ap, *node.bq, node.argument]
        if isinstance(node, sympy.polygamma | sympy.expint | sympy.polylog):
            return [node.args[1]]
        if isinstance(node, sympy.Add | sympy.Heaviside) or node.func in op_table():
            return list(node.args)
        raise self.refused(node)

    def refused(self, node: Formula) -> UnsupportedError:
        sympy = load_sympy()
        want = "numbers, symbols that have a value, and functions that diffkit knows"
        if isinstance(node, sympy.Symbol):
            got, remedy = f"the symbol {node}, which has no value", "List it among the symbols"
        else:
            text = str(node)
            short = text if len(text) <= 80 else f"{text[:77]}…"
            got = f"{getattr(node, 'name', None) or type(node).__name__} in the formula {short}"
            remedy = "Write it with others (.doit(), .rewrite), or as a NumPy function"
            if self.slopes:
                remedy = "Use method='forward' or 'reverse'"
        return UnsupportedError(explain(self.asked, got, want, remedy))

    def vanishes(self, node: Formula) -> bool:
        """Whether this is a derivative that is zero but for jumps: of a floor, or a delta."""
        sympy = load_sympy()
        return self.slopes and (isinstance(node, sympy.DiracDelta) or locally_constant(node))

    def number(self, value: Any) -> Expr:
        return Expr(self.b, literal(np.asarray(value, np.float64)))

    def make(self, node: Formula) -> Expr:
        """One formula node as an op on the values of its children."""
        sympy, env = load_sympy(), self.env
        if node in (sympy.true, sympy.false):
            return Expr(self.b, literal(np.bool_(node == sympy.true)))
        if self.vanishes(node):
            return self.number(0.0)
        if is_number(node):
            return self.number(self.value_of(node))
        if isinstance(node, sympy.Add):
            return reduce(operator.add, [env[term] for term in node.args])
        if isinstance(node, sympy.Mul):
            return self.product(node)
        if isinstance(node, sympy.Pow):
            return self.power(node)
        if isinstance(node, sympy.Piecewise):
            return self.choice(node)
        if isinstance(node, sympy.Heaviside):
            x, tie = (env[arg] for arg in node.args)
            return a.select(a.equal(x, 0), tie, 0.5 * (a.sign(x) + 1))
        if isinstance(node, sympy.hyper):
            row = HYPERGEOMETRIC.get((len(node.ap), len(node.bq)))
            if row is None:
                raise self.refused(node)
            return row(*(env[x] for x in (*node.ap, *node.bq, node.argument)))
        if isinstance(node, sympy.polygamma | sympy.expint | sympy.polylog):
            return self.of_order(node)
        return op_table()[node.func](*(env[arg] for arg in node.args))

    def of_order(self, node: Formula) -> Expr:
        """A function whose order must be a known whole number."""
        sympy, order, x = load_sympy(), node.args[0], self.env[node.args[1]]
        if not (order.is_Integer and order.is_nonnegative):
            raise self.refused(node)
        if isinstance(node, sympy.polygamma):
            return e.polygamma(x, n=int(order))
        if isinstance(node, sympy.expint):
            return c.expn(self.number(int(order)), x) if order != 1 else c.exp1(x)
        if order == 1:
            return -e.log1p(-x)
        if order != 2:
            raise self.refused(node)
        return h.spence(1 - x)

    def value_of(self, node: Formula) -> float:
        """The float nearest to a number."""
        sympy = load_sympy()
        if node is sympy.nan or (self.slopes and node is sympy.zoo):
            return float("nan")
        if not node.is_extended_real:
            raise self.refused(node)
        return float(node)

    def product(self, node: Formula) -> Expr:
        """A product; factors with a negative power divide."""
        above: list[Expr] = []
        below: list[Expr] = []
        for factor in node.args:
            if divides(factor):
                below.append(self.raised(factor.base, -factor.exp))
            else:
                above.append(self.env[factor])
        top = reduce(operator.mul, above) if above else self.number(1.0)
        return top / reduce(operator.mul, below) if below else top

    def power(self, node: Formula) -> Expr:
        if not node.exp.is_Number:
            return a.power(self.env[node.base], self.env[node.exp])
        if node.exp.is_negative:
            return a.reciprocal(self.raised(node.base, -node.exp))
        return self.raised(node.base, node.exp)

    def raised(self, base: Formula, exponent: Formula) -> Expr:
        """base^exponent for a positive number as exponent; roots by their own ops."""
        x = self.env[base]
        if exponent == 1:
            return x
        if 2 * exponent == 1:
            return e.sqrt(x)
        if 3 * exponent == 1 and base.is_nonnegative:
            return e.cbrt(x)
        return a.power(x, self.number(float(exponent)))

    def choice(self, node: Formula) -> Expr:
        """A piecewise formula as nested choices; nan where no condition holds."""
        result = self.number(float("nan"))
        for value, condition in reversed([pair.args for pair in node.args]):
            result = a.select(self.env[condition], self.env[value], result)
        return result


def is_number(node: Formula) -> bool:
    """Whether a formula has a value of its own."""
    sympy = load_sympy()
    return node in (sympy.true, sympy.false) or (node.is_number and not node.is_Boolean)


def divides(factor: Formula) -> bool:
    """Whether a factor is a negative power of something that is not a number."""
    negative = factor.is_Pow and factor.exp.is_Number and factor.exp.is_negative
    return bool(negative and not factor.is_number)


def locally_constant(node: Formula) -> bool:
    """The derivative of a floor or ceiling, which sympy leaves standing."""
    sympy = load_sympy()
    if not isinstance(node, sympy.Derivative | sympy.Subs):
        return False
    inner = node.args[0]
    while isinstance(inner, sympy.Derivative | sympy.Subs):
        inner = inner.args[0]
    return isinstance(inner, sympy.floor | sympy.ceiling)
