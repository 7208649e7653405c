"""Functions that sympy has not, or differentiates in another way.

    Held(x)              x, of which no derivative is taken: `stop_gradient`
    Largest(x, y, z)     the greatest, whose slope ties share evenly
    Share(x, y, z)       1/k if x is one of k greatest, else 0: the slope of `Largest` by x
    Guarded(d, t)        d·t, and 0 where t is 0: the chain rule through a branch not taken

sympy gives a tie of three a slope of one half each, which adds up to more than any one-sided slope.
The classes exist once sympy is loaded; where a formula is shown to a person, `plain` replaces them.
"""

# What sympy passes to a lambda no annotation can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

Formula: TypeAlias = Any  # sympy ships no complete types


def load_sympy() -> Any:
    """The module, on first use: importing diffkit does not wait for it."""
    return importlib.import_module("sympy")


class Own(NamedTuple):
    """The classes."""

    Held: Any
    Largest: Any
    Share: Any
    Guarded: Any


@lru_cache(maxsize=1)
def own() -> Own:
    """The classes, made on first use."""
    sympy = load_sympy()

    def constant(self: Any, argindex: int = 1) -> Formula:
        return sympy.Integer(0)

    def share(self: Any, argindex: int = 1) -> Formula:
        others = [arg for k, arg in enumerate(self.args) if k != argindex - 1]
        return kinds.Share(self.args[argindex - 1], *others)

    def guarded(self: Any, argindex: int = 1) -> Formula:
        d, t = self.args
        return t if argindex == 1 else d

    def function(name: str, fdiff: Callable[..., Formula]) -> Any:
        return type(name, (sympy.Function,), {"fdiff": fdiff, "is_extended_real": True})

    kinds = Own(
        function("Held", constant),
        function("Largest", share),
        function("Share", constant),
        function("Guarded", guarded),
    )
    return kinds


def with_even_ties(formula: Formula) -> Formula:
    """The formula with maxima and minima of three and more as `Largest`."""
    sympy = load_sympy()
    if not formula.has(sympy.Max, sympy.Min):
        return formula

    def many(kind: Any) -> Callable[[Formula], bool]:
        return lambda node: isinstance(node, kind) and len(node.args) > 2

    largest = own().Largest
    formula = formula.replace(many(sympy.Max), lambda node: largest(*node.args))
    return formula.replace(many(sympy.Min), lambda node: -largest(*[-arg for arg in node.args]))


def plain(formula: Formula) -> Formula:
    """The formula in sympy's own functions, for a reader."""
    sympy, kinds = load_sympy(), own()

    def one_of_several(*args: Formula) -> Formula:
        first, top = args[0], sympy.Max(*args)
        ties = [sympy.Piecewise((1, sympy.Ge(arg, top)), (0, True)) for arg in args]
        return sympy.Piecewise((1 / sympy.Add(*ties), sympy.Ge(first, top)), (0, True))

    for kind, meaning in (
        (kinds.Held, lambda x: x),
        (kinds.Share, one_of_several),
        (kinds.Largest, sympy.Max),
        (kinds.Guarded, lambda d, t: d * t),
    ):
        if formula.has(kind):
            formula = formula.replace(kind, meaning)
    return formula
