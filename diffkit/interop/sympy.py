"""Functions to sympy and back: `dk.to_sympy(f, *args)` and `dk.from_sympy(formula, symbols)`.

A formula is a graph in other notation: `to_sympy` evaluates the graph of f on symbols, `from_sympy`
emits an op for each node of a formula. Nothing is turned into text or parsed, so nobody's strings
are run. The way there and back gives the same function, to rounding: sympy sorts sums and products
and merges their numbers. Formulas are of real numbers in double precision.
"""

from __future__ import annotations

import inspect
import keyword
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np

from ..calls import Call, record_call
from ..errors import DtypeError, ShapeError, TreeError, UnsupportedError, explain
from ..graph import Builder, Graph
from ..modes.method import Symbolic
from ..modes.symbolic.formula_graph import Emitter
from ..modes.symbolic.formulas import to_sympy as formulas_of
from ..modes.symbolic.functions import Formula, load_sympy
from ..modes.symbolic.report import arranged, each, plain
from ..ops import Expr
from ..tracing import Tracer, apply, trees
from ..tracing.location import at_line
from ..types import f64

TO, FROM = "to_sympy", "from_sympy"


def to_sympy(f: Callable[..., Any] | Graph, *args: Any, limit: int = Symbolic().limit) -> Any:
    """The result of f as sympy formulas, in real symbols named after its parameters.

    Args: arguments of f or their types, floating point. An argument that is an array stands for as
    many symbols, x_0, x_1, … The result has the structure that f returns: an expression for each
    number, a sympy Array for each array. A `dk.Graph` is written without arguments, as a list.
    Raises `UnsupportedError` for an op without a formula, or if the formulas would have more than
    `limit` operations.

        >>> import numpy as np, diffkit as dk
        >>> dk.to_sympy(lambda x, y: np.exp(-x * y) + y**2, 1.0, 2.0)
        y**2 + exp(-x*y)
        >>> dk.to_sympy(lambda x: np.cumsum(x), dk.f64[3])
        [x_0, x_0 + x_1, x_0 + x_1 + x_2]
    """
    if isinstance(f, Graph):
        graph, tree = f, None
    else:
        call = Call.of(f, args, {}, range(len(args)), TO)
        program = record_call(call, eager=False)
        graph, tree = program.graph, program.out_tree
    formulas = formulas_of(graph, limit=limit, asked=TO, derivative=False)
    found = [arranged(each(plain, out)) for out in formulas.outputs]
    return found if tree is None else trees.unflatten(tree, found)


def from_sympy(formula: Any, symbols: Any) -> FromSympy:
    """A sympy formula as a function of NumPy arrays, elementwise, as a ufunc is.

    The function is traced like any other, so every mode differentiates it and `dk.jit` compiles it.

    Args:
        formula: an expression; or a sympy Matrix or Array of them, whose axes come first in the
            result; or a tuple or list of these, for a tuple of results.
        symbols: the arguments in order, a Symbol each, or names as in "x y"; an array of symbols
            for an argument whose first axes they are.

    Raises `UnsupportedError` for a function that has no op (sums, products, integrals and limits
    that are not done, functions without a definition), for a symbol that is no argument, and for a
    complex number, each by name.

        >>> import numpy as np, sympy, diffkit as dk
        >>> x, y = sympy.symbols("x y")
        >>> f = dk.from_sympy(sympy.sin(x) * y**2, (x, y))
        >>> f(np.array([0.0, np.pi / 2]), 3.0)
        array([0., 9.])
        >>> dk.grad(f, argnums=1)(np.pi / 2, 3.0)
        np.float64(6.0)
    """
    several = isinstance(formula, list | tuple)
    parts = tuple(cast("Sequence[Any]", formula)) if several else (formula,)
    arrays = [array_of(part) for part in parts]
    free: set[Formula] = set()
    for item in (x for array in arrays for x in array.ravel()):
        free |= item.free_symbols
    places = tuple(symbols_of(symbols, free))
    return FromSympy(
        graph_of(arrays, places),
        tuple(np.shape(place) for place in places),
        tuple(array.shape for array in arrays),
        several,
        tuple(str(place) if np.shape(place) == () else "" for place in places),
    )


def array_of(part: Any) -> Any:
    """A formula, a matrix or an array as an array of formulas."""
    sympy = load_sympy()
    if isinstance(part, sympy.MatrixBase | sympy.NDimArray):
        out = np.empty(part.shape, object)
        flat = part.flat() if isinstance(part, sympy.MatrixBase) else flattened(part)
        out.reshape(-1)[:] = list(flat)
        return out
    if isinstance(part, int | float | np.number) and not isinstance(part, bool):
        part = sympy.sympify(part)
    if isinstance(part, sympy.Expr | sympy.logic.boolalg.Boolean):
        out = np.empty((), object)
        out[()] = part
        return out
    got = f"a {type(part).__name__}"
    want = "a sympy expression, Matrix or Array, or a tuple of them"
    remedy = "Build it from sympy's symbols; strings are not parsed, as that would run them"
    raise UnsupportedError(explain(f"{FROM}{at_line()}", got, want, remedy))


def flattened(array: Any) -> Iterator[Formula]:
    """The elements of a sympy Array in order."""
    for place in np.ndindex(*array.shape):
        yield array[place]


