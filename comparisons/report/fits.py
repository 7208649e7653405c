"""How time grows with size: the exponent p of a power law t = c n^p, and how well it is known.

Taking logarithms makes it a straight line, log t = log c + p log n, fitted by least squares. The
standard error of the slope is sqrt(RSS / (k - 2) / Sxx) over k sizes: two sizes always fit, and say
nothing on the error. Small sizes see the cost of calling, so an exponent below the true one is to
be expected until the sizes are large.

Source: N. R. Draper, H. Smith, Applied Regression Analysis, 3rd ed., Wiley 1998, section 1.4.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from comparisons.report.results import Results

__all__ = ["Fit", "exponents", "fit"]


@dataclass(frozen=True, slots=True)
class Fit:
    """An exponent, its standard error (None from two sizes), and the number of sizes."""

    exponent: float
    error: float | None
    sizes: int

    def __str__(self) -> str:
        if self.error is None:
            return f"{self.exponent:z.2f} (2 sizes)"
        return f"{self.exponent:z.2f} ± {self.error:.2f}"


def fit(points: Iterable[tuple[float, float]]) -> Fit | None:
    """The power law through (size, seconds); None unless two sizes have a positive time.

    >>> print(fit([(1, 2.0), (10, 200.0), (100, 20000.0)]))
    2.00 ± 0.00
    """
    logs = [
        (math.log(n), math.log(t)) for n, t in points if n > 0 and 0.0 < t < math.inf
    ]  # nan fails the comparison
    k = len(logs)
    if len({x for x, _ in logs}) < 2:
        return None
    mean_x, mean_y = (math.fsum(values) / k for values in zip(*logs, strict=True))
    sxx = math.fsum((x - mean_x) ** 2 for x, _ in logs)
    slope = math.fsum((x - mean_x) * (y - mean_y) for x, y in logs) / sxx
    if k == 2:
        return Fit(slope, None, k)
    residual = math.fsum((y - mean_y - slope * (x - mean_x)) ** 2 for x, y in logs)
    return Fit(slope, math.sqrt(residual / (k - 2) / sxx), k)


def exponents(results: Results) -> dict[tuple[str, str], Fit]:
    """The fit of each (problem, method) whose derivative was timed at two sizes or more."""
    points: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for record in results.records:
        if record.measurement is not None:
            point = (record.size, record.measured.derivative.median)
            points.setdefault((record.problem, record.method), []).append(point)
    fitted = {key: fit(found) for key, found in points.items()}
    return {key: found for key, found in fitted.items() if found is not None}
