"""What diffkit does of each function of NumPy and SciPy: the table docs/coverage.md.

The names come from the tables that record them. What each can do is found by doing it, with the
scenarios that call it. `python -m tests.ops.coverage` writes the table.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

import diffkit as dk
from diffkit.graph import Atom, Graph, evaluate
from diffkit.modes.activity import reached
from diffkit.modes.forward import jvp
from diffkit.modes.reverse import vjp
from diffkit.numpy.handlers import HANDLERS
from diffkit.numpy.scipy.lookup import NAMESPACES
from diffkit.tracing import Tracer, record
from diffkit.transforms.vmap import batch
from diffkit.types import type_of

from .scenario import Scenario
from .scenarios import SCENARIOS, active, arguments, graph_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "coverage.md"
COLUMNS = ("value", "forward", "reverse", "order 2", "vmap", "complex", "interpreter", "compiled")
YES, ZERO, NUMPY, NO, NONE = "yes", "0", "NumPy", "no", "–"


# --- names ---------------------------------------------------------------------------------------


def numpy_name(function: Any) -> str:
    """The public name of a function of NumPy's, without `np.`"""
    home = (getattr(function, "__module__", None) or "numpy").removeprefix("numpy").strip(".")
    public = home if home in ("linalg", "fft") else ""
    return f"{public}.{function.__name__}".strip(".")


def numpy_names() -> set[str]:
    """Every function of NumPy's that is recorded."""
    return {numpy_name(key) for key in (*HANDLERS.ufuncs, *HANDLERS.functions)}


def scipy_names() -> set[str]:
    """Every function of SciPy's that is recorded, distributions method by method."""
    found = {f"scipy.special.{name}" for name in HANDLERS.scipy_ufuncs}
    for home, space in NAMESPACES.items():
        for name, value in vars(space).items():
            if isinstance(value, FunctionType) and hasattr(value, "__wrapped__"):
                found.add(f"{home}.{name}")
    return found


# --- which scenario calls what -------------------------------------------------------------------


class Noticing(Mapping[Any, Any]):
    """A table of handlers that notes what the user's code calls, not what handlers call."""

    def __init__(self, table: Mapping[Any, Any], notes: Notes) -> None:
        self.table, self.notes = table, notes

    def __getitem__(self, key: Any) -> Any:
        return self.notes.noting(key, self.table[key])

    def __iter__(self) -> Iterator[Any]:
        return iter(self.table)

    def __len__(self) -> int:
        return len(self.table)


