"""An explanation, and its text: the graph, then tables whose columns line up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..graph import Graph
from ..modes.symbolic import Report
from .traces import ForwardRow, ReverseRow

SHOWN = 6  # elements of an array that are shown before it is shortened


@dataclass(frozen=True, slots=True)
class Explanation:
    """What `explain` found. `str` lays it out; `symbolic` is None where there is no formula, and
    `no_formula` says why."""

    graph: Graph
    forward: tuple[ForwardRow, ...]
    reverse: tuple[ReverseRow, ...]
    symbolic: Report | None
    no_formula: str
    digits: int

    def __str__(self) -> str:
        return render(self)

    __repr__ = __str__


def number(x: Any, digits: int) -> str:
    """A number with so many decimals and no trailing zeros; very large or small ones in e-form."""
    v = float(x)
    if not np.isfinite(v):
        return str(v)
    if v == 0 or 10.0**-digits <= abs(v) < 1e6:
        text = f"{v:.{digits}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{v:.{digits}e}"


def shown(value: Any, digits: int) -> str:
    """A number or an array on one line; nothing for None."""
    if value is None:
        return ""
    array = np.asarray(value)
    if array.dtype.kind != "f":
        text = np.array2string(array, threshold=SHOWN, edgeitems=2, separator=", ")
    elif array.ndim == 0:
        return number(array, digits)
    else:
        text = np.array2string(
            array,
            threshold=SHOWN,
            edgeitems=2,
            separator=", ",
            formatter={"float_kind": lambda x: number(x, digits)},
        )
    return " ".join(text.split())


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines, every column as wide as its widest cell."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows)
    return [f"  {line}".rstrip() for line in lines]


def sum_of(row: ReverseRow, digits: int) -> str:
    """The contributions of an adjoint, each with where it comes from."""
    parts = [f"{shown(c.value, digits)} ({c.user})" for c in row.contributions]
    return " + ".join(parts) or "no influence"


def render(e: Explanation) -> str:
    """The whole explanation."""
    d = e.digits
    result = e.reverse[0].name if e.reverse else "result"
    forward = [("value", "formula", "at this point", "tangent")]
    forward += [(r.name, r.formula, shown(r.value, d), shown(r.tangent, d)) for r in e.forward]
    reverse = [("value", "adjoint", "= sum of contributions (from)")]
    reverse += [(r.name, shown(r.adjoint, d), sum_of(r, d)) for r in e.reverse]
    parts = [
        str(e.graph),
        "\n".join(["forward trace", *table(forward)]),
        "\n".join([f"reverse trace of {result}", *table(reverse)]),
        "\n".join(["symbolic derivative", *symbolic(e)]),
    ]
    return "\n\n".join(parts)


def element_names(graph: Graph) -> list[str]:
    """The symbol of each input number: its parameter's name, with the place in an array."""
    return [
        "_".join([p.hint or f"x{k}", *map(str, place)])
        for k, p in enumerate(graph.params)
        for place in np.ndindex(p.type.shape)
    ]


def symbolic(e: Explanation) -> list[str]:
    """Formula and partial derivatives, as text and in LaTeX, and the operations they take."""
    found = e.symbolic
    if found is None:
        return [f"  none: {e.no_formula}"]
    slopes = [f"d/d{x}" for x in element_names(e.graph)]
    texts = [("f", str(found.formula)), *zip(slopes, map(str, found.partials), strict=True)]
    latex = zip(slopes, [right for _, right in found.slopes()], strict=True)
    counts = (
        f"  operations: {found.operations} in f, {found.operations_derivative} in the derivatives, "
        f"{found.operations_shared} in all with shared subexpressions"
    )
    return [*table(texts), counts, "LaTeX", *table(list(latex))]
