"""One thread for everybody: the environment and the core of a measuring process, and its answers.

Every library reads the number of its threads when it starts, so the environment is set before; and
since JAX keeps some threads all the same, the process is held on one core.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from comparisons.client import ONE_THREAD, XLA_FLAGS
from comparisons.records import encode

__all__ = ["answers", "environment", "one_core", "speaker"]

SILENCE = 300.0  # seconds without a word after which a worker is stopped

# What is freed stays with the process (glibc): else an allocation of some megabytes may or may not
# cost a thousand page faults, depending on what another library has freed before.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}


def environment(cache: Path | None = None) -> dict[str, str]:
    """The environment of a process that measures; `cache` holds diffkit's compiled code."""
    here = [os.getcwd(), *(path for path in sys.path if path)]
    found = {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(here)),
        "XLA_FLAGS": XLA_FLAGS,
        "JAX_PLATFORMS": "cpu",
        "TORCHINDUCTOR_COMPILE_THREADS": "1",
    }
    if cache is not None:
        found["DIFFKIT_CACHE_DIR"] = str(cache)
    return os.environ | ONE_THREAD | MALLOC | found


def one_core(place: int = 0) -> None:
    """Stay on the last core that this process may use, or on that many places before it, where the
    system knows of such a wish."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0), reverse=True)
        os.sched_setaffinity(0, {cores[place % len(cores)]})


def answers(
    module: str, request: dict[str, Any], cache: Path | None = None
) -> Generator[tuple[str, Any], None, None]:
    """The lines of a worker, the module to which a request is given: first ("started", None), when
    its process is there; the last one is ("died", reason) if it did."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, json.dumps(request)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=environment(cache),
    )
    assert process.stdout is not None
    heard = [time.monotonic(), False]

    def watch() -> None:
        while process.poll() is None:
            if time.monotonic() - heard[0] > SILENCE:
                heard[1] = True
                process.kill()
            time.sleep(0.5)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield "started", None
        for line in process.stdout:
            heard[0] = time.monotonic()
            answer = json.loads(line)
            yield answer["kind"], answer["record"]
        code = process.wait()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    if heard[1]:
        yield "died", f"the worker was stopped after {SILENCE:g} s of silence"
    elif code:
        yield "died", f"the worker ended with exit status {code}"


def speaker() -> Callable[[str, Any], None]:
    """What a worker answers with: a kind and a record as a line of JSON. All other output of the
    process goes to its error output from now on."""
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def say(kind: str, record: Any) -> None:
        protocol.write(json.dumps({"kind": kind, "record": encode(record)}) + "\n")
        protocol.flush()

    return say
