"""How large a formula would be, told from the graph before anything is expanded.

As a tree, a value that is used twice is written twice, so a graph of sixty squarings of x + 1 is a
formula of 2⁶⁰ operations. The counts follow from those of the operands, one node after another (as
a formula would be made, but of numbers): f(u, v) has 1 + size(u) + size(v) operations, and

    its derivative by all inputs     D(f) = Σ_u D(u) + inputs(u) · (2 + size(u) + size(v))
    that of a sum                    D(u + v) = D(u) + D(v) + inputs(u and v)
    that of a product                D(u v) = D(u) + D(v) + inputs(u) · (1 + size(v)) + …

where inputs(u) is how many symbols u mentions. A value with a name of its own counts once, and
where it is mentioned it is a symbol. These are estimates: sympy merges numbers and powers, and
writes a difference as a sum. Sums and products of many terms are one level deep, as in sympy.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import UnsupportedError, explain
from ...graph import Graph, Node, flops, no_flops
from ...types import DType
from .table import spread

DEEPEST_TREE = 150
"""The levels of a formula that sympy can walk through: it recurses, and Python's stack is short."""
MOST = 10**60  # counts stop here: nobody needs to know by how much


@dataclass(frozen=True, slots=True)
class Size:
    """Of one formula: operations, those of its derivatives, the inputs that it mentions (as bits),
    levels, and the sign of its outermost operation, if that is + or *."""

    operations: int = 0
    derivative: int = 0
    inputs: int = 0
    depth: int = 0
    sign: str = ""

    def __add__(self, other: Any) -> Size:
        return linear(self, other)

    def __mul__(self, other: Any) -> Size:
        return product(self, other)

    __radd__, __rmul__ = __add__, __mul__


def made_of(args: Sequence[Any], derivative: int, sign: str = "") -> Size:
    """The size of an operation on formulas; on numbers alone it is a number."""
    sizes = [arg for arg in args if isinstance(arg, Size)]
    inputs, operations, depth = 0, 1, 0
    for size in sizes:
        inputs |= size.inputs
        operations += size.operations
        depth = max(depth, size.depth + (not sign or size.sign != sign))
    if not inputs:
        return NUMBER
    return Size(min(operations, MOST), min(derivative, MOST), inputs, depth, sign)


NUMBER = Size()


def linear(*args: Any) -> Size:
    """A sum."""
    sizes = [arg for arg in args if isinstance(arg, Size)]
    both = sizes[0].inputs & sizes[-1].inputs if len(sizes) > 1 else 0
    return made_of(args, sum(s.derivative for s in sizes) + both.bit_count(), "+")


def product(*args: Any) -> Size:
    """A product."""
    sizes = [arg for arg in args if isinstance(arg, Size)]
    total = sum(s.operations for s in sizes)
    found = 0
    for s in sizes:
        found += s.derivative + s.inputs.bit_count() * (1 + total - s.operations)
    return made_of(args, found, "*")


def general(*args: Any, **_: Any) -> Size:
    """Any other operation: each partial derivative mentions all operands."""
    sizes = [arg for arg in args if isinstance(arg, Size)]
    total = 2 + sum(s.operations for s in sizes)
    found = 0
    for s in sizes:
        found += s.derivative + s.inputs.bit_count() * total
    return made_of(args, found)


SIGNS: Mapping[str, Callable[..., Size]] = {
    "add": linear, "sub": linear, "neg": linear, "mul": product, "scale": product,
}  # fmt: skip


def reduction(x: Any, axes: tuple[int, ...]) -> Any:
    """An operation on many formulas at once."""
    rest = tuple(k for k in range(x.ndim) if k not in axes)
    rows = np.transpose(x, (*rest, *axes)).reshape(*(x.shape[k] for k in rest), -1)
    out = np.empty(rows.shape[:-1], object)
    for place in np.ndindex(*out.shape):
        out[place] = general(*rows[place])
    return out[()]


def cast(x: Any, dtype: DType) -> Any:
    """Numbers stay what they are; integers must be known."""
    return x if dtype.kind == "f" else np.asarray(x).astype(dtype.numpy)


