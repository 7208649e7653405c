"""Loops: `scan` over rows, `fori_loop` over a range, `while_loop` on a condition.

Each records its step once, whatever the number of steps, and every mode goes through it. The carry
is any tree; it keeps its structure, shapes and dtypes from step to step. With a `checkpoint` of k
steps, a scan becomes a scan of scans: the reverse mode then keeps the carries of the n/k outer
steps, and those of one inner scan at a time, for one more forward pass (Griewank, Optimization
Methods and Software 1, 1992; Chen et al., arXiv:1604.06174).
"""

# The lambdas over leaves take whatever the user's trees hold.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import DtypeError, ShapeError, TreeError, UnsupportedError, explain
from ..graph import Graph, all_nodes
from ..ops import region as r
from ..ops.shape import arange
from ..tracing import Program, Tracer, argument_names, function_name, trees
from ..tracing.location import at_line
from ..tracing.tracer import CURRENT
from ..types import DType, Type, b1, f64, i64
from . import plain
from .regions import (
    Argument,
    argument,
    carry_error,
    castable,
    closed,
    converted,
    emit,
    record_region,
    structure_error,
    tracing,
)

Function = Callable[..., Any]


def scan(
    step: Function,
    carry: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    checkpoint: int | str | None = None,
) -> tuple[Any, Any]:
    """`(carry, ys)` after `carry, y = step(carry, x)` for each row x of xs.

    Args: step, recorded once; carry, a tree that keeps its types; xs, a tree of arrays of equal
    length along axis 0, or None; length, needed where xs is None; reverse, whether to go from the
    last row to the first (row k of ys still belongs to row k of xs); checkpoint, "sqrt" or the
    number of steps between saved carries, to save memory in reverse mode.

    Returns the last carry and the ys stacked along a new axis 0. Raises `TreeError`, `ShapeError`
    or `DtypeError`, naming the leaf, if the carry changes its type, and `ShapeError` if the rows
    do not agree in number.

        >>> import numpy as np, diffkit as dk
        >>> dk.scan(lambda total, x: (total + x, total), 0.0, np.array([1.0, 2.0, 3.0]))
        (np.float64(6.0), array([0., 1., 3.]))
    """
    count = steps_of(xs, length)
    if checkpoint is not None:
        return chunked(step, carry, xs, count, reverse, chunk_size(checkpoint, count))
    if not tracing():
        return plain.scan(step, carry, xs, count, reverse)
    names = argument_names(step, 2)
    rows, _ = trees.flatten(xs)
    x_tree = argument(xs, names[1], "scan")[1]
    x_types = tuple(r.row_of(t, count) for t in x_tree.types)
    x_arg = Argument(x_types, x_tree.names, (False,) * len(x_types), x_tree.tree)
    leaves, program, _ = settle("scan", step, carry, names[0], [x_arg], with_rows=True)
    consts, (body,) = closed([program])
    attrs = {"consts": len(consts), "carry": len(leaves), "length": count, "reverse": reverse}
    outs = emit(r.scan, [*consts, *leaves, *rows], attrs, [body])
    return trees.unflatten(program.out_tree, outs)


def steps_of(xs: Any, length: int | None) -> int:
    """The number of steps that all rows agree on."""
    leaves, _ = trees.flatten(xs)
    lengths: dict[str, int] = {}
    for name, leaf in zip(trees.names(xs, "xs"), leaves, strict=True):
        if np.ndim(leaf) == 0:
            want, remedy = "arrays with an axis to go along", "Put constants into the carry"
            raise ShapeError(explain(f"scan{at_line()}", f"{name} is a scalar", want, remedy))
        lengths[name] = np.shape(leaf)[0]
    if length is not None:
        if not is_integer(length):
            want, remedy = "a number of steps", "Pass an integer that is known"
            raise DtypeError(explain(f"scan{at_line()}", f"length={length!r}", want, remedy))
        lengths["length"] = int(length)
    if not lengths:
        got, want = "neither xs nor length", "one of them"
        raise ShapeError(explain(f"scan{at_line()}", got, want, "Pass length=n"))
    if len(set(lengths.values())) > 1:
        got = ", ".join(f"{name} has {n} rows" for name, n in lengths.items())
        remedy = "Cut or pad the arrays to one length"
        got = got.replace("length has", "length asks for")
        raise ShapeError(explain(f"scan{at_line()}", got, "one number of rows", remedy))
    count = next(iter(lengths.values()))
    if count < 0:
        want, remedy = "a number of steps", "Pass 0 or more"
        raise ShapeError(explain(f"scan{at_line()}", f"length={count}", want, remedy))
    return count


def is_integer(x: Any) -> bool:
    """Whether a number of steps is an integer, Python's or NumPy's."""
    return isinstance(x, int | np.integer)


