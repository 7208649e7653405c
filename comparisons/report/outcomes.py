"""What became of each place in the table: six outcomes that must not be taken for each other.

A derivative is right or wrong by the rule of `summary.correct`; without a truth nobody can say. A
method may refuse a case by its nature, or fail: crash, run out of time or memory, raise. And a
place may be empty: nobody has tried, or the method's package is not installed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from comparisons import text
from comparisons.records import Record
from comparisons.report.results import Results
from comparisons.report.summary import correct, level

__all__ = ["MEANINGS", "Cell", "Cells", "Outcome", "judge"]

Outcome = Literal["right", "wrong", "unjudged", "unsupported", "failed", "not measured"]
Key = tuple[str, int, str]

MEANINGS: Mapping[Outcome, str] = {
    "right": "measured, and the relative error is at most 1e-10 or, where the problem itself loses "
    "digits, at most 100 times the least error of any method",
    "wrong": "measured, and the error is larger than that, or not a number",
    "unjudged": "measured, but there is no truth to compare with",
    "unsupported": "the method can not do this case by its nature, and says so",
    "failed": "tried without a result: out of time or memory, crashed, or an error",
    "not measured": "not tried, or the method's package is not installed",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in the table.

    Attributes:
        record: what was recorded there, or None.
        ratio: its derivative's median time over that of the fastest right one; None without both.
        fastest: it is right, and the fastest or level with it.
    """

    problem: str
    size: int
    method: str
    record: Record | None
    outcome: Outcome
    ratio: float | None = None
    fastest: bool = False

    @property
    def key(self) -> Key:
        """Where it stands."""
        return self.problem, self.size, self.method

    @property
    def reason(self) -> str:
        """Why there is no result, or no verdict on it; "" if there is."""
        if self.record is None:
            return "no record"
        if self.record.measurement is None:
            return f"{self.record.status}: {self.record.reason}"
        return self.record.measured.truth if self.outcome == "unjudged" else ""

    def short(self) -> str:
        """One or two words for a small box; how many times the fastest, where that is right."""
        if self.record is None:
            return text.DASH
        if self.record.measurement is None:
            return {"missing": "not installed", "unsupported": "n/a"}.get(
                self.record.status, self.record.status
            )
        if self.outcome == "right":
            return text.ratio(self.ratio)
        if self.outcome == "wrong":
            return f"wrong, {text.error(self.record.measured.relative_error)}"
        return "no truth"


Cells = dict[Key, Cell]


def judge(results: Results) -> Cells:
    """Every place of the table: each case that has records, times each method that has any."""
    cells: dict[Key, Cell] = {}
    for (problem, size), records in results.cases().items():
        right = correct(records)
        best = right[0].measured.derivative.median if right else 0.0
        correct_methods = {record.method for record in right}
        by_method = {record.method: record for record in records}
        for method in results.methods:
            record = by_method.get(method)
            outcome = _outcome(record, method in correct_methods)
            ratio, fastest = None, False
            if best > 0.0 and record is not None and record.measurement is not None:
                ratio = record.measured.derivative.median / best
                fastest = outcome == "right" and (record is right[0] or level(record, right[0]))
            cells[problem, size, method] = Cell(
                problem, size, method, record, outcome, ratio, fastest
            )
    return cells


def _outcome(record: Record | None, right: bool) -> Outcome:
    if record is None or record.status == "missing":
        return "not measured"
    if record.measurement is None:
        return "unsupported" if record.status == "unsupported" else "failed"
    if record.measured.relative_error is None:
        return "unjudged"
    return "right" if right else "wrong"
