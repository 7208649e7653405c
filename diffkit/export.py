"""A function as source code that stands alone: `dk.export(f, *args, language="c"|"numpy")`.

C is written from the loop program, so it has the fusion and the storage that compiled code has.
NumPy is written from the graph, a line for each node, with the user's names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .backends import numpy_source
from .backends.c.emit import emit, refused
from .errors import UnsupportedError, explain
from .formula import graph_of
from .graph import Graph, all_nodes
from .lowering.lower import lower, refusal
from .lowering.passes import run
from .tracing.location import at_line
from .transforms.optimise import optimise

LANGUAGES = ("c", "numpy")


def export(f: Callable[..., Any] | Graph, *args: Any, language: str = "c") -> str:
    """The text of a function that computes f for arguments of these types.

    Leaves of tree arguments are arguments of their own, in order, and so are results. Derivatives
    are exported as any function: `dk.export(dk.grad(f), x)`.

    Args:
        f: a function that `dk.jit` takes, or a `dk.Graph`, which needs no arguments.
        args: arguments or their types.
        language: "c" for C99 that needs math.h alone (`cc -std=c99 -O2`, link with -lm); arrays
            come as pointers in C order, results go where pointers say, and a function that can fail
            returns 0 or 1. "numpy" for Python that imports numpy, and scipy.special if it is
            needed; it takes arrays and returns one result or a tuple.

    Raises `UnsupportedError` for what the language does not have, by name: in C complex numbers,
    special functions, LAPACK and callbacks.

        >>> import numpy as np, diffkit as dk
        >>> print(dk.export(dk.grad(lambda x: np.sin(x) * x), 1.0, language="numpy"))
        import numpy as np
        <BLANKLINE>
        <BLANKLINE>
        def grad_lambda(x):
            \"\"\"x: float64; returns float64.\"\"\"
            x = np.float64(x)
            a = np.sin(x)
            b = np.cos(x)
            c = b * x
            d = a + c
            return d
        <BLANKLINE>
    """
    if language not in LANGUAGES:
        got, want = f"language={language!r}", '"c" or "numpy"'
        raise UnsupportedError(explain(f"export{at_line()}", got, want, "Choose one of these"))
    graph = graph_of(f, args, "export")
    return numpy_source.write(graph) if language == "numpy" else as_c(optimise(graph))


def as_c(graph: Graph) -> str:
    """C99 from the loop program of an optimised graph."""
    for node in all_nodes(graph):
        reason = refusal(node)
        if reason is not None:
            raise refused(node.op.name, f"can't be written: {reason}", node.loc)
        if any(atom.type.complex for atom in (*node.args, *node.outs)):
            raise refused(node.op.name, "is of complex numbers", node.loc)
    return emit(run(lower(graph)))
