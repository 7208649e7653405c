"""Checks of derivatives against central differences in a random direction.

A check of order 2 applies itself to the derivatives: forward over forward, reverse over forward,
and so on. The random numbers come from NumPy's global generator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from ...errors import CheckError, UnsupportedError, explain
from .core import make_jvp, make_vjp, vspace
from .wrap_util import get_name, unary_to_nary

Function = Callable[..., Any]

TOL = 1e-6
RTOL = 1e-6
EPS = 1e-6
MODES = ("fwd", "rev")


def scalar_close(a: Any, b: Any) -> bool:
    """Whether two numbers agree, absolutely or relative to their size."""
    return bool(abs(a - b) < TOL or abs(a - b) / abs(a + b) < RTOL)


def make_numerical_jvp(f: Function, x: Any) -> Function:
    """The derivative of f at x in a direction, by a central difference."""
    space = vspace(f(x))

    def jvp(v: Any) -> Any:
        step = vspace(x).scalar_mul(v, EPS / 2)
        plus = f(vspace(x).add(x, step))
        minus = f(vspace(x).add(x, vspace(x).scalar_mul(step, -1.0)))
        return space.scalar_mul(space.add(plus, space.scalar_mul(minus, -1.0)), 1 / EPS)

    return jvp


def failed(what: str, got: Any, want: Any) -> CheckError:
    remedy = "Correct the rule, or move the point if it is a kink or a singularity"
    return CheckError(explain(what, f"it gives {got}", f"{want}, the numerical value", remedy))


def check_vjp(f: Function, x: Any) -> None:
    """Raise `CheckError` if the reverse mode of f at x is wrong."""
    vjp, y = make_vjp(f, x)
    ins, outs = vspace(x), vspace(y)
    v, u = ins.randn(), outs.randn()
    pulled = ins.covector(vjp(outs.covector(u)))
    what = f"Derivative (VJP) check of {get_name(f)} failed with arg {x}"
    if vspace(pulled) != ins:
        raise failed(what, vspace(pulled), ins)
    exact = ins.inner_prod(v, pulled)
    numeric = outs.inner_prod(u, make_numerical_jvp(f, x)(v))
    if not scalar_close(numeric, exact):
        raise failed(what, exact, numeric)


def check_jvp(f: Function, x: Any) -> None:
    """Raise `CheckError` if the forward mode of f at x is wrong."""
    v = vspace(x).randn()
    exact, numeric = make_jvp(f, x)(v)[1], make_numerical_jvp(f, x)(v)
    what = f"Derivative (JVP) check of {get_name(f)} failed with arg {x}"
    compare(what, exact, numeric)


def check_equivalent(x: Any, y: Any) -> None:
    """Raise `CheckError` unless x and y are of one vector space, and equal."""
    compare("comparing two values", x, y)


def compare(what: str, x: Any, y: Any) -> None:
    """Spaces, then the products with a random vector."""
    space = vspace(x)
    if space != vspace(y):
        raise failed(what, space, vspace(y))
    v = space.randn()
    if not scalar_close(space.inner_prod(x, v), space.inner_prod(y, v)):
        raise failed(what, x, y)


@unary_to_nary
def check_grads(f: Function, x: Any, modes: Sequence[str] = MODES, order: int = 2) -> None:
    """
    Returns a function which raises `CheckError` if a derivative of f at its arguments is wrong, up
    to `order`, by the `modes` "fwd" and "rev".

        >>> from diffkit.compat.autograd import numpy as np
        >>> check_grads(np.sin)(0.3)
    """
    if not set(modes) <= set(MODES):
        remedy = 'Pass modes=["fwd", "rev"] or one of them'
        raise UnsupportedError(explain("check_grads", f"modes {modes}", f"{MODES}", remedy))
    name = get_name(f)
    if "fwd" in modes:
        check_jvp(f, x)
        if order > 1:

            def tangent(x: Any, v: Any) -> Any:
                return make_jvp(f, x)(v)[1]

            tangent.__name__ = f"jvp_{name}"
            check_grads(tangent, (0, 1), modes, order=order - 1)(x, vspace(x).randn())
    if "rev" in modes:
        check_vjp(f, x)
        if order > 1:

            def cotangent(x: Any, u: Any) -> Any:
                return make_vjp(f, x)[0](u)

            cotangent.__name__ = f"vjp_{name}"
            check_grads(cotangent, (0, 1), modes, order=order - 1)(x, vspace(f(x)).randn())


def combo_check(fun: Function, *check_args: Any, **check_kwargs: Any) -> Function:
    """`check_grads` for every combination of the arguments and keyword arguments that are given as
    lists of choices."""

    def check(*choices: Any, **named: Any) -> None:
        options = [[(key, x) for x in xs] for key, xs in named.items()]
        for args in product(*choices):
            for kwargs in product(*options):
                check_grads(fun, *check_args, **check_kwargs)(*args, **dict(kwargs))

    return check
