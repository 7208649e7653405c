"""lgamma, digamma and polygamma: plain compiled functions with loops and branches, not vectorised.

log |Γ| comes from the C library. For large x, ψ(x) = log x − 1/2x − Σ B₂ⱼ/(2j·x²ʲ) (Abramowitz and
Stegun, 6.3.18). Smaller x climb there by ψ(x) = ψ(x + 1) − 1/x, negative ones are reflected,
ψ(x) = ψ(1 − x) − π/tan πx; around the positive zero of ψ its Taylor series keeps the relative
error small.
ψ⁽ⁿ⁾(x) = (−1)ⁿ⁺¹·n!·ζ(n + 1, x), and Hurwitz' ζ(s, x) = Σ (x + k)⁻ˢ is summed term by term up to
where the Euler–Maclaurin formula takes over the rest (A&S 23.1.30). Signs at the poles, and values
left of zero, are those of SciPy's gammaln, psi and polygamma.
"""

# pyright: basic

import math

import numpy as np
from numba import njit

__all__ = ["digamma", "lgamma", "polygamma"]

# B₂ⱼ/2j and B₂ⱼ/(2j)!, j = 1, 2, …
PSI = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)
ZETA = (
    1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 2.087675698786809898e-08, -5.284190138687493185e-10,
    1.338253653068467883e-11, -3.389680296322582867e-13, 8.586062056277844564e-15,
    -2.174868698558061873e-16, 5.509002828360229515e-18, -1.395446468581252334e-19,
)  # fmt: skip
# The positive zero of ψ as a pair, and the Taylor coefficients of ψ there.
ROOT = (1.4616321449683622, 9.549995429965697e-17)
SERIES = (
    0.9676722454476212, -0.4427631689835921, 0.258499760955651, -0.16394270544240652,
    0.10782405069126237, -0.07219956125645471, 0.04880428816414311, -0.03316112647484736,
    0.022597648232218104, -0.01542476590494896, 0.010538791616612175, -0.007204534386356869,
    0.004926781395729853, -0.003369801655439328, 0.002305126326734928, -0.0015769367714301972,
    0.0010788252019162967, -0.0007380709389960052, 0.000504953265834602,
)  # fmt: skip
REACH = 0.2  # where the series has converged, around the root
LARGE = 10.0


@njit(error_model="numpy", nogil=True)
def lgamma(x: float) -> float:
    """log |Γ(x)|."""
    return x if x == -math.inf else math.lgamma(x)


@njit(error_model="numpy", nogil=True)
def digamma(x: float) -> float:
    """ψ(x), the derivative of log Γ(x)."""
    x = float(x)
    if x == 0.0:
        return math.copysign(math.inf, -x)
    value = 0.0
    if x < 0.0:
        fraction = x - np.rint(x)  # exact; nan for -∞
        if fraction == 0.0 or x == -math.inf:
            return math.nan
        value = -math.pi / math.tan(math.pi * fraction)
        x = 1.0 - x
    if abs(x - ROOT[0]) < REACH:
        d, total = (x - ROOT[0]) - ROOT[1], 0.0
        for j in range(len(SERIES) - 1, -1, -1):
            total = total * d + SERIES[j]
        return value + total * d
    while x < LARGE:
        value -= 1.0 / x
        x += 1.0
    if x == math.inf:
        return x
    square, total = 1.0 / (x * x), 0.0
    for j in range(len(PSI) - 1, -1, -1):
        total = (total + PSI[j]) * square
    return value + (math.log(x) - 0.5 / x - total)


@njit(error_model="numpy", nogil=True)
def hurwitz(s: float, x: float) -> float:
    """Σ (x + k)⁻ˢ over k ≥ 0, for an integer s ≥ 2."""
    if x <= 0.0 and x == np.floor(x):  # not math.floor, which Numba makes an int64
        return math.inf
    if x == math.inf:
        return 0.0
    total, first = 0.0, max(LARGE, 1.0 * s)
    while x < first:
        term = x**-s
        total += term
        x += 1.0
        if x > 1.0 and term < 1e-18 * abs(total):
            return total
    above = x ** (1.0 - s)  # x⁻ˢ itself may underflow
    last = above / x
    total += above / (s - 1.0) + 0.5 * last
    factor = s * last / x
    for j in range(len(ZETA)):
        term = ZETA[j] * factor
        total += term
        if abs(term) < 1e-18 * abs(total):
            break
        factor *= (s + 2.0 * j + 1.0) * (s + 2.0 * j + 2.0) / (x * x)
    return total


@njit(error_model="numpy", nogil=True)
def polygamma(n: int, x: float) -> float:
    """The n-th derivative of ψ(x), for an integer n ≥ 0."""
    if n == 0:
        return digamma(x)
    sign = 1.0 if int(n) % 2 == 1 else -1.0
    return sign * math.gamma(n + 1.0) * hurwitz(float(n) + 1.0, float(x))
