"""Reverse mode through control flow.

A loop runs forward and saves the carries that its adjoint reads, then a scan in the other direction
runs the adjoint of its body, which executes the body again from them: one saved number for each
step and number of state, whatever the body computes. Cotangents of the carry are the carry of the
backward scan; those of constants are accumulators in it, updated in place; those of rows are rows.
The backward scan is a scan, so it differentiates again. A branch is executed again in the adjoint
of the same branch, a call likewise. A custom function gives its own rule.

Carries that are saved, bodies that are executed again: Griewank & Walther, Evaluating Derivatives
(2008), chapter 4.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import UnsupportedError, explain
from ..graph import Atom, Builder, Graph, Node, Var, live_nodes, restrict, used_params
from ..ops import Expr
from ..ops.arithmetic import add
from ..ops.custom import callback, custom, has_rules, no_rule, rule
from ..ops.region import body_groups, call, chosen, cond, rows_of, scan, scan_groups, while_
from ..ops.shape import zeros
from ..types import i64
from .activity import active_variables, moving_params
from .cotangents import Cotangents
from .solver_rules import SOLVERS, pull_solver

Differentiate = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the forward sweep kept of a region node for the backward sweep."""

    saved: dict[int, Var]
    """Of a loop: the variable of the saved rows, by the number of the carry. Of a custom function:
    its residuals."""
    trips: tuple[Atom, ...] = ()


# --- the forward sweep ---------------------------------------------------------------------------


def record(b: Builder, node: Node, flows: set[Var], joint: Differentiate) -> Recorded:
    """Append the node, made to save what its adjoint will read."""
    if node.op is callback:
        raise no_rule(node, "reverse mode")
    if has_rules(node):
        return record_custom(b, node)
    if node.op not in (scan, while_):
        b.append(node)
        return Recorded({})
    expected = Seeds([out in flows for out in node.outs], [False] * len(node.outs))
    body = adjoint_of(node, expected, flows, joint).body
    needed = carries_read(node, body)
    body, ahead = read_ahead(node, body, needed)
    needed = sorted({*carries_read(node, body), *ahead})
    return save_scan(b, node, needed) if node.op is scan else save_while(b, node, needed)


def loop_groups(node: Node) -> Any:
    """The parameters of a loop's body by group; those of a while have no rows."""
    attrs = {**node.attrs, "carry": carry_count(node)}
    return body_groups(node.regions[-1].params, attrs)


def carry_count(node: Node) -> int:
    """How many values a loop carries."""
    return node.attrs["carry"] if node.op is scan else len(node.args) - node.attrs["consts"]


def carries_read(node: Node, body: Graph) -> list[int]:
    """The numbers of the carries that the adjoint of a loop's body reads."""
    used = used_params(body)
    return [k for k, p in enumerate(loop_groups(node).carry) if p in used]


def read_ahead(node: Node, body: Graph, saved: Collection[int]) -> tuple[Graph, list[int]]:
    """The adjoint of a loop's body, in which a value that is a carry of the next step is a further
    parameter instead of being computed again; and the numbers of these carries, all of `saved`.

    Going backwards, the carry that the next step found has just been read.
    """
    made = {inner.out for inner in body.nodes if len(inner.outs) == 1}
    ahead: dict[Var, int] = {}
    for k in saved:
        out = node.regions[-1].outputs[k]
        if isinstance(out, Var) and out in made:
            ahead.setdefault(out, k)
    rest = [inner for inner in body.nodes if inner.out not in ahead]
    nodes = tuple(live_nodes(rest, body.outputs))
    return replace(body, params=(*body.params, *ahead), nodes=nodes), list(ahead.values())


def save_scan(b: Builder, node: Node, needed: list[int]) -> Recorded:
    """The incoming carries as further ys."""
    (body,), length = node.regions, node.attrs["length"]
    carries = body_groups(body.params, node.attrs).carry
    rows = {k: Var(rows_of(carries[k].type, length)) for k in needed}
    more = replace(body, outputs=(*body.outputs, *(carries[k] for k in needed)))
    b.append(replace(node, outs=(*node.outs, *rows.values()), regions=(more,)))
    return Recorded(rows, tuple(scan_groups(node.args, node.attrs).trips))


