"""Distributions of several variables, by the same densities as SciPy's, of traced values.

The normal one is written with a solution and a determinant of the covariance, so its derivative by
that matrix is the full one, of all its elements taken as independent.
"""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import ShapeError, UnsupportedError, explain
from ...ops.elementwise import lgamma
from ...ops.special import no_derivative
from ...tracing.location import at_line
from ...tracing.tracer import Trace, recorder
from ...types import f64
from ..arguments import require_real
from ..elementwise import convert
from ..special import xlogy
from .dispatch import of_scipy
from .distributions import MODULE, Frozen


@dataclass(frozen=True, eq=False)
class Multivariate:
    """A distribution of SciPy's by name, with functions of its own for traced values: they take the
    trace, then SciPy's arguments."""

    name: str
    functions: Mapping[str, Callable[..., Any]]

    @property
    def scipy(self) -> Any:
        """SciPy's distribution of this name."""
        return of_scipy(MODULE, self.name)

    def __call__(self, *args: Any, **kwargs: Any) -> Frozen:
        return Frozen(self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        plain = getattr(self.scipy, name)
        if not callable(plain):
            return plain

        def function(*args: Any, **kwargs: Any) -> Any:
            trace = recorder((*args, kwargs))
            if trace is None:
                return plain(*args, **kwargs)
            recorded = self.functions.get(name)
            if recorded is None:
                asked = f"{MODULE}.{self.name}.{name}{at_line()}"
                want = f"one of {', '.join(sorted(self.functions))}"
                remedy = "Write it with these, or call it on known values"
                raise UnsupportedError(explain(asked, "a traced argument", want, remedy))
            require_real(f"{MODULE}.{self.name}.{name}", *args, *kwargs.values())
            inspect.signature(recorded).bind(trace, *args, **kwargs)  # a TypeError of its own
            return recorded(trace, *args, **kwargs)

        function.__name__ = function.__qualname__ = name
        function.__doc__ = plain.__doc__
        return function


def exponential(log: Callable[..., Any]) -> Callable[..., Any]:
    """The density of a logarithm."""

    def density(*args: Any, **kwargs: Any) -> Any:
        return np.exp(log(*args, **kwargs))

    return density


# --- normal --------------------------------------------------------------------------------------


def normal_parameters(t: Trace, mean: Any, cov: Any) -> tuple[Any, Any]:
    """The mean as a vector and the covariance as a matrix."""
    matrix: Any = convert(t, 1.0 if cov is None else cov, f64)
    if mean is None:
        size = matrix.shape[0] if matrix.ndim == 2 else 1
        vector: Any = np.zeros(size)
    else:
        vector = np.reshape(convert(t, mean, f64), -1)
        size = vector.shape[0]
    if size == 1:
        matrix = np.reshape(matrix, (1, 1))
    elif matrix.ndim < 2:  # one variance, or one for each variable
        matrix = np.eye(size) * matrix
    if matrix.shape != (size, size):
        asked = f"{MODULE}.multivariate_normal{at_line()}"
        got = f"a mean of {size} elements and a covariance of shape {matrix.shape}"
        want = f"a covariance of shape {(size, size)}"
        raise ShapeError(explain(asked, got, want, "Make both of one dimension"))
    return vector, matrix


def log_determinant(matrix: Any) -> Any:
    """log det of a positive matrix, else nan."""
    sign, value = np.linalg.slogdet(matrix)
    return np.where(sign > 0, value, np.nan)


def normal_logpdf(
    t: Trace, x: Any, mean: Any = None, cov: Any = 1, allow_singular: Any = False
) -> Any:
    """-(k log 2π + log det Σ + (x - μ)ᵀ Σ⁻¹ (x - μ))/2."""
    vector, matrix = normal_parameters(t, mean, cov)
    size = vector.shape[0]
    points: Any = convert(t, x, f64)
    if points.ndim < 2:
        points = np.reshape(points, (-1, 1) if size == 1 else (1, -1))
    away = np.reshape(points - vector, (-1, size))
    if allow_singular:
        value = on_support(away, numbers_of(t, matrix))
    else:
        squares = np.sum(away * np.transpose(np.linalg.solve(matrix, away.T)), axis=-1)
        value = -0.5 * (size * math.log(2 * math.pi) + log_determinant(matrix) + squares)
    shape = tuple(n for n in points.shape[:-1] if n != 1)
    return np.reshape(value, shape)


def numbers_of(t: Trace, matrix: Any) -> Any:
    """A covariance that may be singular, which must be known: its rank is not differentiable."""
    known = t.given(t.value(matrix))
    if known is None:
        asked = f"{MODULE}.multivariate_normal.logpdf{at_line()}"
        got, want = "allow_singular=True with a traced cov", "a covariance of known numbers"
        remedy = "Leave allow_singular= out, or add a small multiple of the identity to cov"
        raise UnsupportedError(explain(asked, got, want, remedy))
    return known


def on_support(away: Any, cov: Any) -> Any:
    """The log density where the covariance may be singular, on the span of its eigenvectors with
    positive eigenvalues; -inf elsewhere. What counts as positive is SciPy's choice."""
    values, vectors = np.linalg.eigh(cov)
    least = 1e6 * np.finfo(np.float64).eps * np.max(np.abs(values))
    inside = values > least
    scaled = away @ (vectors[:, inside] / np.sqrt(values[inside]))
    constant = np.sum(inside) * math.log(2 * math.pi) + np.sum(np.log(values[inside]))
    if np.min(values) < -least:
        constant = np.nan  # as `log_determinant`
    off = np.sum((away @ vectors[:, ~inside]) ** 2, axis=-1) >= (1e3 * least) ** 2
    return np.where(off, -np.inf, -0.5 * (constant + np.sum(scaled**2, axis=-1)))


def normal_entropy(t: Trace, mean: Any = None, cov: Any = 1) -> Any:
    """log det(2πe Σ)/2."""
    vector, matrix = normal_parameters(t, mean, cov)
    size = vector.shape[0]
    return 0.5 * (size * (1 + math.log(2 * math.pi)) + log_determinant(matrix))


# --- dirichlet and multinomial -------------------------------------------------------------------


def dirichlet_logpdf(t: Trace, x: Any, alpha: Any) -> Any:
    """Σ (α - 1) log x - Σ log Γ(α) + log Γ(Σ α), x along the first axis; its last row may be left
    out, as it is one minus the others."""
    weights: Any = convert(t, alpha, f64)
    points: Any = convert(t, x, f64)
    size = weights.shape[0]
    if points.shape[0] + 1 == size:
        points = np.concatenate([points, 1 - np.sum(points, axis=0, keepdims=True)])
    if points.shape[0] != size:
        asked = f"{MODULE}.dirichlet.logpdf{at_line()}"
        got = f"{points.shape[0]} rows of x and {size} of alpha"
        raise ShapeError(explain(asked, got, f"{size} or {size - 1} rows", "Transpose x"))
    powers = np.reshape(weights - 1, (size, *(1 for _ in points.shape[1:])))
    lead = np.sum(lgamma(weights)) - lgamma(np.sum(weights))
    value = np.sum(xlogy(powers, points), axis=0) - lead
    return np.reshape(value, tuple(n for n in value.shape if n != 1))


def multinomial_logpmf(t: Trace, x: Any, n: Any, p: Any) -> Any:
    """log n! + Σ (x log p - log x!), x and p along the last axis; the last of the shares p is one
    minus the others, as in SciPy."""
    k: Any = convert(t, x, f64)
    if k.type.differentiable:
        k = no_derivative(k, function=f"{MODULE}.multinomial.logpmf", argument="x")
    count: Any = convert(t, n, f64)
    shares: Any = convert(t, p, f64)
    rest = shares[..., :-1]
    shares = np.concatenate([rest, 1 - np.sum(rest, axis=-1, keepdims=True)], axis=-1)
    ok = np.all((shares >= 0) & (shares <= 1), axis=-1) & (count >= 0)
    terms = xlogy(k, shares) - lgamma(k + 1)
    inside = (np.sum(k, axis=-1) == count) & np.all((k >= 0) & (np.floor(k) == k), axis=-1)
    value = lgamma(count + 1) + np.sum(terms, axis=-1)
    return np.where(ok, np.where(inside, value, -np.inf), np.nan)


multivariate_normal = Multivariate("multivariate_normal", {
    "logpdf": normal_logpdf, "pdf": exponential(normal_logpdf), "entropy": normal_entropy,
})  # fmt: skip
dirichlet = Multivariate("dirichlet", {
    "logpdf": dirichlet_logpdf, "pdf": exponential(dirichlet_logpdf),
})  # fmt: skip
multinomial = Multivariate("multinomial", {
    "logpmf": multinomial_logpmf, "pmf": exponential(multinomial_logpmf),
})  # fmt: skip

MULTIVARIATE = (multivariate_normal, dirichlet, multinomial)
