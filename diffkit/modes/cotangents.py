"""The cotangents of a walk backwards, added up by variable."""

from __future__ import annotations

from ..graph import Var
from ..ops import Expr
from ..ops.arithmetic import add
from ..ops.shape import unbroadcast


class Cotangents:
    """The cotangent of each variable so far, absent while it is zero; and which of them are masked,
    that is, zero on branches that were not taken."""

    def __init__(self) -> None:
        self.of: dict[Var, Expr] = {}
        self.masked: set[Var] = set()

    def add(self, var: Var, term: Expr, masked: bool) -> None:
        """Add a term to the cotangent of a variable."""
        term = unbroadcast(term, var.type.shape)
        sofar = self.of.get(var)
        self.of[var] = term if sofar is None else add(sofar, term)
        if masked:
            self.masked.add(var)

    def take(self, var: Var) -> Expr | None:
        """The cotangent of a variable, which is complete, or None while it is zero."""
        return self.of.pop(var, None)
