"""A family of functions of one variable, each with random parameters and a random point.

A numerical derivative is not judged by one function, since any step can be lucky once. Each member
here is a kind of difficulty: functions with a scale of their own, poles and branch points near by,
oscillation much finer than the point is large, cancellation, saturation, noise. A formula is
written once, for a namespace `m` that is NumPy for the function and mpmath for the truth, so the
truth is the derivative of the very same formula, at the very same floats, to 50 digits.

The functions work on floats and elementwise on arrays, as some methods ask for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy

__all__ = ["FAMILY", "KNOWN", "Case", "Member", "draw", "truth"]

DIGITS = 50


@dataclass(frozen=True, slots=True)
class Case:
    """One function at one point.

    Attributes:
        text: the formula with its parameters.
        formula: `formula(m, x)`, for the functions of a namespace m.
        x: the point.
        noise: amplitude of the noise that is added to the function; its derivative is that of the
            formula alone.
    """

    text: str
    formula: Callable[[Any, Any], Any]
    x: float
    noise: float = 0.0

    def f(self, x):
        """The function, for a float or an array."""
        x = numpy.float64(x)  # a Python float to a real power would turn complex
        value = self.formula(numpy, x)
        return value + self.noise * hashed(x) if self.noise else value


@dataclass(frozen=True, slots=True)
class Member:
    """A kind of function: its name, what it is hard for, and how one is drawn."""

    name: str
    text: str
    draw: Callable[[numpy.random.Generator], Case]


def truth(case: Case, order: int = 1) -> float:
    """The derivative of the formula at the point, correct to the last place."""
    import mpmath

    with mpmath.workdps(DIGITS):
        return float(mpmath.diff(lambda x: case.formula(mpmath, x), mpmath.mpf(case.x), order))


def draw(count: int, seed: int) -> list[tuple[Member, Case]]:
    """`count` functions, the members in turn, from a seed."""
    random = numpy.random.default_rng(seed)
    chosen = [FAMILY[i % len(FAMILY)] for i in range(count)]
    return [(member, member.draw(random)) for member in chosen]


def hashed(x):
    """A number in [-1, 1) from the bits of x: noise without any smoothness, the same each time.

    The mixing is the finaliser of splitmix64 (Steele, Lea & Flood, OOPSLA 2014).
    """
    z = numpy.atleast_1d(numpy.asarray(x, dtype=numpy.float64)).view(numpy.uint64)
    z = (z ^ (z >> 30)) * numpy.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> 27)) * numpy.uint64(0x94D049BB133111EB)
    z = z ^ (z >> 31)
    return (z.astype(numpy.float64) * 2.0**-63 - 1.0).reshape(numpy.shape(x))


def between(random, low: float, high: float) -> float:
    """Uniform in the logarithm."""
    return float(numpy.exp(random.uniform(numpy.log(low), numpy.log(high))))


def sign(random) -> float:
    return float(random.choice([-1.0, 1.0]))


def exponential(random) -> Case:
    a, x = between(random, 0.3, 3.0), random.uniform(-3.0, 3.0)
    return Case(f"exp({a:.3g} x)", lambda m, x: m.exp(a * x), x)


def squire_trapp_formula(m, x):
    return m.exp(x) / m.sqrt(m.sin(x) ** 3 + m.cos(x) ** 3)


def squire_trapp(random) -> Case:
    text = "exp(x) / sqrt(sin(x)^3 + cos(x)^3)"
    return Case(text, squire_trapp_formula, random.uniform(-0.5, 2.0))


def logistic_formula(count: int):
    """The iterate of this number of x -> 4 x (1 - x), counted from 1 for x itself."""

    def formula(_m, x):
        for _ in range(count - 1):
            x = 4 * x * (1 - x)
        return x

    return formula


def logistic(random) -> Case:
    n = int(random.integers(2, 6))
    return Case(f"logistic iterate {n}", logistic_formula(n), random.uniform(0.05, 0.95))


def far_sine(random) -> Case:
    return Case("sin(x)", lambda m, x: m.sin(x), sign(random) * between(random, 0.1, 1000.0))


def oscillator(random) -> Case:
    w = between(random, 1.0, 200.0)
    return Case(f"sin({w:.4g} x)", lambda m, x: m.sin(w * x), random.uniform(0.1, 1.0))


def polynomial(random) -> Case:
    coefficients = [float(c) for c in random.normal(size=int(random.integers(2, 10)))]

    def formula(_m, x):
        total = 0 * x
        for c in coefficients:
            total = total * x + c
        return total

    return Case(f"polynomial of degree {len(coefficients) - 1}", formula, random.normal())


def reciprocal(random) -> Case:
    return Case("1/x", lambda _m, x: 1 / x, sign(random) * between(random, 1e-3, 100.0))


def runge(random) -> Case:
    return Case("1/(1 + 25 x^2)", lambda _m, x: 1 / (1 + 25 * x**2), random.uniform(-1.0, 1.0))


def logarithm(random) -> Case:
    return Case("log(x)", lambda m, x: m.log(x), between(random, 1e-3, 10.0))


def root(random) -> Case:
    return Case("sqrt(x)", lambda m, x: m.sqrt(x), between(random, 1e-8, 100.0))


def power(random) -> Case:
    p = random.uniform(-3.0, 3.0)
    return Case(f"x^{p:.3g}", lambda _m, x: x**p, between(random, 1e-2, 100.0))


def saturated(random) -> Case:
    return Case("tanh(x)", lambda m, x: m.tanh(x), random.uniform(-20.0, 20.0))


def gaussian(random) -> Case:
    c, s = random.normal(), between(random, 0.03, 3.0)
    x = c + s * random.uniform(-3.0, 3.0)
    return Case(f"gaussian of width {s:.2g}", lambda m, x: m.exp(-(((x - c) / s) ** 2) / 2), x)


def cancelling(random) -> Case:
    return Case("(1 - cos(x))/x^2", lambda m, x: (1 - m.cos(x)) / x**2, between(random, 1e-3, 3.0))


SUMMANDS = (
    lambda m, x: m.exp(x),
    lambda m, x: m.sin(3 * x),
    lambda m, x: m.log(x),
    lambda m, x: 1 / (1 + x * x),
    lambda m, x: m.sqrt(x),
)


def scaled_sum(random) -> Case:
    i = int(random.integers(len(SUMMANDS) - 1))
    first, second = SUMMANDS[i], SUMMANDS[i + 1]
    a, b = (float(10.0 ** random.uniform(-6.0, 6.0)) for _ in range(2))
    text = f"a sum of two, scaled by {a:.1e} and {b:.1e}"
    return Case(text, lambda m, x: a * first(m, x) + b * second(m, x), between(random, 0.1, 5.0))


def noisy(random) -> Case:
    noise = float(10.0 ** random.uniform(-12.0, -4.0))
    x = random.uniform(-2.0, 2.0)
    return Case(f"exp(x), noise {noise:.1e}", lambda m, x: m.exp(x), x, noise)


def flat(random) -> Case:
    return Case("exp(-1/x^2)", lambda m, x: m.exp(-1 / x**2), between(random, 0.1, 2.0))


def near_singular(random) -> Case:
    c = random.normal()
    x = c + sign(random) * between(random, 1e-4, 1.0)
    return Case(f"|x - {c:.3g}|^(3/2)", lambda m, x: m.sqrt(abs(x - c)) ** 3, x)


def steep(random) -> Case:
    k = between(random, 1.0, 300.0)
    return Case(f"tanh({k:.3g} x)", lambda m, x: m.tanh(k * x), random.normal() / k)


FAMILY = (
    Member("exp", "entire, of a scale near 1", exponential),
    Member("squire-trapp", "branch points at some distance", squire_trapp),
    Member("logistic", "polynomial of degree 2 to 16 with a scale far below x", logistic),
    Member("far sine", "a scale up to 1000 times smaller than x", far_sine),
    Member("oscillator", "up to 200 radians over x", oscillator),
    Member("polynomial", "random coefficients, degree 1 to 8", polynomial),
    Member("reciprocal", "a pole at distance |x|", reciprocal),
    Member("runge", "poles off the real axis", runge),
    Member("log", "undefined for x <= 0", logarithm),
    Member("sqrt", "undefined for x < 0, down to x = 1e-8", root),
    Member("power", "a real exponent, undefined for x < 0", power),
    Member("tanh", "saturates: the derivative is below the rounding", saturated),
    Member("gaussian", "a narrow bump anywhere", gaussian),
    Member("cancelling", "rounding errors of eps/x^2", cancelling),
    Member("scaled sum", "two terms scaled by 1e-6 to 1e6", scaled_sum),
    Member("noisy", "noise of 1e-12 to 1e-4 in every value", noisy),
    Member("flat", "an essential singularity at 0", flat),
    Member("near singular", "a branch point as near as 1e-4", near_singular),
    Member("steep", "a step of width 1/k", steep),
)


# Single functions on which tools for numerical derivatives are known to fail, or to shine.
KNOWN = (
    Case("exp at 1", lambda m, x: m.exp(x), 1.0),
    Case("Squire & Trapp at 1.5", squire_trapp_formula, 1.5),
    Case("logistic iterate 4 at 0.2", logistic_formula(4), 0.2),
    Case("sin at 1000", lambda m, x: m.sin(x), 1000.0),
    Case("sin(100 x) at 0.3", lambda m, x: m.sin(100 * x), 0.3),
    Case("log at 1e-3", lambda m, x: m.log(x), 1e-3),
    Case("sqrt at 1e-8", lambda m, x: m.sqrt(x), 1e-8),
    Case("1/x at 1e-2", lambda _m, x: 1 / x, 1e-2),
    Case("exp with noise 1e-8 at 1", lambda m, x: m.exp(x), 1.0, 1e-8),
    Case("tanh at 20", lambda m, x: m.tanh(x), 20.0),
)
