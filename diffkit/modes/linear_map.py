"""What every mode gives: the value of a function at a point, and its derivative there as a linear
map, pushed forward (tangents, J ẋ), pulled back (cotangents, Jᵀ ȳ), or both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..types import Type

Arrays: TypeAlias = list[Any]


@dataclass(frozen=True, slots=True)
class LinearMap:
    """The derivative of a flat function at a point.

    Tangents and cotangents are lists, one entry for each input leaf and each floating-point output
    leaf. Nothing is computed before it is asked for; `push` and `pull` also give the values of the
    outputs, which they compute on the way.
    """

    types: tuple[Type, ...]
    """The types of the outputs."""
    values: Callable[[], Arrays]
    push: Callable[[Arrays], tuple[Arrays, Arrays]] | None = None
    """`push(tangents)` is (values, tangents of the floating-point outputs)."""
    pull: Callable[[Arrays], tuple[Arrays, Arrays]] | None = None
    """`pull(cotangents)` is (values, cotangents of the inputs)."""
    jacobian: Callable[[], list[Arrays]] | None = None
    """The blocks ∂ output / ∂ input of floating-point outputs, where the mode has them whole."""
