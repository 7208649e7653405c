"""Formulas back into a graph: each sympy node becomes an op, every subexpression once."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from ...errors import UnsupportedError, explain
from ...graph import Builder, Graph, Value, literal
from ...ops import Expr
from ...ops import arithmetic as a
from ...ops import elementwise as e
from ...ops import index as i
from ...ops import shape as s
from ...types import f64
from .formulas import Derivative, Formula, load_sympy


def to_graph(d: Derivative, like: Graph) -> Graph:
    """A graph (params) -> (values, partials of the first output, partials of the second, …)."""
    b = Builder(f"{like.name}_symbolic", finite_math=True)
    env: dict[Formula, Expr] = {}
    params = [Expr(b, b.param(p.type, p.hint).atom) for p in like.params]
    for param, symbols in zip(params, d.symbols, strict=True):
        for place, symbol in np.ndenumerate(np.asarray(symbols, object)):
            at = [Expr(b, literal(np.int64(k))) for k in place]
            element = i.gather(param, *at) if at else param
            env[symbol] = a.cast(element, dtype=f64)  # formulas are of real numbers: f64
    for symbol, expression in d.lets:
        env[symbol] = emit(b, expression, env)
    rows = zip(d.partials, like.types, strict=True)
    arrays = [
        *zip(d.values, like.types, strict=True),
        *((block, type_) for row, type_ in rows for block in row),
    ]
    packed = [(pack(b, np.asarray(array, object), env), t.dtype) for array, t in arrays]
    return b.finish([a.cast(value, dtype=dtype).atom for value, dtype in packed])


def pack(b: Builder, array: Any, env: dict[Formula, Expr]) -> Value:
    """An array of formulas as one value."""
    items = [emit(b, item, env) for item in array.ravel()]
    if array.shape == ():
        return items[0]
    if not items:
        return s.zeros(b, f64[array.shape])
    return s.reshape(s.stack(*items, axis=0), shape=array.shape)


def emit(b: Builder, formula: Formula, env: dict[Formula, Expr]) -> Expr:
    """The value of a formula, given values of its symbols; subformulas enter `env`."""
    stack = [formula]
    while stack:
        node = stack[-1]
        if node in env:
            stack.pop()
            continue
        missing = [child for child in children(node) if child not in env]
        if missing:
            stack.extend(missing)
            continue
        env[node] = make(b, node, env)
        stack.pop()
    return env[formula]


def children(node: Formula) -> list[Formula]:
    """The subformulas whose values a node needs."""
    sympy = load_sympy()
    if isinstance(node, sympy.Piecewise):
        return [part for pair in node.args for part in pair.args]
    if isinstance(node, sympy.Pow) and node.exp.is_Number and not node.base.is_Number:
        return [node.base]
    if isinstance(node, sympy.Mul) and not node.is_number:
        return [f.base if divides(f) else f for f in node.args]
    if isinstance(node, sympy.Heaviside):
        return [node.args[0]]
    if isinstance(node, sympy.Derivative | sympy.Subs | sympy.DiracDelta):
        return []
    return list(node.args) if not node.is_number or node.is_Boolean else []


def make(b: Builder, node: Formula, env: dict[Formula, Expr]) -> Expr:
    """One formula node as an op on the values of its children."""
    sympy = load_sympy()

    def number(value: Any) -> Expr:
        return Expr(b, literal(np.asarray(value, np.float64)))

    if node in (sympy.true, sympy.false):
        return Expr(b, literal(np.bool_(node == sympy.true)))
    if node.is_number:
        return number(float(node) if node.is_finite else complex_free(node))
    if isinstance(node, sympy.Add):
        return reduce(operator.add, [env[term] for term in node.args])
    if isinstance(node, sympy.Mul):
        return quotient(node, env, number)
    if isinstance(node, sympy.Pow):
        return raise_to(node, env, number)
    if isinstance(node, sympy.Piecewise):
        return choose(node, env, number)
    if isinstance(node, sympy.Heaviside):
        return 0.5 * (a.sign(env[node.args[0]]) + 1)  # one half at a tie
    if isinstance(node, sympy.DiracDelta) or locally_constant(node):
        return number(0.0)
    if isinstance(node, sympy.polygamma):
        return e.polygamma(env[node.args[1]], n=int(node.args[0]))
    op = functions(sympy).get(node.func)
    if op is None:
        want = "a function that diffkit knows"
        remedy = "Use method='forward' or 'reverse'"
        asked = "method='symbolic'"
        raise UnsupportedError(explain(asked, f"the formula {node}", want, remedy))
    result = env[node.args[0]]
    if len(node.args) == 1:
        return op(result)
    for other in node.args[1:]:
        result = op(result, env[other])
    return result


def complex_free(node: Formula) -> float:
    """±inf or nan."""
    return float("nan") if node.is_infinite is not True else float(node)


def locally_constant(node: Formula) -> bool:
    """The derivative of a floor or ceiling, which sympy leaves standing."""
    sympy = load_sympy()
    if not isinstance(node, sympy.Derivative | sympy.Subs):
        return False
    inner = node.args[0]
    while isinstance(inner, sympy.Derivative | sympy.Subs):
        inner = inner.args[0]
    return isinstance(inner, sympy.floor | sympy.ceiling)


def functions(sympy: Any) -> dict[Any, Callable[..., Expr]]:
    """sympy's functions as ops."""
    return {
        sympy.exp: e.exp, sympy.log: a.log, sympy.sin: e.sin, sympy.cos: e.cos, sympy.tan: e.tan,
        sympy.asin: e.arcsin, sympy.acos: e.arccos, sympy.atan: e.arctan, sympy.atan2: e.arctan2,
        sympy.sinh: e.sinh, sympy.cosh: e.cosh, sympy.tanh: e.tanh, sympy.asinh: e.arcsinh,
        sympy.acosh: e.arccosh, sympy.atanh: e.arctanh, sympy.erf: e.erf, sympy.Abs: a.absolute,
        sympy.sign: a.sign, sympy.floor: a.floor, sympy.ceiling: a.ceil, sympy.Max: a.maximum,
        sympy.Min: a.minimum, sympy.loggamma: e.lgamma, sympy.Mod: a.mod,
        sympy.Lt: a.less, sympy.Le: a.less_equal, sympy.Gt: a.greater, sympy.Ge: a.greater_equal,
        sympy.Eq: a.equal, sympy.Ne: a.not_equal, sympy.And: a.logical_and,
        sympy.Or: a.logical_or, sympy.Not: a.logical_not,
    }  # fmt: skip


