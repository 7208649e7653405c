"""`kinks` chooses the derivatives at kinks; `report_kinks` tells where a kink was hit.

The convention of a block holds for what is differentiated in it, in this thread. A function that
`jit` has compiled under another convention is compiled again.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .graph import Graph, Loc, Node, evaluate
from .ops.kinks import CURRENT, Convention, named
from .tracing import innermost

MOST = 5  # places of one line that are printed


@contextmanager
def kinks(name: str) -> Generator[Convention]:
    """Differentiate by another library's convention: "torch", "jax", "autograd", or diffkit's own,
    "minimum-norm".

    Raises `UnsupportedError` for another name.

        >>> import numpy as np, diffkit as dk
        >>> with dk.kinks("jax"):
        ...     dk.grad(np.abs)(0.0)
        np.float64(1.0)
        >>> dk.grad(np.abs)(0.0)
        np.float64(0.0)
    """
    token = CURRENT.set(named(name))
    try:
        yield CURRENT.get()
    finally:
        CURRENT.reset(token)


@dataclass(frozen=True, slots=True)
class Hit:
    """A line of the user's at which an op has no derivative: a "kink", "tie", "jump" or
    "singularity", at these indices of its result."""

    op: str
    kind: str
    loc: Loc | None
    index: tuple[tuple[int, ...], ...]

    def __str__(self) -> str:
        shown = ", ".join(str(list(place)) for place in self.index[:MOST])
        more = f" and {len(self.index) - MOST} more" if len(self.index) > MOST else ""
        where = f" at {self.loc}" if self.loc else ""
        at = f", index {shown}{more}" if any(self.index) else ""
        return f"{self.kind} of {self.op}{where}{at}"


@dataclass(slots=True)
class KinkReport:
    """What `report_kinks` has seen so far."""

    hits: list[Hit] = field(default_factory=list[Hit])

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)

    def __str__(self) -> str:
        return "\n".join(map(str, self.hits)) or "no kinks"


REPORT: ContextVar[KinkReport | None] = ContextVar("diffkit_kink_report", default=None)


@contextmanager
def report_kinks() -> Generator[KinkReport]:
    """Notice each kink or singularity that a differentiated or compiled function runs into.

    In the block such functions are evaluated once more, op by op. A branch that `np.where` does not
    take is evaluated, too, and reported.

        >>> import numpy as np, diffkit as dk
        >>> with dk.report_kinks() as report:
        ...     _ = dk.grad(lambda x: np.sum(np.abs(x)))(np.array([1.0, 0.0]))
        >>> [(hit.op, hit.kind, hit.index) for hit in report]
        [('abs', 'kink', ((1,),))]
    """
    report = KinkReport()
    token = REPORT.set(report)
    try:
        yield report
    finally:
        REPORT.reset(token)


def observe(graph: Graph, inputs: Sequence[Any]) -> None:
    """Note the kinks that a graph runs into at these inputs, if a report is asked for."""
    report = REPORT.get()
    if report is None or innermost(inputs) is not None:
        return
    seen = {(hit.op, hit.loc): k for k, hit in enumerate(report.hits)}

    def visit(node: Node, args: Sequence[Any]) -> None:
        kink = node.op.kink
        if kink is None or not node.args[0].type.differentiable:
            return
        mask = np.asarray(kink.mask(*args, **node.attrs))
        if not node.op.regional:
            mask = np.broadcast_to(mask, node.out.type.shape)
        if not mask.any():
            return
        places = tuple(tuple(int(k) for k in place) for place in np.argwhere(mask))
        at = seen.setdefault((node.op.name, node.loc), len(report.hits))
        if at < len(report.hits):
            known = report.hits[at].index
            places = (*known, *(p for p in places if p not in known))
            report.hits[at] = Hit(node.op.name, kink.kind, node.loc, places)
        else:
            report.hits.append(Hit(node.op.name, kink.kind, node.loc, places))

    evaluate(graph, inputs, before=visit)
