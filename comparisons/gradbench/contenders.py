"""Who computes the derivatives: diffkit, the code by hand, the other libraries, and GradBench's own
C++ where it has been built.

Each contender turns an eval, the name of a function and an input into calls without arguments. What
a library does once (conversion of the input, building and compiling) it does before.
"""

import functools
import importlib.util
import json
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comparisons.gradbench.client import listed
from comparisons.gradbench.compiled import compiled
from comparisons.gradbench.evaluation import Eval
from comparisons.gradbench.peers import autograd, jax, torch
from comparisons.gradbench.validate import kernels_of

__all__ = ["METHODS", "NotMeasured", "Ready", "manual_seconds", "prepare"]

METHODS = ("diffkit", "njit", "jax", "torch", "torch.func", "autograd")
PEERS = {
    "jax": jax.DERIVATIVES,
    "torch": torch.DERIVATIVES,
    "torch.func": torch.BATCHED,
    "autograd": autograd.DERIVATIVES,
}


class NotMeasured(Exception):
    """A contender that does not take part, and why. Not a failure."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What is timed, and how to read its result."""

    derivative: Callable[[], Any]
    primal: Callable[[], Any] | None = None
    result: Callable[[Any], Any] = lambda found: found


def prepare(method: str, eval: Eval, function: str, given: Any) -> Ready:
    """A contender's calls for a function on an input.

    Raises:
        NotMeasured: it has no such derivative, or is not installed.
    """
    if len(eval.blocks(given)) > 1:
        raise NotMeasured("its result does not fit into memory at once; see --check")
    arguments = eval.arguments(given)
    if method == "diffkit":
        program = compiled(eval.functions[function], arguments)
        primal = compiled(eval.functions[eval.primal], arguments).run if eval.primal else None
        return Ready(program.run, primal, program.tree)
    if method == "njit":
        kernels = kernels_of(eval.name)
        values = (*arguments.data, *arguments.static.values())
        own = functools.partial(kernels[eval.primal], *values) if eval.primal else None
        return Ready(functools.partial(kernels[function], *values), own)
    builder = PEERS[method].get(eval.name)
    if builder is None or function != eval.derivative:
        raise NotMeasured("no derivative of this eval; see comparisons/gradbench/peers")
    package = method.partition(".")[0]
    if importlib.util.find_spec(package) is None:
        raise NotMeasured(f"{package} is not installed")
    return Ready(builder(arguments))


def manual_seconds(folder: Path, eval: str, function: str, given: Any) -> list[float]:
    """The runs of GradBench's hand-written C++, built by `make -C tools/manual` into `folder`.

    Raises:
        NotMeasured: there is no program for this eval, or it has failed.
    """
    program = folder / eval
    if not program.is_file():
        raise NotMeasured(f"{program} does not exist")
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(given, file, default=listed)
        file.flush()
        try:
            done = subprocess.run(
                [program, file.name, function], capture_output=True, text=True, timeout=300
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotMeasured(f"{program}: {error}") from None
    lines = [json.loads(line) for line in done.stdout.splitlines()[1:]]
    found = [line["nanoseconds"] / 1e9 for line in lines if line["name"] == "evaluate"]
    if done.returncode or not found:
        raise NotMeasured(f"{program} ended with exit status {done.returncode}")
    return found
