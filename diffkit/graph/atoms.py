"""Atoms: what a node of the graph may mention, a variable or a literal.

A `Var` is equal to itself only, so two graphs never share one by accident. A `Lit` holds its own
read-only array and a key by which equal constants are recognised.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
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
    """A constant. `key` is equal for equal constants (same dtype, shape and bits, where it is small
    or all of one number); `splat` is the number that all elements are, if they are one."""

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
    if type(value) in NUMBERS:
        sign = math.copysign(1.0, value) if type(value) is float else 1.0
        return number(value, sign, dtype)
    return new_literal(value, dtype)


NUMBERS = frozenset({float, int, bool})


@lru_cache(maxsize=1024, typed=True)
def number(value: float, sign: float, dtype: np.dtype[Any] | None) -> Lit:
    """The literal of a Python number; programs use a few of them again and again. (0.0 and -0.0
    are equal to a cache, but for the sign.)"""
    return new_literal(value, dtype)


def new_literal(value: Any, dtype: np.dtype[Any] | None) -> Lit:
    """A literal made anew."""
    array = np.array(value, dtype=dtype, copy=True, order="C")
    array.flags.writeable = False
    type_ = Type(dtype_of(array.dtype, "using a constant"), array.shape)
    if uniform(array):
        one = array.flat[0]
        return Lit(array, type_, (type_, one.tobytes()), one.item())
    key = (type_, array.tobytes()) if array.size <= SMALL else id(array)
    return Lit(array, type_, key)


def uniform(array: Array) -> bool:
    """Whether all elements are the same, bit for bit; a look at three tells most that are not."""
    if not array.size:
        return False
    elements = array.reshape(-1).view(np.uint8).reshape(array.size, array.itemsize)
    few = elements[[0, array.size // 2, -1]]
    return bool((few == few[0]).all() and (elements == elements[0]).all())
