"""Functions with rules: derivatives of one's own, black boxes, and values to compute twice.

A `Custom` function is recorded as one node that has its rules with it, so that it prints, batches
and nests. With a jvp rule alone the reverse mode transposes it, with a vjp rule alone the forward
mode does; with both, each mode uses its own.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

import numpy as np

from ..errors import (
    DtypeError,
    EvaluationError,
    explain,
)
from ..numpy.handlers import HANDLERS
from ..ops import custom as c
from ..ops import region as r
from ..tracing import Tracer, argument_names, as_input, function_name, innermost, trees
from ..tracing.remedies import require_function
from ..types import Type
from .regions import argument, closed, emit, record_region, tracing
from .rules import Application

Function = Callable[..., Any]


def checkpoint(f: Function) -> Function:
    """f, whose inner values the reverse mode computes again instead of keeping them. Arguments that
    are not arrays reach f as they are.

    >>> import numpy as np, diffkit as dk
    >>> dk.grad(dk.checkpoint(lambda x: np.exp(np.sin(x))))(0.0)
    np.float64(1.0)
    """

    require_function(f, "checkpoint")

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not tracing():
            return f(*args, **kwargs)
        roots = [*zip(argument_names(f, len(args)), args, strict=True), *kwargs.items()]
        leaves, tree = trees.flatten([x for _, x in roots])
        names = [n for root, x in roots for n in trees.names(x, root)]
        arrays = [k for k, x in enumerate(leaves) if isinstance(x, Tracer | np.ndarray)]
        own = HANDLERS.rebind(f)

        @functools.wraps(f)
        def of_arrays(*varying: Any) -> Any:
            full = list(leaves)
            for k, x in zip(arrays, varying, strict=True):
                full[k] = x
            values = trees.unflatten(tree, full)
            return own(*values[: len(args)], **dict(zip(kwargs, values[len(args) :], strict=True)))

        pairs = [argument(leaves[k], names[k], "checkpoint") for k in arrays]
        operands = [leaf for found, _ in pairs for leaf in found]
        program = record_region(of_arrays, [a for _, a in pairs], "checkpoint")
        consts, (body,) = closed([program])
        outs = emit(r.call, [*consts, *operands], {"name": body.name}, [body])
        return trees.unflatten(program.out_tree, outs)

    return wrapped


class Custom:
    """A function with derivative rules. Decorate with `custom_jvp` or `custom_vjp`, then add the
    rules with `defjvp` and `defvjp`.

    Forward, reverse and Taylor mode follow the rules. Symbolic mode, the complex step and
    differences differentiate the function itself, so they show where a rule is not its derivative.
    """

    def __init__(
        self, f: Function, static_argnums: int | Sequence[int] = (), asked: str = "custom_jvp"
    ) -> None:
        require_function(f, asked)
        self.f = f
        self.static = frozenset(
            [static_argnums] if isinstance(static_argnums, int) else static_argnums
        )
        self.jvp: Function | None = None
        self.forward: Function | None = None
        self.backward: Function | None = None
        functools.update_wrapper(self, f)

    def defjvp(self, rule: Function) -> Function:
        """`rule(primals, tangents)` returns `(f(*primals), its tangent)`, linear in the tangents.

        Both arguments are tuples with an entry for each argument of f. The tangent of an integer
        is zero, that of a static argument None.
        """
        self.jvp = rule
        return rule

    def defvjp(self, forward: Function, backward: Function) -> None:
        """`forward(*args)` returns `(f(*args), residuals)`; `backward(residuals, ct)` the tuple of
        cotangents of the arguments, with None for zero."""
        self.forward, self.backward = forward, backward

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method: the instance is the first argument."""
        return self if instance is None else MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs:
            bound = inspect.signature(self.f).bind(*args, **kwargs)
            bound.apply_defaults()
            args = bound.args
        leaves, _ = trees.flatten([args[k] for k in self.varying(args)])
        if innermost(leaves) is None or (self.jvp is None and self.backward is None):
            return self.f(*args)
        return Application(self, args).result()

    def varying(self, args: Sequence[Any]) -> list[int]:
        """The places of the arguments that are neither static nor something else than trees of
        arrays."""
        count = len(args)
        static = {k + count if k < 0 else k for k in self.static}
        return [k for k in range(count) if k not in static and not is_other(args[k])]


