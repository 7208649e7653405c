"""Control flow: ops that run isolated graphs.

    scan   carry, (y₁ … yₙ) = for each row x of xs: carry, y = body(consts, carry, x)
    while  carry = while cond(consts, carry): carry = body(consts, carry)
    cond   the outputs of one of the regions: the first if pred is True, else the second; or, if
           pred is an integer, the region of that number
    call   the outputs of its region; the reverse mode runs it again instead of keeping its values

Operands come in named groups (`scan_groups`, `while_groups`), in the same order for the operands of
the node and the parameters of its regions. A scan has a `length`, or `length=None` and a first
operand that says how many rows its tapes have. A `while` with `save=(i, …)` also returns the number
of its steps and a tape of carry i as each step found it: with these its reverse is a scan, and
nests like any other.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

import numpy as np

from ..errors import EvaluationError, GraphError, explain
from ..graph import Attrs, Graph, Node, Op, Region, Var, restrict, used_params
from ..types import Type, b1, i64

T = TypeVar("T")
Body = Callable[[Sequence[Any]], list[Any]]


class Scan(NamedTuple):
    """The operands of a scan by group, or the parameters of its body (which has no `trips`)."""

    trips: Sequence[Any]
    consts: Sequence[Any]
    carry: Sequence[Any]
    xs: Sequence[Any]


class While(NamedTuple):
    """The operands of a while, or the parameters of its regions."""

    consts: Sequence[Any]
    carry: Sequence[Any]


def scan_groups(operands: Sequence[T], attrs: Attrs) -> Scan:
    """The operands of a scan node."""
    lead = 1 if attrs["length"] is None else 0
    return Scan(operands[:lead], *body_groups(operands[lead:], attrs)[1:])


def body_groups(params: Sequence[T], attrs: Attrs) -> Scan:
    """The parameters of a scan's body."""
    first, second = attrs["consts"], attrs["consts"] + attrs["carry"]
    return Scan(params[:0], params[:first], params[first:second], params[second:])


def while_groups(operands: Sequence[T], attrs: Attrs) -> While:
    """The operands of a while node, or the parameters of its regions."""
    return While(operands[: attrs["consts"]], operands[attrs["consts"] :])


def row_of(rows: Type, length: int | None) -> Type:
    """The type of one row."""
    if length is None:
        return Type(rows.dtype, rows.shape)
    return Type(rows.dtype, rows.shape[1:])


def rows_of(row: Type, length: int | None) -> Type:
    """The type of all rows: an array, or a tape where their number is not known."""
    if length is None:
        return Type(row.dtype, row.shape, tape=True)
    return Type(row.dtype, (length, *row.shape))


def fault(name: str, got: str, want: str) -> GraphError:
    remedy = "This is a fault of the transform that built the graph; please report it"
    return GraphError(explain(name, got, want, remedy))


def expect(name: str, got: Iterable[Type], want: Iterable[Type]) -> None:
    """Raise where two lists of types differ."""
    left, right = list(got), list(want)
    if left != right:
        raise fault(name, f"types {left}", f"{right}")


# --- scan ----------------------------------------------------------------------------------------


def infer_scan(types: Sequence[Type], attrs: Attrs, regions: tuple[Graph, ...]) -> tuple[Type, ...]:
    (body,), length, count = regions, attrs["length"], attrs["carry"]
    trips, consts, carry, xs = scan_groups(types, attrs)
    expect("the trip count of a scan", trips, [i64[()]] if length is None else [])
    for x in xs:
        if x.tape if length is not None else not x.tape:
            raise fault("scan", f"rows {x} for length {length}", "a tape just for length None")
        if length is not None and (not x.shape or x.shape[0] != length):
            raise fault("scan", f"rows {x}", f"{length} rows")
    want = [*consts, *carry, *(row_of(x, length) for x in xs)]
    expect("the parameters of a scan's body", [p.type for p in body.params], want)
    expect("the carry of a scan", body.types[:count], carry)
    return (*carry, *(rows_of(y, length) for y in body.types[count:]))


