"""What every mode gives: the value of a function at a point, and its derivative there as a linear
map, pushed forward (tangents, J ẋ), pulled back (cotangents, Jᵀ ȳ), or both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..graph import Graph

Arrays: TypeAlias = list[Any]
Run: TypeAlias = Callable[[Graph, Sequence[Any]], Arrays]


@dataclass(frozen=True, slots=True)
class LinearMap:
    """Values of the outputs; tangents and cotangents are lists, one for each floating-point input
    leaf and output leaf, in order."""

    values: Arrays
    push: Callable[[Arrays], Arrays] | None = None
    pull: Callable[[Arrays], Arrays] | None = None
