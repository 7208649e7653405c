"""Functions that run on values as they are, and have derivative rules of their own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import MethodType
from typing import Any

from ...errors import TreeError, explain
from ...tracing import trees
from ...tracing.location import at_line
from .application import Application
from .rules import Maker
from .values import getval, is_traced, plain_if_known
from .wrap_util import get_name

Function = Callable[..., Any]


class Primitive:
    """A function that runs on values as they are; `defvjp` and `defjvp` give it derivatives."""

    def __init__(self, fun: Function) -> None:
        self.fun = fun
        self.vjpmaker: Maker | None = None
        self.jvpmaker: Maker | None = None
        functools.update_wrapper(self, fun)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args = tuple(trees.map_(plain_if_known, list(args)))
        kwargs = {key: trees.map_(plain_if_known, x) for key, x in kwargs.items()}
        if is_traced(kwargs):
            got = f"a traced value in a keyword argument ({', '.join(kwargs)})"
            want, remedy = "traced values in positional arguments", "Pass it by position"
            raise TreeError(explain(f"{get_name(self)}{at_line()}", got, want, remedy))
        if not is_traced(args):
            return self.fun(*args, **kwargs)
        return Application(self, args, kwargs).result()


def primitive(f_raw: Function) -> Primitive:
    """f_raw as a function that is called on values, never on traced ones, with derivatives from
    `defvjp` and `defjvp`. Where there are no values, inside of `jit` or a loop, it is traced.

        >>> import scipy.special
        >>> from diffkit.compat.autograd import grad
        >>> from diffkit.compat.autograd.extend import defvjp, primitive
        >>> psi = primitive(scipy.special.psi)
        >>> defvjp(psi, lambda ans, x: lambda g: g * scipy.special.polygamma(1, x))
        >>> round(float(grad(psi)(1.0)), 6)
        1.644934
    """
    return Primitive(f_raw)


def notrace_primitive(f_raw: Function) -> Function:
    """f_raw as a function of the values of its arguments: no derivative passes through it."""

    @functools.wraps(f_raw)
    def on_values(*args: Any, **kwargs: Any) -> Any:
        return f_raw(*map(getval, args), **kwargs)

    return on_values
