"""A distribution of one variable: densities and distribution functions of traced values.

Formulas are those of the standard distribution, in z = (x - loc)/scale and the shapes; what they
are outside of the support, for parameters that are none, and in terms of one another follows
here, as in SciPy: nan for bad parameters, 0 or 1 (logarithms: -∞ or 0) outside of the support,
where the derivative is 0. All is computed in float64, as SciPy does.

A variable that counts is a constant to the derivative: the error that is raised otherwise names it.
"""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...errors import UnsupportedError, explain
from ...ops.special import no_derivative
from ...tracing.location import at_line
from ...tracing.tracer import Tracer, recorder
from ...types import f64
from ..arguments import require_real
from ..elementwise import convert
from .dispatch import of_scipy

Formula = Callable[..., Any]
MODULE = "scipy.stats"

# What a function is below and above the support.
OUTSIDE: dict[str, tuple[float, float]] = {
    "pdf": (0.0, 0.0), "pmf": (0.0, 0.0), "logpdf": (-np.inf, -np.inf),
    "logpmf": (-np.inf, -np.inf), "cdf": (0.0, 1.0), "sf": (1.0, 0.0),
    "logcdf": (-np.inf, 0.0), "logsf": (0.0, -np.inf),
}  # fmt: skip
QUANTILES = ("ppf", "isf")
DENSITIES = ("pdf", "logpdf", "pmf", "logpmf")


def positive(*shapes: Any) -> Any:
    """Whether all parameters are greater than 0."""
    ok: Any = True
    for shape in shapes:
        ok = ok & (shape > 0)
    return ok


