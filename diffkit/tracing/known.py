"""Values that no parameter of a trace has a part in.

A buffer filled with numbers, a counter, a mask made from shapes: such a value is the same on every
run and no derivative passes through it, so Python may have it as a number even while the parameters
have no values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..graph import Atom, Constant, Lit, Node, Var


def is_known(atom: Atom, producers: Mapping[Var, Node], found: dict[Var, bool]) -> bool:
    """Whether an atom depends on literals alone; `found` remembers the answers."""
    if isinstance(atom, Lit):
        return True
    stack = [atom]
    while stack:
        var = stack[-1]
        if var in found:
            stack.pop()
            continue
        node = producers.get(var)
        if node is None:
            found[var] = False  # a parameter
            continue
        args = [arg for arg in node.args if isinstance(arg, Var)]
        missing = [arg for arg in args if arg not in found]
        if missing:
            stack.extend(missing)
        else:
            found[var] = all(found[arg] for arg in args)
    return found[atom]


def is_still(atom: Atom, producers: Mapping[Var, Node]) -> bool:
    """Whether no derivative passes through an atom: it is no floating-point number, or what
    `stop_gradient` or a step function returned."""
    if not atom.type.differentiable:
        return True
    node = producers.get(atom) if isinstance(atom, Var) else None
    return node is not None and isinstance(node.op.fact, Constant)


def same_bits(x: Any, y: Any) -> bool:
    """Whether an array captured before still has its old content (the user may reuse a buffer)."""
    if x.shape != y.shape or x.dtype != y.dtype:
        return False
    if x.dtype.kind == "c":
        return same_bits(x.real, y.real) and same_bits(x.imag, y.imag)
    bits = f"u{x.dtype.itemsize}"
    return bool(np.array_equal(x.view(bits), y.view(bits)))
