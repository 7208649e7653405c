"""Forward mode through control flow: each region becomes its own jvp.

A loop carries the tangents of those of its values that move in some step (a fixed point over the
carry), next to the values; a branch pushes the tangents of its operands. The node that results
defines the variables of the original one and those of the tangents, so that nothing runs twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..graph import Builder, Graph, Node, Var, missing_fact
from ..ops import Expr
from ..ops.custom import callback, has_rules, no_rule, rule
from ..ops.region import body_groups, call, chosen, cond, scan, scan_groups, while_, while_groups
from ..ops.shape import zeros
from ..types import Type
from .activity import moving_outputs, moving_params, through_region
from .reverse import joint
from .reverse_regions import transposed
from .solver_rules import SOLVERS, push_solver

Jvp = Callable[..., Graph]
Tangents = Sequence[Expr | None]


def push(b: Builder, node: Node, dxs: Tangents, jvp: Jvp) -> dict[Var, Expr]:
    """Append a node that computes the results of `node` and their tangents, by result."""
    if node.op is scan:
        return push_scan(b, node, dxs, jvp)
    if node.op is while_:
        return push_while(b, node, dxs, jvp)
    if node.op is cond:
        return push_branches(b, node, dxs, jvp, 1)
    if node.op is call:
        return push_branches(b, node, dxs, jvp, 0)
    if has_rules(node):
        return push_custom(b, node, dxs, jvp)
    if node.op in SOLVERS:
        return push_solver(b, node, dxs, jvp)
    if node.op is not callback:
        raise missing_fact("forward mode", node.op, node.loc)
    raise no_rule(node, "forward mode")


def filled(b: Builder, dx: Expr | None, type_: Type) -> Any:
    """A tangent that must be there."""
    return (zeros(b, type_) if dx is None else dx).atom


def tangents_of(b: Builder, node: Node, dxs: Tangents, on: Sequence[bool]) -> list[Any]:
    """The tangents of the operands where `on`."""
    rows = zip(node.args[len(node.args) - len(on) :], dxs[len(dxs) - len(on) :], on, strict=True)
    return [filled(b, dx, arg.type) for arg, dx, yes in rows if yes]


def fresh(outs: Sequence[Var], on: Sequence[bool]) -> list[Var]:
    """New variables for the tangents of results."""
    return [Var(out.type, f"d{out.hint}" if out.hint else "") for out in chosen(outs, on)]


def moved(
    b: Builder, outs: Sequence[Var], on: Sequence[bool], new: Sequence[Var]
) -> dict[Var, Expr]:
    """The tangents by result."""
    return {out: Expr(b, var) for out, var in zip(chosen(outs, on), new, strict=True)}


def push_scan(b: Builder, node: Node, dxs: Tangents, jvp: Jvp) -> dict[Var, Expr]:
    (body,), attrs, count = node.regions, node.attrs, node.attrs["carry"]
    on = moving_params(node, [dx is not None for dx in dxs])
    outs_on = [*body_groups(on, attrs).carry, *moving_outputs(body, on)[count:]]
    both = jvp(body, on, outs_on)
    n, m = len(body.params), len(body.outputs)
    old = body_groups(both.params[:n], attrs)
    flags = body_groups(on, attrs)
    new = iter(both.params[n:])
    extra = [[next(new) for yes in group if yes] for group in flags[1:]]
    params = [p for group, more in zip(old[1:], extra, strict=True) for p in (*group, *more)]
    dcarry = sum(outs_on[:count])
    tangent_outs = both.outputs[m:]
    outputs = (
        *both.outputs[:count], *tangent_outs[:dcarry],
        *both.outputs[count:m], *tangent_outs[dcarry:],
    )  # fmt: skip
    args = scan_groups(node.args, attrs)
    given = tangents_of(b, node, dxs, on)
    sizes = [len(more) for more in extra]
    cuts = (given[: sizes[0]], given[sizes[0] : sizes[0] + sizes[1]], given[sizes[0] + sizes[1] :])
    operands = [*args.trips]
    for group, more in zip(args[1:], cuts, strict=True):
        operands += [*group, *more]
    douts = fresh(node.outs, outs_on)
    b.append(
        replace(
            node,
            args=tuple(operands),
            attrs={**attrs, "consts": attrs["consts"] + sizes[0], "carry": count + sizes[1]},
            outs=(*node.outs[:count], *douts[:dcarry], *node.outs[count:], *douts[dcarry:]),
            regions=(Graph(both.name, tuple(params), both.nodes, outputs),),
        )
    )
    return moved(b, node.outs, outs_on, douts)


def push_while(b: Builder, node: Node, dxs: Tangents, jvp: Jvp) -> dict[Var, Expr]:
    (condition, body), attrs = node.regions, node.attrs
    on = moving_params(node, [dx is not None for dx in dxs])
    flags = while_groups(on, attrs)
    both = jvp(body, on, flags.carry)
    n, m, fixed = len(body.params), len(body.outputs), attrs["consts"]
    dfixed = sum(flags.consts)
    new = both.params[n:]
    params = (*both.params[:fixed], *new[:dfixed], *both.params[fixed:n], *new[dfixed:])
    # The condition reads the values alone.
    like = [Var(p.type, p.hint) for p in new]
    old = condition.params
    tested = (*old[:fixed], *like[:dfixed], *old[fixed:], *like[dfixed:])
    given = tangents_of(b, node, dxs, on)
    args = (*node.args[:fixed], *given[:dfixed], *node.args[fixed:], *given[dfixed:])
    douts = fresh(node.outs[:m], flags.carry)
    outs = [*node.outs[:m], *douts]
    save = attrs["save"]
    tangents = moved(b, node.outs[:m], flags.carry, douts)
    if save is not None:
        place = {k: m + j for j, k in enumerate(chosen(range(m), flags.carry))}
        tapes = node.outs[m + 1 :]
        tape_on = [k in place for k in save]
        dtapes = fresh(tapes, tape_on)
        outs += [node.outs[m], *tapes, *dtapes]
        save = (*save, *(place[k] for k in chosen(save, tape_on)))
        tangents |= moved(b, tapes, tape_on, dtapes)
    b.append(
        replace(
            node,
            args=args,
            attrs={**attrs, "consts": fixed + dfixed, "save": save},
            outs=tuple(outs),
            regions=(replace(condition, params=tested), replace(both, params=params)),
        )
    )
    return tangents


def push_branches(b: Builder, node: Node, dxs: Tangents, jvp: Jvp, lead: int) -> dict[Var, Expr]:
    on = [dx is not None for dx in dxs[lead:]]
    outs_on = through_region(node, [dx is not None for dx in dxs])
    regions = tuple(jvp(region, on, outs_on) for region in node.regions)
    douts = fresh(node.outs, outs_on)
    args = (*node.args, *tangents_of(b, node, dxs, on))
    b.append(replace(node, args=args, outs=(*node.outs, *douts), regions=regions))
    return moved(b, node.outs, outs_on, douts)


def push_custom(b: Builder, node: Node, dxs: Tangents, jvp: Jvp) -> dict[Var, Expr]:
    """By its jvp; or, where it has a backward rule only, u ↦ Jᵀu, by the transpose of that."""
    on = [arg.type.differentiable for arg in node.args]
    outs_on = [out.type.differentiable for out in node.outs]
    given = tangents_of(b, node, dxs, on)
    douts = fresh(node.outs, outs_on)
    own = rule(node, "jvp")
    if own is not None and not node.regions:  # a routine, which merges with that in the rule
        b.append(node)
        atoms = b.inline(own, [*node.args, *given])[len(node.outs) :]
        return {o: Expr(b, atom) for o, atom in zip(chosen(node.outs, outs_on), atoms, strict=True)}
    if own is not None:
        args, outs = (*node.args, *given), (*node.outs, *douts)
        b.append(Node(call, args, {"name": own.name}, outs, node.loc, (own,)))
        return moved(b, node.outs, outs_on, douts)
    forward, backward = rule(node, "forward"), rule(node, "backward")
    assert forward is not None and backward is not None
    residuals = [Var(t) for t in forward.types[len(node.outs) :]]
    outs = (*node.outs, *residuals)
    b.append(Node(call, node.args, {"name": forward.name}, outs, node.loc, (forward,)))
    pushed = b.inline(transposed(backward, len(residuals), joint), [*residuals, *given])
    return {o: Expr(b, atom) for o, atom in zip(chosen(node.outs, outs_on), pushed, strict=True)}
