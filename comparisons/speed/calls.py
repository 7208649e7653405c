"""What one call costs: the gradient of a function of one number, where the arithmetic is free."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from comparisons.speed.contenders import BACKEND, NotMeasured, jax_module
from comparisons.speed.numba_tools import numba_tools
from comparisons.speed.records import Call
from comparisons.speed.rounds import interleave

__all__ = ["calls"]

AT = 0.7
TRUE = math.sin(AT) + AT * math.cos(AT)


def f(x, np):
    """x sin x."""
    return x * np.sin(x)


def calls(seconds: float) -> Iterator[Call]:
    """A call through trees, one without them, one of Numba's own, one of JAX's."""
    ways = {"diffkit": through_trees, "diffkit-flat": flat, "njit": by_hand, "jax": through_jax}
    ready: dict[str, Callable[[], Any]] = {}
    for name, prepare in ways.items():
        try:
            call = prepare()
            found = float(call())
        except (NotMeasured, ImportError) as why:
            yield Call(name, "not measured", reason=str(why))
        except Exception as problem:
            yield Call(name, "failed", reason=f"{type(problem).__name__}: {problem}"[:300])
        else:
            if abs(found - TRUE) <= 1e-12:
                ready[name] = call
            else:
                yield Call(name, "wrong", reason=f"{found} where the derivative is {TRUE}")
    for name, timing in interleave(ready, seconds).items():
        yield Call(name, "ok", timing)


def compiled_gradient() -> Any:
    """diffkit's."""
    import numpy

    import diffkit as dk

    return dk.jit(dk.grad(lambda x: f(x, numpy)), backend=BACKEND)


def through_trees() -> Callable[[], Any]:
    """The call a user writes."""
    gradient = compiled_gradient()
    return lambda: gradient(AT)


def flat() -> Callable[[], Any]:
    """The call for loops that count microseconds: numbers in, numbers out, nothing looked at."""
    if BACKEND != "numba":
        raise NotMeasured(f"the backend {BACKEND} has no .flat")
    call = compiled_gradient().lower(AT).compile().flat
    return lambda: first(call(AT))


def first(result: Any) -> Any:
    """The only output."""
    return result[0] if isinstance(result, tuple | list) else result


def by_hand() -> Callable[[], Any]:
    """What Numba itself asks for a call."""

    @numba_tools().njit
    def gradient(x):
        return math.sin(x) + x * math.cos(x)

    return lambda: gradient(AT)


def through_jax() -> Callable[[], Any]:
    """JAX's call, with a number that is on its device already."""
    jax = jax_module()
    import jax.numpy as jnp

    gradient = jax.jit(jax.grad(lambda x: f(x, jnp)))
    at = jnp.asarray(AT)
    return lambda: gradient(at).block_until_ready()