class Rows:
    """Rows to be filled one after another, in one array; with `length=None` it grows."""

    def __init__(self, length: int | None, row: Type) -> None:
        self.row = row
        self.array: Any = None
        self.count = 0
        self.length = length

    def put(self, index: int, y: Any) -> None:
        """Set a row. The first one decides the dtype, as in a complex step all may be complex."""
        if self.array is None:
            capacity = 16 if self.length is None else self.length
            self.array = np.empty((capacity, *self.row.shape), np.asarray(y).dtype)
        elif index >= len(self.array):
            self.array = np.concatenate([self.array, np.empty_like(self.array)])
        dtype = getattr(y, "dtype", None)
        if dtype is not None and dtype != self.array.dtype:
            self.array = self.array.astype(np.result_type(self.array, y))
        self.array[index] = y
        self.count = max(self.count, index + 1)

    def done(self) -> Any:
        """The filled rows."""
        if self.array is None:
            return np.empty((self.length or 0, *self.row.shape), self.row.dtype.numpy)
        return self.array[: self.count]


def run_scan(bodies: Sequence[Body], args: Sequence[Any], node: Node) -> list[Any]:
    """The loop. Each step reads row k of every x, and writes row k of every y."""
    attrs, (body,) = node.attrs, bodies
    trips, consts, carry, xs = scan_groups(args, attrs)
    steps = int(trips[0]) if trips else attrs["length"]
    if any(len(x) != steps for x in xs):
        raise fault("scan", f"tapes of {[len(x) for x in xs]} rows", f"{steps} rows each")
    count = attrs["carry"]
    rows = [Rows(steps, row_of(out.type, attrs["length"])) for out in node.outs[count:]]
    order = range(steps - 1, -1, -1) if attrs["reverse"] else range(steps)
    carry = list(carry)
    fixed = list(consts)
    for k in order:
        out = body([*fixed, *carry, *[x[k] for x in xs]])
        carry = out[:count]
        for row, y in zip(rows, out[count:], strict=True):
            row.put(k, y)
    return [*carry, *(row.done() for row in rows)]


def needed_carries(
    body: Graph, attrs: Attrs, keep: list[bool], others: Sequence[Any]
) -> tuple[list[bool], Graph]:
    """The carries to keep: those wanted, and those that what is kept depends on. With the body that
    gives these and the others: it has been pruned, regions inside too, which in a nest of loops is
    worth doing once."""
    carries = body_groups(body.params, attrs).carry
    while True:
        outputs = [out for out, on in zip(body.outputs, keep, strict=False) if on]
        kept = restrict(body, [*outputs, *others])
        used = used_params(kept)
        grown = [on or p in used for p, on in zip(carries, keep, strict=True)]
        if grown == keep:
            return keep, kept
        keep = grown


def prune_scan(node: Node, live: set[Var]) -> Node:
    """Drop the ys and carries that nothing live depends on, and the operands not read then."""
    (body,), count = node.regions, node.attrs["carry"]
    ys_on = [out in live for out in node.outs[count:]]
    ys = [y for y, on in zip(body.outputs[count:], ys_on, strict=True) if on]
    wanted = [out in live for out in node.outs[:count]]
    carry_on, kept = needed_carries(body, node.attrs, wanted, ys)
    used = used_params(kept)
    consts, xs = (
        [p in used for p in group]
        for group in (body_groups(body.params, node.attrs)[k] for k in (1, 3))
    )
    on = [*consts, *carry_on, *xs]
    if all(on) and all(ys_on) and kept.nodes == body.nodes:
        return node
    lead = len(node.args) - len(on)
    attrs = {**node.attrs, "consts": sum(consts), "carry": sum(carry_on)}
    params = tuple(chosen(body.params, on))
    return replace(
        node,
        args=(*node.args[:lead], *chosen(node.args[lead:], on)),
        attrs=attrs,
        outs=tuple(chosen(node.outs, [*carry_on, *ys_on])),
        regions=(replace(kept, params=params),),
    )