def save_while(b: Builder, node: Node, needed: list[int]) -> Recorded:
    """The carries on tapes, next to those that it saves already."""
    count = carry_count(node)
    save: tuple[int, ...] | None = node.attrs["save"]
    outs = node.outs if save is not None else (*node.outs, Var(i64[()]))
    known = dict(zip(save or (), outs[count + 1 :], strict=True))
    new = {k: Var(rows_of(node.outs[k].type, None)) for k in needed if k not in known}
    attrs = {**node.attrs, "save": (*(save or ()), *new)}
    b.append(replace(node, attrs=attrs, outs=(*outs, *new.values())))
    return Recorded(known | new, (outs[count],))


def record_custom(b: Builder, node: Node) -> Recorded:
    """With a forward rule, that in place of the function, for its residuals."""
    forward = rule(node, "forward")
    if forward is None:
        b.append(node)
        return Recorded({})
    residuals = [Var(t) for t in forward.types[len(node.outs) :]]
    outs = (*node.outs, *residuals)
    b.append(Node(call, node.args, {"name": forward.name}, outs, node.loc, (forward,)))
    return Recorded(dict(enumerate(residuals)))


# --- the adjoint of a loop's body ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seeds:
    """Which results of a node have a cotangent, and which of these are masked."""

    on: list[bool]
    masked: list[bool]


@dataclass(frozen=True, slots=True)
class Adjoint:
    """The adjoint of a loop's body: (consts, carry, xs, cotangents, accumulators) -> cotangents."""

    body: Graph
    active: list[bool]
    """Which parameters of the body have a cotangent."""
    carry_on: list[bool]
    """Which carries do."""
    masked: list[bool]
    """Which cotangents are masked, one entry for each active parameter."""


def adjoint_of(node: Node, seeds: Seeds, flows: set[Var], joint: Differentiate) -> Adjoint:
    """Differentiate the body of a loop whose results have cotangents where `seeds.on`."""
    body, count = node.regions[-1], carry_count(node)
    fixed = node.attrs["consts"]
    on = moving_params(node, [arg in flows for arg in node.args])
    ys_on = seeds.on[count:] if node.op is scan else []
    carry_on = seeds.on[:count]
    if node.op is while_ and node.attrs["save"] is not None:
        for k, yes in zip(node.attrs["save"], seeds.on[count + 1 :], strict=True):
            carry_on[k] = carry_on[k] or yes
    carry_on, reached = carries_reached(body, on, fixed, carry_on, ys_on)
    active = [p in reached for p in body.params]
    active[fixed : fixed + count] = carry_on
    accumulate = [yes and k < fixed for k, yes in enumerate(active)]
    masked = [*seeds.masked[:count], *(seeds.masked[count:] if node.op is scan else [])]
    while True:
        whole, flags = joint(body, active, [*carry_on, *ys_on], masked, accumulate)
        pulled = restrict(whole, whole.outputs[len(body.outputs) :])
        by_param = iter(flags)
        all_flags = [next(by_param) if yes else False for yes in active]
        carried = all_flags[fixed : fixed + count]
        grown = [a or b for a, b in zip(masked[:count], carried, strict=True)]
        if grown == masked[:count]:
            return Adjoint(pulled, active, carry_on, chosen(all_flags, active))
        masked[:count] = grown


def carries_reached(
    body: Graph, on: Sequence[bool], fixed: int, seeds: list[bool], ys_on: list[bool]
) -> tuple[list[bool], set[Var]]:
    """The carries with a cotangent in some step, the least fixed point over the body; and the
    variables of the body that have one then."""
    count = len(seeds)
    while True:
        ends = [*chosen(body.outputs[:count], seeds), *chosen(body.outputs[count:], ys_on)]
        flows = active_variables(restrict(body, ends), on)
        carries = body.params[fixed : fixed + count]
        grown = [a or (p in flows) for a, p in zip(seeds, carries, strict=True)]
        if grown == seeds:
            return seeds, flows
        seeds = grown


# --- the backward sweep --------------------------------------------------------------------------


