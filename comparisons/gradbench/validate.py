"""Every function of every eval, asked over the protocol and compared with the one by hand.

GradBench itself accepts differences of 1e-4, absolute for numbers below one, so that in several of
its evals zeros pass for derivatives. Here each array must agree to 1e-10 in the 2-norm, relative to
the reference, and a reference that is zero must be met exactly. (The norm of the whole array, not
its smallest entry, is what backward stable code controls: in `lse` terms of order one cancel in an
entry of order 1/n.)
"""

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy

from comparisons.gradbench.client import Client, ToolError, listed
from comparisons.gradbench.evaluation import Eval, Workload
from comparisons.gradbench.kernels import KERNELS

__all__ = ["TOLERANCE", "Check", "difference", "reference", "validate", "workloads"]

TOLERANCE = 1e-10
Sizes = Literal["smallest", "small", "default", "all"]


@dataclass(frozen=True, slots=True)
class Check:
    """One function on one workload: how far its output is from the reference."""

    eval: str
    workload: str
    function: str
    outcome: Literal["ok", "wrong", "failed"]
    error: float | None = None
    reason: str = ""


def workloads(eval: Eval, sizes: Sizes) -> tuple[Workload, ...]:
    """The inputs of an eval: the small ones or their first, GradBench's, or those and what lies
    beyond."""
    if sizes == "smallest":
        return eval.small[:1]
    if sizes == "small":
        return eval.small
    return eval.workloads if sizes == "default" else (*eval.workloads, *eval.beyond)


def validate(eval: Eval, sizes: Sizes, client: Client) -> Iterator[Check]:
    """Define an eval and ask for all its functions on all workloads of a kind."""
    answer = client.ask("define", module=eval.name)
    for workload in workloads(eval, sizes):
        given = eval.generate(**workload.sizes)
        for function in eval.functions:
            here = (eval.name, workload.name, function)
            if not answer.get("success"):
                yield Check(*here, "failed", reason=str(answer.get("error")))
                continue
            try:
                yield check(eval, here, given, client)
            except ToolError as error:
                yield Check(*here, "failed", reason=str(error))
                return


def check(eval: Eval, here: tuple[str, str, str], given: Any, client: Client) -> Check:
    """Ask for one function, compare, and tell the tool what came of it."""
    runs = {"min_runs": 1, "min_seconds": 0.0} if isinstance(given, Mapping) else {}
    asked = given | runs if runs else given
    function = here[2]
    answer = client.ask(
        "evaluate", module=eval.name, function=function, input=asked, description=here[1]
    )
    if not answer.get("success"):
        return Check(*here, "failed", reason=str(answer.get("error")))
    error = difference(answer.get("output"), reference(eval, function, given))
    right = error <= TOLERANCE
    reason = "" if right else f"differs by {error:.1e} from the function by hand"
    client.ask("analysis", of=answer["id"], valid=right, **({"error": reason} if reason else {}))
    return Check(*here, "ok" if right else "wrong", error, reason)


def reference(eval: Eval, function: str, given: Any) -> Any:
    """The output as the function by hand computes it, as JSON."""
    by_hand = kernels_of(eval.name)[function]
    outputs = []
    for block in eval.blocks(json.loads(json.dumps(given, default=listed))):
        arguments = eval.arguments(block)
        found = by_hand(*arguments.data, *arguments.static.values())
        outputs.append(eval.encode(function, found))
    return eval.joined(function, outputs)


@functools.cache
def kernels_of(name: str) -> dict[str, Callable[..., Any]]:
    """The functions by hand, compiled once."""
    return KERNELS[name]()


def difference(found: Any, expected: Any) -> float:
    """The largest relative difference of an array in the 2-norm; infinite where outputs differ in
    structure, nan where one holds nan."""
    if isinstance(expected, Mapping):
        if not isinstance(found, Mapping) or found.keys() != expected.keys():
            return float("inf")
        parts = [difference(found[key], part) for key, part in expected.items()]
        return float(numpy.max(parts, initial=0.0))
    try:
        a, b = numpy.asarray(found, dtype=float), numpy.asarray(expected, dtype=float)
    except (TypeError, ValueError):
        return float("inf")
    if a.shape != b.shape:
        return float("inf")
    scale = float(numpy.linalg.norm(b))
    if scale == 0.0:
        return float("inf") if numpy.any(a != b) else 0.0
    return float(numpy.linalg.norm(a - b)) / scale
