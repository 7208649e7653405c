"""A function recorded once for each signature of its arguments, with what is made of the record.

What is prepared for one call serves all calls alike: those with the same structure and types of the
arguments that vary, and the same values of the others. Positional arguments of floating-point
numbers alone vary, whether they are differentiated by or not (the time and the parameters of an
equation change from call to call). An argument that has anything else, and one given by name, is a
part of the signature by its value, as an integer may be an index or a size. As everywhere where a
function is recorded, it may not branch on a varying value, and sees the variables around it as they
were when it was recorded.
"""

# NumPy's types leave those of elements open.
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import RLock
from typing import Any, Generic, TypeVar

import numpy as np

from .calls import By, Call, record_call, require_float, rolled
from .errors import TreeError, explain
from .graph import Graph
from .ops.kinks import convention
from .tracing import Program, Tracer, as_input, is_weak, trees
from .tracing.location import at_line
from .tracing.program import type_of_leaf

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Record:
    """A function recorded for a signature."""

    program: Program
    graph: Graph
    """The program without its auxiliary results; the first `count` parameters are the leaves to
    differentiate by."""
    count: int
    n_aux: int


@dataclass(frozen=True, slots=True)
class Inputs:
    """The arguments of one call: those to differentiate by, and all inputs of the graph."""

    call: Call
    values: list[Any]


class Signatures(Generic[T]):
    """The records of a function by signature, and what `make` makes of each, once; threads wait for
    one another."""

    def __init__(
        self,
        f: Callable[..., Any],
        by: By,
        asked: str,
        make: Callable[[Record], T],
        has_aux: bool = False,
    ) -> None:
        self.f = f
        self.by = by
        self.asked = asked
        self.make = make
        self.has_aux = has_aux
        self._kept: dict[Hashable, tuple[Record, T]] = {}
        self._lock = RLock()

    def find(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Inputs, Record, T]:
        """What was made for arguments like these, now or before."""
        call = Call.of(self.f, args, kwargs, self.by, self.asked, self.has_aux)
        require_float(call)
        free = [k for k, x in enumerate(args) if k not in call.places and all_float(x)]
        places = (*call.places, *free)
        whole = Call.of(self.f, args, kwargs, places, self.asked, self.has_aux)
        key = self._key(whole)
        with self._lock:
            found = None if key is None else self._kept.get(key)
            if found is None:
                record = recorded(whole, len(call.leaves))
                found = record, self.make(record)
                if key is not None and not record.program.captured:
                    self._kept[key] = found
        values = [*map(as_input, whole.leaves), *found[0].program.captured]
        return Inputs(call, values), *found

    def _key(self, whole: Call) -> Hashable | None:
        """What calls alike have in common; None for a call with traced arguments that do not vary,
        which no other is like."""
        leaves, tree = trees.flatten(whole.rest())
        if any(isinstance(x, Tracer) for x in leaves):
            return None
        rows = zip(whole.leaves, whole.names, strict=True)
        types = tuple(type_of_leaf(x, name, self.asked) for x, name in rows)
        weak = tuple(map(is_weak, whole.leaves))
        fixed = tuple(map(value_key, leaves))
        key = (whole.tree, whole.places, types, weak, tree, fixed, convention().name)
        try:
            hash(key)
        except TypeError:
            kinds = ", ".join(type(x).__name__ for x in leaves)
            got = f"other arguments of {kinds}"
            want, remedy = "arrays, numbers and hashable values", "Give f what is not, by closure"
            raise TreeError(explain(f"{self.asked}{at_line()}", got, want, remedy)) from None
        return key


def all_float(tree: Any) -> bool:
    """Whether a tree has leaves, all of them floating-point numbers or arrays."""
    leaves, _ = trees.flatten(tree)
    return bool(leaves) and all(is_float(x) for x in leaves)


def is_float(x: Any) -> bool:
    if isinstance(x, Tracer):
        return x.type.differentiable
    known = isinstance(x, float | complex | np.inexact | np.ndarray)
    return known and np.asarray(x).dtype.kind in "fc"


def value_key(leaf: Any) -> Hashable:
    """What equal leaves of arguments have in common: 1, 1.0 and True are not equal here."""
    if isinstance(leaf, np.ndarray) and leaf.dtype != object:
        digest = hashlib.sha256(np.ascontiguousarray(leaf).tobytes()).digest()
        return leaf.dtype, leaf.shape, digest
    kind: Any = type(leaf)
    return kind, leaf


def recorded(call: Call, count: int) -> Record:
    """The record of a call that varies in more leaves than the `count` to differentiate by."""
    program = rolled(record_call(call, eager=False))
    graph = program.graph
    n_aux = sum(program.aux[2]) if call.has_aux else 0
    cut = len(graph.outputs) - n_aux
    main = Graph(graph.name, graph.params, graph.nodes, graph.outputs[:cut]) if n_aux else graph
    return Record(program, main, count, n_aux)
