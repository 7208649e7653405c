"""Which functions of NumPy return views, and how a write goes back through one.

A view of the shape functions is read again by calling the function again. It is written back by
looking at the ops that the function emits, on a scratch trace, and undoing them one by one: all of
them only move elements. `np.diagonal` and `np.broadcast_to` are read-only, as in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np

from ..graph import Node
from ..ops import shape as s
from ..tracing.tracer import Trace, Tracer
from ..tracing.views import boxed, is_array, link_doubtful, link_view, root_of
from ..types import Shape

# fmt: off
MOVING = frozenset({
    np.transpose, np.swapaxes, np.moveaxis, np.expand_dims, np.squeeze, np.flip, np.fliplr,
    np.flipud, np.split, np.atleast_1d, np.atleast_2d,
})
READ_ONLY = frozenset({np.broadcast_to, np.diagonal, np.diag, np.real, np.imag})
BY_LAYOUT = frozenset({np.reshape, np.ravel})
ARRAYS = frozenset({
    np.where, np.tensordot, np.full_like, np.zeros_like, np.ones_like, np.empty_like, np.copy,
})
"""Their results without axes are arrays, not scalars."""
# fmt: on
KINDS = {
    **dict.fromkeys(MOVING, "moving"),
    **dict.fromkeys(READ_ONLY, "read-only"),
    **dict.fromkeys(BY_LAYOUT, "by layout"),
    **dict.fromkeys(ARRAYS, "array"),
}


def link(t: Trace, function: Any, args: Any, kwargs: Any, result: Any) -> Any:
    """The result of a function, made a view where NumPy returns one, and never an argument itself
    where NumPy returns a new array."""
    kind = None if kwargs.get("copy") else KINDS.get(function)
    if function is np.einsum and rearranges(args):
        read = partial(rearranged, t.handlers.functions[function], args[0])
        return link_view(result, args[1], "np.einsum", read, None)
    if kind is None:
        uncopied = function is np.astype and not kwargs.get("copy", True)
        if args and result is args[0] and isinstance(result, Tracer) and not uncopied:
            return Tracer(t, result.atom, result.weak)
        return result
    if isinstance(result, tuple):  # of several arrays, each made by the function of one
        return cast(Any, result)
    if kind == "array":
        return boxed(result) if isinstance(result, Tracer) and not result.shape else result
    base, again = repeat(t, function, args, kwargs)
    if result is base:
        return result
    if base is None or not is_array(base):
        # a scalar or a list was made an array first: nobody else has that
        return boxed(result) if isinstance(result, Tracer) else result
    if function is np.diag and base.ndim != 2:
        return result
    name = f"np.{function.__name__}"
    inside = base.owner is t
    if isinstance(result, list):
        for k, part in enumerate(cast("list[Tracer]", result)):
            read = nth(again, k)
            link_view(part, base, name, read, write_back(read) if inside else None)
        return cast(Any, result)
    if kind == "by layout" and not surely_view(function, base, result):
        return link_doubtful(result, base, name)
    write = write_back(again) if inside and kind != "read-only" else None
    return link_view(result, base, name, again, write)


def rearranges(args: Any) -> bool:
    """Whether np.einsum of one array sums over nothing: then NumPy returns a view."""
    if len(args) != 2 or not isinstance(args[0], str) or not isinstance(args[1], Tracer):
        return False
    left, arrow, right = args[0].replace(" ", "").partition("->")
    return set(left) == set(right) if arrow else len(set(left)) == len(left)


def rearranged(handler: Callable[..., Any], subscripts: str, base: Tracer) -> Tracer:
    return handler(base.owner, subscripts, base)


def repeat(
    t: Trace, function: Any, args: Any, kwargs: dict[str, Any]
) -> tuple[Tracer | None, Callable[[Tracer], Any]]:
    """The array that a function was given, and the function of another one in its place."""
    handler = t.handlers.functions[function]
    if args:
        rest = args[1:]
        return as_tracer(args[0]), lambda base: handler(base.owner, base, *rest, **kwargs)
    key = next(iter(kwargs), "")
    others = {name: value for name, value in kwargs.items() if name != key}
    return as_tracer(kwargs.get(key)), lambda base: handler(base.owner, **{key: base}, **others)


def as_tracer(x: Any) -> Tracer | None:
    return x if isinstance(x, Tracer) else None


def nth(again: Callable[[Tracer], Any], k: int) -> Callable[[Tracer], Tracer]:
    """One of the results of a function that returns a list."""
    return lambda base: again(base)[k]


def surely_view(function: Any, base: Tracer, result: Tracer) -> bool:
    """Whether NumPy returns a view in whatever order the elements of the base lie."""
    packed = root_of(base) is base and base.store is not None and base.store.packed
    if packed or base.size <= 1:
        return True
    if function is np.ravel:  # copies unless the elements lie without gaps
        return base.ndim <= 1 and root_of(base) is base
    long = [n for n in base.shape if n != 1]
    return len(long) <= 1 or long == [n for n in result.shape if n != 1]


def write_back(read: Callable[[Tracer], Tracer]) -> Callable[[Tracer, Tracer], Tracer]:
    """A function `(base, value)`, the base with its view replaced by value."""

    def write(base: Tracer, value: Tracer) -> Tracer:
        scratch = Trace("view", base.owner.handlers, eager=False)
        param = scratch.param(base.type, "x")
        path: list[Node] = []
        atom = read(param).atom
        while atom is not param.atom:
            node = scratch.builder.producers[cast(Any, atom)]
            path.append(node)
            atom = node.args[0]
        stages = [base]
        for node in reversed(path):
            stages.append(node.op(stages[-1], **node.attrs))
        for node, stage in zip(path, reversed(stages[:-1]), strict=True):
            value = UNDO[node.op.name](stage, value, **node.attrs)
        return value

    return write


def undo_reshape(x: Tracer, y: Tracer, shape: Shape) -> Tracer:
    return s.reshape(y, shape=x.shape)


def undo_transpose(x: Tracer, y: Tracer, axes: Shape) -> Tracer:
    return s.transpose(y, axes=s.inverse(axes))


def undo_reverse(x: Tracer, y: Tracer, axes: Shape) -> Tracer:
    return s.reverse(y, axes=axes)


UNDO: dict[str, Callable[..., Tracer]] = {
    "reshape": undo_reshape, "transpose": undo_transpose, "reverse": undo_reverse,
    "slice": s.slice_set,
}  # fmt: skip
