"""Eigenvectors close to a crossing: the derivative grows like one over the gap.

For a symmetric A(t) with eigenvalues w_i and eigenvectors v_i,

    w_i' = v_i' A' v_i,        v_i' = sum_j v_j (v_j' A' v_i) / (w_i - w_j),

so that an eigenvector's derivative has no bound as a gap closes: that is the mathematics, not a
defect of a method, and where eigenvalues are equal the eigenvectors are not even defined. Rounding
in A moves an eigenvector by eps / gap, and its derivative by as much again, so the relative error
is near eps / gap, too. A difference quotient fails sooner: as soon as its step is larger than the
gap. What does not depend on the single eigenvector has no difficulty: the sum of all eigenvalues is
the trace.

The matrix is 2 x 2, [[1, 0], [0, 1 + gap]] + t [[0, 1], [1, 0]] in a rotated basis, so that the
derivative of the first eigenvector at t = 0 has length 1 / gap exactly.

Source: Magnus, On differentiating eigenvalues and eigenvectors, Econometric Theory 1 (1985); Giles,
Collected matrix derivative results for forward and reverse mode, 2008.
"""

import numpy as np

import diffkit as dk
from comparisons.cost.counting import exponent
from comparisons.demonstration import (
    Curve,
    Demonstration,
    Plot,
    Shown,
    Table,
    at_most,
    equal,
    within,
)

__all__ = ["DEMONSTRATION", "by_difference", "eigenvector_slope", "trace_slope"]

ANGLE = 0.3
BASIS = np.array([[np.cos(ANGLE), -np.sin(ANGLE)], [np.sin(ANGLE), np.cos(ANGLE)]])
MOVE = BASIS @ np.array([[0.25, 1.0], [1.0, 0.5]]) @ BASIS.T
STEP = 1e-5
GAPS = tuple(10.0**-k for k in range(0, 13))


def matrix(t, gap: float):
    """A(t); MOVE also shifts the eigenvalues, by a quarter and a half."""
    return BASIS @ np.diag([1.0, 1.0 + gap]) @ BASIS.T + t * MOVE


def first(t, gap: float):
    """The eigenvector of the lesser eigenvalue."""
    return np.linalg.eigh(matrix(t, gap))[1][:, 0]


def eigenvector_slope(gap: float) -> float:
    """The length of the first eigenvector's derivative."""
    return float(np.linalg.norm(dk.jvp(lambda t: first(t, gap), (0.0,), (1.0,))[1]))


def by_difference(gap: float) -> float:
    """The same by a central difference, the sign of the vectors made equal."""
    below, above = first(-STEP, gap), first(STEP, gap)
    return float(np.linalg.norm(above * np.sign(above @ below) - below) / (2 * STEP))


def trace_slope(gap: float) -> float:
    """The derivative of the sum of the eigenvalues."""
    return float(dk.grad(lambda t: np.sum(np.linalg.eigvalsh(matrix(t, gap))))(0.0))


def measure(_quick: bool) -> Shown:
    """The length of the derivative at every gap."""
    slopes = [eigenvector_slope(gap) for gap in GAPS]
    differences = [by_difference(gap) for gap in GAPS]
    traces = [abs(trace_slope(gap) - np.trace(MOVE)) for gap in GAPS]
    errors = [abs(slope * gap - 1) for slope, gap in zip(slopes, GAPS, strict=True)]
    amplified = max(error * gap / 2.0**-52 for error, gap in zip(errors, GAPS, strict=True))
    missed = [abs(d * gap - 1) for d, gap in zip(differences, GAPS, strict=True)]
    narrow = [miss for miss, gap in zip(missed, GAPS, strict=True) if gap < STEP / 10]
    figures = (
        within("exponent of the derivative's length over the gap", exponent(GAPS, slopes),
               -1.001, -0.999, "-1"),
        at_most("its relative error times the gap, the most, in eps", amplified, 8.0),
        within("a difference's relative error where its step is above ten gaps, the least",
               min(narrow), 0.5, 1.0, "fails, too"),
        at_most("error of the sum of the eigenvalues, the most", max(traces), 1e-14),
        equal("gaps at which the derivative is not finite", int(np.sum(~np.isfinite(slopes))), 0),
    )  # fmt: skip
    rows = tuple(zip(GAPS, slopes, errors, missed, traces, strict=True))
    head = ("gap", "derivative", "its relative error", "of a difference", "of the eigenvalues' sum")
    curves = (
        Curve("forward mode", GAPS, tuple(slopes)),
        Curve(f"central difference, h = {STEP:g}", GAPS, tuple(differences)),
        Curve("1 / gap", GAPS, tuple(1 / gap for gap in GAPS), theory=True),
    )
    plot = Plot("The derivative of an eigenvector", "gap", "length", curves)
    return Shown(figures, (Table("Over the gap of the eigenvalues", head, rows),), (plot,))


DEMONSTRATION = Demonstration(
    name="eigenvalue-gap",
    title="Eigenvectors: a derivative that grows like one over the gap",
    text=(
        "The derivative of an eigenvector of a symmetric matrix whose two eigenvalues approach "
        "each other, by forward mode and by a difference, beside 1 / gap; and that of the sum of "
        "the eigenvalues, which does not mind."
    ),
    source="Magnus 1985; Giles 2008",
    measure=measure,
)
