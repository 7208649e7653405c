"""The vector space that a value lies in: numbers, arrays, and trees of them.

A derivative is a linear map between such spaces. A complex array of n elements has 2n real
dimensions, the inner product Re(x̄ · y), and conjugation takes its vectors to covectors, for a
cotangent c pairs with a tangent v as Re(c · v).
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...errors import DtypeError, UnsupportedError, explain
from ...tracing import Tracer, trees
from ...tracing.location import at_line
from ...types import Type


@dataclass(frozen=True, slots=True)
class Leaf:
    """An array of a tree: its shape and dtype."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def iscomplex(self) -> bool:
        return self.dtype.kind == "c"

    @property
    def size(self) -> int:
        return math.prod(self.shape) * (2 if self.iscomplex else 1)

    def full(self, value: float) -> Any:
        return np.full(self.shape, value, self.dtype)

    def randn(self) -> Any:
        """Standard normal in each real dimension, from NumPy's global generator."""
        draw = np.asarray(np.random.randn(*self.shape))  # noqa: NPY002  (users seed this one)
        if self.iscomplex:
            draw = draw + 1j * np.asarray(np.random.randn(*self.shape))  # noqa: NPY002
        return draw.astype(self.dtype)

    def basis(self) -> Iterator[Any]:
        for place in np.ndindex(*self.shape):
            for unit in (1.0, 1.0j) if self.iscomplex else (1.0,):
                vector = self.full(0.0)
                vector[place] = unit
                yield vector


@dataclass(frozen=True, slots=True, repr=False)
class VSpace:
    """A vector space; equal for values of the same structure, shapes and dtypes.

    >>> from diffkit.compat.autograd.core import vspace
    >>> space = vspace([1.0, 2.0 + 0j])
    >>> space.size, space.add([1.0, 1j], [2.0, 1j]) == [3.0, 2j]
    (3, True)
    """

    tree: trees.TreeDef
    leaves: tuple[Leaf, ...]

    @staticmethod
    def of_types(tree: trees.TreeDef, types: Sequence[Type]) -> VSpace:
        """The space of results of these types."""
        return VSpace(tree, tuple(Leaf(t.shape, t.dtype.numpy) for t in types))

    @staticmethod
    def register(value_type: Any, vspace_maker: Any = None) -> None:
        """Refused: a container of one's own is made known to optree."""
        got = f"VSpace.register({getattr(value_type, '__name__', value_type)})"
        want = "numbers, arrays, and the containers that optree knows"
        remedy = "Register the container with optree.register_pytree_node"
        raise UnsupportedError(explain(f"vspace{at_line()}", got, want, remedy))

    @property
    def size(self) -> int:
        """The number of real dimensions."""
        return sum(leaf.size for leaf in self.leaves)

    @property
    def iscomplex(self) -> bool:
        return any(leaf.iscomplex for leaf in self.leaves)

    @property
    def shape(self) -> Any:
        """The shape of an array; of a container, the spaces of its items."""
        if self.tree.is_leaf():
            return self.leaves[0].shape
        return trees.map_(vspace, trees.unflatten(self.tree, [x.full(0.0) for x in self.leaves]))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of an array."""
        return self.leaves[0].dtype

    def zeros(self) -> Any:
        return self._made([leaf.full(0.0) for leaf in self.leaves])

    def ones(self) -> Any:
        """The sum of the standard basis."""
        return self._made([x.full(1.0) + (1j if x.iscomplex else 0) for x in self.leaves])

    def randn(self) -> Any:
        """A random vector."""
        return self._made([leaf.randn() for leaf in self.leaves])

    def standard_basis(self) -> Iterator[Any]:
        """The basis vectors, one for each real dimension."""
        for k, leaf in enumerate(self.leaves):
            for vector in leaf.basis():
                yield self._made(
                    [vector if j == k else x.full(0.0) for j, x in enumerate(self.leaves)]
                )

    def add(self, x_prev: Any, x_new: Any) -> Any:
        return trees.map_(lambda x, y: x + y, x_prev, x_new)

    def mut_add(self, x_prev: Any, x_new: Any) -> Any:
        """As `add`, as a new value; None is zero."""
        return self.add(self.zeros() if x_prev is None else x_prev, x_new)

    def scalar_mul(self, x: Any, a: Any) -> Any:
        return trees.map_(lambda leaf: leaf * a, x)

    def covector(self, x: Any) -> Any:
        """The cotangent that pairs with v as the inner product of x and v."""
        return self._mapped(lambda leaf, x: np.conj(x) if leaf.iscomplex else x, x)

    def inner_prod(self, x: Any, y: Any) -> Any:
        pairs = zip(self.leaves, trees.flatten(x)[0], trees.flatten(y)[0], strict=True)
        return sum((inner(leaf, a, b) for leaf, a, b in pairs), 0.0)

    def __repr__(self) -> str:
        inside = ", ".join(f"{x.dtype.name}{list(x.shape)}" for x in self.leaves)
        return f"VSpace({inside})"

    def _made(self, leaves: Sequence[Any]) -> Any:
        return trees.unflatten(self.tree, leaves)

    def _mapped(self, f: Callable[..., Any], x: Any) -> Any:
        return self._made([f(*row) for row in zip(self.leaves, trees.flatten(x)[0], strict=True)])


def inner(leaf: Leaf, x: Any, y: Any) -> Any:
    """Re(x̄ · y)."""
    u, v = np.ravel(x), np.ravel(y)
    return np.real(np.dot(np.conj(u), v)) if leaf.iscomplex else np.dot(u, v)


def vspace(value: Any) -> VSpace:
    """The vector space of a value: a floating-point number, an array, or a tree of them.

    Raises `DtypeError` for anything else, such as an integer, which has no derivative.
    """
    leaves, tree = trees.flatten(value)
    return VSpace(tree, tuple(map(leaf_of, leaves)))


def leaf_of(x: Any) -> Leaf:
    """The shape and dtype of a leaf, if it is one."""
    if isinstance(x, Tracer | np.ndarray | np.inexact) and x.dtype != object:
        return Leaf(x.shape, x.dtype)
    if isinstance(x, float | complex):
        return Leaf((), np.asarray(x).dtype)
    want = "floating-point numbers, arrays, and lists, tuples and dicts of them"
    remedy = "Write 3.0 for 3, and keep what is not differentiated in an argument of its own"
    got = f"the value {x!r} of type {type(x).__name__}"
    raise DtypeError(explain(f"vspace{at_line()}", got, want, remedy))
