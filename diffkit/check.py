"""`check_grads`: derivatives against differences and against each other.

For a random tangent v and cotangent u, three numbers must agree: ⟨u, D⟩ with D a numerical
directional derivative, ⟨u, J v⟩ by forward mode, and ⟨Jᵀu, v⟩ by reverse mode. The last two agree
to rounding (the dot-product test); the first to the error bar of an extrapolated central difference
D = (4 D(h/2) - D(h))/3, with the bar from how far the step changed it. Order 2 repeats the test on
the derivative functions themselves.

Directions of complex arguments are complex, and ⟨u, v⟩ is Re Σ u v, so that functions of complex
numbers are tested as functions of their parts, analytic or not (see `ops.complex`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .api import Function, jvp, vjp
from .errors import CheckError, DtypeError, UnsupportedError, explain
from .numpy.handlers import HANDLERS
from .tracing import function_name, trees
from .tracing.views import snapshot

MODES = ("forward", "reverse")


def check_grads(
    f: Function,
    *args: Any,
    modes: Sequence[str] = MODES,
    order: int = 2,
    rtol: float = 1e-6,
    seed: int = 0,
) -> None:
    """Raise `CheckError` if a derivative of f at these arguments is wrong; else return None. Those
    that are no floating-point numbers are held fixed, and may be anything.

    Args: modes, of "forward" and "reverse"; order, how often to differentiate; rtol, allowed beyond
    the error bar of the numerical derivative, relative to the size of what is compared; seed of the
    random directions.

        >>> import numpy as np, diffkit as dk
        >>> dk.check_grads(lambda x: np.sin(x) * x, np.array([0.3, 1.2]))
    """
    unknown = set(modes) - set(MODES)
    if unknown:
        want, remedy = " and ".join(MODES), "Pass modes=('forward', 'reverse') or one of them"
        raise UnsupportedError(explain("check_grads", f"modes {unknown}", want, remedy))
    leaves, tree = trees.flatten(args)
    varying = [k for k, x in enumerate(leaves) if np.asarray(x).dtype.kind in "fc"]
    if not varying:
        want, remedy = "an argument of floating-point numbers", "Pass 2.0 instead of 2"
        got = f"{', '.join(type(x).__name__ for x in leaves) or 'no arguments'}"
        raise DtypeError(explain(f"check_grads of {function_name(f)}", got, want, remedy))
    start = [np.asarray(leaves[k]) for k in varying]
    writing = HANDLERS.rebind(f)

    def flat(*xs: Any) -> Any:
        own = [snapshot(x) for x in leaves]  # which f may write
        for k, x in zip(varying, xs, strict=True):
            own[k] = snapshot(x)
        return trees.flatten(writing(*trees.unflatten(tree, own)))[0]

    require_repeatable(flat, start, function_name(f))
    check(flat, start, tuple(modes), order, rtol, np.random.default_rng(seed), function_name(f))


def require_repeatable(f: Callable[..., Any], xs: list[Any], name: str) -> None:
    """The same arguments give the same results, without which there is nothing to compare."""
    first, second = ([np.asarray(y) for y in f(*xs)] for _ in range(2))
    pairs = zip(first, second, strict=True)
    if not all(a.tobytes() == b.tobytes() for a, b in pairs):
        got, want = "other results on a second call", "results that the arguments decide"
        remedy = "Draw random numbers outside, or from a generator made and seeded inside"
        raise CheckError(explain(f"check_grads of {name}", got, want, remedy))


def check(
    f: Callable[..., Any],
    xs: list[Any],
    modes: tuple[str, ...],
    order: int,
    rtol: float,
    rng: np.random.Generator,
    name: str,
) -> None:
    """The test for a flat function, and for its derivatives up to `order`."""
    ys = [np.asarray(y) for y in f(*xs)]
    vs = [direction(rng, x) for x in xs]
    us = [direction(rng, y) for y in ys]
    numeric, bar = numerical(f, xs, vs, us)
    found = {"forward": np.nan, "reverse": np.nan}
    size = abs(numeric)
    if "forward" in modes:
        dys = jvp(f, xs, vs)[1]
        found["forward"] = dot(us, dys)
        size = max(size, spread(us, dys))
    if "reverse" in modes:
        cts = vjp(f, *xs)[1](us)
        found["reverse"] = dot(cts, vs)
        size = max(size, spread(cts, vs))
    for mode in modes:
        error = abs(found[mode] - numeric)
        if not error <= rtol * size + 10 * bar:
            got = f"{mode} mode gives {found[mode]!r}"
            want = f"{numeric!r} ± {bar:.1e}, the numerical derivative"
            raise CheckError(explain(f"check_grads of {name}", got, want, REMEDY))
    exact = max(1e-10, 100 * precision([*xs, *ys]))
    if len(modes) == 2 and not abs(found["forward"] - found["reverse"]) <= exact * size + 1e-300:
        got = f"⟨u, Jv⟩ = {found['forward']!r} but ⟨Jᵀu, v⟩ = {found['reverse']!r}"
        raise CheckError(explain(f"check_grads of {name}", got, "equal numbers", REMEDY))
    if order > 1:
        if "forward" in modes:

            def tangent(*x: Any) -> Any:
                return jvp(f, x, vs)[1]

            check(tangent, xs, modes, order - 1, rtol, rng, f"the jvp of {name}")
        if "reverse" in modes:

            def cotangent(*x: Any) -> Any:
                return list(vjp(f, *x)[1](us))

            check(cotangent, xs, modes, order - 1, rtol, rng, f"the vjp of {name}")


REMEDY = (
    "If the point is a kink or a singularity, move it; if f looks at values through other "
    "packages, give it a rule; else the derivative of an op is wrong"
)


def direction(rng: np.random.Generator, x: Any) -> Any:
    """A random array like x; zero for integers."""
    values: Any = np.zeros(np.shape(x))
    if x.dtype.kind in "fc":
        values = rng.standard_normal(np.shape(x))
    if x.dtype.kind == "c":
        values = values + 1j * rng.standard_normal(np.shape(x))
    return np.asarray(values, x.dtype)


def numerical(f: Callable[..., Any], xs: Any, vs: Any, us: Any) -> tuple[float, float]:
    """⟨u, df/dv⟩ and its error bar."""
    eps = precision(xs)
    h = eps**0.25

    def along(t: float) -> float:
        moved = [x + np.asarray(t * v, x.dtype) for x, v in zip(xs, vs, strict=True)]
        return dot(us, f(*moved))

    def central(t: float) -> float:
        return (along(t) - along(-t)) / (2 * t)

    coarse, fine = central(h), central(h / 2)
    best = (4 * fine - coarse) / 3
    noise = eps * spread(us, f(*xs)) / h
    return best, abs(best - fine) * 0.1 + noise


def precision(arrays: list[Any]) -> float:
    """The relative rounding of the coarsest floating-point dtype among arrays."""
    floats = [x.dtype for x in arrays if x.dtype.kind in "fc"]
    return max((float(np.finfo(dtype).eps) for dtype in floats), default=2.0**-52)


def dot(us: Any, vs: Any) -> float:
    """The inner product of two lists of arrays."""
    pairs = zip(us, vs, strict=True)
    return float(sum(np.sum(np.real(np.asarray(u) * np.asarray(v))) for u, v in pairs))


def spread(us: Any, vs: Any) -> float:
    """The sum of the sizes of the terms of an inner product: what rounding is relative to."""
    pairs = zip(us, vs, strict=True)
    return float(sum(np.sum(np.abs(np.asarray(u) * np.asarray(v))) for u, v in pairs))
