"""Numbers as people read them. None, for "not measured", becomes a dash."""

import math

from comparisons.records import Timing

__all__ = [
    "DASH", "count", "error", "percent", "ratio", "seconds", "shorten", "size", "timing", "ulps",
]  # fmt: skip

DASH = "–"
_TIMES = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (0.0, "ns"))
_BYTES = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"), (0, "B"))


def seconds(value: float | None) -> str:
    """Three digits and a unit: 1.23 ms."""
    if value is None or not math.isfinite(value):
        return _odd(value)
    # What would be rounded to 1,000 µs is 1.00 ms.
    unit, name = next(pair for pair in _TIMES if value >= 0.9995 * pair[0])
    return f"{_three(value / (unit or 1e-9))} {name}"


def timing(taken: Timing | None) -> str:
    """A median with half the distance of the quartiles: 1.23 ms ± 4 %."""
    if taken is None:
        return DASH
    if taken.runs == 1:
        return f"{seconds(taken.median)} (one run)"
    return f"{seconds(taken.median)} ± {percent(taken.spread / 2)}"


def percent(value: float) -> str:
    """A share in whole percent, with a digit more where it is small."""
    if not math.isfinite(value):
        return "?"
    return (
        f"{value:.0%}".replace("%", " %") if value >= 0.095 else f"{value:.1%}".replace("%", " %")
    )


def ulps(value: float | None) -> str:
    """An error in units in the last place."""
    if value is None or not math.isfinite(value):
        return error(value)
    return f"{value:.1f}" if value < 1e4 else f"{value:.0e}"


def size(value: int | None) -> str:
    """Bytes in binary units."""
    if value is None:
        return DASH
    unit, name = next(pair for pair in _BYTES if value >= pair[0])
    return f"{_three(value / (unit or 1))} {name}"


def error(value: float | None) -> str:
    """An error, two digits; 0 where it is exactly that."""
    if value is None or not math.isfinite(value):
        return _odd(value)
    return "0" if value == 0.0 else f"{value:.1e}"


def ratio(value: float | None) -> str:
    """How many times, three digits; two where it is small."""
    if value is None or not math.isfinite(value):
        return _odd(value)
    return f"{_three(value)}×" if value >= 0.095 else f"{value:.2g}×"


def count(value: int | None) -> str:
    """A whole number with separators."""
    return DASH if value is None else f"{value:,}"


def shorten(content: str, lines: int) -> str:
    """The first lines of a text, and how many were left out."""
    every = content.splitlines()
    if len(every) <= lines:
        return content
    return "\n".join([*every[:lines], f"… and {len(every) - lines:,} more lines"])


def _three(value: float) -> str:
    """Three significant digits without an exponent."""
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f}"


def _odd(value: float | None) -> str:
    return DASH if value is None else str(value)