def pull(
    b: Builder, node: Node, kept: Recorded, cts: Cotangents, flows: set[Var], joint: Differentiate
) -> None:
    """Add the cotangents of a region node's operands."""
    given = [cts.take(out) if out in flows else None for out in node.outs]
    if all(ct is None for ct in given):
        return
    seeds = Seeds([ct is not None for ct in given], [out in cts.masked for out in node.outs])
    if node.op in (scan, while_):
        pull_loop(b, node, kept, given, seeds, cts, flows, joint)
    elif has_rules(node):
        masked = node.op is custom or any(seeds.masked)
        pull_custom(b, node, kept, given, masked, cts, flows, joint)
    elif node.op in SOLVERS:
        pull_solver(b, node, given[0], cts, flows, joint)
    else:
        pull_branches(b, node, given, seeds, cts, flows, joint)


def pull_loop(
    b: Builder,
    node: Node,
    kept: Recorded,
    given: list[Expr | None],
    seeds: Seeds,
    cts: Cotangents,
    flows: set[Var],
    joint: Differentiate,
) -> None:
    """The scan in the other direction over what was saved."""
    count, fixed, is_scan = carry_count(node), node.attrs["consts"], node.op is scan
    length = node.attrs["length"] if is_scan else None
    adjoint = adjoint_of(node, seeds, flows, joint)
    groups = loop_groups(node)
    body, n = adjoint.body, len(node.regions[-1].params)
    shorter, ahead = read_ahead(node, body, kept.saved)
    saved = sorted({*carries_read(node, shorter), *ahead})
    lead = len(node.args) - n
    consts, carry = node.args[lead : lead + fixed], node.args[lead + fixed : lead + fixed + count]
    xs = node.args[lead + fixed + count :]
    const_on, xs_on = adjoint.active[:fixed], adjoint.active[fixed + count :]
    carried = sum(adjoint.carry_on)

    # The parameters of the adjoint: those of the body, cotangents of carry and rows, accumulators.
    ct_carry = body.params[n : n + carried]
    ct_ys = body.params[n + carried : len(body.params) - sum(const_on)]
    sums = body.params[len(body.params) - sum(const_on) :]
    ct_consts = body.outputs[: sum(const_on)]
    ct_before = body.outputs[sum(const_on) : sum(const_on) + carried]
    ct_xs = body.outputs[sum(const_on) + carried :]

    starts = [
        ct if ct is not None else zeros(b, arg.type)
        for ct, arg, yes in zip(given[:count], carry, adjoint.carry_on, strict=True)
        if yes
    ]
    summed = [arg for arg in chosen(consts, const_on) if isinstance(arg, Var)]
    totals = [cts.take(arg) or zeros(b, arg.type) for arg in summed]
    rows = [ct.atom for ct in given[count:] if ct is not None] if is_scan else []
    after = shorter.params[len(body.params) :]
    found = {k: groups.carry[k] for k in saved}
    params = (*groups.consts, *ct_carry, *sums, *after, *found.values(), *groups.xs, *ct_ys)
    outputs = (*ct_before, *ct_consts, *(found[k] for k in ahead), *ct_xs)
    region = Graph(body.name, params, shorter.nodes, outputs)
    if not is_scan:
        region, rows = with_tapes(node, region, adjoint.carry_on, given[count + 1 :])
    operands = [
        *kept.trips, *consts, *(ct.atom for ct in (*starts, *totals)),
        *(node.outs[k] for k in ahead), *(kept.saved[k] for k in saved), *xs, *rows,
    ]  # fmt: skip
    sizes = carried, len(summed), len(ahead)
    attrs = {
        "consts": fixed, "carry": sum(sizes), "length": length,
        "reverse": not node.attrs.get("reverse", False),
    }  # fmt: skip
    outs = [Expr(b, out) for out in b.emit_region(scan, operands, attrs, (region,))]
    flags = iter(adjoint.masked)
    for arg, out in zip(summed, outs[carried : carried + len(summed)], strict=True):
        cts.add(arg, out, next(flags))
    targets = [*chosen(carry, adjoint.carry_on), *chosen(xs, xs_on)]
    for arg, out in zip(targets, [*outs[:carried], *outs[sum(sizes) :]], strict=True):
        yes = next(flags)
        if isinstance(arg, Var) and arg in flows:
            cts.add(arg, out, yes)


