"""An operation and the one fact of how it differentiates.

Forward and reverse mode, and every later transform, derive from the fact; no op has a rule for a
mode. Facts are written with ops on `Value` handles, so derivatives are graphs again and can be
differentiated, printed and compiled like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..types import Type


@dataclass(frozen=True, slots=True)
class Constant:
    """Piecewise constant, or not of real numbers: the derivative is zero wherever it exists."""


@dataclass(frozen=True, slots=True)
class Elementwise:
    """`partials[i](*args, ans)` is the derivative of each element with respect to operand i.

    A number stands for a constant partial, None for one that is zero. `singular` marks an op whose
    partials can be infinite or nan where the op itself is not: its products with a tangent of
    exactly zero are then zero, so that a branch not taken never leaks a nan.
    """

    partials: tuple[Callable[..., Any] | float | None, ...]
    singular: bool = False
    selects: bool = False
    """Whether a partial is zero for an operand that was not chosen (max, min)."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Linear in the operands `over` (None: in all), at once; `transpose(i, ct, *args, **attrs)` is
    the cotangent of operand i. `push(acc, ct, *args, **attrs)`, where given, adds that cotangent
    (of operand 0) into an accumulator in place of a dense sum. `masks` marks an op whose cotangents
    are zero for elements that were not chosen, not read or overwritten."""

    over: tuple[int, ...] | None
    transpose: Callable[..., Any]
    push: Callable[..., Any] | None = None
    masks: bool = False


@dataclass(frozen=True, slots=True)
class Bilinear:
    """Linear in each of two operands; `transpose(i, ct, x, y, **attrs)` as in `Linear`."""

    transpose: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Reduction:
    """A reduction over `axes` with `weights(x, ans, axes)`, shaped as x: the tangent is the sum of
    weight times tangent, the cotangent is weight times the spread cotangent."""

    weights: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """Its own derivative: `jvp(i, dx, *args, ans, **attrs)` is the tangent that operand i causes,
    `vjp(i, ct, *args, ans, **attrs)` its cotangent. For solvers, by the implicit function theorem.
    """

    jvp: Callable[..., Any]
    vjp: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Region:
    """Control flow: the op runs isolated graphs. How it differentiates is the transforms' affair.

    `infer(types, attrs, regions)` is the tuple of types of the results. `run(bodies, args, node)`
    is the meaning; the bodies are functions that run the regions on lists of arrays.
    `groups(items, attrs)` are the operands by name. `prune(node, live)` is the node without what no
    live result needs. `trips(attrs)` is how often the regions run, None if only running tells.
    """

    infer: Callable[..., tuple[Type, ...]]
    run: Callable[..., list[Any]]
    groups: Callable[..., dict[str, tuple[Any, ...]]]
    prune: Callable[..., Any]
    trips: Callable[..., int | None]


Fact: TypeAlias = Constant | Elementwise | Linear | Bilinear | Reduction | Rule | Region


def no_flops(*_: Any, **__: Any) -> int:
    """The count of an op that only moves data."""
    return 0


def pointwise(size: int, **attrs: Any) -> dict[str, Any]:
    """The `lead` of an op whose operands broadcast: an element of the result depends on the
    elements in its place, and no attribute speaks of axes."""
    return attrs


def stacked(size: int, **attrs: Any) -> dict[str, Any]:
    """The `lead` of an op on the last axes, whose attributes speak of no others: a leading axis
    more is a stack more."""
    return attrs


def shift_axes(size: int, axes: tuple[int, ...]) -> dict[str, Any]:
    """The `lead` of an op along several axes."""
    return {"axes": tuple(k + 1 for k in axes)}


def shift_axis(size: int, axis: int) -> dict[str, Any]:
    """The `lead` of an op along one axis."""
    return {"axis": axis + 1}


@dataclass(frozen=True, slots=True)
class Kink:
    """Where an op has no derivative: `mask(*arrays, **attrs)` has the shape of the result. `kind`
    is "kink" (one-sided slopes differ), "tie" (between operands or elements), "jump" or
    "singularity" (the slope is infinite or undefined)."""

    kind: str
    mask: Callable[..., Any]


@dataclass(frozen=True, slots=True, eq=False)
class Op:
    """An operation: its type rule, its meaning in NumPy and how it differentiates.

    Calling an op on `Value` handles emits a node and returns the handle of its result.
    """

    name: str
    infer: Callable[..., Type]
    """`infer(*types, **attrs)` is the type of the result, or an error."""
    numpy: Callable[..., Any]
    """`numpy(*arrays, **attrs)` is the value: the meaning of the op."""
    fact: Fact
    complex: Callable[..., Any] | None = None
    """The analytic continuation that the complex step needs, where `numpy` is not one."""
    inplace: Callable[..., Any] | None = None
    """As `numpy`, overwriting operand 0; for backends that know it is dead."""
    view: bool = False
    """Whether the result may share the memory of operand 0."""
    simplify: Callable[..., Any] | None = None
    """`simplify(*values, **attrs)`: an equal, simpler value (exact in floating point) or None."""
    lead: Callable[..., dict[str, Any]] | None = None
    """`lead(size, **attrs)`: the attributes of the same op on operands that all have one more
    leading axis, of that length; `pointwise` where the operands broadcast against one another."""
    kink: Kink | None = None
    regional: bool = False
    """Whether this is control flow, whose nodes have a list of results."""
    flops: Callable[..., int] = no_flops
    """`flops(out_type, *types, **attrs)`: floating-point operations, each counted as one."""

    def __call__(self, *args: Any, **attrs: Any) -> Any:
        handle: Any = None
        for arg in args:
            if hasattr(arg, "builder"):
                handle = arg
                break
        assert handle is not None, f"{self.name}: an op is called on at least one Value"
        atoms = [arg.atom if hasattr(arg, "builder") else handle.constant(arg) for arg in args]
        return handle.wrap(handle.builder.emit(self, atoms, attrs))

    def __repr__(self) -> str:
        return f"<op {self.name}>"
