"""The whole matrix of derivatives, by the dense modes, for the tests of the sparse ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import diffkit as dk
from diffkit.graph import Graph, evaluate
from diffkit.modes.forward import jvp
from diffkit.tracing import trees
from diffkit.transforms.sparsity.pattern import pattern


def matrix(f: Callable[..., Any], args: Sequence[Any], argnums: int | Sequence[int] = 0) -> Any:
    """A row for each output element, a column for each input element, by reverse mode."""
    places = [argnums] if isinstance(argnums, int) else list(argnums)
    inputs = trees.flatten([args[k] for k in places])[0]
    outputs = trees.flatten(f(*args))[0]
    blocks = trees.flatten(dk.jacobian(f, argnums)(*args))[0]
    rows = [
        np.hstack([np.reshape(next(it), (np.size(y), np.size(x))) for x in inputs])
        for it in [iter(blocks)]
        for y in outputs
    ]
    return np.vstack(rows)


def pushed(graph: Graph, active: Sequence[bool], args: Sequence[Any]) -> Any:
    """The same for a graph, column by column in forward mode."""
    moved = jvp(graph, active)
    inputs = [x for x, on in zip(args, active, strict=True) if on]
    columns: list[Any] = []
    for k, x in enumerate(inputs):
        for unit in np.eye(np.size(x)):
            tangents = [np.zeros_like(y) for y in inputs]
            tangents[k] = unit.reshape(np.shape(x)).astype(np.asarray(x).dtype)[()]
            found = iter(evaluate(moved, [*args, *tangents])[len(graph.outputs) :])
            columns.append(
                np.concatenate(
                    [np.ravel(next(found)) if t.differentiable else np.zeros(t.size)
                     for t in graph.types]
                )
            )  # fmt: skip
    return np.array(columns).T.reshape(sum(t.size for t in graph.types), len(columns))


def missing(graph: Graph, active: Sequence[bool], args: Sequence[Any]) -> Any:
    """The derivatives that are not zero and not in the pattern."""
    found = pattern(graph, active).toarray()
    true = pushed(graph, active, args)
    assert found.shape == true.shape
    return np.argwhere((true != 0) & ~found)