def with_tapes(
    node: Node, region: Graph, carry_on: list[bool], given: list[Expr | None]
) -> tuple[Graph, list[Atom]]:
    """The adjoint of a while that had saved carries itself: each row of a tape's cotangent is added
    to the cotangent of the carry that the step found."""
    b = Builder.like(region, region.name)
    for inner in region.nodes:
        b.append(inner)
    outputs = list(region.outputs)
    rows: list[Atom] = []
    for k, ct in zip(node.attrs["save"] or (), given, strict=True):
        if ct is not None:
            place = sum(carry_on[:k])
            row = Expr(b, b.param(node.outs[k].type).atom)
            outputs[place] = add(Expr(b, outputs[place]), row).atom
            rows.append(ct.atom)
    return b.finish(outputs), rows


def pull_branches(
    b: Builder,
    node: Node,
    given: list[Expr | None],
    seeds: Seeds,
    cts: Cotangents,
    flows: set[Var],
    joint: Differentiate,
) -> None:
    """The adjoint of the branch that was taken, which executes it again. What the other branches
    would have used has a cotangent of zero."""
    lead = 1 if node.op is cond else 0
    operands = node.args[lead:]
    on = [arg in flows for arg in operands]
    regions: list[Graph] = []
    masked = [node.op is cond] * sum(on)
    for region in node.regions:
        whole, flags = joint(region, on, seeds.on, seeds.masked)
        regions.append(restrict(whole, whole.outputs[len(region.outputs) :]))
        masked = [a or yes for a, yes in zip(masked, flags, strict=True)]
    args = [*node.args, *(ct.atom for ct in given if ct is not None)]
    outs = b.emit_region(node.op, args, node.attrs, tuple(regions))
    for arg, out, yes in zip(chosen(operands, on), outs, masked, strict=True):
        if isinstance(arg, Var):
            cts.add(arg, Expr(b, out), yes)


def pull_custom(
    b: Builder,
    node: Node,
    kept: Recorded,
    given: list[Expr | None],
    masked: bool,
    cts: Cotangents,
    flows: set[Var],
    joint: Differentiate,
) -> None:
    """By its backward rule, or by the transpose of its jvp."""
    rows = zip(given, node.outs, strict=True)
    by_result = [(ct, out) for ct, out in rows if out.type.differentiable]
    floats = [arg for arg in node.args if arg.type.differentiable]
    backward = rule(node, "backward")
    if backward is not None:
        seeds = [(zeros(b, out.type) if ct is None else ct).atom for ct, out in by_result]
        pulled = b.inline(backward, [*kept.saved.values(), *seeds])
    else:
        own = rule(node, "jvp")
        assert own is not None
        seeded = [ct is not None for ct, _ in by_result]
        wanted = chosen(own.outputs[len(node.outs) :], seeded)  # the others pull nothing
        tangents = restrict(own, wanted)
        seeds = [ct.atom for ct, _ in by_result if ct is not None]
        pulled = b.inline(transposed(tangents, len(node.args), joint), [*node.args, *seeds])
    for arg, ct in zip(floats, pulled, strict=True):
        if isinstance(arg, Var) and arg in flows:
            cts.add(arg, Expr(b, ct), masked)


def transposed(graph: Graph, fixed: int, joint: Differentiate) -> Graph:
    """Of a graph (fixed params, u) -> w that is linear in u: (fixed params, ct of w) -> ct of u. A
    rule need not be linear; the derivative of one that is not (a clipped gradient, say) depends on
    u, and is refused."""
    on = [k >= fixed for k in range(len(graph.params))]
    whole, _ = joint(graph, on, [True] * len(graph.outputs))
    pulled = restrict(whole, whole.outputs[len(graph.outputs) :])
    if used_params(pulled) & set(graph.params[fixed:]):
        got = f"the rule in {graph.name} is not linear, and has no transpose"
        want = "a rule for the mode that is asked for, or a linear one for the other mode"
        remedy = "Give the function both rules, by .defjvp and .defvjp, or use the mode it has"
        raise UnsupportedError(explain("the transpose of a custom rule", got, want, remedy))
    b = Builder(f"{graph.name}_transposed")
    given = [b.param(p.type, p.hint).atom for p in graph.params[:fixed]]
    at_zero = [zeros(b, p.type).atom for p in graph.params[fixed:]]
    seeds = [b.param(atom.type).atom for atom in graph.outputs]
    outs = b.inline(whole, [*given, *at_zero, *seeds])
    return b.finish(outs[len(graph.outputs) :])
