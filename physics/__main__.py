"""python -m physics [problem]: list the problems, or state one, check it and optimise it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from physics import double_pendulum, lorenz, mass_spring, projectile, robertson
from physics.problem import Problem, Step

ALL = (double_pendulum, lorenz, mass_spring, projectile, robertson)
PROBLEMS: dict[str, Problem] = {module.PROBLEM.name: module.PROBLEM for module in ALL}


def show(value: Any) -> str:
    """A number or a short array."""
    return " ".join(f"{x:.6g}" for x in np.ravel(value))


def statement(problem: Problem) -> Iterator[str]:
    """Title, source, equations and parameters."""
    yield problem.title
    yield f"  {problem.source}"
    yield f"  {problem.equations}"
    yield "parameters"
    for p in problem.parameters:
        yield f"  {p.name:<12} {show(p.value):>28} {p.unit:<4} {p.meaning}"


def checks(problem: Problem) -> Iterator[str]:
    """Each oracle with what was computed and how far it is off."""
    yield "oracles (relative error, tolerance)"
    for oracle in problem.oracles:
        error = oracle.error()
        verdict = "ok" if error <= oracle.tolerance else "FAILS"
        figures = f"{error:8.1e} {oracle.tolerance:8.1e} {verdict}"
        yield f"  {oracle.quantity:<38} {show(oracle.expected):>32} {figures}"


def table(steps: Iterator[Step]) -> Iterator[str]:
    """Loss and parameters against iteration."""
    yield "iteration       loss  parameters"
    for step in steps:
        values = ", ".join(f"{name} {show(value)}" for name, value in step.params.items())
        yield f"{step.iteration:9d} {step.loss:10.4e}  {values}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 if every oracle holds."""
    parser = argparse.ArgumentParser(prog="python -m physics", description=__doc__)
    parser.add_argument("problem", nargs="?", choices=sorted(PROBLEMS))
    name = parser.parse_args(arguments).problem
    if name is None:
        for problem in PROBLEMS.values():
            print(f"{problem.name:<12} {problem.title}")
        return 0
    failed = False
    for part in (statement, checks, lambda p: table(p.train())):
        for line in part(PROBLEMS[name]):
            print(line, flush=True)
            failed |= line.endswith("FAILS")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
