"""What each function of sympy is as ops: the table from sympy back to the graph.

A row takes the values of the formula's arguments. Functions that have no op are written with those
that have one. Formulas are of real numbers: of a negative x, log x and √x are nan.
"""

# The table's lambdas take whatever their function passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache, reduce
from typing import Any

from ...ops import Expr
from ...ops import arithmetic as a
from ...ops import complex as z
from ...ops import cylinder as c
from ...ops import elementwise as e
from ...ops import hypergeometric as h
from ...ops import special as s
from ...types import c128
from .functions import load_sympy, own

Row = Callable[..., Expr]


def many(op: Row) -> Row:
    """An operation of two, for any number of operands."""
    return lambda *xs: reduce(op, xs)


def inverted(op: Row) -> Row:
    """f(1/x)."""
    return lambda x: op(a.reciprocal(x))


def below_one(op: Row) -> Row:
    """1/f(x)."""
    return lambda x: a.reciprocal(op(x))


def sinc(x: Expr) -> Expr:
    """sin x / x, 1 at 0."""
    zero = a.equal(x, 0)
    safe = a.select(zero, x.full(1, ()), x)
    return a.select(zero, x.full(1, ()), e.sin(safe) / safe)


def lambertw(x: Expr) -> Expr:
    """The real branch W₀; nan left of -1/e, where it is complex."""
    value = z.real(s.lambertw(a.cast(x, dtype=c128), k=0, tol=1e-8))
    return a.select(x < -0.36787944117144233, x.full(float("nan"), ()), value)


def zeta(x: Expr, q: Expr | None = None) -> Expr:
    return s.zeta(x, x.full(1, ()) if q is None else q)


def elliptic_e(x: Expr, m: Expr | None = None) -> Expr:
    return h.ellipe(x) if m is None else h.ellipeinc(x, m)


def share(x: Expr, *others: Expr) -> Expr:
    """1/k for one of the k greatest, else 0."""
    top = reduce(a.maximum, others, x)
    ties = [a.cast(a.equal(v, top), dtype=x.dtype_) for v in (x, *others)]
    return ties[0] / reduce(operator.add, ties)


def guarded(d: Expr, t: Expr) -> Expr:
    """d·t, 0 where t is 0. (`scale` would be simplified to a product among finite numbers.)"""
    return a.select(a.equal(t, 0), t.full(0, ()), d * t)


@lru_cache(maxsize=1)
def op_table() -> dict[Any, Row]:
    """sympy's functions as ops."""
    S, ours = load_sympy(), own()
    return {**elementary(S), **special(S)} | {
        ours.Held: a.stop_gradient, ours.Largest: many(a.maximum), ours.Share: share,
        ours.Guarded: guarded,
    }  # fmt: skip


def elementary(S: Any) -> dict[Any, Row]:
    """Elementary functions, comparisons and choices."""
    return {
        S.exp: e.exp, S.log: a.log, S.sin: e.sin, S.cos: e.cos, S.tan: e.tan, S.asin: e.arcsin,
        S.acos: e.arccos, S.atan: e.arctan, S.atan2: e.arctan2, S.sinh: e.sinh, S.cosh: e.cosh,
        S.tanh: e.tanh, S.asinh: e.arcsinh, S.acosh: e.arccosh, S.atanh: e.arctanh,
        S.cot: below_one(e.tan), S.sec: below_one(e.cos), S.csc: below_one(e.sin),
        S.coth: below_one(e.tanh), S.sech: below_one(e.cosh), S.csch: below_one(e.sinh),
        S.acot: inverted(e.arctan), S.asec: inverted(e.arccos), S.acsc: inverted(e.arcsin),
        S.acoth: inverted(e.arctanh), S.asech: inverted(e.arccosh), S.acsch: inverted(e.arcsinh),
        S.sinc: sinc, S.Abs: a.absolute, S.sign: a.sign, S.floor: a.floor, S.ceiling: a.ceil,
        S.frac: lambda x: x - a.floor(x), S.re: lambda x: x, S.conjugate: lambda x: x,
        S.Max: many(a.maximum), S.Min: many(a.minimum), S.Mod: a.mod,
        S.Lt: a.less, S.Le: a.less_equal, S.Gt: a.greater, S.Ge: a.greater_equal, S.Eq: a.equal,
        S.Ne: a.not_equal, S.And: many(a.logical_and), S.Or: many(a.logical_or),
        S.Not: a.logical_not, S.Xor: many(a.logical_xor),
    }  # fmt: skip


def special(S: Any) -> dict[Any, Row]:
    """Special functions."""
    return {
        S.gamma: s.gamma, S.loggamma: e.lgamma, S.factorial: lambda n: s.gamma(n + 1),
        S.digamma: lambda x: e.polygamma(x, n=0), S.beta: s.beta, S.binomial: s.binom,
        S.RisingFactorial: s.poch, S.FallingFactorial: lambda x, k: s.poch(x - k + 1, k),
        S.zeta: zeta, S.lowergamma: lambda k, x: s.gammainc(k, x) * s.gamma(k),
        S.uppergamma: lambda k, x: s.gammaincc(k, x) * s.gamma(k),
        S.erf: e.erf, S.erfc: s.erfc, S.erfi: s.erfi, S.erfinv: s.erfinv, S.erfcinv: s.erfcinv,
        S.besselj: c.jv, S.bessely: c.yv, S.besseli: c.iv, S.besselk: c.kv,
        S.airyai: lambda x: c.airy(x, part=0), S.airyaiprime: lambda x: c.airy(x, part=1),
        S.airybi: lambda x: c.airy(x, part=2), S.airybiprime: lambda x: c.airy(x, part=3),
        S.Ei: c.expi, S.Si: lambda x: c.sici(x, part=0), S.Ci: lambda x: c.sici(x, part=1),
        S.Shi: lambda x: c.shichi(x, part=0), S.Chi: lambda x: c.shichi(x, part=1),
        S.fresnels: lambda x: c.fresnel(x, part=0), S.fresnelc: lambda x: c.fresnel(x, part=1),
        S.elliptic_k: h.ellipk, S.elliptic_e: elliptic_e, S.elliptic_f: h.ellipkinc,
        S.LambertW: lambertw,
    }  # fmt: skip


HYPERGEOMETRIC: dict[tuple[int, int], Row] = {
    (0, 1): h.hyp0f1, (1, 1): h.hyp1f1, (2, 1): h.hyp2f1,
}  # fmt: skip
"""By how many parameters stand above and below."""