def chosen(items: Sequence[T], on: Sequence[bool]) -> list[T]:
    """The items at which a mask is True."""
    return [item for item, yes in zip(items, on, strict=True) if yes]


def name_groups(groups: Callable[..., Any]) -> Callable[..., dict[str, tuple[Any, ...]]]:
    """Groups as a dict, for the printer."""
    return lambda items, attrs: groups(items, attrs)._asdict()


def no_numpy(*_: Any, **__: Any) -> Any:
    raise NotImplementedError("control flow runs its regions")


def no_infer(*_: Any, **__: Any) -> Any:
    raise NotImplementedError("control flow has a type for each result")


def region_op(name: str, fact: Region) -> Op:
    """An op that runs graphs."""
    return Op(name, no_infer, no_numpy, fact, regional=True)


scan = region_op(
    "scan",
    Region(
        infer_scan, run_scan, name_groups(scan_groups), prune_scan, lambda attrs: attrs["length"]
    ),
)


# --- while ---------------------------------------------------------------------------------------


def infer_while(
    types: Sequence[Type], attrs: Attrs, regions: tuple[Graph, ...]
) -> tuple[Type, ...]:
    condition, body = regions
    carry = while_groups(types, attrs).carry
    expect("the parameters of a while's body", [p.type for p in body.params], types)
    expect("the parameters of a while's condition", [p.type for p in condition.params], types)
    expect("the carry of a while", body.types, carry)
    expect("the condition of a while", condition.types, [b1[()]])
    if attrs["save"] is None:
        return tuple(carry)
    return (*carry, i64[()], *(rows_of(carry[k], None) for k in attrs["save"]))


def unending(most: int, where: str) -> EvaluationError:
    """A loop that would take more than `max_steps` steps."""
    got = f"the condition still holds after max_steps={most} steps"
    remedy = "Raise max_steps, or check why it does not end"
    return EvaluationError(explain(f"while_loop{where}", got, "a loop that ends", remedy))


def run_while(bodies: Sequence[Body], args: Sequence[Any], node: Node) -> list[Any]:
    """The loop, with what it saves."""
    (condition, body), attrs = bodies, node.attrs
    consts, carry = (list(group) for group in while_groups(args, attrs))
    save: tuple[int, ...] = attrs["save"] or ()
    most: int | None = attrs["max_steps"]
    saved = [Rows(None, node.outs[k].type) for k in save]
    steps = 0
    while condition([*consts, *carry])[0]:
        if steps == most:
            raise unending(steps, f" at {node.loc}" if node.loc else "")
        for rows, k in zip(saved, save, strict=True):
            rows.put(steps, carry[k])
        carry = body([*consts, *carry])
        steps += 1
    tapes = [np.int64(steps), *(rows.done() for rows in saved)]
    return carry if attrs["save"] is None else [*carry, *tapes]


def prune_while(node: Node, live: set[Var]) -> Node:
    """Drop the carries and tapes that nothing live depends on, and the consts not read then."""
    (condition, body), attrs = node.regions, node.attrs
    count = len(while_groups(node.args, attrs).carry)
    tapes = node.outs[count + 1 :]
    tape_on = [out in live for out in tapes]
    before: tuple[int, ...] = attrs["save"] or ()
    saved = chosen(before, tape_on)
    tested = used_params(condition)
    carries = while_groups(condition.params, attrs).carry
    wanted = [
        out in live or p in tested or k in saved
        for k, (out, p) in enumerate(zip(node.outs[:count], carries, strict=True))
    ]
    sizes = {"consts": attrs["consts"], "carry": count}
    carry_on, kept = needed_carries(body, sizes, wanted, ())
    used = used_params(kept)
    pairs = zip(body.params, condition.params, strict=True)
    consts = [p in used or q in tested for p, q in list(pairs)[: attrs["consts"]]]
    on = [*consts, *carry_on]
    counts = node.outs[count : count + 1]
    saving = bool(saved) or any(out in live for out in counts)
    if all(on) and all(tape_on) and saving == bool(counts) and kept.nodes == body.nodes:
        return node
    place = {old: new for new, old in enumerate(chosen(range(count), carry_on))}
    save = tuple(place[k] for k in saved) if saving else None
    outs = chosen(node.outs[:count], carry_on)
    return replace(
        node,
        args=tuple(chosen(node.args, on)),
        attrs={**attrs, "consts": sum(consts), "save": save},
        outs=(*outs, *(counts if saving else ()), *chosen(tapes, tape_on)),
        regions=tuple(replace(g, params=tuple(chosen(g.params, on))) for g in (condition, kept)),
    )


