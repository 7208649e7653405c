"""Do the error bars of numerical derivatives cover the truth? Drawn from a published family.

A numerical derivative that says 3.1 ± 0.1 is right if the truth is within; one that says 3.1 ± 1e-9
and is as far off has misled its user, however close 3.1 is by chance. So 10,000 functions are drawn
from the family (`family`), each method answers with its defaults, and three things are counted: how
often the bar covers the truth, the relative error, and how often the function was called, points of
an array counted one by one.

The truth is a float, so half a unit of its last place is granted to every bar. A method that raises
or answers nan has covered nothing and is infinitely wrong. Its warnings are silenced. The peers do
not all promise the same: jacobi's bar is meant as one standard deviation, which would cover two
thirds, those of numdifftools and of SciPy are estimates of the error.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy

import diffkit as dk
from comparisons.accuracy.family import FAMILY, Case, draw, truth
from comparisons.demonstration import Demonstration, Figure, Shown, Table

__all__ = ["DEMONSTRATION", "METHODS", "Answer", "Score", "ask", "score"]

SEED = 2026  # the safety factors of diffkit were set on seeds 1 and 2
DRAWS, QUICK = 10_000, 500
CALLS = 31  # that diffkit may spend

Derivative = Callable[[Callable, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A derivative as a method gave it, its error bar, and the points it took."""

    value: float
    bar: float
    calls: int


@dataclass(frozen=True, slots=True)
class Score:
    """How a method did on some functions.

    Attributes:
        coverage: the share of bars that cover the truth.
        median, tenth: relative errors that half and a tenth of the answers exceed.
        ratio: median of the bar in units of the error, or of the last place if that is larger.
        calls, most: of the function, on average and at most.
    """

    coverage: float
    median: float
    tenth: float
    ratio: float
    calls: float
    most: int


def ours(f, x):
    found = dk.numerical.derivative(f, x, method=dk.Adaptive(calls=CALLS))
    return found.value, found.error


def numdifftools(f, x):
    import numdifftools as nd

    found = nd.Derivative(f, full_output=True)(x)
    if isinstance(found, tuple) and len(found) == 2:  # before version 0.10
        return found[0], found[1].error_estimate
    return found.estimate, found.error_estimate


def jacobi(f, x):
    from jacobi import jacobi

    return jacobi(f, x)


def scipy(f, x):
    from scipy.differentiate import derivative

    found = derivative(f, x)
    return found.df, found.error


METHODS: dict[str, Derivative] = {
    "diffkit": ours,
    "numdifftools": numdifftools,
    "jacobi": jacobi,
    "scipy.differentiate": scipy,
}


def ask(derivative: Derivative, case: Case) -> Answer:
    """What a method says of a function; nan ± nan if it raises."""
    points = 0

    def counted(x):
        nonlocal points
        points += numpy.size(x)
        return case.f(x)

    with warnings.catch_warnings(), numpy.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            value, bar = map(float, derivative(counted, case.x))
        except Exception:
            value = bar = numpy.nan
    return Answer(value, bar, points)


def score(answers: Sequence[Answer], truths: Sequence[float]) -> Score:
    """How answers compare with the truth."""
    exact = numpy.array(truths)
    value, bar = (numpy.array([getattr(a, name) for a in answers]) for name in ("value", "bar"))
    place = numpy.spacing(numpy.abs(exact))
    error = numpy.abs(value - exact)
    relative = numpy.where(exact == 0, error, error / numpy.where(exact == 0, 1.0, abs(exact)))
    relative[numpy.isnan(relative)] = numpy.inf
    ratio = bar / numpy.maximum(error, place)
    ratio[numpy.isnan(ratio)] = 0.0
    calls = [a.calls for a in answers]
    return Score(
        coverage=float(numpy.mean(error <= bar + place / 2)),  # nan covers nothing
        median=quantile(relative, 0.5),
        tenth=quantile(relative, 0.9),
        ratio=quantile(ratio, 0.5),
        calls=float(numpy.mean(calls)),
        most=max(calls),
    )


def quantile(values: numpy.ndarray, share: float) -> float:
    """The value that this share does not exceed; inf is a value."""
    return float(numpy.quantile(values, share, method="inverted_cdf"))


def measure(quick: bool) -> Shown:
    """All methods on the same draws."""
    drawn = draw(QUICK if quick else DRAWS, SEED)
    truths = [truth(case) for _, case in drawn]
    answers = {name: [ask(method, case) for _, case in drawn] for name, method in METHODS.items()}

    def scores(at: Sequence[int]) -> dict[str, Score]:
        """Of every method, on some of the draws."""
        exact = [truths[i] for i in at]
        return {name: score([found[i] for i in at], exact) for name, found in answers.items()}

    overall = scores(range(len(drawn)))
    members = {
        member.name: scores([i for i, (kind, _) in enumerate(drawn) if kind is member])
        for member in FAMILY
    }
    return Shown(figures=figures(overall, members), tables=tables(len(drawn), overall, members))


def figures(overall: dict[str, Score], members: dict[str, dict[str, Score]]) -> tuple[Figure, ...]:
    """What diffkit has to keep to, and where it is least sure."""
    own, *peers = overall
    result = overall[own]
    worst = min(members, key=lambda member: members[member][own].coverage)
    least = members[worst][own].coverage
    return (
        bound(f"bars of {own} that cover the truth", result.coverage, 0.95, at_least=True),
        bound(f"calls of {own}, at most", result.most, CALLS),
        bound(f"bar of {own} over its error, median", result.ratio, 30.0),
        *(
            bound(f"median error of {own}, against {peer}", result.median, overall[peer].median)
            for peer in peers
        ),
        Figure(f"least coverage of a member of the family: {worst}", least, None, "beside"),
    )


def tables(
    count: int, overall: dict[str, Score], members: dict[str, dict[str, Score]]
) -> tuple[Table, ...]:
    """All scores, and those by member."""
    head = ("", "coverage", "median error", "90 % of errors", "bar/error", "calls", "at most")
    rows = (
        (name, s.coverage, s.median, s.tenth, s.ratio, s.calls, s.most)
        for name, s in overall.items()
    )
    found = [Table(f"{count:,} functions of the family, seed {SEED}", head, tuple(rows))]
    for title, field in (("coverage", "coverage"), ("median relative error", "median")):
        lines = (
            (member, *(getattr(s, field) for s in scores.values()))
            for member, scores in members.items()
        )
        found.append(Table(f"By member: {title}", ("member", *overall), tuple(lines)))
    why = tuple((member.name, member.text) for member in FAMILY)
    return (*found, Table("The family", ("member", "what is hard"), why))


def bound(name: str, value: float, limit: float, at_least: bool = False) -> Figure:
    """A figure that has to keep to a limit."""
    holds = value >= limit if at_least else value <= limit
    return Figure(name, value, limit, "holds" if holds else "fails", "this run")


DEMONSTRATION = Demonstration(
    name="calibration",
    title="Do the error bars of numerical derivatives cover the truth?",
    text=(
        "Functions drawn at random from nineteen kinds, each hard in its own way, at random "
        "points. Every method answers with its defaults, and its error bar either covers the "
        "truth or not. A bar that is too short is worse than none; one that is far too long says "
        "nothing."
    ),
    source="the family is comparisons/accuracy/family.py",
    measure=measure,
    needs=("mpmath", "numdifftools", "jacobi"),
)
