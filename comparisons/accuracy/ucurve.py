"""The U-curve: truncation against round-off in a difference quotient.

For a step h, the forward difference errs by h |f''| / 2 from truncation and by about 2 eps |f| / h
from round-off; the sum is least near h = 2 sqrt(eps |f / f''|), where half of the digits are left.
The central difference trades h for h^2 and reaches eps^(2/3). Im f(x + ih) / h subtracts nothing,
so only its truncation is seen, and any small h is good.

The function is the fourth logistic iterate in factored form, f = 64 x (1-x) (1-2x)^2 (1-8x+8x^2)^2
at x0 = 0.2.

Source: Baydin et al., JMLR 18(153) 2018, Figure 3.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy

from comparisons import demonstration
from comparisons.demonstration import Demonstration, Figure, Plot, Shown

__all__ = ["DEMONSTRATION", "Curve", "curves", "exact_derivative", "f"]

POINT = 0.2
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


def measure(_quick: bool) -> Shown:
    """The curves, and the least error of each."""
    figures = []
    lines = []
    for found in curves():
        step, least = found.best
        error, at = PUBLISHED[found.name]
        expected = f"{error:.1e} at h = {at:.1e}"
        ours = f"{least:.1e} at h = {step:.1e}"
        figures.append(Figure(f"least error, {found.name}", ours, expected, "beside", "Baydin"))
        lines.append(demonstration.Curve(found.name, tuple(found.steps), tuple(found.errors)))
    plot = Plot("Truncation and round-off", "step h", "absolute error", tuple(lines))
    return Shown(figures=tuple(figures), plots=(plot,))


DEMONSTRATION = Demonstration(
    name="u-curve",
    title="Truncation against round-off of difference quotients",
    text=(
        "The error of a forward and of a central difference, and of the complex step, at each "
        "step h. Too large a step truncates, too small a one loses digits; the complex step "
        "subtracts nothing and has no such bargain to strike."
    ),
    source="Baydin et al., JMLR 18(153) 2018, Figure 3",
    measure=measure,
)
