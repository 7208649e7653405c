"""Unrolling: a program without control flow, for those who read straight lines only.

Loops of known length are written out, both branches of a choice are computed and selected from,
calls are put in place. A `while` has no known length and a callback no inside: they are refused by
name, as is a loop of more than `limit` operations.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UnsupportedError, explain
from ..graph import Atom, Builder, Graph, Node, Var, read
from ..ops import Expr
from ..ops.arithmetic import equal, select
from ..ops.custom import custom
from ..ops.region import call, cond, scan, scan_groups
from ..ops.routine import Routine
from ..ops.shape import broadcast, reshape, stack, take_range, zeros
from ..types import b1

LIMIT = 20_000  # operations


def unroll(graph: Graph, limit: int = LIMIT) -> Graph:
    """The graph with all control flow written out; the same graph if it has none."""
    if not any(node.op.regional for node in graph.nodes):
        return graph
    b = Builder.like(graph, graph.name)
    return b.finish(written(b, graph, list(graph.params), limit))


def written(b: Builder, graph: Graph, args: Sequence[Atom], limit: int) -> list[Atom]:
    """Emit a graph with these operands, without control flow."""
    env: dict[Var, Atom] = dict(zip(graph.params, args, strict=True))
    for node in graph.nodes:
        b.loc = node.loc or b.loc
        atoms = [read(env, arg) for arg in node.args]
        if node.op.regional:
            env.update(zip(node.outs, region(b, node, atoms, limit), strict=True))
        else:
            env[node.out] = b.emit(node.op, atoms, node.attrs)
        if len(b.nodes) > limit:
            raise too_long(node, f"more than {limit} operations", limit)
    return [read(env, atom) for atom in graph.outputs]


def too_long(node: Node, got: str, limit: int) -> UnsupportedError:
    want = f"at most {limit} operations when loops are written out"
    return refused(node, got, want)


def refused(node: Node, got: str, want: str) -> UnsupportedError:
    where = f" at {node.loc}" if node.loc else ""
    remedy = "Use method='forward' or 'reverse', which go through loops"
    return UnsupportedError(explain(f"writing out {node.op.name}{where}", got, want, remedy))


def region(b: Builder, node: Node, args: list[Atom], limit: int) -> list[Atom]:
    """The results of control flow."""
    if node.op in (call, custom):
        return written(b, node.regions[0], args, limit)
    if node.op is cond:
        return choice(b, node, args, limit)
    if node.op is scan and node.attrs["length"] is not None:
        return steps(b, node, args, limit)
    if isinstance(node.op.fact, Routine):
        return list(b.emit_region(node.op, args, node.attrs, ()))
    got = "a loop whose length depends on values" if node.regions else "a callback"
    raise refused(node, got, "loops of known length, branches and calls")


def choice(b: Builder, node: Node, args: list[Atom], limit: int) -> list[Atom]:
    """All branches, and a selection by the predicate."""
    pred = Expr(b, args[0])
    branches = [written(b, region, args[1:], limit) for region in node.regions]
    outs: list[Atom] = []
    for column in zip(*branches, strict=True):
        values = [Expr(b, atom) for atom in column]
        chosen = values[-1]
        for k in range(len(values) - 2, -1, -1):
            flag = pred if pred.type.dtype == b1 else equal(pred, k)
            chosen = select(broadcast(flag, shape=chosen.shape), values[k], chosen)
        outs.append(chosen.atom)
    return outs


def steps(b: Builder, node: Node, args: list[Atom], limit: int) -> list[Atom]:
    """One copy of the body for each step."""
    (body,), count, length = node.regions, node.attrs["carry"], node.attrs["length"]
    groups = scan_groups(args, node.attrs)
    if length * max(1, len(body.nodes)) > limit:
        raise too_long(node, f"{length} steps of {len(body.nodes)} operations", limit)
    order = range(length - 1, -1, -1) if node.attrs["reverse"] else range(length)
    carry = list(groups.carry)
    rows: dict[int, list[Atom]] = {}
    for k in order:
        inputs = [row(Expr(b, x), k) for x in groups.xs]
        out = written(b, body, [*groups.consts, *carry, *inputs], limit)
        carry, rows[k] = out[:count], out[count:]
    ys: list[Atom] = []
    for j, out in enumerate(node.outs[count:]):
        parts = [Expr(b, rows[k][j]) for k in range(length)]
        ys.append((stack(*parts, axis=0) if parts else zeros(b, out.type)).atom)
    return [*carry, *ys]


def row(x: Expr, k: int) -> Atom:
    """x[k]."""
    return reshape(take_range(x, 0, k, k + 1), shape=x.shape[1:]).atom
