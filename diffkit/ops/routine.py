"""Routines of a library, with one or several results: factorisations, functions of matrices.

A routine says its types, its meaning in NumPy or SciPy and the tangents of its results, written
with ops as functions of operands, results and tangents of operands. They are linear in the tangents
by the chain rule, so the reverse mode transposes them, and the series of Taylor mode integrate
them: there is no second rule. Tangents of a factorisation follow from differentiating its defining
equations (Giles, Collected matrix derivative results for forward and reverse mode algorithmic
differentiation, 2008).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import UnsupportedError, explain
from ..graph import Atom, Attrs, Builder, Graph, Kink, Node, Op, Region, Var, no_flops, stacked
from ..types import Type
from .arithmetic import Expr
from .kinks import convention
from .region import no_infer, no_numpy, operands_only
from .shape import zeros

Results = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Routine(Region):
    """The fact of a routine. It has no regions."""

    jvp: Callable[..., Sequence[Expr | None]]
    """`jvp(dxs, xs, outs, **attrs)`: the tangents of all results, None where they are zero; dxs
    are those of the operands, None where an operand is not differentiable."""
    lead: Callable[..., dict[str, Any]]
    """As `Op.lead`."""


def as_it_is(node: Node, live: set[Var]) -> Node:
    """All results come at once, so none is dropped."""
    return node


def once(attrs: Attrs) -> int:
    return 1


def routine(
    name: str,
    infer: Callable[..., tuple[Type, ...]],
    numpy: Callable[..., Results],
    jvp: Callable[..., Sequence[Expr | None]],
    lead: Callable[..., dict[str, Any]] = stacked,
    flops: Callable[..., int] = no_flops,
    analytic: bool = False,
    kink: Kink | None = None,
) -> Op:
    """An op: `infer(*types, **attrs)` are the types of its results, `numpy(*arrays, **attrs)` its
    results, in order. `analytic`: whether `numpy` is an analytic function of complex numbers, as
    the complex step needs; one that takes conjugates is none."""

    def infer_all(types: Sequence[Type], attrs: Attrs, regions: tuple[Graph, ...]) -> Any:
        return infer(*types, **attrs)

    def run(bodies: Any, args: Sequence[Any], node: Node) -> list[Any]:
        if not analytic and any(map(continued, args, node.args)):
            raise no_continuation(name)
        return list(numpy(*args, **node.attrs))

    fact = Routine(infer_all, run, operands_only, as_it_is, once, jvp, lead)
    return Op(name, no_infer, no_numpy, fact, regional=True, flops=flops, kink=kink)


def continued(x: Any, arg: Atom) -> bool:
    """Whether a complex step stands where the graph has a real number."""
    return np.iscomplexobj(x) and not arg.type.complex


def no_continuation(name: str) -> UnsupportedError:
    got, want = "complex values of real operands", "a function that is analytic"
    remedy = "Use method='forward' or 'reverse'"
    return UnsupportedError(explain(f"a complex step through {name}", got, want, remedy))


def refusing(name: str) -> Callable[..., Any]:
    """The continuation of an op that has none."""

    def refuse(*args: Any, **attrs: Any) -> Any:
        raise no_continuation(name)

    return refuse


def emit(op: Op, xs: Sequence[Any], **attrs: Any) -> list[Any]:
    """The results of a routine on handles of one builder."""
    first = xs[0]
    outs = first.builder.emit_region(op, [x.atom for x in xs], attrs, ())
    return [first.wrap(out) for out in outs]


def tangents(node: Node) -> Graph:
    """The graph (operands, tangents of float operands) -> (results, tangents of float results)."""
    types = tuple([arg.type for arg in node.args])
    return recorded(node.op, types, tuple(sorted(node.attrs.items())), convention().name)


@lru_cache(maxsize=256)
def recorded(
    op: Op, types: tuple[Type, ...], items: tuple[tuple[str, Any], ...], kinks: str
) -> Graph:
    """The rule of a routine for operands of these types, written once for a convention."""
    assert isinstance(op.fact, Routine)
    attrs = dict(items)
    b = Builder(f"{op.name}_jvp")
    xs = [Expr(b, b.param(t).atom) for t in types]
    dxs = [Expr(b, b.param(t).atom) if t.differentiable else None for t in types]
    outs = emit(op, xs, **attrs)
    empty = all(dx is None or dx.type.size == 0 for dx in dxs)  # which nothing can move
    found = [None] * len(outs) if empty else op.fact.jvp(dxs, xs, outs, **attrs)
    rows = zip(found, outs, strict=True)
    moved = [
        (zeros(b, y.type) if dy is None else dy).atom for dy, y in rows if y.type.differentiable
    ]
    return b.finish([*(y.atom for y in outs), *moved])
