"""Control flow on many lanes.

A loop carries one value more for each lane wherever a step makes its values differ: a fixed point
over the carry. If the number of steps differs too, the loop goes on while some lane is at work, and
a lane that has finished keeps its values by a select. Branches chosen by lane are all computed, and
selected from. Custom functions and solvers get lanes with all their rules; a callback is called for
each.

A select is linear in what it chooses from, and zero towards what it does not, so derivatives of
the result ignore what idle lanes computed, be it infinite or nan. `active` tells a region which
lanes are at work, so that an index that is out of bounds in an idle lane raises no error, and a
loop inside does not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from ..errors import UnsupportedError, explain
from ..graph import Atom, Builder, Graph, Node, Var, literal
from ..ops import Expr
from ..ops.arithmetic import add, cast, equal, greater, logical_and, logical_not, select, sub
from ..ops.custom import callback, custom
from ..ops.index import gather
from ..ops.reduce import any_, max_
from ..ops.region import body_groups, call, cond, scan, scan_groups, while_, while_groups
from ..ops.routine import Routine
from ..ops.shape import arange, broadcast, transpose
from ..ops.solvers import implicit, linsolve
from ..types import b1, i64
from .vmap_ops import Flags, Lanes, Values, by_lane, safe, spread

Batch = Callable[..., tuple[Graph, list[bool]]]
Result = tuple[Sequence[Atom], list[bool]]


def lift(b: Builder, lanes: Lanes, node: Node, xs: Values, on: Flags, batch: Batch) -> Result:
    """The results of control flow for all lanes, and which of them differ between lanes."""
    if not any(on):
        outs = b.emit_region(node.op, [x.atom for x in xs], node.attrs, node.regions)
        return outs, [False] * len(outs)
    if isinstance(node.op.fact, Routine):
        operands = stretched(lanes, xs, on, [True] * len(xs))
        attrs = node.op.fact.lead(lanes.size, **node.attrs)
        outs = b.emit_region(node.op, operands, attrs, ())
        return outs, [True] * len(outs)
    return RULES[node.op.name](b, lanes, node, xs, on, batch)


def mask_of(lanes: Lanes) -> list[Atom]:
    """The mask as a first operand of a region, if there is one."""
    return [] if lanes.active is None else [lanes.active.atom]


def and_active(lanes: Lanes, choice: Expr) -> Expr:
    """A choice among the lanes at work."""
    return choice if lanes.active is None else logical_and(lanes.active, choice)


def stretched(lanes: Lanes, xs: Values, on: Flags, wanted: Flags) -> list[Atom]:
    """Operands with an axis of lanes where wanted."""
    rows = zip(xs, on, wanted, strict=True)
    return [spread(x, yes or not want, lanes.size).atom for x, yes, want in rows]


def steady(
    lanes: Lanes, body: Graph, consts: Flags, carry: Flags, xs: Flags, batch: Batch
) -> tuple[Graph, list[bool]]:
    """The body of a loop on lanes, in which a carry differs between lanes if it does in any step:
    the least fixed point."""
    flags = list(carry)
    while True:
        wanted = [*flags, *[False] * (len(body.outputs) - len(flags))]
        inside = [*consts, *flags, *xs]
        inner, outs_on = batch(body, inside, lanes.size, wanted, lanes.active is not None)
        if outs_on[: len(flags)] == flags:
            return inner, outs_on
        flags = outs_on[: len(flags)]


def params_like(b: Builder, params: Sequence[Var]) -> list[Expr]:
    """Parameters of a graph, again, as further ones of a builder."""
    return [Expr(b, b.param(p.type, p.hint).atom) for p in params]


def inlined(b: Builder, graph: Graph, xs: Values) -> list[Expr]:
    """The results of a graph on values of a builder."""
    return [Expr(b, atom) for atom in b.inline(graph, [x.atom for x in xs])]


def kept_by_lane(active: Expr, new: Values, old: Values) -> list[Expr]:
    """The carry after a step that only the active lanes take."""
    rows = zip(new, old, strict=True)
    return [by_lane(active, x, y, len(y.shape) - 1) for x, y in rows]


# --- scan ----------------------------------------------------------------------------------------


def crossed(x: Expr, on: bool, length: int | None) -> Expr:
    """Rows of lanes to lanes of rows, or back. Tapes always consist of rows."""
    if not on or length is None:
        return x
    return transpose(x, axes=(1, 0, *range(2, len(x.shape))))


def lift_scan(b: Builder, lanes: Lanes, node: Node, xs: Values, on: Flags, batch: Batch) -> Result:
    """All lanes take each step together."""
    (body,), attrs, count = node.regions, node.attrs, node.attrs["carry"]
    values, flags = scan_groups(xs, attrs), scan_groups(on, attrs)
    if any(flags.trips):
        return lift_uneven_scan(b, lanes, node, xs, on, batch)
    length = attrs["length"]
    inner, outs_on = steady(lanes, body, flags.consts, flags.carry, flags.xs, batch)
    operands = [
        *(x.atom for x in values.trips),
        *mask_of(lanes),
        *(x.atom for x in values.consts),
        *stretched(lanes, values.carry, flags.carry, outs_on[:count]),
        *(crossed(x, yes, length).atom for x, yes in zip(values.xs, flags.xs, strict=True)),
    ]
    attrs = {**attrs, "consts": attrs["consts"] + len(mask_of(lanes))}
    outs = b.emit_region(scan, operands, attrs, (inner,))
    ys = zip(outs[count:], outs_on[count:], strict=True)
    return [*outs[:count], *(crossed(Expr(b, y), yes, length).atom for y, yes in ys)], outs_on


def lift_uneven_scan(
    b: Builder, lanes: Lanes, node: Node, xs: Values, on: Flags, batch: Batch
) -> Result:
    """Lanes with different numbers of rows on their tapes: as many steps as the longest has, and
    lane b takes step k if k < trips[b]. Rows beyond the end are zero."""
    (body,), attrs, count = node.regions, node.attrs, node.attrs["carry"]
    values, flags = scan_groups(xs, attrs), scan_groups(on, attrs)
    trips = values.trips[0]
    most = max_(trips, axes=(0,))
    inside = [*flags.consts, *[True] * count, *flags.xs]
    inner, _ = batch(body, inside, lanes.size, [True] * len(body.outputs), True)

    step_b = Builder(inner.name)
    outer = [Expr(step_b, step_b.param(b1[lanes.size], "active").atom) for _ in mask_of(lanes)]
    limit = Expr(step_b, step_b.param(trips.type, "trips").atom)
    groups = body_groups(inner.params[1:], attrs)
    consts = params_like(step_b, groups.consts)
    k = Expr(step_b, step_b.param(i64[()], "k").atom)
    carry, rows = (params_like(step_b, group) for group in (groups.carry, groups.xs))
    active = reduce(logical_and, outer, greater(limit, k))
    new = inlined(step_b, inner, [active, *consts, *carry, *rows])
    ys = [by_lane(active, y, y.full(0, ()), len(y.shape) - 1) for y in new[count:]]
    after = sub(k, 1) if attrs["reverse"] else add(k, 1)
    results = [after, *kept_by_lane(active, new[:count], carry), *ys]
    region = step_b.finish([x.atom for x in results])

    start = sub(most, 1) if attrs["reverse"] else most.wrap(literal(0))
    operands = [
        most.atom, *mask_of(lanes), trips.atom, *(x.atom for x in values.consts), start.atom,
        *stretched(lanes, values.carry, flags.carry, [True] * count), *(x.atom for x in values.xs),
    ]  # fmt: skip
    more = 1 + len(mask_of(lanes))
    attrs = {**attrs, "consts": attrs["consts"] + more, "carry": count + 1}
    outs = b.emit_region(scan, operands, attrs, (region,))[1:]
    return outs, [True] * len(outs)


# --- while ---------------------------------------------------------------------------------------


def lift_while(b: Builder, lanes: Lanes, node: Node, xs: Values, on: Flags, batch: Batch) -> Result:
    """All lanes together, while the condition does not depend on the lane."""
    (condition, body), attrs = node.regions, node.attrs
    values, flags = while_groups(xs, attrs), while_groups(on, attrs)
    inner, carry_on = steady(lanes, body, flags.consts, flags.carry, (), batch)
    inside = [*flags.consts, *carry_on]
    test, (uneven,) = batch(condition, inside, lanes.size, None, lanes.active is not None)
    if uneven:
        return lift_uneven_while(b, lanes, node, xs, on, batch)
    operands = [
        *mask_of(lanes),
        *(x.atom for x in values.consts),
        *stretched(lanes, values.carry, flags.carry, carry_on),
    ]
    attrs = {**attrs, "consts": attrs["consts"] + len(mask_of(lanes))}
    outs = b.emit_region(while_, operands, attrs, (test, inner))
    if attrs["save"] is None:
        return outs, carry_on
    return outs, [*carry_on, False, *(carry_on[k] for k in attrs["save"])]


def lift_uneven_while(
    b: Builder, lanes: Lanes, node: Node, xs: Values, on: Flags, batch: Batch
) -> Result:
    """Steps for as long as some lane is at work. The carry also holds which lanes are, and, if the
    loop saves what its adjoint reads, how many steps each has taken."""
    (condition, body), attrs, size = node.regions, node.attrs, lanes.size
    if attrs["max_steps"] is None:
        raise unbounded(node)
    values, flags = while_groups(xs, attrs), while_groups(on, attrs)
    count, fixed, saves = len(values.carry), attrs["consts"], attrs["save"] is not None
    inside = [*flags.consts, *[True] * count]
    inner, _ = batch(body, inside, size, [True] * count, True)
    test, _ = batch(condition, inside, size, [True], True)
    first, _ = batch(condition, inside, size, [True], lanes.active is not None)

    start = [Expr(b, x) for x in stretched(lanes, values.carry, flags.carry, [True] * count)]
    given = [*values.consts, *start]
    mask = [] if lanes.active is None else [lanes.active]
    working = and_active(lanes, inlined(b, first, [*mask, *given])[0])
    steps = [broadcast(working.wrap(literal(0)), shape=(size,))] if saves else []

    step_b = Builder(inner.name)
    params = params_like(step_b, inner.params[1:])
    active = Expr(step_b, step_b.param(b1[size], "active").atom)
    new = inlined(step_b, inner, [active, *params])
    carry = kept_by_lane(active, new, params[fixed:])
    again = inlined(step_b, test, [active, *params[:fixed], *carry])[0]
    after = [*carry, logical_and(active, again)]
    if saves:
        taken = Expr(step_b, step_b.param(i64[size], "steps").atom)
        after.append(add(taken, cast(active, dtype=i64)))
    region = step_b.finish([x.atom for x in after])

    test_b = Builder(test.name)
    tested = params_like(test_b, region.params)
    some = test_b.finish([any_(tested[fixed + count], axes=(0,)).atom])

    operands = [x.atom for x in (*given, working, *steps)]
    outs = b.emit_region(while_, operands, attrs, (some, region))
    if not saves:
        return outs[:count], [True] * count
    results = (*outs[:count], outs[count + 1], *outs[count + 3 :])  # carries, steps by lane, tapes
    return results, [True] * len(results)


def unbounded(node: Node) -> UnsupportedError:
    """A loop whose lanes end at different times, without a bound for all."""
    where = f" at {node.loc}" if node.loc else ""
    got = "a while_loop without max_steps, whose condition differs between lanes"
    want = "a bound on the number of steps, as one lane that does not end would keep all waiting"
    return UnsupportedError(
        explain(f"vmap of while_loop{where}", got, want, "Pass max_steps=n to while_loop")
    )


# --- branches and calls --------------------------------------------------------------------------


def lift_cond(b: Builder, lanes: Lanes, node: Node, xs: Values, on: Flags, batch: Batch) -> Result:
    """One branch, if all lanes agree on it; else all branches, selected from."""
    if on[0]:
        return select_branches(b, lanes, node, xs, on, batch)
    return lift_regions(b, lanes, node, xs, on, batch, 1)


def lift_call(b: Builder, lanes: Lanes, node: Node, xs: Values, on: Flags, batch: Batch) -> Result:
    return lift_regions(b, lanes, node, xs, on, batch, 0)


def lift_regions(
    b: Builder, lanes: Lanes, node: Node, xs: Values, on: Flags, batch: Batch, lead: int
) -> Result:
    """Regions that run as they are; results differ between lanes if they do in one of them."""
    masked = lanes.active is not None
    found = [batch(region, on[lead:], lanes.size, None, masked)[1] for region in node.regions]
    outs_on = [any(column) for column in zip(*found, strict=True)]
    regions = [batch(r, on[lead:], lanes.size, outs_on, masked)[0] for r in node.regions]
    operands = [*(x.atom for x in xs[:lead]), *mask_of(lanes), *(x.atom for x in xs[lead:])]
    return b.emit_region(node.op, operands, node.attrs, tuple(regions)), outs_on


def select_branches(
    b: Builder, lanes: Lanes, node: Node, xs: Values, on: Flags, batch: Batch
) -> Result:
    """All branches, each told which lanes want it."""
    choices = choices_of(b, lanes, xs[0], len(node.regions))
    columns: list[list[tuple[Expr, bool]]] = []
    for choice, region in zip(choices, node.regions, strict=True):
        inner, outs_on = batch(region, on[1:], lanes.size, None, True)
        outs = inlined(b, inner, [and_active(lanes, choice), *xs[1:]])
        columns.append(list(zip(outs, outs_on, strict=True)))
    results: list[Atom] = []
    flags: list[bool] = []
    for row, out in zip(zip(*columns, strict=True), node.outs, strict=True):
        result, differs = row[-1]
        if any(x.atom is not result.atom for x, _ in row):
            for choice, (x, _) in list(zip(choices, row, strict=True))[-2::-1]:
                result = by_lane(choice, x, result, out.type.ndim)
            differs = True
        results.append(result.atom)
        flags.append(differs)
    return results, flags


def choices_of(b: Builder, lanes: Lanes, pred: Expr, count: int) -> list[Expr]:
    """For each branch, the lanes that take it. A number without a branch raises, as it does without
    lanes: it is looked up in a table of the branches."""
    if pred.dtype_ == b1:
        return [pred, logical_not(pred)]
    known = safe(lanes, select(greater(0, pred), pred.full(count, ()), pred), True)
    number = gather(arange(b, count, pred.dtype_), known)
    return [equal(number, k) for k in range(count)]


# --- custom functions and callbacks --------------------------------------------------------------


def lift_custom(
    b: Builder, lanes: Lanes, node: Node, xs: Values, on: Flags, batch: Batch
) -> Result:
    """The function and its rules, on operands that all have lanes: a cotangent that comes back for
    each lane is summed by the transpose of the stretching."""
    masked, count = lanes.active is not None, len(node.outs)

    def on_lanes(name: str, region: Graph) -> Graph:
        everything = [True] * len(region.params), lanes.size, [True] * len(region.outputs)
        inner, _ = batch(region, *everything, masked)
        if masked and name == "forward":  # the mask is a residual: the backward rule reads it
            outputs = (*inner.outputs[:count], inner.params[0], *inner.outputs[count:])
            return replace(inner, outputs=outputs)
        return inner

    operands = [*mask_of(lanes), *stretched(lanes, xs, on, [True] * len(xs))]
    attrs = {**node.attrs, "rules": node.attrs["rules"].map(on_lanes)}
    outs = b.emit_region(custom, operands, attrs, (on_lanes("primal", node.regions[0]),))
    return outs, [True] * count


def lift_callback(
    b: Builder, lanes: Lanes, node: Node, xs: Values, on: Flags, batch: Batch
) -> Result:
    """A scan over the lanes, which calls the function for each."""
    shared = [k for k, yes in enumerate(on) if not yes]
    varying = [k for k, yes in enumerate(on) if yes]
    params: list[Any] = [Var(arg.type) for arg in node.args]
    results = tuple(Var(out.type) for out in node.outs)
    one = replace(node, args=tuple(params), outs=results)
    order = [*shared, *varying]
    region = Graph("callback", tuple(params[k] for k in order), (one,), results)
    attrs = {"consts": len(shared), "carry": 0, "length": lanes.size, "reverse": False}
    outs = b.emit_region(scan, [xs[k].atom for k in order], attrs, (region,))
    return outs, [True] * len(outs)


# --- solvers -------------------------------------------------------------------------------------


def lift_solver(
    b: Builder, lanes: Lanes, node: Node, xs: Values, on: Flags, batch: Batch
) -> Result:
    """Solve for all lanes at once. Parameters that all share stay shared in the equation."""
    linear = node.op is linsolve
    flags = [True, *on[1:]] if linear else list(on)
    operands = stretched(lanes, xs, on, flags)
    behind = [linear, True, True, True]  # whether a region's first parameter is a solution
    regions: list[Graph] = []
    for region, first in zip(node.regions, behind, strict=True):
        inside = flags if linear or not first else [True, *flags]
        inside = [*inside, *[True] * (len(region.params) - len(inside))]
        wanted = [True] * len(region.outputs)
        inner, _ = batch(region, inside, lanes.size, wanted, lanes.active is not None)
        if lanes.active is not None and first:  # the mask comes behind the solution
            mask, solution, *rest = inner.params
            inner = replace(inner, params=(solution, mask, *rest))
        regions.append(inner)
    place = 1 if linear else 0
    operands = [*operands[:place], *mask_of(lanes), *operands[place:]]
    outs = b.emit_region(node.op, operands, node.attrs, tuple(regions))
    return outs, [True] * len(outs)


RULES: dict[str, Callable[..., Result]] = {
    scan.name: lift_scan,
    while_.name: lift_while,
    cond.name: lift_cond,
    call.name: lift_call,
    custom.name: lift_custom,
    callback.name: lift_callback,
    implicit.name: lift_solver,
    linsolve.name: lift_solver,
}
