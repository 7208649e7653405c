"""How tests run functions and graphs: by the interpreter, and with `--compiled` by Numba too.

`replayed` is `jit` without compiling, for tests that look at graphs and not at the compiler.
`prepare` is the interpreter's. With `--compiled` the first compiles, and what the second prepares
is compiled too, and both have to agree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import diffkit as dk
from diffkit.backends import interpreter
from diffkit.graph import Graph

BACKEND = "interpreter"
"""Set by conftest.py."""


def replayed(f: Callable[..., Any], **settings: Any) -> Any:
    """`jit` on the backend that the run has chosen."""
    return dk.jit(f, **{"backend": BACKEND, "fallback": "interpreter", **settings})


def same(got: Sequence[Any], want: Sequence[Any]) -> None:
    """Equal bit for bit, dtypes too; with `--compiled`, as close as compiled code comes."""
    if BACKEND != "interpreter":
        from .lowering.agreement import close

        return close(got, want, "replayed")
    for x, y in zip(got, want, strict=True):
        assert np.asarray(x).dtype == np.asarray(y).dtype
        np.testing.assert_array_equal(x, y)


def prepare(graph: Graph) -> Callable[[Sequence[Any]], list[Any]]:
    """The graph as a function of its arguments."""
    run = interpreter.prepare(graph)
    if BACKEND == "interpreter":
        return run
    from diffkit.backends.numba.backend import Lowered

    from .lowering.agreement import close, tolerance_of

    compiled = Lowered(graph).compile()

    def both(args: Sequence[Any]) -> list[Any]:
        want = run(args)
        close(compiled(args), want, graph.name, tolerance_of(graph))
        return want

    return both