class Notes:
    """The results of what is called from outside of any handler, by name."""

    def __init__(self) -> None:
        self.results: dict[str, list[Atom]] = defaultdict(list)
        self.writers: set[str] = set()
        self.depth = 0

    def noting(self, key: Any, handler: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self.depth += 1
            try:
                result = handler(*args, **kwargs)
            finally:
                self.depth -= 1
            if self.depth == 0:
                name = f"scipy.special.{key}" if isinstance(key, str) else numpy_name(key)
                parts = result if isinstance(result, list | tuple) else [result]
                self.results[name] += [x.atom for x in parts if isinstance(x, Tracer)]
                if result is None:
                    self.writers.add(name)
            return result

        return wrapped


def called(scenario: Scenario) -> dict[str, bool]:
    """The names that a scenario calls, and whether a derivative goes through them. SciPy's
    functions that are no ufuncs are known by the scenario's own name."""
    notes = Notes()
    handlers = replace(
        HANDLERS,
        ufuncs=Noticing(HANDLERS.ufuncs, notes),
        scipy_ufuncs=Noticing(HANDLERS.scipy_ufuncs, notes),
        functions=Noticing(HANDLERS.functions, notes),
    )
    types = [type_of(x) for x in arguments(scenario)]
    names = [f"x{k}" for k in range(len(types))]
    program = record(HANDLERS.rebind(scenario.f), types, names, handlers, eager=False)
    moving = reached(program.graph, active(scenario))
    found = {name: not moving.isdisjoint(atoms) for name, atoms in notes.results.items()}
    own = scenario.name.partition("-")[0]
    for name in notes.writers | ({own} - set(found) if own.startswith("scipy.") else set()):
        found[name] = not moving.isdisjoint(program.graph.outputs)
    return found


# --- what a scenario shows -----------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """What one scenario shows, column by column."""

    cells: tuple[str, ...]

    def through(self, moves: bool) -> tuple[str, ...]:
        """The cells of a function through which the derivative goes, or does not."""
        if moves:
            return self.cells
        derivatives = [ZERO if cell == YES else cell for cell in self.cells[1:4]]
        return (self.cells[0], *derivatives, *self.cells[4:])

    @staticmethod
    def of(scenario: Scenario) -> Shown:
        graph, on = graph_of(scenario), active(scenario)
        reverse = cache(lambda: vjp(graph, on))
        plan = dk.jit(scenario.f).plan(*[type_of(x) for x in arguments(scenario)])
        return Shown(
            (
                answers(lambda: evaluate(graph, arguments(scenario)), YES),
                answers(lambda: jvp(graph, on), YES),
                answers(reverse, YES),
                answers(lambda: second(reverse(), on), YES),
                answers(lambda: lanes(graph, scenario), YES),
                in_complex(scenario),
                YES,
                NUMPY if plan.in_numpy else YES,
            )
        )


def answers(run: Callable[[], Any], yes: str) -> str:
    """`yes` if it runs."""
    try:
        with np.errstate(all="ignore"):
            run()
    except dk.DiffkitError:
        return NO
    return yes


def second(joint: Graph, on: tuple[bool, ...]) -> None:
    jvp(joint, [*on, *(False for _ in joint.params[len(on) :])])


def lanes(graph: Graph, scenario: Scenario) -> None:
    whole, _ = batch(graph, [True] * len(graph.params), 2, [True] * len(graph.outputs))
    evaluate(whole, [np.stack([x, x]) for x in arguments(scenario)])


def in_complex(scenario: Scenario) -> str:
    """Whether complex arguments have NumPy's values and a derivative; – where NumPy has none."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        args = [
            x + 0.25j * x if np.asarray(x).dtype.kind == "f" else x for x in arguments(scenario)
        ]
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        try:
            want = scenario.f(*args)
        except Exception:
            return NONE
        if not any(np.iscomplexobj(x) for x in args):
            return NONE
        try:
            graph = dk.trace(scenario.f)(*[type_of(x) for x in args])
            found = evaluate(graph, args)
            vjp(graph, active(scenario))
        except dk.DiffkitError:
            return NO
    wanted = list(want) if isinstance(want, list | tuple) else [want]
    for got, y in zip(found, wanted, strict=True):
        np.testing.assert_allclose(got, y, rtol=1e-12, atol=1e-12)
    return YES


# --- the table -----------------------------------------------------------------------------------

BEST = {YES: 4, NUMPY: 3, ZERO: 2, NO: 1, NONE: 0}


def rows() -> dict[str, tuple[str, ...]]:
    """The best that the scenarios of each name show."""
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for scenario in SCENARIOS:
        names = called(scenario)
        if names:
            shown = Shown.of(scenario)
            for name, moves in names.items():
                found[name].append(shown.through(moves))
    return {
        name: tuple(max(column, key=BEST.__getitem__) for column in zip(*cells, strict=True))
        for name, cells in sorted(found.items())
    }


def page(table: Mapping[str, tuple[str, ...]]) -> str:
    """The document."""
    lines = [f"| {name} | {' | '.join(cells)} |" for name, cells in table.items()]
    head = f"| function | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 1)}\n"
    return INTRODUCTION.format(count=len(table)) + head + "\n".join(lines) + "\n"


INTRODUCTION = """# What diffkit records

{count} functions of NumPy and SciPy, each found by running it (`python -m tests.ops.coverage`
writes this page). yes: it does; 0: the derivative is zero wherever it exists; NumPy: the compiled
function calls NumPy for it (`dk.jit(f).plan(x)` says so); –: there is no such function of complex
numbers.

"""


if __name__ == "__main__":
    PAGE.write_text(page(rows()), encoding="utf-8")
