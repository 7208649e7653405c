"""The main process's end of a worker: start it, ask it, stop it when it must be.

An address-space limit would be the textbook way to bound memory, but PyTorch and Numba reserve far
more than they use, so resident memory is watched instead, a few dozen times a second. A worker that
was stopped is replaced at the next request.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

__all__ = ["Worker"]

POLL = 0.02  # seconds between looks at the worker's memory
START_TIMEOUT = 60.0
ONE_THREAD = {
    name: "1"
    for name in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "BLIS_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "NUMBA_NUM_THREADS",
    )
}

Answer = dict[str, Any]


class Worker:
    """A worker process that is started when needed and restarted when lost.

    Args:
        memory: resident bytes above which it is stopped.
        log: the file that takes what it and the methods print.
    """

    def __init__(self, memory: int, log: Path) -> None:
        self._memory = memory
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ask(self, request: dict[str, Any], timeout: float) -> Answer:
        """Send a request and wait for its answer; a lost worker is an answer too.

        Returns:
            The worker's answer, or one with status "timeout", "memory" or "crashed" and the reason.
        """
        if self._process is None:
            failure = self._start()
            if failure is not None:
                return failure
        process = self._process
        assert process is not None and process.stdin is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except OSError:
            return self._crashed()
        answer = self._wait(timeout)
        if answer["status"] == "memory":
            self.stop()  # a process that ran out of memory is not a fair place for the next cell
        return answer

    def stop(self) -> None:
        """End the worker, if there is one, and wait until it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _start(self) -> Answer | None:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "comparisons.worker", str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for this process, which then stops it
            )
        self._answers = queue.Queue()
        reader = threading.Thread(
            target=_forward, args=(self._process.stdout, self._answers), daemon=True
        )
        reader.start()
        ready = self._wait(START_TIMEOUT)
        return None if ready["status"] == "ready" else ready

    def _wait(self, timeout: float) -> Answer:
        import psutil

        assert self._process is not None
        watched = psutil.Process(self._process.pid)
        deadline = time.monotonic() + timeout
        while True:
            try:
                line = self._answers.get(timeout=POLL)
            except queue.Empty:
                used = _resident(watched)
                if used > self._memory:
                    self.stop()
                    limit = self._memory / 2**20
                    return _failure(
                        "memory", f"stopped at {used / 2**20:.0f} MiB; limit {limit:.0f} MiB"
                    )
                if time.monotonic() > deadline:
                    self.stop()
                    return _failure("timeout", f"stopped after {timeout:g} s")
                continue
            if line is None or not line.endswith("\n"):  # gone, perhaps in the middle of an answer
                return self._crashed()
            return json.loads(line)

    def _crashed(self) -> Answer:
        assert self._process is not None
        try:
            code = self._process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:  # it closed its output but lives on
            code = None
        self.stop()
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return _failure("crashed", f"the worker died of {signal.Signals(-code).name}")
        return _failure(
            "crashed", f"the worker ended with exit status {code}; see {self._log.name}"
        )


def _failure(status: str, reason: str) -> Answer:
    return {"status": status, "reason": reason, "measurement": None}


def _forward(pipe: Any, answers: "queue.Queue[str | None]") -> None:
    """Move lines from the pipe to the queue; None when the pipe ends."""
    with contextlib.suppress(OSError, ValueError):
        for line in pipe:
            answers.put(line)
    answers.put(None)


def _resident(process: Any) -> int:
    import psutil

    try:
        return process.memory_info().rss
    except psutil.Error:  # it has just ended: the queue will say so
        return 0


def _environment() -> dict[str, str]:
    """One thread for everyone, and modules found where this process finds them."""
    here = [os.getcwd(), *(path for path in sys.path if path)]
    return os.environ | ONE_THREAD | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(here))}
