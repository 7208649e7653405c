"""`jit`: record once for each signature, replay the prepared graph.

The signature is the structure of the arguments, the type of each leaf and the values of static
arguments. A recorded graph is good for all values, so Python may not branch on one: that is an
error which names `np.where`. Backends that compile stand behind the same `backend=`.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any

from .api import Function
from .backends.interpreter import prepare
from .calls import Call, record_call
from .errors import TreeError, UnsupportedError, explain
from .graph import Graph
from .tracing import Program, apply, as_input, is_weak, trees
from .tracing.program import type_of_leaf
from .tracing.views import packed

BACKENDS: dict[str, Callable[[Graph], Callable[..., list[Any]]]] = {"interpreter": prepare}


class Jitted:
    """A function that is recorded once for each signature. `graph(*args)` shows the graph."""

    def __init__(self, f: Function, backend: str, static_argnums: Sequence[int]) -> None:
        self.f = f
        self.prepare = BACKENDS[backend]
        self.static = frozenset(static_argnums)
        functools.update_wrapper(self, f)
        self.traces = 0
        """How often f has been recorded."""
        self._cache: dict[Any, tuple[Program, Callable[..., list[Any]]]] = {}
        self._lock = RLock()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves, program, run = self._lookup(args, kwargs)
        inputs = [*map(as_input, leaves), *program.captured]
        out = apply(program.graph, inputs, lambda _, xs: run(xs))
        return trees.unflatten(program.out_tree, out)

    def graph(self, *args: Any, **kwargs: Any) -> Graph:
        """The graph for arguments of these types."""
        return self._lookup(args, kwargs)[1].graph

    def _lookup(
        self, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[list[Any], Program, Callable[..., Any]]:
        if kwargs:
            bound = inspect.signature(self.f).bind(*args, **kwargs)
            args, kwargs = bound.args, bound.kwargs  # what is left is keyword-only
        count = len(args)
        static = {k + count if k < 0 else k for k in self.static}
        places = [k for k in range(count) if k not in static]
        varying = tuple(args[k] for k in places)
        fixed = (*(args[k] for k in sorted(static) if k < count), *kwargs.items())
        leaves, tree = trees.flatten(varying)
        types = tuple(type_of_leaf(x, f"leaf {k}", "jit") for k, x in enumerate(leaves))
        try:
            hash(fixed)
        except TypeError:
            want, remedy = "hashable static arguments", "Pass a tuple or a number"
            raise TreeError(explain("jit", f"static arguments {fixed!r}", want, remedy)) from None
        # Types too: 1, 1.0 and True are equal, but f may tell them apart.
        kinds = (*map(type, fixed), *map(type, kwargs.values()))
        memory = tuple(map(packed, leaves))
        key = (tree, types, tuple(map(is_weak, leaves)), memory, fixed, kinds)
        with self._lock:  # two threads record a signature once
            found = self._cache.get(key)
            if found is None:
                self.traces += 1
                program = record_call(Call.of(self.f, args, kwargs, places, "jit"), eager=False)
                found = (program, self.prepare(program.graph))
                if not program.captured:  # a graph that belongs to an outer trace serves once
                    self._cache[key] = found
        return leaves, found[0], found[1]


def jit(f: Function, backend: str = "interpreter", static_argnums: Sequence[int] = ()) -> Jitted:
    """f, recorded once for each signature of its arguments and replayed by a backend.

    Arguments at `static_argnums` and keyword-only arguments (hashable) are passed to f as they are,
    and a new value records anew. Raises `TracingError` where f branches on a traced value.

        >>> import diffkit as dk
        >>> square = dk.jit(lambda x: x * x)
        >>> square(3.0), square(4.0), square.traces
        (np.float64(9.0), np.float64(16.0), 1)
    """
    if backend not in BACKENDS:
        want = ", ".join(f'"{name}"' for name in BACKENDS)
        raise UnsupportedError(explain("jit", f"backend={backend!r}", want, "Choose one of these"))
    return Jitted(f, backend, static_argnums)