def settle(
    asked: str, step: Function, carry: Any, name: str, others: list[Argument], with_rows: bool,
    first: bool = True, names: Sequence[str] = (), user: Function | None = None,
) -> tuple[list[Any], Program, Argument]:  # fmt: skip
    """Record a step whose carry keeps its types. A carry that starts as a Python number takes the
    dtype that the step gives it, as it would in NumPy; any other change is an error. Where the step
    wraps the `user`'s function, `names` are those of the leaves there."""
    leaves, start = argument(carry, name, asked)
    start = replace(start, names=tuple(names) or start.names)
    while True:
        both = [start, *others] if first else [*others, start]
        program = record_region(step, both, asked)
        found, out_tree = carry_of(asked, step, program, with_rows)
        if out_tree != start.tree:
            raise structure_error(asked, user or step, name, out_tree, start.tree)
        wrong = [k for k, (a, b) in enumerate(zip(start.types, found, strict=True)) if a != b]
        firm = hardened(program, start)
        if not wrong and firm != start.weak:
            start = replace(start, weak=firm)
            continue
        if not wrong:
            rows = zip(leaves, start.types, strict=True)
            return [converted(x, t) for x, t in rows], program, start
        types, weak = list(start.types), list(start.weak)
        for k in wrong:  # a leaf gives way once, so this ends
            if not weak[k] or not castable(types[k], found[k]):
                raise carry_error(asked, user or step, start.names[k], types[k], found[k])
            types[k], weak[k] = found[k], False
        start = Argument(tuple(types), start.names, tuple(weak), start.tree)


def hardened(program: Program, start: Argument) -> tuple[bool, ...]:
    """Which parts of the carry still are Python numbers after a step. It only matters, and is only
    worth another recording, where a dtype could give way to another one."""
    if all(t in (f64, i64, b1) for t in dtypes(program.graph)):
        return start.weak
    count = len(start.weak)
    return tuple(a and b for a, b in zip(start.weak, program.weak[:count], strict=True))


def dtypes(graph: Graph) -> set[DType]:
    """The dtypes of all values of a graph, those inside its regions too."""
    atoms = [*graph.params, *graph.outputs]
    atoms += [x for node in all_nodes(graph) for x in (*node.args, *node.outs)]
    return {atom.type.dtype for atom in atoms}


def carry_of(
    asked: str, step: Function, program: Program, with_rows: bool
) -> tuple[list[Type], trees.TreeDef]:
    """The types and the structure of the carry that a step returns."""
    if not with_rows:
        return list(program.graph.types), program.out_tree
    parts = program.out_tree.children() if program.out_tree.type is tuple else []
    if len(parts) != 2:
        got = f"{function_name(step)} returned {program.out_tree}"
        remedy = "Return (carry, y); y may be None"
        raise TreeError(explain(f"{asked}{at_line()}", got, "a pair (carry, y)", remedy))
    return list(program.graph.types[: parts[0].num_leaves]), parts[0]


# --- checkpoints ---------------------------------------------------------------------------------


def chunk_size(checkpoint: int | str, count: int) -> int:
    """The number of steps between saved carries."""
    if checkpoint == "sqrt":
        return max(1, math.isqrt(count))
    if type(checkpoint) is int and checkpoint >= 1:
        return checkpoint
    got, want = f"checkpoint={checkpoint!r}", '"sqrt" or a number of steps'
    remedy = 'Pass "sqrt" for memory that grows as the root of the number of steps'
    raise UnsupportedError(explain(f"scan{at_line()}", got, want, remedy))


