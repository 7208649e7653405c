"""Sums over the steps of a loop, as one product or sum after it.

A carry that a scan only adds to, c ← c + y_t, is Σ y_t; if y_t is a product, so is the sum:

    Σ_t einsum(a_t, b_t) {i,j->ij}   =   einsum(A, B) {ti,tj->ij}      (gradients of weights)
    Σ_t einsum(a_t, b_t) {bi,bj->ij} =   einsum(A, B) {tbi,tbj->ij}    (in batches)

The rows of A and B are xs that the loop reads, ys that it writes, or new ys. New ones are written
and read once in each step, as the accumulator was, so they may take twice its bytes; and in all no
more than four times the rows that are there already. A y_t that is no product moves only if its
rows are there: writing them only to add them up costs more than adding. The sum over t passes
through linear ops of one operand (sums, views, minus).

Likewise a row y_t = einsum(v_t, W) that nothing else reads is one product of all v_t with the
constant W, after the loop; and a row that is a row of xs needs no loop.

Additions happen in another order: results agree to rounding, of the order of 1e-13 relative to the
sum of the absolute values; of integers they are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from string import ascii_letters
from typing import NamedTuple

from ...graph import Atom, Builder, Graph, Lit, Node, Var, live_nodes
from ...ops import Expr
from ...ops.arithmetic import add
from ...ops.contract import einsum, split
from ...ops.region import body_groups, chosen, scan, scan_groups
from ...ops.shape import sum_
from ...types import i64
from ..vmap_ops import Lanes, lift
from .products import bytes_of, sums_something
from .rewrite import ROOM, rewrite

LINEAR = ("sum", "neg", "reshape", "transpose", "broadcast", "reverse", "slice")


def accumulate(graph: Graph) -> Graph:
    """The graph with the sums of its loops after them."""
    return rewrite(graph, behind)


class Term(NamedTuple):
    """One summand y_t."""

    sources: tuple[Var, ...]
    """The value whose rows are added up, or the two factors of a product."""
    product: Node | None
    through: tuple[Node, ...]
    """The linear ops from there to y_t, the last first."""


@dataclass
class Plan:
    """A body, and what has been decided about it."""

    node: Node
    body: Graph = field(init=False)
    makers: dict[Atom, Node] = field(init=False)
    readers: dict[Atom, Node] = field(init=False)
    uses: dict[Atom, int] = field(init=False)
    rows: set[Atom] = field(init=False)
    """The values whose rows are there: read, or written already."""
    extra: dict[Var, None] = field(default_factory=dict[Var, None])
    room: int = 0

    def __post_init__(self) -> None:
        (self.body,), attrs = self.node.regions, self.node.attrs
        self.makers = {out: inner for inner in self.body.nodes for out in inner.outs}
        self.readers, self.uses = {}, {}
        for inner in self.body.nodes:
            for arg in inner.args:
                self.readers[arg] = inner
                self.uses[arg] = self.uses.get(arg, 0) + 1
        for out in self.body.outputs:
            self.uses[out] = self.uses.get(out, 0) + 1
        ys = self.body.outputs[attrs["carry"] :]
        xs = body_groups(self.body.params, attrs).xs
        self.rows = {*xs, *ys}
        self.room = ROOM * attrs["length"] * bytes_of([a.type for a in (*xs, *ys)])

    def claim(self, sources: Sequence[Var], most: int) -> bool:
        """Make sure of the rows of these values, if new ones take no more than `most` a step."""
        new = [v for v in dict.fromkeys(sources) if v not in self.rows and v not in self.extra]
        step = bytes_of([v.type for v in new])
        total = self.node.attrs["length"] * step
        if step > most or total > self.room:
            return False
        self.extra.update(dict.fromkeys(new))
        self.room -= total
        return True


# --- what can move -------------------------------------------------------------------------------


def terms_of(plan: Plan, carry: Var, end: Atom) -> list[Term] | None:
    """The summands of a carry that is only added to; None if it is anything else."""
    if not carry.type.differentiable and carry.type.dtype != i64:
        return None
    terms: list[Term] = []
    at: Atom = carry
    while at is not end:
        reader = plan.readers.get(at)
        if plan.uses.get(at) != 1 or reader is None or reader.op is not add:
            return None
        other = reader.args[1] if reader.args[0] is at else reader.args[0]
        term = term_of(plan, other)
        if term is None or other.type != carry.type:
            return None
        terms.append(term)
        at = reader.out
    return terms if terms and plan.uses[end] == 1 else None


def term_of(plan: Plan, y: Atom) -> Term | None:
    """How to add up one summand: from rows that are there, or a product of values."""
    fixed = set(body_groups(plan.body.params, plan.node.attrs).consts)
    through: list[Node] = []
    while True:
        if isinstance(y, Lit) or y in fixed:
            return None
        if y in plan.rows or y in plan.extra:
            return Term((y,), None, tuple(through))
        made = plan.makers.get(y)
        if made is None:
            return None
        if made.op is einsum:
            sources = tuple([arg for arg in made.args if isinstance(arg, Var) and arg not in fixed])
            return Term(sources, made, tuple(through)) if len(sources) == 2 else None
        if made.op.name not in LINEAR:
            return None
        through.append(made)
        y = made.args[0]


def sinks(plan: Plan, y: Atom) -> Node | None:
    """The product with a constant that makes a row, if nobody else reads it and there is room."""
    made = plan.makers.get(y)
    if made is None or made.op is not einsum or plan.uses[y] != 1:
        return None
    fixed = body_groups(plan.body.params, plan.node.attrs).consts
    moving = [arg for arg in made.args if isinstance(arg, Var) and arg not in fixed]
    if len(moving) != 1 or not sums_something(made.attrs["spec"]):
        return None
    return made if plan.claim(moving, ROOM * bytes_of([y.type])) else None


# --- the loop without it, and what follows -------------------------------------------------------


def behind(b: Builder, node: Node, atoms: Sequence[Atom]) -> list[Atom] | None:
    """The loop, then its sums."""
    if node.op is not scan or not node.attrs["length"]:
        return None
    plan, count = Plan(node), node.attrs["carry"]
    params, operands = body_groups(plan.body.params, node.attrs), scan_groups(atoms, node.attrs)
    ys = plan.body.outputs[count:]
    late: dict[int, Node] = {}
    for k, y in enumerate(ys):
        found = sinks(plan, y)
        if found is not None:
            late[k] = found
            plan.rows.discard(y)
    totals: dict[int, list[Term]] = {}
    candidates = {
        k: terms_of(plan, p, end)
        for k, (p, end) in enumerate(zip(params.carry, plan.body.outputs, strict=False))
    }
    for direct in (False, True):  # the rows that products ask for serve the sums
        for k, terms in candidates.items():
            if direct and k not in totals:
                terms = terms_of(plan, params.carry[k], plan.body.outputs[k])
            if k in totals or terms is None:
                continue
            most = 2 * bytes_of([params.carry[k].type])
            if plan.claim([v for term in terms for v in term.sources], most):
                totals[k] = terms
    passed = [k for k, y in enumerate(ys) if y in params.xs]
    if not (late or totals or passed):
        return None
    keep = [k not in totals for k in range(count)]
    stay = [k for k in range(len(ys)) if k not in late and k not in passed]
    ends = [*chosen(plan.body.outputs[:count], keep), *(ys[k] for k in stay), *plan.extra]
    groups = (*params.consts, *chosen(params.carry, keep), *params.xs)
    region = replace(
        plan.body,
        params=groups,
        nodes=tuple(live_nodes(plan.body.nodes, ends)),
        outputs=tuple(ends),
    )
    args = [*operands.consts, *chosen(operands.carry, keep), *operands.xs]
    attrs = {**node.attrs, "carry": sum(keep)}
    outs = b.emit_region(scan, args, attrs, (region,)) if ends else ()
    known: dict[Atom, Atom] = dict(zip(params.consts, operands.consts, strict=True))
    rows: dict[Atom, Atom] = dict(zip(ends[sum(keep) :], outs[sum(keep) :], strict=True))
    rows.update(zip(params.xs, operands.xs, strict=True))
    carried = iter(outs)
    results: list[Atom] = []
    for k, start in enumerate(operands.carry):
        results.append(next(carried) if keep[k] else total(b, start, totals[k], rows))
    for k, y in enumerate(ys):
        results.append(all_rows(b, late[k], node, known, rows) if k in late else rows[y])
    return results


def total(b: Builder, start: Atom, terms: Sequence[Term], rows: dict[Atom, Atom]) -> Atom:
    """start + Σ_t of each term."""
    value = Expr(b, start)
    for term in terms:
        found = [Expr(b, rows[v]) for v in term.sources]
        if term.product is None:
            part = summed(found[0])
        else:
            b.loc = term.product.loc
            left, right, out = split(term.product.attrs["spec"])
            t = next(c for c in ascii_letters if c not in left + right)
            part = einsum(*found, spec=f"{t}{left},{t}{right}->{out}")
        for inner in reversed(term.through):
            b.loc = inner.loc
            part = inner.op(part, **inner.attrs)
        value = value + part
    return value.atom


def summed(x: Expr) -> Expr:
    """The sum of rows."""
    return sum_(x, axes=(0,))


def all_rows(
    b: Builder, made: Node, node: Node, known: dict[Atom, Atom], rows: dict[Atom, Atom]
) -> Atom:
    """The rows of a product with a constant, from the rows of the other factor."""
    b.loc = made.loc
    on = [arg in rows for arg in made.args]
    xs = [Expr(b, rows.get(arg, known.get(arg, arg))) for arg in made.args]
    return lift(Lanes(node.attrs["length"]), made, xs, on).atom
