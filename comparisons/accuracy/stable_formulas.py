"""Formulas that keep their digits, and whether their derivatives do.

log(1 + x) loses the digits of a small x in the sum; log1p(x) does not. What becomes of that when it
is differentiated is another question, with three answers.

* The derivative 1 / (1 + x) does not subtract: the naive formula's derivative is right though its
  value is not.
* The naive formula overflows or cancels in the derivative, too: log(1 + exp x) at 800 is inf, and
  its derivative inf / inf. The stable function has its own rule, and is right.
* The stable formula of the value has an unstable derivative: expm1(x) / x is right to the last
  digit, and by the rule of quotients (x e^x - expm1 x) / x^2, a difference of nearly equal numbers.
  Only a rule for the whole function helps, as sinc has one.

The truth is a central difference in 120 digits.

Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., SIAM 2002, chapter 1;
Mächler, Accurately computing log(1 - exp(-|a|)), 2012.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import diffkit as dk
from comparisons.demonstration import Curve, Demonstration, Plot, Shown, Table, at_most, within
from comparisons.truth import DIGITS, central_difference

__all__ = ["DEMONSTRATION", "FORMULAS", "Formula", "errors"]

SMALL = (1e-1, 1e-3, 1e-5, 1e-7, 1e-9, 1e-12, 1e-15)
LARGE = (-800.0, -40.0, -1.0, 1.0, 40.0, 800.0)


@dataclass(frozen=True)
class Formula:
    """A function written in two ways, the truth of it for `mpmath` numbers, and points.

    `naive` and `stable` are the bounds, in relative error, that the derivatives by them are
    expected to keep at all points; None for one that is expected to lose half of the digits.
    """

    name: str
    naive_code: Callable[[Any], Any]
    stable_code: Callable[[Any], Any]
    exact: Callable[[Any, Any], Any]
    points: tuple[float, ...]
    naive: float | None
    stable: float | None = 1e-15


FORMULAS = (
    Formula("log1p", lambda x: np.log(1 + x), np.log1p, lambda x, mp: mp.log1p(x), SMALL, 1e-15),
    Formula("expm1", lambda x: np.exp(x) - 1, np.expm1, lambda x, mp: mp.expm1(x), SMALL, 1e-15),
    Formula(
        "softplus",
        lambda x: np.log(1 + np.exp(x)),
        lambda x: np.logaddexp(x, 0.0),
        lambda x, mp: mp.log1p(mp.exp(x)),
        LARGE,
        None,
    ),
    Formula(
        "log-sum-exp of (x, 2x)",
        lambda x: np.log(np.exp(x) + np.exp(2 * x)),
        lambda x: np.logaddexp(x, 2 * x),
        lambda x, mp: mp.log(mp.exp(x) + mp.exp(2 * x)),
        LARGE,
        None,
    ),
    Formula(
        "log(1 - exp(-x))",
        lambda x: np.log(1 - np.exp(-x)),
        lambda x: np.log(-np.expm1(-x)),
        lambda x, mp: mp.log(-mp.expm1(-x)),
        SMALL,
        None,
    ),
    Formula(
        "sinc",
        lambda x: np.sin(np.pi * x) / (np.pi * x),
        np.sinc,
        lambda x, mp: mp.sincpi(x),
        SMALL,
        None,
    ),
    Formula(
        "(exp(x) - 1) / x",
        lambda x: (np.exp(x) - 1) / x,
        lambda x: np.expm1(x) / x,
        lambda x, mp: mp.expm1(x) / x,
        SMALL,
        None,
        None,
    ),
)


def relative(found: float, true: float) -> float:
    """The relative error, 1 for all digits lost: a nan, an infinity, or worse than a zero."""
    error = abs(found - true) / abs(true) if true else abs(found)
    return min(error, 1.0) if math.isfinite(error) else 1.0


def errors(formula: Formula, x: float) -> tuple[float, float, float, float]:
    """Relative errors at x: value and derivative by the naive code, then by the stable."""
    import mpmath

    slope = float(central_difference(lambda v: formula.exact(v[0], mpmath), np.array([x]))[0])
    with mpmath.workdps(DIGITS):
        value = float(formula.exact(mpmath.mpf(x), mpmath))
    found = []
    with np.errstate(all="ignore"):  # overflow is what is to be shown
        for code in (formula.naive_code, formula.stable_code):
            y, dy = dk.value_and_grad(code)(x)
            found += [relative(float(y), value), relative(float(dy), slope)]
    return found[0], found[1], found[2], found[3]


def measure(_quick: bool) -> Shown:
    """Every formula at its points."""
    figures, rows, plots = [], [], []
    for formula in FORMULAS:
        found = [errors(formula, x) for x in formula.points]
        rows += [(formula.name, x, *e) for x, e in zip(formula.points, found, strict=True)]
        naive, stable = (max(e[k] for e in found) for k in (1, 3))
        for how, worst, bound in (
            ("naively", naive, formula.naive),
            ("in the stable way", stable, formula.stable),
        ):
            name = f"{formula.name} written {how}: derivative's relative error, the most"
            figures.append(
                within(name, worst, 1e-8, 1.0, "loses half of its digits or more")
                if bound is None
                else at_most(name, worst, bound)
            )
        if formula.points is SMALL:
            columns = {"naive value": 0, "naive derivative": 1, "stable value": 2,
                       "stable derivative": 3}  # fmt: skip
            curves = tuple(
                Curve(name, SMALL, tuple(max(e[k], 2.0**-54) for e in found))
                for name, k in columns.items()
            )
            plots.append(Plot(formula.name, "x", "relative error", curves))
    head = ("function", "x", "naive value", "naive derivative", "stable value", "stable derivative")
    table = Table("Relative errors; 1 is every digit lost", head, tuple(rows))
    return Shown(tuple(figures), (table,), tuple(plots))


DEMONSTRATION = Demonstration(
    name="stable-formulas",
    title="Stable formulas: whether the derivative keeps the digits that the value keeps",
    text=(
        "Functions written naively and with NumPy's stable ones, at points where digits are lost: "
        "the relative errors of values and of derivatives against 120 digits. A naive formula may "
        "have a right derivative, and a stable one, expm1(x) / x, a wrong one, where a quotient "
        "is differentiated that only a rule of its own, as sinc has, would save."
    ),
    source="Higham 2002, chapter 1; Mächler 2012",
    measure=measure,
    needs=("mpmath",),
)
