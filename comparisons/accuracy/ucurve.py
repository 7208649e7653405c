"""The U-curve: truncation against round-off in a difference quotient.

For a step h, the forward difference errs by h |f''| / 2 from truncation and by about 2 eps |f| / h
from round-off; the sum is least near h = 2 sqrt(eps |f / f''|), where half of the digits are left.
The central difference trades h for h^2 and reaches eps^(2/3). Im f(x + ih) / h subtracts nothing,
so only its truncation is seen, and any small h is good.

The function is the fourth logistic iterate in factored form, f = 64 x (1-x) (1-2x)^2 (1-8x+8x^2)^2
at x0 = 0.2.

Source: Baydin et al., JMLR 18(153) 2018, Figure 3.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy
from numpy import exp

from comparisons import demonstration
from comparisons.demonstration import (
    Demonstration,
    Plot,
    Shown,
    Table,
    at_most,
    beside,
    within,
)

__all__ = ["DEMONSTRATION", "Curve", "curves", "exact_derivative", "f"]

POINT = 0.2
EPS = 2.0**-53  # of one rounding
STEPS = numpy.logspace(-17, -1, 65)  # four a decade: more would only find lucky round-off
# f' = 64 (1 - 42 x + 504 x^2 - ...): integers, so that the truth is exact rational arithmetic.
_SLOPE = (1, -42, 504, -2640, 7040, -9984, 7168, -2048)


@dataclass(frozen=True, slots=True)
class Curve:
    """The error of one formula at each step."""

    name: str
    steps: numpy.ndarray
    errors: numpy.ndarray

    @property
    def best(self) -> tuple[float, float]:
        """`(step, error)` where the error is least."""
        i = int(numpy.argmin(self.errors))
        return float(self.steps[i]), float(self.errors[i])


def f(x):
    """The fourth logistic iterate, for a real or complex array."""
    return 64.0 * x * (1.0 - x) * (1.0 - 2.0 * x) ** 2 * (1.0 - 8.0 * x + 8.0 * x * x) ** 2


def exact_derivative(x: float) -> float:
    """f'(x), exact in rational numbers and rounded once."""
    point = Fraction(x)
    return float(64 * sum(coefficient * point**i for i, coefficient in enumerate(_SLOPE)))


def curves() -> tuple[Curve, ...]:
    """Absolute errors of forward difference, central difference and complex step over `STEPS`.

    An error below the last place of the truth counts as one unit of it: less cannot be known.
    """
    truth, h = exact_derivative(POINT), STEPS
    formulas = {
        "forward difference": (f(POINT + h) - f(POINT)) / h,
        "central difference": (f(POINT + h) - f(POINT - h)) / (2.0 * h),
        "complex step": f(POINT + 1j * h).imag / h,
    }
    floor = numpy.spacing(truth)
    return tuple(
        Curve(name, h, numpy.maximum(numpy.abs(d - truth), floor)) for name, d in formulas.items()
    )


# Least error and its step in Baydin et al., Figure 3.
PUBLISHED = {
    "forward difference": (2.4e-8, 1.8e-9),
    "central difference": (5.5e-11, 1e-7),
    "complex step": (3.6e-15, 1e-16),
}


def derivative(order: int) -> float:
    """A derivative of f at the point, exact in rational numbers and rounded once."""
    coefficients = [64 * Fraction(c) for c in _SLOPE]
    for _ in range(order - 1):
        coefficients = [k * c for k, c in enumerate(coefficients)][1:]
    return float(sum(c * Fraction(POINT) ** k for k, c in enumerate(coefficients)))


def theory(h: numpy.ndarray) -> dict[str, numpy.ndarray]:
    """Truncation and round-off of each formula. An argument x + h is rounded, too, by about
    eps |x|, and f' times that counts like an error of f."""
    noise = EPS * (abs(f(POINT)) + abs(derivative(1) * POINT))
    return {
        "forward difference": h * abs(derivative(2)) / 2 + 2 * noise / h,
        "central difference": h**2 * abs(derivative(3)) / 6 + noise / h,
    }