def size_table(names: Sequence[str]) -> dict[str, Callable[..., Any]]:
    """The count of each op of these names."""

    def row(function: Callable[..., Size]) -> Callable[..., Any]:
        over_arrays = spread(function)
        return lambda *args, **attrs: over_arrays(*args)

    table = {name: row(SIGNS.get(name, general)) for name in names}
    table |= dict.fromkeys(("max", "min", "any", "all"), reduction)
    table["cast"] = cast
    return table


def size_constants(value: Any) -> Any:
    """A literal: integers index, all else is a number."""
    if value.dtype.kind == "i":
        return value
    out = np.empty(value.shape, object)
    out[...] = NUMBER
    return out[()]


class Names:
    """What of a formula got a name of its own, and how large that is."""

    def __init__(self) -> None:
        self.operations = 0
        self.derivative = 0

    def add(self, node: Node, value: Any) -> Any:
        """The value by its name: a symbol."""
        return spread(self.one)(value)

    def one(self, value: Any) -> Any:
        if not isinstance(value, Size) or not value.operations:
            return value
        self.operations += value.operations
        self.derivative += value.derivative
        return Size(inputs=value.inputs)


def inputs_of(graph: Graph) -> list[Any]:
    """The parameters, each element an input of its own."""
    found: list[Any] = []
    count = 0
    for p in graph.params:
        array = np.empty(p.type.shape, object)
        for place in np.ndindex(*p.type.shape):
            array[place] = Size(inputs=1 << count)
            count += 1
        found.append(array[()])
    return found


def require_few_nodes(graph: Graph, limit: int, asked: str) -> None:
    """An error for a graph of so many operations that one look at each is too much."""
    count = sum(node.op.flops is not no_flops for node in graph.nodes)
    if count > limit:
        raise too_large(asked, f"{counted(count)} operations in the graph", limit)


def require_small_graph(graph: Graph, limit: int, asked: str) -> None:
    """An error for a graph that alone has too many operations: not even its size is computed."""
    count = flops(graph)
    symbols = sum(p.type.size for p in graph.params)
    if max(count, symbols) > limit:
        raise too_large(asked, f"{counted(count)} operations on {counted(symbols)} symbols", limit)


def require_small(operations: int, derivative: int, graph: Graph, limit: int, asked: str) -> None:
    """An error for formulas that would be too large, function and derivatives together."""
    if operations + derivative > limit:
        own = f"{counted(operations)} operations in the formula ({counted(flops(graph))} in the "
        own += "graph)"
        slopes = f" and {counted(derivative)} in its derivatives" if derivative else ""
        raise too_large(asked, own + slopes, limit)


def require_shallow(depth: int, asked: str) -> None:
    """An error for a formula through which sympy can't walk."""
    if depth > DEEPEST_TREE:
        got = f"a formula of {depth} levels, too deep for sympy"
        remedy = "Use method='forward' or 'reverse', or cse=True, which names what is deep"
        want = f"at most {DEEPEST_TREE} levels"
        raise UnsupportedError(explain(asked, got, want, remedy))


@contextmanager
def walkable(asked: str) -> Generator[None, None, None]:
    """Whatever sympy does to a formula within; if it is too deep, that is an error of ours."""
    try:
        yield
    except RecursionError:
        want, remedy = "one that it can walk through", "Use method='forward' or 'reverse'"
        raise UnsupportedError(
            explain(asked, "a formula too deep for sympy", want, remedy)
        ) from None


def too_large(asked: str, got: str, limit: int) -> UnsupportedError:
    want = f"at most {counted(limit)} before sympy simplifies"
    remedy = "Use method='forward' or 'reverse', or raise the limit, as in dk.Symbolic(limit=10**6)"
    if asked != "method='symbolic'":
        remedy = "Write out a part of the function, or raise the limit, as in limit=10**6"
    return UnsupportedError(explain(asked, got, want, remedy))


def counted(count: int) -> str:
    return "over 10^60" if count >= MOST else f"{count:,}"
