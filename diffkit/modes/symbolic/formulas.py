"""Formulas: a graph as sympy expressions, and their derivatives.

A graph becomes formulas by evaluating it on arrays of sympy symbols. Differentiated as on paper,
a formula swells: every product doubles what it multiplies (Baydin et al., JMLR 18, 2018, table 1).
With `cse`, a value that the graph uses more than once gets a name, each named formula is
differentiated by itself, and the chain rule joins them, one term of a sum after another.

Loops are written out, so their length must be known; integers and booleans must be known, too.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ...errors import EvaluationError, UnsupportedError, explain
from ...graph import Graph, Node, Var, evaluate, node_flops
from ...transforms.unroll import unroll
from ...types import Type
from ..method import Symbolic

Formula = Any  # sympy ships no complete types


def load_sympy() -> Any:
    """The module, on first use: importing diffkit does not wait for it."""
    return importlib.import_module("sympy")


Lets: TypeAlias = list[tuple[Formula, Formula]]


@dataclass(frozen=True, slots=True)
class Formulas:
    """A graph as formulas: one array of symbols for each parameter, of formulas for each output,
    and the named subformulas that these mention, in order."""

    symbols: tuple[Any, ...]
    outputs: tuple[Any, ...]
    lets: Lets


def to_sympy(graph: Graph, shared: bool = False) -> Formulas:
    """The outputs of a graph as formulas in symbols named after its parameters; with `shared`, a
    value that is used more than once is named instead of repeated."""
    sympy = load_sympy()
    graph = unroll(graph)
    taken: set[str] = set()
    symbols = tuple(
        symbol_array(sympy, p.hint or f"x{k}", p.type, taken) for k, p in enumerate(graph.params)
    )
    lets: Lets = []
    cut = places_to_cut(graph) if shared else set[Var]()

    def name(node: Node, value: Any) -> Any:
        if node.out not in cut:
            return value
        named = np.empty(np.shape(value), object)
        for place in np.ndindex(*named.shape):
            formula = value[place] if place else value
            named[place] = formula
            if not formula.is_Atom:
                named[place] = sympy.Dummy(f"t{len(lets)}", real=True)
                lets.append((named[place], formula))
        return named[()]

    try:
        table = sympy_table(sympy)
        outputs = evaluate(graph, list(symbols), table, lambda v: constants(sympy, v), name)
    except (EvaluationError, RecursionError) as error:
        want = "ops that have a formula in diffkit/modes/symbolic/formulas.py"
        remedy = "Use method='forward' or 'reverse'"
        failed = str(error).partition(": ")[0]
        deep = isinstance(error, RecursionError)
        got = "a formula too deep for sympy" if deep else f"no formula for {failed}"
        raise UnsupportedError(explain("method='symbolic'", got, want, remedy)) from None
    return Formulas(symbols, tuple(np.asarray(out, object) for out in outputs), lets)


DEEPEST = 12  # nodes between names; sympy recurses over formulas


def places_to_cut(graph: Graph) -> set[Var]:
    """The values to name: sums, and what is used by several nodes, spread out, or deep."""
    uses: dict[Var, int] = {}
    for node in graph.nodes:
        for arg in node.args:
            if isinstance(arg, Var):
                spread_out = node.out.type.size > arg.type.size
                uses[arg] = uses.get(arg, 0) + (2 if spread_out else 1)
    depth: dict[Var, int] = {}
    cut: set[Var] = set()
    for node in graph.nodes:
        depth[node.out] = 1 + max(
            (depth.get(a, 0) for a in node.args if isinstance(a, Var)), default=0
        )
        if node.op.view or not node.out.type.differentiable:
            continue
        adds_up = node_flops(node) > node.out.type.size
        if adds_up or uses.get(node.out, 0) > 1 or depth[node.out] >= DEEPEST:
            cut.add(node.out)
            depth[node.out] = 0
    return cut


def symbol_array(sympy: Any, name: str, type_: Type, taken: set[str]) -> Any:
    """x, or x_0, x_1, … in the shape of the type; sympy takes symbols of one name for one symbol,
    so a name of which any form is taken gets a tick."""
    places = list(np.ndindex(*type_.shape))
    while True:
        names = ["_".join([name, *map(str, place)]) for place in places]
        if taken.isdisjoint(names):
            break
        name += "'"
    taken.update(names)
    out = np.empty(type_.shape, object)
    for place, text in zip(places, names, strict=True):
        out[place] = sympy.Symbol(text, real=True)
    return out[()]


def number(sympy: Any, value: Any) -> Formula:
    """A float as an integer or a simple fraction where it is exactly that, else as it is."""
    if isinstance(value, bool | np.bool_):
        return sympy.true if value else sympy.false
    numerator, denominator = float(value).as_integer_ratio() if np.isfinite(value) else (0, 0)
    if denominator and denominator <= 1024 and abs(numerator) < 2**53:
        return sympy.Rational(numerator, denominator)
    return sympy.Float(float(value))


def constants(sympy: Any, value: Any) -> Any:
    """A literal: integers stay NumPy (they index), numbers become sympy's."""
    if value.dtype.kind == "i":
        return value
    out = np.empty(value.shape, object)
    for place in np.ndindex(*value.shape):
        out[place] = number(sympy, value[place])
    return out[()]