def quotient(node: Formula, env: dict[Formula, Expr], number: Callable[..., Expr]) -> Expr:
    """A product; factors with a negative power divide."""
    above: list[Expr] = []
    below: list[Expr] = []
    for factor in node.args:
        if divides(factor):
            below.append(env_power(factor.base, -factor.exp, env, number))
        else:
            above.append(env[factor])
    top = reduce(operator.mul, above) if above else number(1.0)
    return top / reduce(operator.mul, below) if below else top


def divides(factor: Formula) -> bool:
    """Whether a factor is a negative power of something that is not a number."""
    negative = factor.is_Pow and factor.exp.is_Number and factor.exp.is_negative
    return bool(negative and not factor.is_number)


def raise_to(node: Formula, env: dict[Formula, Expr], number: Callable[..., Expr]) -> Expr:
    if node.exp.is_Number:
        if node.exp.is_negative:
            return a.reciprocal(env_power(node.base, -node.exp, env, number))
        return env_power(node.base, node.exp, env, number)
    return a.power(env[node.base], env[node.exp])


def env_power(
    base: Formula, exponent: Formula, env: dict[Formula, Expr], number: Callable[..., Expr]
) -> Expr:
    """base^exponent for a positive number as exponent; roots by their own ops."""
    x = env[base]
    if exponent == 1:
        return x
    if 2 * exponent == 1:
        return e.sqrt(x)
    if 3 * exponent == 1:
        return e.cbrt(x)
    return a.power(x, number(float(exponent)))


def choose(node: Formula, env: dict[Formula, Expr], number: Callable[..., Expr]) -> Expr:
    """A piecewise formula as nested choices; nan where no condition holds."""
    result = number(float("nan"))
    for value, condition in reversed([pair.args for pair in node.args]):
        result = a.select(env[condition], env[value], result)
    return result
