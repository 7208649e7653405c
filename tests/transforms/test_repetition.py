"""The line behind a large graph, and the error that names it."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

import diffkit as dk
from diffkit.errors import DiffkitError
from diffkit.graph import Graph, Node, all_nodes
from diffkit.transforms.repetition import Repeated, repetition, too_large
from diffkit.types import f64

FILE = "test_repetition.py"


def program(x: Any, rows: Any) -> Any:
    for _ in range(100):
        x = np.sin(x) * 0.5 + x  # three operations
    y = x * x
    return dk.scan(lambda c, r: (c + r * y, c), x, rows)


LINE = inspect.getsourcelines(program)[1] + 2


def test_the_line_behind_most_operations() -> None:
    graph = dk.trace(program)(f64[()], f64[4])
    found = repetition(graph)
    assert found is not None
    assert found.loc.file.endswith(FILE)
    assert (found.loc.line, found.count) == (LINE, 300)
    assert found.total == len(list(all_nodes(graph))) == 300 + 1 + 1 + 2


def test_lines_inside_regions_count() -> None:
    def f(x: Any, rows: Any) -> Any:
        def step(c: Any, r: Any) -> Any:
            for _ in range(20):
                c = np.sin(c)
            return c, r

        return dk.scan(step, x + 1, rows)

    graph = dk.trace(f)(f64[()], f64[4])
    found = repetition(graph)
    assert found is not None
    assert found.count == 20
    assert found == Repeated(found.loc, 20, 22)


def test_no_line_is_known() -> None:
    graph = dk.trace(program)(f64[()], f64[4])
    bare = Graph(
        "f",
        graph.params,
        tuple(Node(n.op, n.args, n.attrs, n.outs, None, ()) for n in graph.nodes[:300]),
        graph.nodes[299].outs,
    )
    assert repetition(bare) is None
    assert "300 operations. Expected" in str(too_large(bare, 10))


def test_the_message_names_line_count_limit_and_remedy() -> None:
    error = too_large(dk.trace(program)(f64[()], f64[4]), 250)
    assert isinstance(error, DiffkitError)
    assert str(error) == (
        f"jit of `program`: 304 operations, of which 300 come from {FILE}:{LINE}. "
        "Expected at most 250 (the setting max_nodes). "
        "Write the loop with dk.scan or dk.fori_loop, or raise max_nodes."
    )
