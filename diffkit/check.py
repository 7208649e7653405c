"""`check_grads`: derivatives against differences and against each other.

For a random tangent v and cotangent u, three numbers must agree: ⟨u, D⟩ with D a numerical
directional derivative, ⟨u, J v⟩ by forward mode, and ⟨Jᵀu, v⟩ by reverse mode. The last two agree
to rounding (the dot-product test); the first to the error bar of an extrapolated central difference
D = (4 D(h/2) - D(h))/3, with the bar from how far the step changed it. Order 2 repeats the test on
the derivative functions themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .api import Function, jvp, vjp
from .errors import CheckError, UnsupportedError, explain
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
    """Raise `CheckError` if a derivative of f at these arguments is wrong; else return None.

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
    start = [np.asarray(x, np.result_type(np.asarray(x).dtype)) for x in leaves]
    writing = HANDLERS.rebind(f)

    def flat(*xs: Any) -> Any:
        own = [snapshot(x) for x in xs]  # which f may write
        return trees.flatten(writing(*trees.unflatten(tree, own)))[0]

    check(flat, start, tuple(modes), order, rtol, np.random.default_rng(seed), function_name(f))


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
    if len(modes) == 2 and not abs(found["forward"] - found["reverse"]) <= 1e-10 * size + 1e-300:
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
    values = rng.standard_normal(np.shape(x)) if x.dtype.kind == "f" else np.zeros(np.shape(x))
    return np.asarray(values, x.dtype)


def numerical(f: Callable[..., Any], xs: Any, vs: Any, us: Any) -> tuple[float, float]:
    """⟨u, df/dv⟩ and its error bar."""
    eps = max(np.finfo(x.dtype).eps for x in xs)
    h = float(eps) ** 0.25

    def along(t: float) -> float:
        moved = [x + np.asarray(t * v, x.dtype) for x, v in zip(xs, vs, strict=True)]
        return dot(us, f(*moved))

    def central(t: float) -> float:
        return (along(t) - along(-t)) / (2 * t)

    coarse, fine = central(h), central(h / 2)
    best = (4 * fine - coarse) / 3
    noise = float(eps) * spread(us, f(*xs)) / h
    return best, abs(best - fine) * 0.1 + noise


def dot(us: Any, vs: Any) -> float:
    """The inner product of two lists of arrays."""
    return float(sum(np.sum(np.asarray(u) * np.asarray(v)) for u, v in zip(us, vs, strict=True)))


def spread(us: Any, vs: Any) -> float:
    """The sum of the sizes of the terms of an inner product: what rounding is relative to."""
    pairs = zip(us, vs, strict=True)
    return float(sum(np.sum(np.abs(np.asarray(u) * np.asarray(v))) for u, v in pairs))
