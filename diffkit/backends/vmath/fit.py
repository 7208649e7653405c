"""Where the coefficients come from: the Remez exchange, in 60 digits.

`python -m diffkit.backends.vmath.fit` prints every table in this package. A row of `FITS` is a
function g, an interval, a degree and a weight; the fit is the polynomial p that minimises the
largest |p − g|·w there. By Chebyshev's theorem the error of the best p takes its largest size at
degree + 2 points with alternating signs (Trefethen, Approximation Theory and Approximation
Practice, ch. 10); Remez' algorithm solves for p and that size on a guess of the points, and moves
each
point to the nearby extremum, until the guess stands still.

The functions are chosen so that the kernels' leading terms are exact, e.g. (eʳ − 1 − r)/r² for exp.
"""

# pyright: basic

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Function = Callable[[Any], Any]


def remez(g: Function, low: Any, high: Any, degree: int, weight: Function, rounds: int = 12):
    """The coefficients, lowest first, of the minimax polynomial, and its weighted error."""
    import mpmath as mp

    mp.mp.dps = 60
    low, high = mp.mpf(low), mp.mpf(high)
    count = degree + 2
    middle, half = (low + high) / 2, (high - low) / 2
    points = [middle - half * mp.cos(mp.pi * (2 * i + 1) / (2 * count)) for i in range(count)]
    fine = 24 * count
    grid = [middle - half * mp.cos(mp.pi * (i + mp.mpf(1) / 2) / fine) for i in range(fine)]
    values, weights = [g(x) for x in grid], [weight(x) for x in grid]
    for _ in range(rounds):
        matrix, right = mp.matrix(count, count), mp.matrix(count, 1)
        for i, x in enumerate(points):
            for j in range(degree + 1):
                matrix[i, j] = ((x - middle) / half) ** j
            matrix[i, degree + 1] = (-1) ** i / weight(x)
            right[i] = g(x)
        solution = mp.lu_solve(matrix, right)
        scaled = [solution[j] for j in range(degree + 1)]
        errors = [
            (mp.polyval(scaled[::-1], (x - middle) / half) - v) * w
            for x, v, w in zip(grid, values, weights, strict=True)
        ]
        best: list[int] = []
        for i, e in enumerate(errors):  # the largest error of each stretch of one sign
            if best and (errors[best[-1]] > 0) == (e > 0):
                if abs(e) > abs(errors[best[-1]]):
                    best[-1] = i
            else:
                best.append(i)
        while len(best) > count:
            best.pop(0 if abs(errors[best[0]]) < abs(errors[best[-1]]) else -1)
        if len(best) < count:
            break
        moved = [grid[i] for i in best]
        if moved == points:
            break
        points = moved
    # Back from the variable (x − middle)/half to x.
    plain = [mp.mpf(0)] * (degree + 1)
    for j, c in enumerate(scaled):
        for k in range(j + 1):
            plain[k] += c / half**j * mp.binomial(j, k) * (-middle) ** (j - k)
    return plain, max(abs(e) for e in errors)


def fits() -> list[tuple[str, Function, Any, Any, int, int, Function]]:
    """Name, g, interval, degrees for float64 and float32, weight. Where t is named, t = r²."""
    import mpmath as mp

    mp.mp.dps = 60
    root, half_log2, eighth = mp.sqrt(2), mp.log(2) / 2, mp.tan(mp.pi / 8)

    def odd(f: Function, leading: int = 1) -> Function:
        """(f(r) − leading·r)/r³ as a function of t."""
        return lambda t: (f(mp.sqrt(t)) - leading * mp.sqrt(t)) / mp.sqrt(t) ** 3

    def erf_tail(x: Any) -> Any:
        return mp.log(mp.erfc(x))

    edge = half_log2 * mp.mpf("1.0001")
    return [
        ("EXP", lambda r: (mp.exp(r) - 1 - r) / r**2, -edge, edge, 9, 4, lambda r: r**2),
        ("EXP2", lambda r: (2**r - 1) / r, -0.5, 0.5, 10, 5, lambda r: abs(r)),
        ("SINH", odd(mp.sinh), 0, edge**2, 4, 2, lambda t: t),
        ("COSH", lambda t: (mp.cosh(mp.sqrt(t)) - 1) / t, 0, edge**2, 4, 2, lambda t: t),
        ("LOG", lambda t: (2 * mp.atanh(mp.sqrt(t)) / mp.sqrt(t) - 2) / t, 0,
         (3 - 2 * root) ** 2, 6, 2, lambda t: t),
        ("SIN", odd(mp.sin), 0, (mp.pi / 4) ** 2, 5, 2, lambda t: t),
        ("SIN_PI", lambda t: odd(mp.sin)(t) + 0.125, 0, (mp.pi / 2 * mp.mpf("1.002")) ** 2, 7, 3,
         lambda t: t),
        ("TAN", odd(mp.tan), 0, (mp.pi / 4 * mp.mpf("1.002")) ** 2, 14, 6, lambda t: t),
        ("COS", lambda t: (mp.cos(mp.sqrt(t)) - 1 + t / 2) / t**2, 0, (mp.pi / 4) ** 2, 5, 2,
         lambda t: t**2),
        ("ATAN", odd(mp.atan), 0, eighth**2, 10, 4, lambda t: t),
        ("ASIN", odd(mp.asin), 0, mp.mpf("0.25"), 11, 4, lambda t: t),
        ("LOG2", lambda t: 2 / mp.log(2) * (mp.atanh(mp.sqrt(t)) / mp.sqrt(t) - 1) / t, 0,
         (mp.tanh(mp.log(2) / 16) * mp.mpf("1.001")) ** 2, 4, 2, lambda t: t),
        ("ERF", lambda t: mp.erf(mp.sqrt(t)) / mp.sqrt(t) - 1, 0, 1, 11, 5, lambda t: 1),
        ("ERFC", erf_tail, 1, mp.mpf("5.95"), 23, 0, mp.erfc),
        ("ERFC_NARROW", erf_tail, 1, mp.mpf("4"), 0, 8, mp.erfc),
        ("CBRT", lambda a: 1 / mp.cbrt(a), 0.5, 4, 7, 5, mp.cbrt),
    ]  # fmt: skip


def main() -> None:
    """Print the coefficient file."""
    import mpmath as mp
    import numpy as np

    print(
        '"""Coefficients of the kernels, lowest first; printed by fit.py, not edited by hand."""\n'
    )
    for name, g, low, high, degree, narrow, weight in fits():
        for suffix, size, digits in (("", degree, float), ("_32", narrow, np.float32)):
            if not size:
                continue

            def safe(x: Any, g: Function = g) -> Any:  # g is 0/0 at 0, smooth around it
                return g(mp.mpf("1e-16") if abs(x) < mp.mpf("1e-16") else x)

            top = max(weight(mp.mpf(low)), weight(mp.mpf(high)))

            def above_zero(x: Any, weight: Function = weight, top: Any = top) -> Any:
                return max(weight(x), top / 1000)

            coefficients, error = remez(safe, low, high, size, above_zero)
            print(
                f"# {name}{suffix}: degree {size}, weighted error 2^{float(mp.log(error, 2)):.1f}"
            )
            print(f"{name}{suffix} = (")
            for c in coefficients:
                print(f"    {float(digits(float(c)))!r},")
            print(")")


if __name__ == "__main__":
    main()