# The least errors for exp at 1, and the steps where they were found by an earlier run of the same
# formulas, not published: what a user may expect of each formula.
FORMULAS = {
    "forward": (lambda h: (exp(1 + h) - exp(1)) / h, (2e-9, 1e-8), 1 / 2),
    "central": (lambda h: (exp(1 + h) - exp(1 - h)) / (2 * h), (1.2e-11, 3e-6), 2 / 3),
    "central of order 4": (
        lambda h: (8 * (exp(1 + h) - exp(1 - h)) - (exp(1 + 2 * h) - exp(1 - 2 * h))) / (12 * h),
        (2e-14, 6e-4),
        4 / 5,
    ),
    "second derivative": (
        lambda h: (exp(1 + h) - 2 * exp(1) + exp(1 - h)) / h**2,
        (5e-9, 2e-4),
        1 / 2,
    ),
}


def best_of_exp(name: str) -> tuple[float, float]:
    """`(error, step)` of a formula where it errs least. The median of nine neighbouring steps, a
    fifth of a decade, stands for each: a single one may be right by luck."""
    steps = numpy.logspace(-10, -1, 361)
    errors = numpy.abs(FORMULAS[name][0](steps) - math.e)
    middle = numpy.median(numpy.lib.stride_tricks.sliding_window_view(errors, 9), axis=1)
    k = int(numpy.argmin(middle))
    return float(middle[k]), float(steps[k + 4])


def measure(_quick: bool) -> Shown:
    """The curves beside their theory, and the least error of each formula."""
    figures, lines, rows = [], [], []
    expected = theory(STEPS)
    for found in curves():
        step, least = found.best
        error, at = PUBLISHED[found.name]
        published = f"{error:.1e} at h = {at:.1e}"
        ours = f"{least:.1e} at h = {step:.1e}"
        figures.append(beside(f"least error, {found.name}", ours, published, "Baydin, Figure 3"))
        steps = tuple(found.steps.tolist())
        lines.append(demonstration.Curve(found.name, steps, tuple(found.errors.tolist())))
        if found.name in expected:
            bound = expected[found.name]
            name = f"{found.name}, theory"
            lines.append(demonstration.Curve(name, steps, tuple(bound.tolist()), theory=True))
            worst = float(numpy.max(found.errors / bound))
            figures.append(at_most(f"error over theory, the most, {found.name}", worst, 4.0))
    flat = curves()[-1]
    small = float(numpy.max(flat.errors[flat.steps <= 1e-9]))
    figures.append(at_most("complex step, error at any h up to 1e-9", small, 1e-13))
    for name, (_, (error, at), power) in FORMULAS.items():
        least, step = best_of_exp(name)
        rows.append((name, f"{least:.1e}", f"{step:.1e}", f"{EPS**power:.1e}", f"{error:.0e}", at))
        figures.append(within(f"exp at 1, {name}: least error over eps^{power:.2g}",
                              least / EPS**power, 0.1, 10.0, "Theory of step sizes"))  # fmt: skip
    head = ("formula", "least error", "at h", "eps^p", "earlier run", "at")
    plot = Plot("Truncation and round-off", "step h", "absolute error", tuple(lines))
    table = Table("The derivatives of exp at 1", head, tuple(rows))
    return Shown(tuple(figures), (table,), (plot,))


DEMONSTRATION = Demonstration(
    name="u-curve",
    title="Truncation against round-off of difference quotients",
    text=(
        "The error of a forward and of a central difference, and of the complex step, at each "
        "step h, beside what theory says. Too large a step truncates, too small a one loses "
        "digits; the complex step subtracts nothing and has no such bargain to strike. Then the "
        "least errors of more formulas."
    ),
    source="Baydin et al., JMLR 18(153) 2018, Figure 3",
    measure=measure,
)
