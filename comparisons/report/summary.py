"""Who wins where, in words, from the records alone.

A derivative counts as correct if its relative error is at most 1e-10 or, where the problem itself
loses digits, at most 100 times the least error that any method has on that case. Errors within four
units of round-off of each other are a tie: which of several exact methods is closer by a bit is
chance.
"""

import math
from collections import Counter
from dataclasses import dataclass

from comparisons import text
from comparisons.records import Record
from comparisons.report.results import Results

__all__ = ["Verdict", "correct", "level", "overall", "sentences", "verdicts"]

TOLERANCE, SLACK, TIE = 1e-10, 100.0, 4 * 2.0**-52


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a problem at its largest size with a correct method.

    Attributes:
        fastest: the correct record with the least derivative time.
        second: the next one, or None.
        accurate: the methods that tie for the least error.
        error: that error.
    """

    problem: str
    size: int
    fastest: Record
    second: Record | None
    accurate: tuple[str, ...]
    error: float

    @property
    def lead(self) -> str:
        """How far the fastest is ahead of the next, in words; "" if there is no next."""
        if self.second is None:
            return ""
        if level(self.fastest, self.second):
            return f"level with {self.second.method}"
        ahead = self.second.measured.derivative.median / self.fastest.measured.derivative.median
        return f"{text.ratio(ahead)} ahead of {self.second.method}"


def correct(records: list[Record]) -> list[Record]:
    """Of the records of one case, those whose derivative is correct, fastest first."""
    judged = [record for record in records if math.isfinite(_error(record))]
    if not judged:
        return []
    bound = max(TOLERANCE, SLACK * min(map(_error, judged)))
    # Where even the best result has no digit right, nobody is correct.
    right = [record for record in judged if _error(record) <= min(bound, 1e-2)]
    return sorted(right, key=lambda record: record.measured.derivative.median)


def verdicts(results: Results) -> list[Verdict]:
    """One verdict for each problem that has any correct record, at its largest such size."""
    found: dict[str, Verdict] = {}
    for (problem, size), records in results.cases().items():  # sizes ascend: the last one stays
        right = correct(records)
        if right:
            least = min(map(_error, right))
            tied = [r.method for r in right if _error(r) <= max(2 * least, TIE)]
            second = right[1] if len(right) > 1 else None
            found[problem] = Verdict(problem, size, right[0], second, tuple(tied), least)
    return list(found.values())


def level(one: Record, other: Record) -> bool:
    """Whether the times of two derivatives can not be told apart: one is the other times no more
    than both spreads allow, half the distance of the quartiles each."""
    a, b = one.measured.derivative, other.measured.derivative
    slow, fast = max(a.median, b.median), min(a.median, b.median)
    return slow <= fast * (1 + a.spread / 2) * (1 + b.spread / 2)


def sentences(results: Results) -> list[str]:
    """The summary, a sentence or two for each problem and some on the whole."""
    return [*map(_sentence, verdicts(results)), *overall(results)]


def overall(results: Results) -> list[str]:
    """The summary of the whole."""
    decided = verdicts(results)
    lines: list[str] = []
    undecided = [
        problem for problem in results.problems if problem not in {v.problem for v in decided}
    ]
    if undecided:
        lines.append(f"No method has a correct result yet for {', '.join(undecided)}.")
    if decided:
        wins = Counter(verdict.fastest.method for verdict in decided)
        tally = ", ".join(f"{method} {number}" for method, number in wins.most_common())
        lines.append(f"Fastest correct method over {len(decided)} problems: {tally}.")
    failures = Counter(record.status for record in results.records if record.status != "ok")
    if failures:
        tally = ", ".join(f"{number} {status}" for status, number in failures.most_common())
        lines.append(f"Cells without a result: {tally}.")
    return lines


def _sentence(verdict: Verdict) -> str:
    fastest = verdict.fastest
    line = (
        f"{verdict.problem} at size {verdict.size:,}: {fastest.method} is fastest, "
        f"{text.timing(fastest.measured.derivative)} for the derivative, "
        f"{text.ratio(fastest.measured.ratio_numpy)} the function in NumPy"
    )
    if verdict.lead:
        line += f", {verdict.lead}"
    names = ", ".join(sorted(verdict.accurate))
    verb = "are" if len(verdict.accurate) > 1 else "is"
    return f"{line}. Most accurate {verb} {names}, relative error {text.error(verdict.error)}."


def _error(record: Record) -> float:
    """The relative error, or infinity where there is none."""
    measured = record.measurement
    if measured is None or measured.relative_error is None or math.isnan(measured.relative_error):
        return math.inf
    return measured.relative_error
