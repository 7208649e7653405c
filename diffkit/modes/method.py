"""The names and settings that `method=` takes.

"forward"       Forward()        tangents through the graph
"reverse"       Reverse()        cotangents through the graph
"symbolic"      Symbolic()       a formula, differentiated by sympy
"finite"        Finite()         central, forward or backward differences
"complex-step"  ComplexStep()    Im f(x + ih)/h
"taylor"        Taylor()         the first coefficient of a power series

and for Jacobians

"sparse"        Sparse()         passes in the directions of a colouring
"auto"          Auto()           what costs least of sparse, forward and reverse
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


@dataclass(frozen=True, slots=True)
class Sparse:
    """The nonzero entries alone: their pattern is found in the graph, and coloured, so that a few
    passes show them all. `dk.sparse_jacobian` gives them as a SciPy matrix."""


@dataclass(frozen=True, slots=True)
class Auto:
    """Sparse, forward or reverse, whichever costs least by the counted operations."""


Method: TypeAlias = Forward | Reverse | Symbolic | Finite | ComplexStep | Taylor

METHODS: dict[str, Method] = {
    "forward": Forward(),
    "reverse": Reverse(),
    "symbolic": Symbolic(),
    "finite": Finite(),
    "complex-step": ComplexStep(),
    "taylor": Taylor(),
}

BY_PATTERN: dict[str, Sparse | Auto] = {"sparse": Sparse(), "auto": Auto()}


def by_pattern(method: str | Method | Sparse | Auto) -> Sparse | Auto | None:
    """The settings of a method for Jacobians alone, if this is one or its name."""
    if isinstance(method, str):
        return BY_PATTERN.get(method)
    return method if isinstance(method, Sparse | Auto) else None


def resolve(method: str | Method | Sparse | Auto, asked: str) -> Method:
    """The settings object for a name; an object stands for itself."""
    if isinstance(method, Sparse | Auto) or by_pattern(method) is not None:
        want, remedy = "a method for one direction", "Use it with dk.jacobian, or leave method out"
        raise UnsupportedError(explain(asked, f"method={method!r}", want, remedy))
    if not isinstance(method, str):
        return method
    found = METHODS.get(method)
    if found is None:
        names = (*METHODS, *BY_PATTERN) if asked == "jacobian" else METHODS
        want = ", ".join(f'"{name}"' for name in names)
        remedy = "Choose one of these, or pass a settings object such as dk.Finite(step=1e-6)"
        raise UnsupportedError(explain(asked, f"method={method!r}", want, remedy))
    return found
