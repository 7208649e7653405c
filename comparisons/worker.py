"""The process that runs cells: `python -m comparisons.worker PARENT_PID [CORE]`.

It stands apart from the main process so that a peer that crashes, hangs or eats the memory takes
only its own cell with it. The parent keeps the clock and the memory limit (see `client`); this side
measures and turns every exception into a status. Thread counts are fixed by the environment it is
started with, before NumPy loads its BLAS; given a core, it stays there.

Requests:  {"job": "load", "packages"}
           {"job": "truth", "problem", "size", "path"}
           {"job": "cell", "problem", "size", "method", "truth", "why", "seconds"}
           {"job": "demonstration", "room", "name", "quick", "out"}
Answers:   {"status", "reason", "measurement"}
"""

import contextlib
import ctypes
import functools
import importlib
import importlib.util
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy

from comparisons.client import DONE, Answer
from comparisons.lookup import find_method, find_problem
from comparisons.measure import measure
from comparisons.method import Unsupported
from comparisons.output import OutputError, whole, writing
from comparisons.problem import Case
from comparisons.records import encode
from comparisons.truth import truth

__all__ = ["answer", "main"]


def main() -> None:
    """Serve requests until the input ends."""
    _die_with_parent()
    if len(sys.argv) > 2:
        os.sched_setaffinity(0, {int(sys.argv[2])})
    # The protocol keeps the real standard output; whatever a method prints goes to the log instead.
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(message: Answer) -> None:
        protocol.write(json.dumps(encode(message), allow_nan=False) + "\n")
        protocol.flush()

    say({"status": "ready"})
    for line in sys.stdin:
        say(answer(json.loads(line)))


def answer(request: dict[str, Any]) -> Answer:
    """Do one job; every exception becomes a status and a reason."""
    jobs: dict[str, Callable[[dict[str, Any]], Answer]] = {
        "load": _load,
        "truth": _truth,
        "cell": _cell,
        "demonstration": _demonstration,
    }
    try:
        return jobs[request["job"]](request)
    except Unsupported as error:
        return _failure("unsupported", str(error))
    except OutputError as error:
        return _failure("unwritable", str(error))
    except ImportError as error:
        return _failure("missing", f"{error}; install it to fill this cell")
    except MemoryError as error:
        return _failure("memory", str(error) or "the allocation failed")
    except Exception as error:
        text = " ".join(str(error).split())
        out_of_memory = "can't allocate memory" in text  # how PyTorch says it, as a RuntimeError
        return _failure("memory" if out_of_memory else "error", f"{type(error).__name__}: {text}")


def _failure(status: str, reason: str) -> Answer:
    return {"status": status, "reason": reason[:500], "measurement": None}


def _load(request: dict[str, Any]) -> Answer:
    """Import what a method needs: seconds that are no cell's."""
    for package in request["packages"]:
        if importlib.util.find_spec(package) is None:
            raise ImportError(f"the package {package} is not installed")
        importlib.import_module(package)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    return DONE


def _truth(request: dict[str, Any]) -> Answer:
    """Compute the truth of a case and leave it in a file, whole or not at all."""
    derivative, how = truth(_case(request["problem"], request["size"]))
    if derivative is None:
        return _failure("unsupported", how)
    with whole(Path(request["path"])) as file:
        numpy.savez(file, derivative=derivative, how=numpy.array(how))
    return DONE


def _cell(request: dict[str, Any]) -> Answer:
    method = find_method(request["method"])
    case = _case(request["problem"], request["size"])
    expected, how = None, request["why"]
    if request["truth"] is not None:
        with numpy.load(request["truth"]) as file:
            expected, how = file["derivative"], str(file["how"])
    start = time.perf_counter()
    prepared = method.prepare(case)
    prepare_seconds = time.perf_counter() - start
    # Overflow is a finding, recorded as nan or inf, not a line in the log for each run.
    with numpy.errstate(all="ignore"):
        measured = measure(case, prepared, prepare_seconds, expected, how, request["seconds"])
    return {"status": "ok", "reason": "", "measurement": asdict(measured)}


def _demonstration(request: dict[str, Any]) -> Answer:
    """Measure a demonstration; what it finds is left in its file."""
    from comparisons import demonstrations  # with what it takes to print, which no cell needs

    room, quick, out = request["room"], request["quick"], Path(request["out"])
    chosen = demonstrations.named(room, [request["name"]])
    with writing(out):
        (kept,) = demonstrations.measure(room, chosen, quick, out)
    if kept.reason:
        missing = kept.reason.startswith("not measured")
        return _failure("missing" if missing else "error", kept.reason)
    return DONE


@functools.lru_cache(maxsize=1)
def _case(problem: str, size: int) -> Case:
    """The case at hand; its methods come one after another, so one is enough."""
    return find_problem(problem).make(size)


def _die_with_parent() -> None:
    """On Linux, ask to be killed when the main process ends, even while a cell hangs."""
    if sys.platform != "linux":
        return
    set_parent_death_signal = 1  # PR_SET_PDEATHSIG, prctl(2)
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    if len(sys.argv) > 1 and os.getppid() != int(sys.argv[1]):  # it was gone before the request
        sys.exit(1)


if __name__ == "__main__":
    main()
