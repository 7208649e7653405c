"""Atoms: what a node of the graph may mention, a variable or a literal.

A `Var` is equal to itself only, so two graphs never share one by accident. A `Lit` holds its own
read-only array and a key by which equal constants are recognised.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from ..types import Array, Type, dtype_of


class Loc(NamedTuple):
    """A line of the user's code."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, eq=False)
class Var:
    """A typed value of one graph, compared by identity. `hint` is the name it would like."""

    type: Type
    hint: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Lit:
    """A constant. `key` is equal for equal constants (same dtype, shape and bits, when small);
    `splat` is the number that all elements of a small literal are, if they are one."""

    value: Array
    type: Type
    key: Hashable
    splat: float | None = None

    @property
    def small(self) -> bool:
        return self.value.size <= SMALL


Atom: TypeAlias = Var | Lit

SMALL = 64  # literals up to this many elements are folded, merged by value and printed in full


def literal(value: Any, dtype: np.dtype[Any] | None = None) -> Lit:
    """A literal holding its own read-only copy: a later write to `value` changes nothing."""
    array = np.array(value, dtype=dtype, copy=True, order="C")
    array.flags.writeable = False
    type_ = Type(dtype_of(array.dtype, "using a constant"), array.shape)
    if array.size > SMALL:
        return Lit(array, type_, id(array))
    bits = array.tobytes()
    one = bits[: array.itemsize]
    uniform = array.size > 0 and (array.size == 1 or bits == one * array.size)
    return Lit(array, type_, (type_, bits), array.flat[0].item() if uniform else None)
