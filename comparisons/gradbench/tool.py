"""diffkit as a tool of GradBench: a session that answers messages.

`define` compiles and runs the derivative of an eval for its first workload, so that the libraries
are loaded and warm. `evaluate` converts the input and compiles for its sizes before the clock
starts, which the protocol calls preparation; then it runs the compiled function until both
`min_runs` and `min_seconds` are reached, with one timing for each run. A run is over when its
results are there.
"""

import contextlib
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from comparisons.gradbench.compiled import Compiled, compiled
from comparisons.gradbench.evals import EVALS
from comparisons.gradbench.evaluation import Eval
from comparisons.gradbench.protocol import MessageError, failure, parse, written

__all__ = ["NAME", "answer", "main", "serve"]

NAME = "diffkit"


def main() -> None:
    """Serve standard input until it ends or nobody listens any more. Whatever else writes to
    standard output goes to the error output, so that the protocol has a line of its own."""
    with contextlib.suppress(BrokenPipeError), os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        serve(sys.stdin.buffer, out)


def serve(messages: BinaryIO, answers: BinaryIO) -> None:
    """Answer each line in turn, until the input ends."""
    for line in messages:
        try:
            reply = answer(parse(line))
        except MessageError as error:
            reply = failure(error.id, str(error))
        answers.write(written(reply))
        answers.flush()


def answer(message: dict[str, Any]) -> dict[str, Any]:
    """The answer to a message. Whatever fails is told, and ends nothing."""
    id, kind = message["id"], message["kind"]
    if kind == "start":
        return {"id": id, "tool": NAME}
    if kind not in ("define", "evaluate"):
        return {"id": id}
    try:
        found = define(message) if kind == "define" else evaluate(message)
    except MemoryError:
        return failure(id, "the function was run; got no memory for it; use a smaller input")
    except Exception as error:
        traceback.print_exc()
        return failure(id, f"{type(error).__name__}: {error}")
    return {"id": id, "success": True} | found


def define(message: dict[str, Any]) -> dict[str, Any]:
    """Compile an eval's derivative for its first workload, and run it."""
    start = time.perf_counter_ns()
    eval = eval_of(message)
    given = eval.generate(**eval.workloads[0].sizes)
    compiled(eval.functions[eval.derivative], eval.arguments(given)).run()
    return {"timings": [since(start, "define")]}


def evaluate(message: dict[str, Any]) -> dict[str, Any]:
    """Prepare, run as often as asked, and encode the last result."""
    start = time.perf_counter_ns()
    eval, name = eval_of(message), message.get("function")
    function = eval.functions.get(name) if isinstance(name, str) else None
    if function is None:
        raise MessageError(
            f"a function of {eval.name} was asked for; got {name!r}; expected one of "
            f"{', '.join(eval.functions)}; choose one of these"
        )
    given = message.get("input")
    runs, seconds = wanted(given)
    programs = [compiled(function, eval.arguments(block)) for block in eval.blocks(given)]
    timings = [since(start, "prepare")]
    spent = 0
    while True:
        nanoseconds, outputs = one_run(programs, lambda found: eval.encode(name, found))
        timings.append({"name": "evaluate", "nanoseconds": nanoseconds})
        spent += nanoseconds
        if len(timings) > runs and spent >= seconds * 1e9:
            break
    return {"output": eval.joined(name, outputs()), "timings": timings}


def one_run(
    programs: list[Compiled], encode: Callable[[Any], Any]
) -> tuple[int, Callable[[], list[Any]]]:
    """The time of a run, and its outputs. Of several blocks each is encoded before the next one is
    computed, and its memory given back; that of a single one waits until the last run is over."""
    if len(programs) == 1:
        (program,) = programs
        nanoseconds, result = timed(program)
        return nanoseconds, lambda: [encode(program.tree(result))]
    total, outputs = 0, []
    for program in programs:
        nanoseconds, found = timed(program)
        total += nanoseconds
        outputs.append(encode(program.tree(found)))
        del found
    return total, lambda: outputs


def timed(program: Compiled) -> tuple[int, Any]:
    """The time of a call, and what it returned."""
    begin = time.perf_counter_ns()
    found = program.run()
    return time.perf_counter_ns() - begin, found


def eval_of(message: dict[str, Any]) -> Eval:
    """The eval that a message names."""
    name = message.get("module")
    found = EVALS.get(name) if isinstance(name, str) else None
    if found is None:
        raise MessageError(
            f"a module was asked for; got {name!r}; expected one of {', '.join(EVALS)}; choose "
            f"one of these"
        )
    return found


def wanted(given: Any) -> tuple[int, float]:
    """How many runs an input asks for, and for how many seconds of them; one run if it says
    nothing."""
    if not isinstance(given, Mapping):
        return 1, 0.0
    runs, seconds = given.get("min_runs", 1), given.get("min_seconds", 0.0)
    for name, value in (("min_runs", runs), ("min_seconds", seconds)):
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise MessageError(
                f"the function was to be run; got {name}={value!r}; expected a number of at least "
                f"0; correct the input"
            )
    return max(1, int(runs)), float(seconds)


def since(start: int, name: str) -> dict[str, Any]:
    """The time from `start` to now."""
    return {"name": name, "nanoseconds": time.perf_counter_ns() - start}
