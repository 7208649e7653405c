"""Peak memory of one call, as the operating system sees it.

Python's own tracer knows nothing of memory that a C++ library allocates, so the figure is the
high-water mark of resident memory during the call minus the resident memory before it. Linux lets a
process reset its high-water mark; elsewhere the answer is None rather than a guess. Memory that the
allocator already held and reuses does not count, so small figures are lower bounds: freed memory is
handed back first to keep that effect small.
"""

import ctypes
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

__all__ = ["peak_increase"]

Result = TypeVar("Result")

_RESET_HIGH_WATER_MARK = "5"  # proc(5), /proc/pid/clear_refs


def peak_increase(call: Callable[[], Result]) -> tuple[Result, int | None]:
    """Run `call`; its result, and by how many bytes resident memory rose at most, if known."""
    gc.collect(1)  # the young generations: a full collection walks every object of PyTorch
    _return_free_memory()
    try:
        Path("/proc/self/clear_refs").write_text(_RESET_HIGH_WATER_MARK)
        before = _status("VmRSS")
    except OSError:
        return call(), None
    result = call()
    return result, max(0, _status("VmHWM") - before)


def _status(key: str) -> int:
    """A figure of /proc/self/status in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == key:
            return int(value.split()[0]) * 1024
    raise OSError(f"/proc/self/status has no {key}")


def _return_free_memory() -> None:
    """Ask glibc to give free pages back, so that reuse does not hide what the call needs."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
