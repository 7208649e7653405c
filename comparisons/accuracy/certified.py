"""Errors in units in the last place, against a truth that is certain.

Usually a derivative is compared with another one computed in floating point, and both are off by
something. Ball arithmetic encloses the true derivative of the program instead: the real-number
meaning of its operations at exactly these arguments. Each method is then off by a number of units
in the last place (ulps) of the truth that is bounded for certain, rounding of f included.

An answer in exact arithmetic, rounded once, is off by half an ulp. What is more than a few is the
condition of the sum or difference that the method computed in that order, not its truncation; what
differences lose is truncation and cancellation.

Source: Johansson, Arb: efficient arbitrary-precision midpoint-radius interval arithmetic, IEEE
Transactions on Computers 66(8), 2017; Griewank & Walther, Evaluating Derivatives, SIAM 2008,
section 3.4, for the backward stability of both modes.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy

from comparisons.demonstration import Demonstration, Figure, Shown, Table
from comparisons.method import Unsupported
from comparisons.methods import METHODS
from comparisons.problem import Case
from comparisons.problems import PROBLEMS

__all__ = ["DEMONSTRATION", "answers", "certificate"]

OURS = (
    "reverse",
    "forward",
    "taylor",
    "symbolic",
    "complex-step",
    "adaptive",
    "richardson",
    "finite",
)
PEERS = ("autograd", "torch-reverse", "torch-forward")
EVERYWHERE = ("reverse", "autograd", "torch-reverse")  # what can do every problem
FEW = 40  # inputs up to which methods that go column by column are asked
FEWER = 4  # the same in a quick run
TABLE = "Worst error of an entry, in units in the last place of the truth"
SYMBOLIC = 1  # inputs up to which a formula is written out, as it may take minutes for more
BLACK = ("adaptive", "richardson", "finite")
ENDLESS = ("kepler",)  # its loop need not end where differences may look


def certificate(case: Case) -> Any:
    """The true derivative of a case, enclosed, and diffkit's reverse mode held against it."""
    import diffkit as dk

    return dk.certify(lambda x: case.f(x), case.x)


def answers(name: str, case: Case, few: int) -> Iterator[tuple[str, Any]]:
    """The derivative by each method that can, or None where it can't."""
    import diffkit as dk

    operator: Any = dk.grad if case.operator == "gradient" else dk.jacobian
    size = case.x.size
    for method in OURS:
        most = math.inf if method == "reverse" else SYMBOLIC if method == "symbolic" else few
        if size > most or (method in BLACK and name in ENDLESS):
            yield method, None
            continue
        try:
            yield method, operator(lambda x: case.f(x), method=method)(case.x)
        except dk.DiffkitError:
            yield method, None
    for other in METHODS:
        if other.name in PEERS:
            yield other.name, peer(other, case, few)


def peer(method: Any, case: Case, few: int) -> Any:
    """A peer's derivative, or None."""
    if method.name.endswith("forward") and case.x.size > few:
        return None
    try:
        return method.prepare(case).derivative()
    except (Unsupported, ImportError):
        return None


def measure(quick: bool) -> Shown:
    """The worst error of an entry of each derivative, in ulps."""
    rows: list[tuple[float | str | None, ...]] = []
    worst: dict[str, float] = {}
    certain = 0
    names = (*OURS, *(m.name for m in METHODS if m.name in PEERS))
    for problem in PROBLEMS:
        case = problem.make(problem.quick[0])
        if quick and case.x.size > 10 * FEW:
            continue
        truth = certificate(case)
        certain += bool(numpy.all(truth.unique))
        found: dict[str, float | None] = {}
        for name, derivative in answers(problem.name, case, FEWER if quick else FEW):
            error = None if derivative is None else truth.judge(derivative).worst
            found[name] = error
            if error is not None:
                worst[name] = max(worst.get(name, 0.0), error)
        cells = (found[name] for name in names)
        shown = ("" if error is None else float(f"{error:.3g}") for error in cells)
        rows.append((problem.name, case.x.size, truth.bits, *shown))
    enclosed = Figure(
        name="problems whose derivative is enclosed, of all",
        ours=certain,
        expected=len(rows),
        verdict="holds" if certain == len(rows) else "fails",
    )
    errors = [
        Figure(f"worst error of {name}, in ulps", float(f"{worst[name]:.3g}"), None, "beside")
        for name in EVERYWHERE
        if name in worst
    ]
    table = Table(TABLE, ("problem", "inputs", "bits", *names), tuple(rows))
    return Shown((enclosed, *errors), (table,))


DEMONSTRATION = Demonstration(
    name="certified",
    title="Errors of each method against a certain truth",
    text=(
        "The derivative of each problem, at its smallest size, is enclosed in ball arithmetic, and "
        "every method's answer held against it: the worst error of an entry, in units in the last "
        "place. The exact modes are off by what the order of their sums loses, a digit or two. "
        "Differences are off by truncation and cancellation, and how much of each shows only here. "
        "PyTorch runs a twin written by hand, whose constants may be rounded in other places."
    ),
    source="Johansson, IEEE Transactions on Computers 66(8) 2017; Griewank & Walther 2008, 3.4",
    measure=measure,
    needs=("flint",),
)
