"""The main process's end of a worker: start it, ask it, stop it when it must be.

An address-space limit would be the textbook way to bound memory, but PyTorch and Numba reserve far
more than they use, so resident memory is watched instead, a few dozen times a second. A worker that
was stopped is replaced at the next request. Asking is a generator that yields while it waits, so
that one thread can wait for several workers in turn.
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
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

from comparisons.output import writing

__all__ = ["DONE", "ONE_THREAD", "XLA_FLAGS", "Answer", "Worker", "answered"]

POLL = 0.02  # seconds between looks at the worker's memory
START_TIMEOUT = 60.0
# What every BLAS reads, NumPy's and PyTorch's among them, when it is loaded.
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

XLA_FLAGS = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
# What reads its own variables: JAX's compiler and its devices, PyTorch's compiling processes.
ONE_CORE = {
    "XLA_FLAGS": XLA_FLAGS,
    "JAX_PLATFORMS": "cpu",
    "TORCHINDUCTOR_COMPILE_THREADS": "1",
}

Answer = dict[str, Any]
Asking = Generator[None, None, Answer]
DONE: Answer = {"status": "ok", "reason": "", "measurement": None}


class Worker:
    """A worker process that is started when needed and restarted when lost.

    Args:
        memory: resident bytes above which it is stopped.
        log: the file that takes what it and the methods print.
        core: the core it is held on, or None.
        neighbours: how many workers are waited for in turn, this one included.
    """

    def __init__(
        self, memory: int, log: Path, core: int | None = None, neighbours: int = 1
    ) -> None:
        self._memory = memory
        self._log = log
        self._core = core
        self._poll = POLL / neighbours
        self._process: subprocess.Popen[str] | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._loaded: set[str] = set()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def ask(self, request: dict[str, Any], timeout: float) -> Asking:
        """Send a request and wait for its answer, yielding now and then; a lost worker is an answer
        too.

        Returns:
            The worker's answer, or one with status "timeout", "memory" or "crashed" and the reason.
        """
        if self._process is None:
            failure = yield from self._start()
            if failure is not None:
                return failure
        process = self._process
        assert process is not None and process.stdin is not None
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except OSError:
            return self._crashed()
        answer = yield from self._wait(timeout)
        if answer["status"] == "memory":
            self.stop()  # a process that ran out of memory is not a fair place for the next cell
        return answer

    def load(self, packages: Iterable[str]) -> Asking:
        """Have packages imported, as far as they aren't yet: on a cold disk PyTorch takes longer
        than a cell may."""
        missing = [package for package in packages if package not in self._loaded]
        if not missing:
            return DONE
        answer = yield from self.ask({"job": "load", "packages": missing}, START_TIMEOUT)
        if answer["status"] == "ok":
            self._loaded.update(missing)
        return answer

    def stop(self) -> None:
        """End the worker and what it has started, if there is one, and wait until it is gone."""
        process, self._process = self._process, None
        self._loaded.clear()
        if process is None:
            return
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _start(self) -> Generator[None, None, Answer | None]:
        core = () if self._core is None else (str(self._core),)
        with writing(self._log):
            self._log.parent.mkdir(parents=True, exist_ok=True)
            log = self._log.open("ab")
        with log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "comparisons.worker", str(os.getpid()), *core],
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
        ready = yield from self._wait(START_TIMEOUT)
        return None if ready["status"] == "ready" else ready

    def _wait(self, timeout: float) -> Asking:
        import psutil

        assert self._process is not None
        watched = psutil.Process(self._process.pid)
        deadline = time.monotonic() + timeout
        while True:
            try:
                line = self._answers.get(timeout=self._poll)
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
                yield
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


def answered(asking: Asking) -> Answer:
    """Wait for one answer, where there is nothing else to wait for.

    Example:
        >>> answered(worker.ask({"job": "truth", ...}, timeout=10.0))  # doctest: +SKIP
        {'status': 'ok', 'reason': '', 'measurement': None}
    """
    while True:
        try:
            next(asking)
        except StopIteration as end:
            return end.value


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
    return os.environ | ONE_THREAD | ONE_CORE | {"PYTHONPATH": os.pathsep.join(dict.fromkeys(here))}
