"""Programs without calls: products of arrays as loops, and by name what no kernel does.

Kernels call no routines on whole arrays. A product is written out by its definition, a sum for each
element of the result, which the map schedule then gives a thread each.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...errors import UnsupportedError, explain
from ...graph import Graph, Loc, all_nodes
from ...lowering.syntax import (
    Apply,
    Assign,
    Body,
    Call,
    Load,
    Local,
    Loop,
    Push,
    Ref,
    Stmt,
    Store,
    index_of,
)
from ...lowering.walk import bodies, with_bodies
from ...ops.arithmetic import mul
from ...types import i64
from .threads import Total


def unsupported(what: str, loc: Loc | None) -> UnsupportedError:
    got = what if loc is None else f"{what}, at {loc}"
    want = "loops of known length over arrays of known shape, of real numbers"
    return UnsupportedError(explain("the CUDA backend", got, want, 'Use backend="numba"'))


def of_real_numbers(graph: Graph) -> Graph:
    """The graph, if there are no complex numbers in it."""
    for node in all_nodes(graph):
        if any(atom.type.complex for atom in (*node.args, *node.outs)):
            raise unsupported(f"{node.op.name} of complex numbers", node.loc)
    if any(param.type.complex for param in graph.params):
        raise unsupported("complex numbers", None)
    return graph


def written_out(body: Body) -> Body:
    """The body with products as loops. Raises for what no kernel does."""
    result: list[Stmt] = []
    for stmt in body:
        if isinstance(stmt, Push):
            raise unsupported("a loop that saves an unknown number of steps", stmt.loc)
        if isinstance(stmt, Call):
            if stmt.name != "dot":
                raise unsupported("solving a linear system", stmt.loc)
            result += product(stmt)
        else:
            inner = [written_out(part) for part in bodies(stmt)]
            result.append(with_bodies(stmt, inner) if inner else stmt)
    return tuple(result)


def product(call: Call) -> Body:
    """out[i, j] = Σₖ a[i, k] b[k, j], by definition; vectors lack i or j."""
    a, b = call.args
    shapes = [ref.shape[::-1] if ref.transposed else ref.shape for ref in (a, b)]
    rows = [Local("i", i64, n) for n in shapes[0][:-1]]
    columns = [Local("j", i64, n) for n in shapes[1][1:]]
    k = Local("k", i64, shapes[0][-1])
    dtype = call.out.buffer.dtype
    total = Total(Local("s", dtype), "sum")
    term = Apply(mul, (element(a, [*rows, k]), element(b, [k, *columns])), dtype)
    index = (*call.out.index, *map(index_of, (*rows, *columns)))
    body: Body = (
        Assign(total.local, total.start),
        Loop(k, shapes[0][-1], (total.joined(term),)),
        Store(call.out.buffer, index, total.local, loc=call.loc),
    )
    for var in reversed((*rows, *columns)):
        assert var.extent is not None
        body = (Loop(var, var.extent, body, loc=call.loc),)
    return body


def element(ref: Ref, at: Sequence[Local]) -> Load:
    places = [index_of(local) for local in at]
    return Load(ref.buffer, (*ref.index, *(places[::-1] if ref.transposed else places)))