def chunked(
    step: Function, carry: Any, xs: Any, count: int, reverse: bool, size: int
) -> tuple[Any, Any]:
    """A scan of scans of `size` steps, and a scan of the steps that are left at the end."""
    whole = count - count % size

    def part(start: int, stop: int) -> Any:
        return trees.map_(lambda x: x[start:stop], xs)

    def chunk(inner: Any, rows: Any) -> tuple[Any, Any]:
        return scan(step, inner, rows, size, reverse)

    def chunks(start: Any) -> tuple[Any, Any]:
        rows = trees.map_(lambda x: in_chunks(x[:whole], size), xs)
        end, ys = scan(chunk, start, rows, whole // size, reverse)
        return end, trees.map_(lambda y: np.reshape(y, (whole, *np.shape(y)[2:])), ys)

    def rest(start: Any) -> tuple[Any, Any]:
        return scan(step, start, part(whole, count), count - whole, reverse)

    if whole in (0, count):
        return chunks(carry) if whole else rest(carry)
    first, second = (rest, chunks) if reverse else (chunks, rest)
    carry, ys = first(carry)
    carry, more = second(carry)
    if reverse:
        ys, more = more, ys
    return carry, trees.map_(lambda y, z: np.concatenate([y, z]), ys, more)


def in_chunks(x: Any, size: int) -> Any:
    """Rows as rows of `size` rows."""
    return np.reshape(x, (np.shape(x)[0] // size, size, *np.shape(x)[1:]))


# --- fori and while ------------------------------------------------------------------------------


def fori_loop(lo: Any, hi: Any, body: Function, carry: Any) -> Any:
    """The carry after `carry = body(i, carry)` for i from lo to hi - 1.

    Bounds that are known make a scan, traced ones a `while_loop`.

        >>> import diffkit as dk
        >>> dk.fori_loop(0, 4, lambda i, total: total + i, 0)
        np.int64(6)
    """
    start, stop = bound(lo), bound(hi)
    if start is None or stop is None:

        def more(state: Any) -> Any:
            return state[0] < hi

        def advance(state: Any) -> Any:
            return state[0] + 1, body(state[0], state[1])

        first = converted(lo, i64[()])
        i, name = argument_names(body, 2)
        names = [i, *trees.names(carry, name)]
        return repeated("fori_loop", more, advance, (first, carry), None, body, name, names)[1]
    if not tracing():
        return plain.fori_loop(start, stop, body, carry)
    count = max(0, stop - start)
    i, name = argument_names(body, 2)
    i_arg = Argument((i64[()],), (i,), (False,), trees.flatten(0)[1])
    leaves, program, _ = settle("fori_loop", body, carry, name, [i_arg], False, first=False)
    consts, (graph,) = closed([program])
    # the index is the first parameter of the recorded body, and the rows come last in a scan
    n = len(consts)
    params = (*graph.params[:n], *graph.params[n + 1 :], graph.params[n])
    region = Graph(graph.name, params, graph.nodes, graph.outputs)
    attrs = {"consts": n, "carry": len(leaves), "length": count, "reverse": False}
    outs = emit(r.scan, [*consts, *leaves, numbers(start, count)], attrs, [region])
    return trees.unflatten(program.out_tree, outs)


def numbers(start: int, count: int) -> Any:
    """start, start + 1, … as a value of the trace that is running."""
    trace = CURRENT.get()
    assert trace is not None
    return Tracer(trace, arange(trace.builder, count, i64).atom) + start


def bound(x: Any) -> int | None:
    """A bound as a number, or None if it is traced."""
    if isinstance(x, Tracer) and x.dtype_.kind == "i" and not x.shape:
        return None
    if isinstance(x, int | np.integer):
        return int(x)
    kind = str(x.type) if isinstance(x, Tracer) else repr(x)
    remedy = "Convert it with int(...), or .astype(np.int64) where it is traced"
    raise DtypeError(explain(f"fori_loop{at_line()}", f"the bound {kind}", "an integer", remedy))


def while_loop(cond: Function, body: Function, carry: Any, max_steps: int | None = None) -> Any:
    """The carry after `carry = body(carry)` for as long as `cond(carry)` holds.

    Reverse mode needs no bound on the number of steps: the loop saves its carries on tapes that
    grow. With `max_steps`, a loop that takes more raises `EvaluationError`; `vmap` and Taylor mode
    need it.

        >>> import diffkit as dk
        >>> newton = lambda a: dk.while_loop(
        ...     lambda x: abs(x * x - a) > 1e-12 * a, lambda x: (x + a / x) / 2, a)
        >>> float(newton(2.0)), float(dk.grad(newton)(2.0))
        (1.414213562373095, 0.35355339059327373)
    """
    if max_steps is not None and not (is_integer(max_steps) and max_steps >= 0):
        want, remedy = "a number of steps", "Pass 0 or more, or None"
        raise ShapeError(explain(f"while_loop{at_line()}", f"max_steps={max_steps}", want, remedy))
    if not tracing():
        return plain.while_loop(cond, body, carry, max_steps)
    name = argument_names(body, 1)[0]
    return repeated(
        "while_loop", cond, body, carry, max_steps, body, name, trees.names(carry, name)
    )


def repeated(
    asked: str, cond: Function, body: Function, carry: Any, max_steps: int | None,
    user: Function, name: str, names: Sequence[str],
) -> Any:  # fmt: skip
    """The node of a `while_loop`, or of a `fori_loop` that became one."""
    leaves, program, start = settle(
        asked, body, carry, name, [], with_rows=False, names=names, user=user
    )
    test = record_region(cond, [start], asked)
    if test.graph.types != (b1[()],):
        raise plain.condition_error(cond, ", ".join(map(str, test.graph.types)))
    consts, (condition, step) = closed([test, program])
    attrs = {"consts": len(consts), "carry": len(leaves), "max_steps": max_steps, "save": None}
    outs = emit(r.while_, [*consts, *leaves], attrs, [condition, step])
    return trees.unflatten(program.out_tree, outs)
