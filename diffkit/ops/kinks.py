"""Which derivative is taken where a function has none, or more than one.

At a kink every slope between the one-sided ones is a subgradient. The convention of diffkit is the
one of least norm, which a descent can not be sent off by: |x|′ = 0 at 0, the tip of a norm is flat,
those who tie for a maximum share evenly (Clarke, Optimization and Nonsmooth Analysis, 1983). And a
product with a tangent of exactly zero is zero, so that nothing leaks from a branch not taken.

PyTorch, JAX and autograd choose otherwise here and there. A `Convention` says how, by the name of
the op; rules ask `at(name)` when they write a derivative, so a graph keeps the convention that it
was differentiated under.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from math import nan
from types import MappingProxyType

from ..errors import UnsupportedError, explain

LEAST: Mapping[str, float] = MappingProxyType({
    "abs": 0.0,       # |x| at 0
    "clip": 0.5,      # at a bound
    "root": 0.0,      # √ of a sum of squares at 0: norms, the standard deviation
    "hypot": 0.0,     # √(x² + y²) at the origin
    "arctan2": 0.0,   # the angle at the origin
    "fmax": 0.5,      # the share of the first operand in a tie, and in that of fmin
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Convention:
    """A choice of derivatives at kinks; what `differs` from the least norm, by the name of the op.
    `guarded`: whether a zero tangent is a zero product, even with an infinite derivative."""

    name: str
    differs: Mapping[str, float] = field(default_factory=dict[str, float], hash=False)
    guarded: bool = True

    def at(self, op: str) -> float:
        """The derivative at the kink of an op."""
        return self.differs.get(op, LEAST[op])


MINIMUM_NORM = Convention("minimum-norm")
CONVENTIONS: Mapping[str, Convention] = MappingProxyType({
    c.name: c
    for c in (
        MINIMUM_NORM,
        Convention("torch", {"clip": 1.0, "hypot": nan, "fmax": 1.0}, guarded=False),
        Convention(
            "jax",
            {"abs": 1.0, "root": nan, "hypot": 0.5, "arctan2": nan, "fmax": 0.0},
            guarded=False,
        ),
        Convention(
            "autograd",
            {"clip": 0.0, "root": nan, "hypot": nan, "arctan2": nan},
            guarded=False,
        ),
    )
})  # fmt: skip
"""The presets, checked against the libraries in tests/ops/test_conventions.py. A nan of a library
where the function is smooth, such as that of x^0 at 0 in JAX or of a product with a zero in
autograd, is no convention, and not followed."""

CURRENT: ContextVar[Convention] = ContextVar("diffkit_kinks", default=MINIMUM_NORM)


def convention() -> Convention:
    """The convention that derivatives are written by now."""
    return CURRENT.get()


def at(op: str) -> float:
    """The derivative that the convention takes at the kink of an op."""
    return CURRENT.get().at(op)


def named(name: str) -> Convention:
    """A preset, or the error that lists them."""
    found = CONVENTIONS.get(name)
    if found is None:
        want = ", ".join(f'"{known}"' for known in CONVENTIONS)
        raise UnsupportedError(explain("kinks", f"{name!r}", want, "Choose one of these"))
    return found