while_ = region_op(
    "while",
    Region(infer_while, run_while, name_groups(while_groups), prune_while, lambda attrs: None),
)


# --- cond and call -------------------------------------------------------------------------------


def infer_cond(types: Sequence[Type], attrs: Attrs, regions: tuple[Graph, ...]) -> tuple[Type, ...]:
    expect("the index of a cond", types[:1], [types[0].with_shape(())])
    if types[0].dtype == b1 and len(regions) != 2:
        raise fault("cond", f"a boolean for {len(regions)} branches", "two branches")
    for region in regions:
        expect("the parameters of a branch", [p.type for p in region.params], types[1:])
        expect("the results of a branch", region.types, regions[0].types)
    return regions[0].types


def run_cond(bodies: Sequence[Body], args: Sequence[Any], node: Node) -> list[Any]:
    """The branch taken; a number without a branch is an error."""
    index = np.real(args[0])
    if node.args[0].type.dtype == b1:
        return bodies[0 if index else 1](args[1:])
    if not 0 <= index < len(bodies):
        raise IndexError(f"branch {int(index)} of {len(bodies)}, counted from 0")
    return bodies[int(index)](args[1:])


def prune_branches(lead: int) -> Callable[[Node, set[Var]], Node]:
    """Drop dead results, and the operands that no branch reads then; `lead` operands stay."""

    def prune(node: Node, live: set[Var]) -> Node:
        on = [out in live for out in node.outs]
        kept = [restrict(region, chosen(region.outputs, on)) for region in node.regions]
        used = [used_params(region) for region in kept]
        columns = zip(*(region.params for region in kept), strict=True)
        reads = [any(p in u for p, u in zip(column, used, strict=True)) for column in columns]
        sizes = zip(kept, node.regions, strict=True)
        if all(on) and all(reads) and all(k.nodes == r.nodes for k, r in sizes):
            return node
        regions = (replace(region, params=tuple(chosen(region.params, reads))) for region in kept)
        return replace(
            node,
            args=(*node.args[:lead], *chosen(node.args[lead:], reads)),
            outs=tuple(chosen(node.outs, on)),
            regions=tuple(regions),
        )

    return prune


cond = region_op(
    "cond",
    Region(
        infer_cond,
        run_cond,
        lambda items, attrs: {"pred": tuple(items[:1]), "operands": tuple(items[1:])},
        prune_branches(1),
        lambda attrs: 1,
    ),
)


def infer_call(types: Sequence[Type], attrs: Attrs, regions: tuple[Graph, ...]) -> tuple[Type, ...]:
    expect("the parameters of a call", [p.type for p in regions[0].params], types)
    return regions[0].types


def run_call(bodies: Sequence[Body], args: Sequence[Any], node: Node) -> list[Any]:
    return bodies[0](args)


def operands_only(items: Sequence[Any], attrs: Attrs) -> dict[str, tuple[Any, ...]]:
    return {"operands": tuple(items)}


call = region_op(
    "call", Region(infer_call, run_call, operands_only, prune_branches(0), lambda attrs: 1)
)
