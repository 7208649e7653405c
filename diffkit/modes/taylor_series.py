"""Taylor series of values, made coefficient by coefficient.

A value on a curve x(t) has the series x₀ + x₁ t + x₂ t² + …, xₖ = x⁽ᵏ⁾(0)/k!. A `Series` knows how
its coefficients are made, and makes each once, when somebody asks: a recurrence may mention its own
result, of which it reads lower coefficients only. An `Expansion` makes the series of results, one
for each op and operands, so that a formula that comes again finds the series it had before.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import reduce
from typing import Any

from ..graph import Atom, Attrs, Builder, Graph, Lit, Op, Value, Var
from ..ops import Expr
from ..ops.arithmetic import add
from ..ops.shape import broadcast, zeros
from ..types import Type
from .activity import operands

Coefficient = Callable[[int], Expr | None]
"""The coefficient of a number, None while it is zero."""


class Series:
    """The coefficients of one value. One that is not `moving` has the zeroth alone."""

    __slots__ = ("_known", "make", "moving", "type")

    def __init__(self, type_: Type, moving: bool, known: Sequence[Expr | None] = ()) -> None:
        self.type = type_
        self.moving = moving
        self.make: Coefficient = nothing
        self._known = list(known)

    def __getitem__(self, k: int) -> Expr | None:
        if k and not self.moving:
            return None
        known = self._known
        while len(known) <= k:
            known.append(self.make(len(known)))
        return known[k]

    @property
    def value(self) -> Expr:
        """The zeroth coefficient."""
        value = self[0]
        assert value is not None
        return value

    @property
    def lit(self) -> Lit | None:
        """The literal, if this is one."""
        return None if self.moving else self.value.lit

    def length(self, order: int) -> int:
        """The number of the last coefficient up to `order` that is not zero."""
        return max((k for k in range(1, order + 1) if self[k] is not None), default=0)


def nothing(k: int) -> Expr | None:
    """The coefficients after the last."""
    return None


Recurrence = Callable[["Expansion", Op, Attrs, Sequence[Series], Series], Coefficient]
"""Of an op on series of operands and the series of its result: the coefficients from the first."""


class Expansion:
    """The series of one graph, whose coefficients are emitted into a builder."""

    def __init__(self, builder: Builder, recurrence: Recurrence) -> None:
        self.builder = builder
        self.recurrence = recurrence
        self._constants: dict[Hashable, Series] = {}
        self._results: dict[Hashable, Series] = {}
        self._formulas: dict[Hashable, Graph | float] = {}

    def constant(self, atom: Atom) -> Series:
        """A value that does not move."""
        key = atom.key if isinstance(atom, Lit) else atom
        found = self._constants.get(key)
        if found is None:
            found = Series(atom.type, False, [Expr(self.builder, atom)])
            self._constants[key] = found
        return found

    def emit(self, op: Op, xs: Sequence[Expr], attrs: Attrs) -> Expr:
        """One op on coefficients."""
        return Expr(self.builder, self.builder.emit(op, [x.atom for x in xs], attrs))

    def zeros(self, type_: Type) -> Expr:
        return zeros(self.builder, type_)

    def apply(self, op: Op, xs: Sequence[Series], attrs: Attrs) -> Series:
        """The series of an op's result."""
        key = (op, tuple(xs), tuple(sorted(attrs.items())))
        found = self._results.get(key)
        if found is None:
            type_ = op.infer(*[x.type for x in xs], **attrs)
            moving = type_.differentiable and any(xs[i].moving for i in operands(op, len(xs)))
            found = self._results[key] = Series(type_, moving)
            step = self.recurrence(self, op, attrs, xs, found) if moving else nothing

            def make(k: int) -> Expr | None:
                if k == 0:
                    return self.emit(op, [x.value for x in xs], attrs)
                made = step(k)
                return None if made is None else broadcast(made, shape=type_.shape)

            found.make = make
        return found

    def formula(
        self, key: Hashable, write: Callable[..., Any], xs: Sequence[Series]
    ) -> Series | float:
        """The series of `write(*xs)`, a formula written with ops. It is recorded once for each key
        and types of operands, with the literals among them, since these simplify."""
        known = [x.lit for x in xs]
        full = (key, tuple(x.type if a is None else a.key for x, a in zip(xs, known, strict=True)))
        found = self._formulas.get(full)
        if found is None:
            b = Builder("formula")
            rows = zip(xs, known, strict=True)
            out = write(*[Expr(b, b.param(x.type).atom if a is None else a) for x, a in rows])
            found = b.finish([out.atom]) if isinstance(out, Value) else float(out)
            self._formulas[full] = found
        if not isinstance(found, Graph):
            return found
        free = [x for x, a in zip(xs, known, strict=True) if a is None]
        env: dict[Var, Series] = dict(zip(found.params, free, strict=True))
        for node in found.nodes:
            env[node.out] = self.apply(node.op, self.read_all(env, node.args), node.attrs)
        return self.read_all(env, found.outputs)[0]

    def close(self) -> None:
        """Forget how coefficients are made: a recurrence and its result hold each other, and only
        the garbage collector would free them."""
        for series in self._results.values():
            series.make = nothing

    def read_all(self, env: dict[Var, Series], atoms: Sequence[Atom]) -> list[Series]:
        """The series of atoms."""
        return [env[atom] if isinstance(atom, Var) else self.constant(atom) for atom in atoms]


def total(terms: Sequence[Expr]) -> Expr | None:
    """The sum, None if there is nothing to add."""
    return reduce(add, terms) if terms else None


def convolve(
    k: int, x: Series, y: Series, times: Callable[[Expr, Expr], Expr], start: int = 0
) -> Expr | None:
    """Σ times(xⱼ, yₖ₋ⱼ) for j from `start` to k."""
    terms = [
        times(a, b)
        for j in range(start, k + 1)
        if (a := x[j]) is not None and (b := y[k - j]) is not None
    ]
    return total(terms)


def chain_rule(
    k: int,
    xs: Sequence[Series],
    slopes: Sequence[Series | float],
    times: Callable[[Any, Expr], Expr],
) -> Expr | None:
    """Coefficient k ≥ 1 of y, where y′ = Σ pᵢ xᵢ′: the sum over i of

    pᵢ₀ xᵢₖ + (1/k) Σⱼ₌₁ₖ₋₁ j pᵢ,ₖ₋ⱼ xᵢⱼ

    The first order is what forward mode computes, the same products in the same order.
    """
    first: list[Expr] = []
    later: list[Expr] = []
    for x, p in zip(xs, slopes, strict=True):
        last = x[k]
        if last is not None:
            first.append(times(p.value if isinstance(p, Series) else p, last))
        if isinstance(p, Series) and p.moving:
            for j in range(1, k):
                dx = x[j]
                slope = None if dx is None else p[k - j]
                if dx is not None and slope is not None:
                    later.append(times(slope, dx * j))
    rest = total(later)
    return total(first if rest is None else [*first, rest / k])
