"""The names and settings that `method=` takes.

"forward"       Forward()        tangents through the graph
"reverse"       Reverse()        cotangents through the graph
"symbolic"      Symbolic()       a formula, differentiated by sympy
"finite"        Finite()         central, forward or backward differences
"complex-step"  ComplexStep()    Im f(x + ih)/h
"taylor"        Taylor()         the first coefficient of a power series
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ..errors import UnsupportedError, explain


@dataclass(frozen=True, slots=True)
class Forward:
    """Forward mode: one pass for each direction, exact to rounding."""


@dataclass(frozen=True, slots=True)
class Reverse:
    """Reverse mode: one pass for each output, exact to rounding."""


@dataclass(frozen=True, slots=True)
class Symbolic:
    """Differentiate the formula. `cse` shares common subexpressions (without it, the expression
    tree is differentiated as on paper, and swells); `simplify` asks sympy to simplify, slowly."""

    simplify: bool = False
    cse: bool = True


@dataclass(frozen=True, slots=True)
class Finite:
    """Differences of function values, `scheme` "central", "forward" or "backward".

    `step` is relative to max(1, |x|); the default balances truncation and rounding, ε^(1/3) for
    central and ε^(1/2) for one-sided differences.
    """

    scheme: str = "central"
    step: float | None = None


@dataclass(frozen=True, slots=True)
class ComplexStep:
    """Im f(x + ih)/h: exact to rounding, for programs of analytic functions."""

    step: float = 1e-100


@dataclass(frozen=True, slots=True)
class Taylor:
    """Power series of order 1: forward mode by other rules. `dk.taylor` has the higher orders."""


Method: TypeAlias = Forward | Reverse | Symbolic | Finite | ComplexStep | Taylor

METHODS: dict[str, Method] = {
    "forward": Forward(),
    "reverse": Reverse(),
    "symbolic": Symbolic(),
    "finite": Finite(),
    "complex-step": ComplexStep(),
    "taylor": Taylor(),
}


def resolve(method: str | Method, asked: str) -> Method:
    """The settings object for a name; an object stands for itself."""
    if not isinstance(method, str):
        return method
    found = METHODS.get(method)
    if found is None:
        want = ", ".join(f'"{name}"' for name in METHODS)
        remedy = "Choose one of these, or pass a settings object such as dk.Finite(step=1e-6)"
        raise UnsupportedError(explain(asked, f"method={method!r}", want, remedy))
    return found
