"""The other end of the protocol: a process that is asked one message at a time, over real pipes."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

from comparisons.speed.processes import environment

__all__ = ["COMMAND", "Client", "ToolError"]

COMMAND = (sys.executable, "-m", "comparisons.gradbench")
TIMEOUT = 600.0  # seconds, as GradBench's own runs wait for one answer


class ToolError(RuntimeError):
    """The tool died, hung, or said something that is no answer."""


class Client:
    """A tool in a process of its own, as a context.

    Args:
        command: what starts it.
        cache: the folder for its compiled code; None for the usual one.
        timeout: seconds to wait for one answer.
    """

    def __init__(
        self, command: Sequence[str] = COMMAND, cache: Any = None, timeout: float = TIMEOUT
    ) -> None:
        self.timeout = timeout
        self.count = 0
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=environment(cache), start_new_session=True,
        )  # fmt: skip
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The answer to a message, which gets the next number.

        Raises:
            ToolError: there is none, it is no JSON object, or it answers something else.
        """
        message = {"id": self.count, "kind": kind, **fields}
        self.count += 1
        line = self.exchange(json.dumps(message, default=listed).encode() + b"\n")
        try:
            answer = json.loads(line, parse_constant=refuse)
        except ValueError as error:
            raise ToolError(f"a {kind} was asked; got {line[:200]!r}: {error}") from None
        if not isinstance(answer, dict) or answer.get("id") != message["id"]:
            raise ToolError(f"{kind} number {message['id']} was asked; got {line[:200]!r}")
        return answer

    def exchange(self, line: bytes) -> bytes:
        """The line that answers a line, whatever it holds."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line)
            self.process.stdin.flush()
            answer = self._lines.get(timeout=self.timeout)
        except BrokenPipeError:
            answer = b""
        except queue.Empty:
            self.kill()
            raise ToolError(f"the tool gave no answer within {self.timeout:g} s") from None
        if not answer:
            raise ToolError(f"the tool ended with exit status {self.process.wait()}")
        return answer

    def kill(self) -> None:
        """Stop the tool and what it has started."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def close(self) -> int:
        """End its input, as GradBench does, and wait for it; its exit status."""
        assert self.process.stdin is not None and self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            return self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.process.wait()
        finally:
            self.process.stdout.close()


def listed(value: Any) -> Any:
    """Arrays and NumPy's numbers as JSON."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")


def refuse(name: str) -> Any:
    """nan and infinity are no JSON."""
    raise ValueError(f"{name} is not JSON")
