"""The plots, as SVG text to be put into a page of either brightness.

Lines and text that should follow the page's colour are drawn in a marker colour, which is then
replaced by `currentColor`, so the same plot is readable on light and on dark. matplotlib is
imported here and only when a plot is asked for.
"""

import io
import math
import re
from collections.abc import Callable
from typing import Any

from comparisons.accuracy.ucurve import curves
from comparisons.records import Record
from comparisons.report.results import Results

__all__ = ["available", "cost_of_helmholtz", "error_against_cost", "u_curve"]

_INK = "#010203"  # stands for the page's text colour until the SVG is finished
_COLOURS = (
    "#1f8fd6",
    "#e8743b",
    "#2aa876",
    "#c44e9b",
    "#8a6fd1",
    "#b08d1e",
    "#d64550",
    "#5f8a8b",
    "#7f7f7f",
)
_MARKERS = "osD^vPX*<>"
_STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "legend.frameon": False,
    "grid.color": "#888888",
    "grid.alpha": 0.25,
    "axes.grid": True,
}


def available() -> bool:
    """Whether matplotlib can be imported."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        return False
    return True


def cost_of_helmholtz(results: Results) -> str:
    """Derivative time over NumPy function time against the species; "" if there are no records."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for record in _measured(results, "helmholtz"):
        lines.setdefault(record.method, []).append((record.size, record.measured.ratio_numpy))
    if not lines:
        return ""

    def draw(axes: Any) -> None:
        for method, points in lines.items():
            x, y = zip(*sorted(points), strict=True)
            axes.plot(x, y, lw=1.6, ms=5, label=method, **_look(results, method))
        axes.set(yscale="log", xlabel="species n", ylabel="derivative / function in NumPy")

    return _svg(draw, "helmholtz")


def error_against_cost(results: Results) -> str:
    """Relative error against cost, a point a cell, zeros at the bottom; "" without records."""
    points: dict[str, list[tuple[float, float]]] = {}
    for record in _measured(results):
        error = record.measured.relative_error
        if error is not None and math.isfinite(error):
            shown = (record.measured.ratio_numpy, max(error, 1e-18))
            points.setdefault(record.method, []).append(shown)
    if not points:
        return ""

    def draw(axes: Any) -> None:
        for method in results.methods:
            if method in points:
                x, y = zip(*points[method], strict=True)
                axes.plot(x, y, ls="", ms=5, alpha=0.8, label=method, **_look(results, method))
        axes.axhline(2.0**-52, color=_INK, lw=0.8, ls=":")
        axes.set(xscale="log", yscale="log", xlabel="derivative / function in NumPy")
        axes.set_ylabel("relative error (dotted: 2.2e-16)")

    return _svg(draw, "error-cost")


def u_curve() -> str:
    """Error of difference quotients and of the complex step against the step."""

    def draw(axes: Any) -> None:
        for curve, colour in zip(curves(), _COLOURS, strict=False):
            step, least = curve.best
            label = f"{curve.name}, least {least:.1e}"
            axes.plot(curve.steps, curve.errors, lw=1.3, color=colour, label=label)
            axes.plot([step], [least], "o", ms=6, color=colour)
        axes.set(
            xscale="log", yscale="log", xlabel="step h", ylabel="absolute error of the derivative"
        )

    return _svg(draw, "u-curve")


def _measured(results: Results, problem: str | None = None) -> list[Record]:
    return [
        record
        for record in results.records
        if record.measurement is not None and problem in (None, record.problem)
    ]


def _look(results: Results, method: str) -> dict[str, str]:
    """The same colour and marker for a method in every plot."""
    place = results.methods.index(method)
    return {"color": _COLOURS[place % len(_COLOURS)], "marker": _MARKERS[place % len(_MARKERS)]}


def _svg(draw: Callable[[Any], None], name: str) -> str:
    """Draw on fresh axes; the SVG element alone. `name` keeps the ids of plots apart."""
    import matplotlib
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {**_STYLE, "svg.hashsalt": name}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=(8.0, 4.4), layout="constrained")
        axes = figure.subplots()
        draw(axes)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        file = io.StringIO()
        no_metadata = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=no_metadata)
    text = file.getvalue()
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text)  # an SVG inside HTML needs no namespaces
    return text[text.index("<svg") :].replace(_INK, "currentColor")
