"""One thread for everybody: the environment and the core of a measuring process.

Every library reads the number of its threads when it starts, so the environment is set before; and
since JAX keeps some threads all the same, the process is held on one core.
"""

import os
import sys
from pathlib import Path

from comparisons.client import ONE_THREAD

__all__ = ["environment", "one_core"]

# What is freed stays with the process (glibc): else an allocation of some megabytes may or may not
# cost a thousand page faults, depending on what another library has freed before.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": str(32 << 20), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}
XLA_FLAGS = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


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


def one_core() -> None:
    """Stay on the last core that this process may use, where the system knows of such a wish."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
