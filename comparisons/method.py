"""What a comparison measures: a method prepares one case and hands back two calls to be timed.

Everything a method does once (tracing, compiling, choosing a step) belongs in `prepare`, and what
of it is building is reported as `build_seconds`. Everything it does at every point belongs in
`Prepared.derivative`. The worker decides how often to call them; a method never times itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy

from comparisons.problem import Case

__all__ = ["Method", "Prepared", "Unsupported"]


class Unsupported(Exception):
    """The method cannot do this case by its nature; the message is shown in the table."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A method bound to a case, ready to be timed.

    Attributes:
        primal: runs f once on `case.x` with the method's own machinery, until the result is there.
        derivative: runs the derivative once and returns it as a NumPy array.
        build_seconds: time spent tracing and compiling, reported apart from the running time.
        nodes: operations in the derivative's graph, where there is one.
        flops: scalar floating-point operations of one derivative, where they can be counted.
        primal_flops: the same of one primal.
        calls: evaluations of f (or sweeps through it) for one derivative.
        details: what a reader may want to see of this cell, as titled texts: the graph, the
            generated source, the estimates on the way. Called once, after everything is timed.
    """

    primal: Callable[[], object]
    derivative: Callable[[], numpy.ndarray]
    build_seconds: float = 0.0
    nodes: int | None = None
    flops: int | None = None
    primal_flops: int | None = None
    calls: int | None = None
    details: Callable[[], Mapping[str, str]] | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """A way to differentiate.

    Attributes:
        name: how the command line and the records call it.
        title: one line for a reader.
        family: "diffkit" or "peer".
        needs: packages that must be importable; without them only this method's cells are lost.
        prepare: binds the method to a case; raises `Unsupported` where it can't.
        by_name: whether it only takes part when it is named, as one that needs more time than
            a cell of a default run has.
    """

    name: str
    title: str
    family: str
    needs: tuple[str, ...]
    prepare: Callable[[Case], Prepared]
    by_name: bool = False
