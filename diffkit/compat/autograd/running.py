"""Python functions of flat leaves as nodes of a graph, called on numbers when the graph runs.

Such a function may branch on its arguments and call anything. Its derivative is again such a
function, which records what the first one does with its numbers and differentiates that. So a
derivative of any order follows the branches that the values take, and nothing is recorded before
it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ... import api
from ...control import Custom
from ...control.regions import emit
from ...errors import UnsupportedError, explain
from ...ops.custom import callback
from ...tracing import function_name
from ...types import Type
from .values import has_derivative, nothing_recorded

Flat: TypeAlias = Callable[..., list[Any]]


@dataclass(frozen=True, slots=True)
class Run:
    """A function of leaves to leaves."""

    f: Flat
    types: Sequence[Type]
    """The types of its results."""
    weak: Sequence[bool]
    """Which of its arguments are Python numbers."""
    first: tuple[Sequence[Any], Sequence[Any]] | None = None
    """Arguments for which the results are there already, for the first call."""


def called(run: Run) -> Flat:
    """The function as a node that calls it."""
    kept = [run.first] if run.first else []

    def again(*values: Any) -> list[Any]:
        first = kept.pop() if kept else None
        if first is not None and same(values, first[0]):
            return typed(first[1], run.types)
        given = [x.item() if weak else x for x, weak in zip(values, run.weak, strict=True)]
        with nothing_recorded():
            return typed(run.f(*given), run.types)

    def body(*xs: Any) -> list[Any]:
        return emit(callback, xs, {"function": again, "types": tuple(run.types)}, [])

    body.__name__ = function_name(run.f)
    return body


def typed(results: Sequence[Any], types: Sequence[Type]) -> list[Any]:
    """Results as arrays; Python's numbers and such in the dtype of their place."""
    if len(results) != len(types):
        return list(results)  # which the graph refuses
    return [np.asarray(y, t.dtype.numpy) for y, t in zip(results, types, strict=True)]


def same(values: Sequence[Any], others: Sequence[Any]) -> bool:
    """Whether arrays are equal, bit for bit."""
    pairs = zip(values, others, strict=True)
    return all(np.asarray(x).tobytes() == np.asarray(y).tobytes() for x, y in pairs)


def derived(run: Run) -> Flat:
    """A function with differentiable results as a node that calls it, with derivatives."""
    node = Custom(called(run))

    def forward(*xs: Any) -> Any:
        return node(*xs), xs

    def backward(xs: Any, cts: Any) -> Any:
        n = len(xs)

        def pulled(*both: Any) -> list[Any]:
            floats, f = of_floats(run.f, both[:n])
            return list(api.vjp(f, *floats)[1](list(both[n:])))

        types = [x.type for x in xs if has_derivative(x)]
        weak = (*run.weak, *[False] * len(cts))
        found = iter(derived(Run(pulled, types, weak))(*xs, *cts))
        return [next(found) if has_derivative(x) else None for x in xs]

    def jvp(xs: Any, dxs: Any) -> Any:
        n = len(xs)

        def pushed(*both: Any) -> list[Any]:
            floats, f = of_floats(run.f, both[:n])
            return api.jvp(f, floats, both[n:])[1]

        tangents = [dx for x, dx in zip(xs, dxs, strict=True) if has_derivative(x)]
        weak = (*run.weak, *[False] * len(tangents))
        return node(*xs), derived(Run(pushed, run.types, weak))(*xs, *tangents)

    node.defvjp(forward, backward)
    node.defjvp(jvp)
    return node


def of_floats(f: Flat, xs: Sequence[Any]) -> tuple[list[Any], Flat]:
    """The floats among arguments, and f as a function of these."""

    def again(*floats: Any) -> list[Any]:
        given = iter(floats)
        return f(*[next(given) if has_derivative(x) else x for x in xs])

    return [x for x in xs if has_derivative(x)], again


def transposed(name: str, f: Flat, types: Sequence[Type], cts: Sequence[Any]) -> list[Any]:
    """Aᵀ of vectors, for a function f(v) = A v of vectors of these types. That f is linear is seen
    from its derivative, which is looked at in two places."""
    origin = [np.zeros(t.shape, t.dtype.numpy)[()] for t in types]
    aside = [probe(t) for t in types]
    here, there = (list(api.vjp(f, *at)[1](list(cts))) for at in (origin, aside))
    sizes = [max(np.max(np.abs(x), initial=0) for x in found) for found in (here, there)]
    gap = max(np.max(np.abs(x - y), initial=0) for x, y in zip(here, there, strict=True))
    if not gap <= 1e-6 * max(sizes):  # rounding, or an iteration that stopped elsewhere
        got, want = "a rule that is not linear, and has no transpose", "a linear rule"
        remedy = f"Give {name} a rule for each mode, by defvjp and defjvp"
        raise UnsupportedError(explain(f"transposing the rule of {name}", got, want, remedy))
    return here


def probe(type_: Type) -> Any:
    """A vector of no special direction or size."""
    angles = 1 + np.arange(type_.size)
    values = np.exp(1j * angles) if type_.complex else np.cos(angles)
    return 37 * values.reshape(type_.shape).astype(type_.dtype.numpy)
