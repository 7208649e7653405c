"""Ten functions on which numerical derivatives are known to fail, and what each method says.

Steps relative to |x| step over sin at 1000, absolute ones leave the domain of log at 1e-3, noise is
taken for digits, and where tanh has become 1 every difference is 0 and so is the bar. A method that
is right at one point may have been lucky, so each function is also taken at points within a percent
of it.
"""

from dataclasses import replace

import numpy

from comparisons.accuracy.calibration import CALLS, METHODS, SEED, Answer, ask, bound, score
from comparisons.accuracy.family import KNOWN, truth
from comparisons.demonstration import Demonstration, Shown, Table

__all__ = ["DEMONSTRATION"]

NEAR, QUICK_NEAR = 200, 20


def measure(quick: bool) -> Shown:
    """Every method at the points, and diffkit near them."""
    random = numpy.random.default_rng(SEED)
    truths = [truth(case) for case in KNOWN]
    answers = {name: [ask(method, case) for case in KNOWN] for name, method in METHODS.items()}
    rows = [
        (case.text, *(cell(found[i], truths[i]) for found in answers.values()))
        for i, case in enumerate(KNOWN)
    ]
    own = score(answers["diffkit"], truths)
    figures = [
        bound(
            "functions whose truth the bar of diffkit covers", own.coverage * len(KNOWN), 10, True
        ),
        bound("calls of diffkit, at most", own.most, CALLS),
    ]
    lines = []
    for case in KNOWN:
        shifts = random.uniform(-0.01, 0.01, size=QUICK_NEAR if quick else NEAR)
        cases = [replace(case, x=case.x * (1.0 + float(shift))) for shift in shifts]
        near = score([ask(METHODS["diffkit"], c) for c in cases], [truth(c) for c in cases])
        lines.append((case.text, near.coverage, near.median, near.ratio, near.calls))
        figures.append(bound(f"coverage near {case.text}", near.coverage, 0.95, True))
    head = ("function", "coverage", "median error", "bar/error", "calls")
    return Shown(
        figures=tuple(figures),
        tables=(
            Table("Relative error / bar over |truth| / calls", ("function", *METHODS), tuple(rows)),
            Table("diffkit at points within 1 % of them", head, tuple(lines)),
        ),
    )


def cell(answer: Answer, exact: float) -> str:
    """Error, bar and calls in one cell; a bar that does not cover is marked."""
    error = abs(answer.value - exact)
    covers = error <= answer.bar + numpy.spacing(abs(exact)) / 2
    mark = "" if covers else " !"
    return f"{error / abs(exact):.0e} / {answer.bar / abs(exact):.0e} / {answer.calls}{mark}"


DEMONSTRATION = Demonstration(
    name="known-failures",
    title="Functions on which numerical derivatives fail",
    text=(
        "Ten functions, most of them the downfall of some method's default settings. Each cell is "
        "the relative error, the error bar over |truth|, and the number of points at which the "
        "function was called; ! marks a bar that does not cover the truth."
    ),
    source="the failures were found by running the methods themselves",
    measure=measure,
    needs=("mpmath", "numdifftools", "jacobi"),
)