def is_other(x: Any) -> bool:
    """Whether an argument has leaves that are no arrays or numbers, and none that is traced."""
    leaves, _ = trees.flatten(x)
    arrays = [isinstance(leaf, ARRAYS) for leaf in leaves]
    return not all(arrays) and innermost(leaves) is None


ARRAYS = (Tracer, np.ndarray, np.generic, bool, int, float, complex)


def custom_jvp(f: Function, static_argnums: int | Sequence[int] = ()) -> Custom:
    """f with a derivative of its own, given by `defjvp` (and `defvjp`, if you like).

    Arguments at `static_argnums`, and what is no tree of arrays (the self of a method, a string),
    reach f and the rules as they are.

        >>> import numpy as np, diffkit as dk
        >>> @dk.custom_jvp
        ... def log1pexp(x):
        ...     return np.logaddexp(0.0, x)
        >>> @log1pexp.defjvp
        ... def rule(primals, tangents):
        ...     (x,), (dx,) = primals, tangents
        ...     return log1pexp(x), dx / (1 + np.exp(-x))
        >>> dk.grad(log1pexp)(0.0)
        np.float64(0.5)
    """
    return Custom(f, static_argnums)


def custom_vjp(f: Function, static_argnums: int | Sequence[int] = ()) -> Custom:
    """f with a derivative of its own, given by `defvjp` (and `defjvp`, if you like).

    >>> import numpy as np, diffkit as dk
    >>> @dk.custom_vjp
    ... def clipped(x):
    ...     return x
    >>> clipped.defvjp(lambda x: (x, None), lambda _, ct: (np.clip(ct, -1.0, 1.0),))
    >>> dk.grad(lambda x: 10 * clipped(x))(2.0)
    np.float64(1.0)
    """
    return Custom(f, static_argnums, "custom_vjp")


def callback(f: Function, result_type: Any) -> Custom:
    """A NumPy function that is called as it is, on arrays, whenever the graph runs.

    `result_type` is the type of its result (`dk.f64[3]`), or a tree of types. It has a derivative
    only if it is given one, with `defjvp` or `defvjp`. Compiled code calls no Python: under
    `dk.jit`, choose the interpreter.

        >>> import numpy as np, diffkit as dk
        >>> sort = dk.callback(np.sort, dk.f64[3])
        >>> dk.jit(lambda x: sort(x) * 2, backend="interpreter")(np.array([3.0, 1.0, 2.0]))
        array([2., 4., 6.])
    """
    types, tree = trees.flatten(result_type)
    for t in types:
        if not isinstance(t, Type):
            want, remedy = "types such as dk.f64[3]", "Write dk.f64[()] for a number"
            raise DtypeError(explain("callback", f"result_type has {t!r}", want, remedy))

    @functools.wraps(f)
    def run(*args: Any) -> Any:
        leaves, args_tree = trees.flatten(args)

        def flat(*xs: Any) -> list[Any]:
            result, found = trees.flatten(f(*trees.unflatten(args_tree, xs)))
            if found != tree:
                want, remedy = f"{tree}", "Return the structure of result_type"
                got = f"{function_name(f)} returned a tree {found}"
                raise EvaluationError(explain("callback", got, want, remedy))
            return result

        inputs = [x if isinstance(x, Tracer) else as_input(x) for x in leaves]
        outs = emit(c.callback, inputs, {"function": flat, "types": tuple(types)}, [])
        return trees.unflatten(tree, outs)

    return Custom(run)
