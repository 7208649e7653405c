"""Trees as one vector, and back: solvers think in vectors."""

# NumPy's stubs leave the results of many functions untyped, and no annotation of a lambda can help.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DtypeError, ShapeError, TreeError, explain
from ..tracing import Tracer, as_input, trees
from ..tracing.location import at_line


@dataclass(frozen=True, slots=True)
class Layout:
    """How a tree of floating-point arrays lies in one vector."""

    tree: trees.TreeDef
    shapes: tuple[tuple[int, ...], ...]
    dtypes: tuple[np.dtype[Any], ...]
    dtype: np.dtype[Any]
    """That of the vector: the widest of the leaves."""
    coarsest: np.dtype[Any]
    """That of the leaf of the fewest digits, which say how far an iteration can go."""

    @staticmethod
    def of(value: Any, asked: str, name: str) -> Layout:
        """The layout of a tree of numbers; integers become float64."""
        leaves, tree = trees.flatten(value)
        shapes: list[tuple[int, ...]] = []
        dtypes: list[np.dtype[Any]] = []
        for leaf, where in zip(leaves, trees.names(value, name), strict=True):
            dtype: Any = leaf.dtype if isinstance(leaf, Tracer) else np.asarray(leaf).dtype
            if dtype.kind not in "fiub":
                want, remedy = "floating-point numbers", "Pass real numbers"
                raise DtypeError(explain(asked + at_line(), f"{where} is {dtype}", want, remedy))
            shapes.append(np.shape(leaf))
            dtypes.append(dtype if dtype.kind == "f" else np.dtype(np.float64))
        wide: Any = np.result_type(*dtypes) if dtypes else np.dtype(np.float64)
        coarsest: Any = max(dtypes, key=lambda d: np.finfo(d).eps, default=wide)
        layout = Layout(tree, tuple(shapes), tuple(dtypes), wide, coarsest)
        if layout.size == 0:
            want, remedy = "at least one number", "Pass an array that is not empty"
            raise ShapeError(explain(asked + at_line(), f"{name} is empty", want, remedy))
        return layout

    @property
    def size(self) -> int:
        return sum(math.prod(shape) for shape in self.shapes)

    def ravel(self, value: Any, asked: str, what: str) -> Any:
        """A tree of this structure and these shapes as a vector."""
        leaves, tree = trees.flatten(value)
        if tree != self.tree:
            remedy = "Return the structure of the unknown"
            raise TreeError(explain(asked + at_line(), f"{what} is {tree}", f"{self.tree}", remedy))
        for leaf, shape, name in zip(leaves, self.shapes, trees.names(value, what), strict=True):
            if np.shape(leaf) != shape:
                got, remedy = f"{name} has shape {np.shape(leaf)}", "Return one number for each"
                raise ShapeError(explain(asked + at_line(), got, f"{shape}", remedy))
        parts = [np.reshape(as_input(leaf), (-1,)).astype(self.dtype) for leaf in leaves]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def unravel(self, vector: Any) -> Any:
        """The tree of a vector."""
        leaves: list[Any] = []
        start = 0
        for shape, dtype in zip(self.shapes, self.dtypes, strict=True):
            stop = start + math.prod(shape)
            leaf = np.reshape(vector[start:stop], shape).astype(dtype)
            leaves.append(leaf if shape else leaf[()])
            start = stop
        return trees.unflatten(self.tree, leaves)

    def flat(self, f: Callable[..., Any], asked: str, what: str) -> Callable[..., Any]:
        """f, from a tree of this layout to one like it, as a function of vectors."""
        return lambda v: self.ravel(f(self.unravel(v)), asked, what)

    def unravel_rows(self, rows: Any) -> Any:
        """The tree of a stack of vectors: each leaf has a first axis more."""
        leaves: list[Any] = []
        start = 0
        for shape, dtype in zip(self.shapes, self.dtypes, strict=True):
            stop = start + math.prod(shape)
            part = rows[:, start:stop]
            leaves.append(np.reshape(part, (rows.shape[0], *shape)).astype(dtype))
            start = stop
        return trees.unflatten(self.tree, leaves)
