"""The names and settings that `method=` takes.

"forward"       Forward()        tangents through the graph
"reverse"       Reverse()        cotangents through the graph
"symbolic"      Symbolic()       a formula, differentiated by sympy
"taylor"        Taylor()         the first coefficient of a power series
"complex-step"  ComplexStep()    Im f(x + ih)/h
"multicomplex"  Multicomplex()   the same twice, for Hessians: Im₁₂ f(x + i₁h + i₂h)/h²
"finite"        Finite()         central, forward or backward differences
"richardson"    Richardson()     differences extrapolated to step 0
"adaptive"      Adaptive()       differences at the steps that the values ask for

The last three look at values of the function alone, which may be any black box; `dk.numerical` has
them with their error bars.

and for Jacobians

"sparse"        Sparse()         passes in the directions of a colouring
"auto"          Auto()           what costs least of sparse, forward and reverse
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

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
    tree is differentiated as on paper, and swells); `simplify` asks sympy to simplify, slowly.
    A custom function is refused: its formula does not know its rule.

    Before anything is expanded the operations of formula and derivatives are counted on the graph;
    more than `limit` are refused. Fifty thousand take sympy about half a minute."""

    simplify: bool = False
    cse: bool = True
    limit: int = 50_000


@dataclass(frozen=True, slots=True)
class Finite:
    """Differences of function values, `scheme` "central", "forward" or "backward".

    `step` is relative to max(1, |x|); the default balances truncation and rounding, about ε^(1/3)
    for central and ε^(1/2) for one-sided differences. `accuracy` is the power of the step in the
    error, by default 2 for central (any even number) and 1 for one-sided differences.

    `bounds=(lower, upper)`, numbers or arrays or trees like the argument, or
    `scipy.optimize.Bounds`: the function is not called outside; near a bound, the formula is moved
    to one side.
    """

    scheme: str = "central"
    step: float | None = None
    accuracy: int | None = None
    bounds: Any = None


@dataclass(frozen=True, slots=True)
class Richardson:
    """Differences at `levels` steps, each shorter by `ratio`, extrapolated to step 0.

    `step`, the first, is absolute, and by default an eighth of log(e + |x|). It is shortened where
    the function is not finite that far away. `scheme`, `accuracy` and `bounds` as of `Finite`.
    """

    scheme: str = "central"
    accuracy: int | None = None
    levels: int = 10
    ratio: float = 2.0
    step: float | None = None
    bounds: Any = None


@dataclass(frozen=True, slots=True)
class Adaptive:
    """Differences at several scales, among which the function's values decide: it stays in the
    domain and above the noise. At most `calls` calls of the function for each direction. `bounds`
    as of `Finite`."""

    calls: int = 31
    bounds: Any = None


@dataclass(frozen=True, slots=True)
class ComplexStep:
    """Im f(x + ih)/h: exact to rounding, for programs of analytic functions."""

    step: float = 1e-100


@dataclass(frozen=True, slots=True)
class Multicomplex:
    """Steps along two imaginary units, for second derivatives, exact to rounding: see
    `dk.hessian`. One unit is enough for first derivatives, which are those of `ComplexStep`."""

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


Black: TypeAlias = Finite | Richardson | Adaptive
"""The methods that see a function as a black box."""

Method: TypeAlias = Forward | Reverse | Symbolic | Taylor | ComplexStep | Multicomplex | Black

METHODS: dict[str, Method] = {
    "forward": Forward(),
    "reverse": Reverse(),
    "symbolic": Symbolic(),
    "taylor": Taylor(),
    "complex-step": ComplexStep(),
    "multicomplex": Multicomplex(),
    "finite": Finite(),
    "richardson": Richardson(),
    "adaptive": Adaptive(),
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
