"""Lowering of control flow: loops become loops, branches branches; the rest is written out.

The carry of a loop has storage of its own: filled before, read by the body, and overwritten at the
end of each step by values that were computed elsewhere. Passes that follow take away the copies
that nothing needs. A carry that is saved at each step lives in what is saved, which has one row
more than there are steps: step k reads row k and writes row k + 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..graph import Atom, Graph, Node
from ..ops.arithmetic import add, equal, greater_equal, less, logical_not, logical_or
from ..ops.region import body_groups, row_of, scan_groups, while_groups
from ..types import Type, b1, i64
from .form import INDICES, Form, in_buffer, moved, probe
from .lowerer import SMALL, Cell, Lowerer, Rule, number
from .syntax import (
    Apply,
    Assign,
    Body,
    Buffer,
    Expr,
    If,
    Index,
    Local,
    Loop,
    Push,
    While,
    constant,
    index_of,
)
from .walk import loads_of, vars_of


@dataclass(frozen=True, slots=True)
class Carry:
    """Where a carry lives: the index before its own axes that a step reads, that it writes, and
    that is left at the end. All are empty but for a carry that is saved."""

    cell: Cell
    type: Type
    before: Index = ()
    after: Index = ()
    last: Index = ()

    def at(self, low: Lowerer, prefix: Index) -> Form:
        if isinstance(self.cell, Buffer):
            return in_buffer(self.cell, self.type, prefix)
        return low.form(self.cell, self.type)


def write(low: Lowerer, cell: Cell, prefix: Index, form: Form) -> None:
    """cell[prefix] = form."""
    low.nest(form.shape, lambda index: low.put(cell, (*prefix, *index), form.at(index)))


def row(form: Form, at: Expr, length: int | None) -> Form:
    """One row of an array or tape."""
    return Form(row_of(form.type, length), lambda index: form.at((at, *index)))


def reads(form: Form, cells: Sequence[Cell]) -> bool:
    """Whether the elements of a form depend on what is in these."""
    if 0 in form.shape:
        return False
    _, expr = probe(form)
    used = {*vars_of(expr), *(load.buffer.root for load in loads_of(expr))}
    return not used.isdisjoint(cells)


def advance(
    low: Lowerer,
    carries: Sequence[Carry],
    params: Sequence[Atom],
    body: Graph,
    results: Sequence[Form],
) -> None:
    """Overwrite the carries by the results of a step, as if all at once."""
    cells = [carry.cell for carry in carries]
    moving = [
        (carry, form)
        for carry, param, out, form in zip(carries, params, body.outputs, results, strict=False)
        if out is not param or carry.after
    ]
    staged = [
        (carry, low.form(low.copied(form, "new"), form.type) if reads(form, cells) else form)
        for carry, form in moving
    ]
    for carry, form in staged:
        write(low, carry.cell, carry.after, form)


def scan(low: Lowerer, node: Node, args: list[Form]) -> list[Form]:
    attrs, (body,) = node.attrs, node.regions
    length, backwards = attrs["length"], attrs["reverse"]
    count: int = attrs["carry"]
    trips, consts, inits, xs = scan_groups(args, attrs)
    params = body_groups(body.params, attrs).carry
    ys = body.outputs[count:]
    steps: int | Expr = trips[0].at(()) if length is None else length
    var = Local(INDICES[low.depth % 8], i64, length)
    k = index_of(var)
    carries: list[Carry] = []
    for out, init, param in zip(node.outs, inits, params, strict=False):
        hint = low.names.get(out, "carry")
        if length is not None and param in ys and init.type.size > SMALL:
            cell: Cell = Buffer(hint, init.type.dtype, (length + 1, *init.shape))
            first, last = (length, 0) if backwards else (0, length)
            before, after = (k + 1, k) if backwards else (k, k + 1)
            carries.append(Carry(cell, init.type, (before,), (after,), (constant(last),)))
            write(low, cell, (constant(first),), init)
        else:
            carries.append(Carry(low.copied(init, hint), init.type))
    rows: list[Form] = []
    filled: list[tuple[Buffer, int]] = []
    for j, (out, y) in enumerate(zip(node.outs[count:], ys, strict=True)):
        saved = carries[params.index(y)] if y in params else None
        if saved and saved.before and isinstance(saved.cell, Buffer):
            rows.append(offset(saved.cell, out.type, 1 if backwards else 0))
            continue
        role = "tape" if length is None else "work"
        buffer = Buffer(low.names.get(out, "rows"), out.type.dtype, out.type.shape, role)
        rows.append(in_buffer(buffer, out.type))
        filled.append((buffer, j))
    with low.inside() as stmts:
        now = [carry.at(low, carry.before) for carry in carries]
        results: list[Form] = low.graph(body, [*consts, *now, *(row(x, k, length) for x in xs)])
        for buffer, j in filled:
            if length is None:
                low.emit(Push(buffer, k, low.loc))
            write(low, buffer, (k,), results[count + j])
        advance(low, carries, params, body, results)
    if length != 0:
        low.emit(Loop(var, steps, tuple(stmts), backwards, ordered=True, loc=node.loc))
    return [*(carry.at(low, carry.last) for carry in carries), *rows]


def offset(buffer: Buffer, type_: Type, start: int) -> Form:
    """The rows of a buffer from one on."""
    return Form(
        type_, lambda index: in_buffer(buffer, type_).at((moved(index[0], start, 1), *index[1:]))
    )


def while_(low: Lowerer, node: Node, args: list[Form]) -> list[Form]:
    attrs, (condition, body) = node.attrs, node.regions
    consts, inits = while_groups(args, attrs)
    params = while_groups(body.params, attrs).carry
    carries = [
        Carry(low.copied(init, low.names.get(out, "carry")), init.type)
        for out, init in zip(node.outs, inits, strict=False)
    ]
    now = [carry.at(low, ()) for carry in carries]
    save: tuple[int, ...] = attrs["save"] or ()
    steps = Local("steps", i64)
    counting = attrs["save"] is not None or attrs["max_steps"] is not None
    if counting:
        low.emit(Assign(steps, number(0, i64), low.loc))
    with low.inside() as test:
        (holds,) = low.graph(condition, [*consts, *now])
    tapes: list[Form] = []
    with low.inside() as stmts:
        if attrs["max_steps"] is not None:
            most = number(attrs["max_steps"], i64)
            low.fail_if(Apply(greater_equal, (steps, most), b1))
        for s, out in zip(save, node.outs[len(carries) + 1 :], strict=True):
            hint = low.names.get(out, "tape")
            tape = Buffer(hint, out.type.dtype, out.type.shape, "tape")
            low.emit(Push(tape, steps, low.loc))
            write(low, tape, (steps,), now[s])
            tapes.append(in_buffer(tape, out.type))
        results = low.graph(body, [*consts, *now])
        advance(low, carries, params, body, results)
        if counting:
            low.emit(Assign(steps, Apply(add, (steps, number(1, i64)), i64), low.loc))
    low.emit(While(tuple(test), holds.at(()), tuple(stmts), node.loc))
    counts = [] if attrs["save"] is None else [low.form(steps, i64[()])]
    return [*now, *counts, *tapes]


def cond(low: Lowerer, node: Node, args: list[Form]) -> list[Form]:
    """The branch taken writes the results; a number chooses by a chain of tests."""
    pred, operands = args[0].at(()), args[1:]
    cells = [low.cell_of(out) for out in node.outs]
    branches: list[Body] = []
    for region in node.regions:
        with low.inside() as stmts:
            for cell, form in zip(cells, low.graph(region, operands), strict=True):
                write(low, cell, (), form)
        branches.append(tuple(stmts))
    if pred.dtype is not b1:
        below = Apply(less, (pred, number(0, pred.dtype)), b1)
        above = Apply(greater_equal, (pred, number(len(branches), pred.dtype)), b1)
        low.fail_if(Apply(logical_or, (below, above), b1))
    rest = branches[-1]
    for k in range(len(branches) - 2, -1, -1):
        test = pred if pred.dtype is b1 else Apply(equal, (pred, number(k, pred.dtype)), b1)
        rest = (If(test, branches[k], rest, node.loc),)
    for stmt in rest:
        low.emit(stmt)
    return [low.form(cell, out.type) for cell, out in zip(cells, node.outs, strict=True)]


def inline(low: Lowerer, node: Node, args: list[Form]) -> list[Form]:
    """The region itself: what computes the value of a call, a custom function or a solver."""
    return low.graph(node.regions[0], args)


def check(low: Lowerer, node: Node, args: list[Form]) -> list[Form]:
    """Fail where a flag does not hold."""
    flag = args[1]
    low.nest(flag.shape, lambda index: low.fail_if(Apply(logical_not, (flag.at(index),), b1)))
    return [args[0]]


INLINED = ("call", "custom", "implicit", "linsolve")
"""The ops that are just their first region."""

RULES: dict[str, Rule] = {
    "scan": scan,
    "while": while_,
    "cond": cond,
    **dict.fromkeys(INLINED, inline),
    "check": check,
}