def sympy_table(sympy: Any) -> dict[str, Callable[..., Any]]:
    """Each elementwise op as a function of formulas, spread over arrays."""
    S = sympy

    def piecewise(c: Formula, x: Formula, y: Formula) -> Formula:
        return S.Piecewise((x, c), (y, True))

    named: dict[str, Callable[..., Any]] = {
        "add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y,
        "div": lambda x, y: x / y, "neg": lambda x: -x, "pow": lambda x, y: x**y,
        "scale": lambda d, t: d * t, "square": lambda x: x**2, "reciprocal": lambda x: 1 / x,
        "abs": S.Abs, "sign": S.sign, "floor": S.floor, "ceil": S.ceiling,
        "maximum": S.Max, "minimum": S.Min, "select": piecewise, "stop_gradient": lambda x: x,
        "exp": S.exp, "exp2": lambda x: 2**x, "expm1": lambda x: S.exp(x) - 1,
        "log": S.log, "log2": lambda x: S.log(x) / S.log(2),
        "log10": lambda x: S.log(x) / S.log(10), "log1p": lambda x: S.log(1 + x),
        "sqrt": S.sqrt, "root": S.sqrt, "cbrt": S.cbrt,
        "hypot": lambda x, y: S.sqrt(x**2 + y**2),
        "sin": S.sin, "cos": S.cos, "tan": S.tan, "arcsin": S.asin, "arccos": S.acos,
        "arctan": S.atan, "arctan2": S.atan2, "sinh": S.sinh, "cosh": S.cosh, "tanh": S.tanh,
        "arcsinh": S.asinh, "arccosh": S.acosh, "arctanh": S.atanh, "erf": S.erf,
        "lgamma": S.loggamma, "less": S.Lt, "less_equal": S.Le, "greater": S.Gt,
        "greater_equal": S.Ge, "equal": S.Eq, "not_equal": S.Ne,
        "logical_and": S.And, "logical_or": S.Or, "logical_not": S.Not,
    }  # fmt: skip
    table = {name: spread(function) for name, function in named.items()}
    # Formulas are of real numbers.
    table |= {name: spread(lambda x: S.false) for name in ("isnan", "isinf")}
    table["isfinite"] = spread(lambda x: S.true)
    table["polygamma"] = lambda x, n: spread(lambda v: S.polygamma(n, v))(x)
    table["cast"] = lambda x, dtype: x if dtype.kind == "f" else np.asarray(x).astype(dtype.numpy)
    table["max"] = lambda x, axes: reduce_by(S.Max, x, axes)
    table["min"] = lambda x, axes: reduce_by(S.Min, x, axes)
    return table


def spread(function: Callable[..., Formula]) -> Callable[..., Any]:
    """A function of formulas as a function of arrays of them."""

    def over_arrays(*args: Any) -> Any:
        return np.frompyfunc(function, len(args), 1)(*args)

    return over_arrays


def reduce_by(function: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """Max or Min over axes of an array of formulas."""
    rest = tuple(k for k in range(x.ndim) if k not in axes)
    rows = np.transpose(x, (*rest, *axes)).reshape(*(x.shape[k] for k in rest), -1)
    out = np.empty(rows.shape[:-1], object)
    for place in np.ndindex(*out.shape):
        out[place] = function(*rows[place])
    return out[()]


# --- the derivative ------------------------------------------------------------------------------


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
    if settings.cse:
        rows, lets = chain_rule(sympy, formulas.lets, values, flat)
    else:
        lets = formulas.lets
        rows = [[sympy.diff(y, x) for x in flat] for y in values]
    if settings.simplify:
        rows = [[sympy.simplify(entry) for entry in row] for row in rows]
    partials: list[list[Any]] = []
    at = 0
    for out in formulas.outputs:
        block = np.empty((out.size, len(flat)), object)
        for r in range(out.size):
            block[r] = rows[at + r]
        at += out.size
        columns = np.cumsum([np.size(x) for x in formulas.symbols[:count]])
        parts = np.split(block, columns[:-1], axis=1)
        shapes = [np.shape(x) for x in formulas.symbols[:count]]
        partials.append(
            [p.reshape(out.shape + shape) for p, shape in zip(parts, shapes, strict=True)]
        )
    return Derivative(formulas.symbols, formulas.outputs, lets, partials)


def chain_rule(
    sympy: Any, lets: Lets, outputs: list[Formula], xs: list[Formula]
) -> tuple[list[list[Formula]], Lets]:
    """Differentiate each named formula by what it mentions, and join by the chain rule; every
    derivative gets a name of its own."""
    slopes: dict[Formula, dict[Formula, Formula]] = {x: {x: sympy.Integer(1)} for x in xs}
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
            for symbol in sorted(term.free_symbols, key=str):
                if symbol in slopes:
                    local.setdefault(symbol, []).append(sympy.diff(term, symbol))
        total: dict[Formula, list[Formula]] = {}
        for symbol, parts in local.items():
            partial = named(sympy.Add(*parts))
            for x, slope in slopes[symbol].items():
                total.setdefault(x, []).append(partial * slope)
        return {x: named(sympy.Add(*parts)) for x, parts in total.items()}

    for symbol, formula in lets:
        program.append((symbol, formula))
        found = gradient(formula)
        if found:
            slopes[symbol] = found
    zero = sympy.Integer(0)
    gradients = [gradient(y) for y in outputs]
    return [[found.get(x, zero) for x in xs] for found in gradients], program
