"""A handle on an atom of a graph under construction: what derivative rules are written with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ..types import DType, Shape, Type
from .atoms import Atom, Lit, Var, literal
from .graph import Node

if TYPE_CHECKING:
    from .builder import Builder


class Value:
    """An atom and the builder it lives in. Arithmetic comes with the ops (`ops.arithmetic`)."""

    __slots__ = ("atom", "builder")

    def __init__(self, builder: Builder, atom: Atom) -> None:
        self.builder = builder
        self.atom = atom

    @property
    def type(self) -> Type:
        return self.atom.type

    @property
    def shape(self) -> Shape:
        return self.atom.type.shape

    @property
    def dtype_(self) -> DType:
        """diffkit's dtype (a tracer's `dtype` is NumPy's)."""
        return self.atom.type.dtype

    @property
    def lit(self) -> Lit | None:
        """The literal, if this is one."""
        return self.atom if isinstance(self.atom, Lit) else None

    @property
    def producer(self) -> Node | None:
        """The node that made this, if any did."""
        return self.builder.producers.get(self.atom) if isinstance(self.atom, Var) else None

    def wrap(self, atom: Atom) -> Self:
        """A handle on another atom of the same builder."""
        return type(self)(self.builder, atom)

    def constant(self, number: Any) -> Atom:
        """A literal for a number in a rule; it takes this value's dtype."""
        return literal(number, self.dtype_.numpy)

    def full(self, number: float, shape: Shape | None = None) -> Self:
        """A constant array of this dtype, by default of this shape."""
        shape = self.shape if shape is None else shape
        return self.wrap(literal(np.full(shape, number, self.dtype_.numpy)))