def symbols_of(symbols: Any, free: set[Formula]) -> Iterator[Any]:
    """The symbol or array of symbols of each argument; a name stands for the symbol of the formula
    that has it."""
    sympy = load_sympy()
    if isinstance(symbols, str):
        symbols = [word for word in symbols.replace(",", " ").split() if word]
    if isinstance(symbols, sympy.Symbol):
        symbols = [symbols]
    for given in symbols:
        array = np.asarray(given, object)
        found = np.empty(array.shape, object)
        for place in np.ndindex(*array.shape):
            found[place] = symbol_of(array[place], free)
        yield found[()]


def symbol_of(given: Any, free: set[Formula]) -> Formula:
    sympy = load_sympy()
    if isinstance(given, sympy.Symbol):
        return given
    if not isinstance(given, str):
        got, want = f"a {type(given).__name__} among the symbols", "symbols or their names"
        remedy = 'Pass the symbols of the formula, or "x y"'
        raise TreeError(explain(f"{FROM}{at_line()}", got, want, remedy))
    same = [x for x in free if x.name == given]
    if len(same) > 1:
        got, want = f"{len(same)} different symbols of the name {given}", "one"
        raise TreeError(explain(f"{FROM}{at_line()}", got, want, "Pass the symbols themselves"))
    return same[0] if same else sympy.Symbol(given, real=True)


def graph_of(arrays: Sequence[Any], symbols: Sequence[Any]) -> Graph:
    """A graph from one number for each symbol to one for each formula."""
    b = Builder("formula")
    emitter = Emitter(b, {}, f"{FROM}{at_line()}")
    for place in symbols:
        for symbol in np.ravel(np.asarray(place, object)):
            emitter.env[symbol] = Expr(b, b.param(f64[()], identifier(str(symbol))).atom)
    items = [item for array in arrays for item in array.ravel()]
    return b.finish([emitter.emit(item).atom for item in items])


def identifier(name: str) -> str:
    """A name for a parameter; nothing for what Python can't have as one."""
    return name if name.isidentifier() and not keyword.iskeyword(name) else ""


@dataclass(frozen=True)
class FromSympy:
    """A formula as a function. `graph` is of numbers; `symbols` are the shapes of arguments that
    stand for several symbols, `shapes` those of the results, and `several` whether they come as a
    tuple."""

    graph: Graph
    symbols: tuple[tuple[int, ...], ...]
    shapes: tuple[tuple[int, ...], ...]
    several: bool
    names: tuple[str, ...]

    __name__ = "formula"

    @cached_property
    def __signature__(self) -> inspect.Signature:
        """Arguments are named after symbols."""
        kind = inspect.Parameter.POSITIONAL_ONLY
        names = [identifier(name) or f"x{k}" for k, name in enumerate(self.names)]
        if len(set(names)) < len(names):
            names = [f"x{k}" for k in range(len(names))]
        return inspect.Signature([inspect.Parameter(name, kind) for name in names])

    def __call__(self, *args: Any) -> Any:
        """The value, of the shape that the arguments broadcast to."""
        if len(args) != len(self.symbols):
            got, want = f"{len(args)} arguments", f"{len(self.symbols)}, as many as symbols"
            raise TreeError(explain(f"formula{at_line()}", got, want, "Pass one for each"))
        numbers = [
            x for arg, lead in zip(args, self.symbols, strict=True) for x in split(arg, lead)
        ]
        shape = np.broadcast_shapes(*map(np.shape, numbers))
        values = iter([spread(y, shape) for y in apply(self.graph, numbers)])
        results = tuple([self.result(lead, shape, values) for lead in self.shapes])
        return results if self.several else results[0]

    def result(self, lead: tuple[int, ...], shape: tuple[int, ...], values: Iterator[Any]) -> Any:
        """One result of several numbers."""
        if lead == ():
            return next(values)
        parts = [next(values) for _ in range(int(np.prod(lead)))]
        if not parts:
            return np.zeros((*lead, *shape))
        return np.reshape(np.stack(parts), (*lead, *shape))


def split(arg: Any, lead: tuple[int, ...]) -> list[Any]:
    """An argument as the numbers, or arrays of them, of its symbols."""
    array = arg if isinstance(arg, Tracer) else np.asarray(arg)
    if array.dtype.kind not in "fiub":
        got, want = f"an argument of {array.dtype}", "real numbers"
        remedy = "Pass its real and its imaginary part as symbols of their own"
        raise DtypeError(explain(f"formula{at_line()}", got, want, remedy))
    array = array.astype(np.float64)
    if array.shape[: len(lead)] != lead:
        got, want = f"an argument of shape {array.shape}", f"one whose first axes are {lead}"
        raise ShapeError(explain(f"formula{at_line()}", got, want, "Pass an element a symbol"))
    return [array[place] if place else array[()] for place in np.ndindex(*lead)]


def spread(y: Any, shape: tuple[int, ...]) -> Any:
    """A value in the common shape: one that mentions no argument is a number yet."""
    if np.shape(y) == shape:
        return y
    stretched: Any = np.broadcast_arrays(y, np.zeros(shape))[0]
    return stretched if isinstance(stretched, Tracer) else stretched.copy()
