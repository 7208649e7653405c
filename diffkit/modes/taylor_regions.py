"""Taylor mode through control flow: each region becomes its own expansion.

A loop carries `order` coefficients of every value that moves in some step, next to the values;
rows that move come with rows of their coefficients. A branch expands every region in the operands.
The test of a `while` reads the values alone, so the steps are those at the centre of the expansion.
The rule y′ = r(x, x′) of a custom function is expanded to one order less, yₖ = rₖ₋₁/k. Of a
solution of F(z, θ) = 0 the coefficient zₖ enters Fₖ = 0 as F_z zₖ alone, so that zₖ = -F_z⁻¹ Fₖ
with Fₖ computed as if zₖ were 0: one linear solve for each order, all with one matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from ..errors import UnsupportedError, explain
from ..graph import Atom, Builder, Graph, Node, Var, missing_fact
from ..ops import Expr
from ..ops.arithmetic import neg, sub
from ..ops.custom import callback, has_rules, no_rule, rule
from ..ops.region import body_groups, call, chosen, cond, scan, scan_groups, while_, while_groups
from ..ops.solvers import implicit
from .activity import moving_outputs, moving_params, through_region
from .reverse import joint
from .reverse_regions import transposed
from .solver_rules import SOLVERS, solved_again
from .taylor_series import Expansion, Series

Taylor = Callable[..., Graph]


def push(
    e: Expansion, node: Node, xs: Sequence[Series], order: int, taylor: Taylor
) -> dict[Var, Series]:
    """Append a node that computes the results of `node` and their coefficients; their series."""
    if node.op is scan:
        return push_scan(e, node, xs, order, taylor)
    if node.op is while_:
        return push_while(e, node, xs, order, taylor)
    if node.op is cond:
        return push_branches(e, node, xs, order, taylor, 1)
    if node.op is call:
        return push_branches(e, node, xs, order, taylor, 0)
    if has_rules(node):
        return push_custom(e, node, xs, order, taylor)
    if node.op in SOLVERS:
        return push_solver(e, node, xs, order, taylor)
    if node.op is not callback:
        raise missing_fact("Taylor mode", node.op, node.loc)
    raise no_rule(node, "Taylor mode")


def coefficients(e: Expansion, x: Series, count: int) -> list[Atom]:
    """The first coefficients, from the first."""
    parts = [x[k] for k in range(1, count + 1)]
    return [(e.zeros(x.type) if part is None else part).atom for part in parts]


def of_all(e: Expansion, xs: Sequence[Series], counts: Sequence[int]) -> list[Atom]:
    """The first coefficients of each."""
    return [c for x, count in zip(xs, counts, strict=True) for c in coefficients(e, x, count)]


def values(xs: Sequence[Series]) -> list[Atom]:
    return [x.value.atom for x in xs]


def fresh(outs: Sequence[Var], on: Sequence[bool], order: int) -> list[Var]:
    """New variables for the coefficients of results."""
    return [
        Var(out.type, f"{out.hint}_{k}" if out.hint else "")
        for out in chosen(outs, on)
        for k in range(1, order + 1)
    ]


def expanded(
    e: Expansion, outs: Sequence[Var], on: Sequence[bool], new: Sequence[Atom], order: int
) -> dict[Var, Series]:
    """The series by result: `order` new atoms for each that is on."""
    rest = iter(new)
    found: dict[Var, Series] = {}
    for out, yes in zip(outs, on, strict=True):
        more = list(islice(rest, order)) if yes else []
        found[out] = Series(out.type, yes, [Expr(e.builder, atom) for atom in (out, *more)])
    return found


def taken(items: Iterator[Any], counts: Sequence[int]) -> list[Any]:
    """As many of the next items as the counts say together."""
    return list(islice(items, sum(counts)))


def push_scan(
    e: Expansion, node: Node, xs: Sequence[Series], order: int, taylor: Taylor
) -> dict[Var, Series]:
    (body,), attrs, count = node.regions, node.attrs, node.attrs["carry"]
    lengths = [x.length(order) for x in xs]
    on = moving_params(node, [n > 0 for n in lengths])
    outs_on = [*body_groups(on, attrs).carry, *moving_outputs(body, on)[count:]]
    trips, *operands = scan_groups(xs, attrs)
    sizes = body_groups(lengths[len(trips) :], attrs)
    counts = (sizes.consts, [order * yes for yes in body_groups(on, attrs).carry], sizes.xs)
    given = [n for group in counts for n in group if n]
    both = taylor(body, on, order, given, outs_on)
    n, m = len(body.params), len(body.outputs)
    new = iter(both.params[n:])
    params: list[Var] = []
    args = values(trips)
    for own, group, more in zip(
        body_groups(both.params[:n], attrs)[1:], operands, counts, strict=True
    ):
        params += [*own, *taken(new, more)]
        args += [*values(group), *of_all(e, group, more)]
    cut = m + sum(counts[1])
    outputs = (
        *both.outputs[:count], *both.outputs[m:cut],
        *both.outputs[count:m], *both.outputs[cut:],
    )  # fmt: skip
    more = fresh(node.outs, outs_on, order)
    carried = sum(counts[1])
    e.builder.append(
        replace(
            node,
            args=tuple(args),
            attrs={**attrs, "consts": attrs["consts"] + sum(counts[0]), "carry": count + carried},
            outs=(*node.outs[:count], *more[:carried], *node.outs[count:], *more[carried:]),
            regions=(Graph(both.name, tuple(params), both.nodes, outputs),),
        )
    )
    return expanded(e, node.outs, outs_on, more, order)


def push_while(
    e: Expansion, node: Node, xs: Sequence[Series], order: int, taylor: Taylor
) -> dict[Var, Series]:
    (condition, body), attrs = node.regions, node.attrs
    if attrs["max_steps"] is None:
        raise unbounded(node)
    lengths = [x.length(order) for x in xs]
    on = moving_params(node, [n > 0 for n in lengths])
    flags = while_groups(on, attrs)
    fixed, n, m = attrs["consts"], len(body.params), len(body.outputs)
    counts = (lengths[:fixed], [order * yes for yes in flags.carry])
    given = [count for group in counts for count in group if count]
    both = taylor(body, on, order, given, flags.carry)
    new = iter(both.params[n:])
    more_fixed, more_carry = (taken(new, group) for group in counts)
    # The condition reads the values alone.
    unread = [[Var(p.type, p.hint) for p in group] for group in (more_fixed, more_carry)]
    old = condition.params
    args = [
        *values(xs[:fixed]), *of_all(e, xs[:fixed], counts[0]),
        *values(xs[fixed:]), *of_all(e, xs[fixed:], counts[1]),
    ]  # fmt: skip
    more = fresh(node.outs[:m], flags.carry, order)
    outs = [*node.outs[:m], *more]
    found = expanded(e, node.outs[:m], flags.carry, more, order)
    save = attrs["save"]
    if save is not None:
        place = {k: m + order * j for j, k in enumerate(chosen(range(m), flags.carry))}
        tapes = node.outs[m + 1 :]
        tape_on = [k in place for k in save]
        more_tapes = fresh(tapes, tape_on, order)
        outs += [node.outs[m], *tapes, *more_tapes]
        save = (*save, *(place[k] + j for k in chosen(save, tape_on) for j in range(order)))
        found[node.outs[m]] = e.constant(node.outs[m])
        found |= expanded(e, tapes, tape_on, more_tapes, order)
    e.builder.append(
        replace(
            node,
            args=tuple(args),
            attrs={**attrs, "consts": fixed + len(more_fixed), "save": save},
            outs=tuple(outs),
            regions=(
                replace(condition, params=(*old[:fixed], *unread[0], *old[fixed:], *unread[1])),
                replace(
                    both,
                    params=(*both.params[:fixed], *more_fixed, *both.params[fixed:n], *more_carry),
                ),
            ),
        )
    )
    return found


def unbounded(node: Node) -> UnsupportedError:
    """A loop that nobody promised to end."""
    where = f" at {node.loc}" if node.loc else ""
    got = "a while loop without max_steps"
    remedy = "Pass max_steps=n to while_loop; for a fori_loop of traced bounds write that loop"
    want = "a bound on its number of steps"
    return UnsupportedError(explain(f"Taylor mode{where}", got, want, remedy))


def push_branches(
    e: Expansion, node: Node, xs: Sequence[Series], order: int, taylor: Taylor, lead: int
) -> dict[Var, Series]:
    lengths = [x.length(order) for x in xs]
    on = [n > 0 for n in lengths]
    outs_on = through_region(node, on)
    given = [n for n in lengths[lead:] if n]
    regions = tuple(taylor(region, on[lead:], order, given, outs_on) for region in node.regions)
    more = fresh(node.outs, outs_on, order)
    args = (*values(xs), *of_all(e, xs[lead:], lengths[lead:]))
    e.builder.append(replace(node, args=args, outs=(*node.outs, *more), regions=regions))
    return expanded(e, node.outs, outs_on, more, order)


def push_custom(
    e: Expansion, node: Node, xs: Sequence[Series], order: int, taylor: Taylor
) -> dict[Var, Series]:
    """The rule is a graph of operands and tangents like any other; the tangent of a series is its
    derivative x′, with coefficients (k + 1) xₖ₊₁."""
    b = e.builder
    own = tangent_rule(node)
    results = len(node.outs)
    lengths = [x.length(order) for x in xs]
    floats = [k for k, x in enumerate(xs) if x.type.differentiable]
    counts = [min(n, order - 1) for n in lengths] + [max(lengths[k] - 1, 0) for k in floats]
    outs_on = [out.type.differentiable for out in node.outs]
    whole = taylor(
        own, [n > 0 for n in counts], order - 1, [n for n in counts if n],
        [False] * results + [True] * sum(outs_on),
    )  # fmt: skip
    slopes = [derivative(e, xs[k], lengths[k]) for k in floats]
    args = [*values(xs), *(parts[0] for parts in slopes), *of_all(e, xs, counts[: len(xs)])]
    args += [atom for parts in slopes for atom in parts[1:]]
    out = b.inline(whole, args)
    cut = results + sum(outs_on)
    later = iter(out[cut:])
    found: dict[Var, Series] = {}
    first = iter(out[results:cut])
    for var, atom, yes in zip(node.outs, out, outs_on, strict=False):
        if not yes:
            found[var] = e.constant(atom)
            continue
        parts = [next(first), *islice(later, order - 1)]
        known = [Expr(b, atom), *(Expr(b, part) / k for k, part in enumerate(parts, 1))]
        found[var] = Series(var.type, True, known)
    return found


def derivative(e: Expansion, x: Series, count: int) -> list[Atom]:
    """The coefficients of x′, at least one."""
    parts = coefficients(e, x, max(count, 1))
    return [(Expr(e.builder, part) * k).atom for k, part in enumerate(parts, 1)]


def tangent_rule(node: Node) -> Graph:
    """(operands, tangents of float operands) -> (results, tangents of float results): its jvp; or,
    where it has a backward rule only, the transpose of that."""
    own = rule(node, "jvp")
    if own is not None:
        return own
    forward, backward = rule(node, "forward"), rule(node, "backward")
    assert forward is not None and backward is not None
    b = Builder(f"{forward.name}_jvp")
    operands = [b.param(arg.type).atom for arg in node.args]
    tangents = [b.param(arg.type).atom for arg in node.args if arg.type.differentiable]
    out = b.inline(forward, operands)
    residuals = out[len(node.outs) :]
    pushed = b.inline(transposed(backward, len(residuals), joint), [*residuals, *tangents])
    return b.finish([*out[: len(node.outs)], *pushed])


def push_solver(
    e: Expansion, node: Node, xs: Sequence[Series], order: int, taylor: Taylor
) -> dict[Var, Series]:
    """z from the equation, one order after another; what is said of it does not move."""
    b = e.builder
    here = replace(node, args=tuple(values(xs)))
    outs = b.emit_region(node.op, here.args, node.attrs, node.regions)
    known = [Expr(b, outs[0])]
    for k in range(1, order + 1):
        z = Series(outs[0].type, k > 1, known)
        if node.op is implicit:
            _, residual, tangent, _ = node.regions
            rest = coefficient_of(e, residual, [z, *xs], k, taylor)
            known.append(Expr(b, b.inline(tangent, [outs[0], *here.args, neg(rest).atom])[0]))
            continue
        right = xs[0][k] or e.zeros(xs[0].type)
        if any(x.moving for x in xs[1:]):
            right = sub(right, coefficient_of(e, node.regions[1], [z, *xs[1:]], k, taylor))
        known.append(solved_again(b, here, right, node.regions))
    found = {old: e.constant(new) for old, new in zip(node.outs, outs, strict=True)}
    return found | {node.outs[0]: Series(outs[0].type, True, known)}


def coefficient_of(
    e: Expansion, graph: Graph, xs: Sequence[Series], k: int, taylor: Taylor
) -> Expr:
    """Coefficient k of a graph's one result."""
    lengths = [x.length(k) for x in xs]
    whole = taylor(graph, [n > 0 for n in lengths], k, [n for n in lengths if n], [True])
    out = e.builder.inline(whole, [*values(xs), *of_all(e, xs, lengths)])
    return Expr(e.builder, out[-1])