@dataclass(frozen=True, eq=False)
class Distribution:
    """A distribution of SciPy's by name, with formulas of its own for traced values.

    `support` is the pair of its ends, numbers or functions of the shapes; `open` tells of an end
    below where the density is 0 by itself. `valid(*shapes)` is where the parameters are such.
    """

    name: str
    formulas: Mapping[str, Formula]
    shapes: tuple[str, ...] = ()
    support: tuple[Any, Any] = (-np.inf, np.inf)
    valid: Formula = positive
    counts: bool = False
    open: bool = False
    derived: Mapping[str, Formula] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "derived", complete(dict(self.formulas)))

    @property
    def scipy(self) -> Any:
        """SciPy's distribution of this name."""
        return of_scipy(MODULE, self.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Frozen:
        return Frozen(self, args, kwargs)

    freeze = __call__

    def __getattr__(self, name: str) -> Any:
        """A function of the distribution; those without a formula are SciPy's."""
        if name.startswith("__"):
            raise AttributeError(name)

        def function(*args: Any, **kwargs: Any) -> Any:
            if recorder((*args, kwargs)) is None:
                return getattr(self.scipy, name)(*args, **kwargs)
            return self.evaluate(name, args, kwargs)

        value = getattr(self.scipy, name)  # an AttributeError for a name that SciPy has not
        if not callable(value):
            return value
        function.__name__ = function.__qualname__ = name
        function.__doc__ = value.__doc__
        return function

    def evaluate(self, kind: str, args: Any, kwargs: Any) -> Any:
        """One of the functions, of traced arguments."""
        formula = self.derived.get(kind)
        asked = f"{MODULE}.{self.name}.{kind}"
        if formula is None:
            have = ", ".join(sorted(self.derived))
            got, remedy = "a traced argument", "Write it with these, or call it on known values"
            raise UnsupportedError(explain(f"{asked}{at_line()}", got, f"one of {have}", remedy))
        require_real(asked, *args, *kwargs.values())
        x, shapes, loc, scale = self.bound(asked, kind, args, kwargs)
        ok = self.valid(*shapes) & (scale > 0)
        ends: list[Any] = [end(*shapes) if callable(end) else end for end in self.support]
        low, high = ends
        if kind in QUANTILES:
            first, last = (low, high) if kind == "ppf" else (high, low)
            value = np.where(x == 0, first, np.where(x == 1, last, formula(x, *shapes)))
            return np.where(ok & (x >= 0) & (x <= 1), loc + scale * value, np.nan)
        z = (x - loc) / scale
        value = self.within(kind, formula, z, shapes, low, high)
        if kind == "pdf":
            value = value / scale
        elif kind == "logpdf":
            value = value - np.where(np.isneginf(value), 0.0, np.log(scale))
        return np.where(ok & ~np.isnan(z), value, np.nan)

    def within(self, kind: str, formula: Formula, z: Any, shapes: Any, low: Any, high: Any) -> Any:
        """The formula where it holds, and what the function is elsewhere."""
        below, above = OUTSIDE[kind]
        if kind in DENSITIES:
            inside = ((z > low) if self.open else (z >= low)) & (z <= high) & np.isfinite(z)
            if self.counts:
                inside = inside & (np.floor(z) == z)
            return np.where(inside, formula(z, *shapes), below)
        if self.counts:
            z = np.floor(z)
        started = (z >= low) if self.counts else (z > low)
        return np.where(z >= high, above, np.where(started, formula(z, *shapes), below))

    def bound(self, asked: str, kind: str, args: Any, kwargs: Any) -> tuple[Any, Any, Any, Any]:
        """The variable, the shapes, the location and the scale, in float64."""
        first = "q" if kind in QUANTILES else "k" if self.counts else "x"
        names = [first, *self.shapes, "loc", *([] if self.counts else ["scale"])]
        given: dict[str, Any] = dict(zip(names, args, strict=False))
        defaults = {"loc": 0.0, "scale": 1.0}
        missing = [n for n in names if n not in given and n not in kwargs and n not in defaults]
        wrong = [n for n in kwargs if n not in names or n in given]
        if len(args) > len(names) or missing or wrong:
            got = f"{len(args)} positional arguments and the keywords {list(kwargs)}"
            want = f"{asked.rpartition('.')[2]}({', '.join(names)})"
            raise TypeError(explain(f"{asked}{at_line()}", got, want, "Name each argument once"))
        given = {**defaults, **given, **kwargs}
        trace = recorder((*args, kwargs))
        assert trace is not None
        values: dict[str, Any] = {n: convert(trace, x, f64) for n, x in given.items()}
        x = values[first]
        if self.counts and isinstance(given[first], Tracer) and given[first].type.differentiable:
            x = no_derivative(x, function=asked, argument=first)
        return x, [values[n] for n in self.shapes], values["loc"], values["scale"]


@dataclass(frozen=True, eq=False)
class Frozen:
    """A distribution with parameters."""

    distribution: Any
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if recorder((*self.args, dict(self.kwargs))) is None:
            plain = getattr(self.distribution.scipy(*self.args, **self.kwargs), name)
            if not callable(plain):
                return plain

        def function(*args: Any, **kwargs: Any) -> Any:
            rest = (args[0], *self.args, *args[1:]) if args else self.args
            return getattr(self.distribution, name)(*rest, **self.kwargs, **kwargs)

        return function


def complete(f: dict[str, Formula]) -> Mapping[str, Formula]:
    """The functions that follow from those with a formula of their own."""

    def follow(name: str, source: str, how: Callable[[Any], Any]) -> None:
        if name not in f and source in f:
            inner = f[source]

            def formula(z: Any, *shapes: Any) -> Any:
                return how(inner(z, *shapes))

            f[name] = formula

    for density, log in (("pdf", "logpdf"), ("pmf", "logpmf")):
        follow(density, log, np.exp)
        follow(log, density, np.log)
    follow("cdf", "logcdf", np.exp)
    follow("sf", "logsf", np.exp)
    follow("sf", "cdf", lambda p: 1.0 - p)
    for log, p, q in (("logcdf", "cdf", "sf"), ("logsf", "sf", "cdf")):
        if log not in f and p in f and q in f:
            f[log] = log_of(f[p], f[q])
    return f


def log_of(p: Formula, q: Formula) -> Formula:
    """log p of a probability with p + q = 1, from the smaller of the two."""

    def formula(z: Any, *shapes: Any) -> Any:
        near, far = p(z, *shapes), q(z, *shapes)
        return np.where(near < 0.5, np.log(near), np.log1p(-far))

    return formula
