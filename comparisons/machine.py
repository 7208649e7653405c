"""What the measurements were made on: the machine, and the versions of what takes part."""

import os
import platform
from importlib import metadata
from pathlib import Path

__all__ = ["describe", "versions"]

PACKAGES = (
    "diffkit",
    "numpy",
    "scipy",
    "numba",
    "sympy",
    "mpmath",
    "autograd",
    "torch",
    "jax",
    "casadi",
    "numdifftools",
    "jacobi",
    "findiff",
    "python-flint",
    "scikit-learn",
)


def describe() -> dict[str, str]:
    """Processor, cores, memory, system and Python, each in words."""
    facts = {
        "processor": _processor(),
        "cores": str(os.cpu_count() or "unknown"),
        "system": f"{platform.system()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "threads": "one for every method",
    }
    try:
        import psutil
    except ImportError:
        return facts
    return facts | {"memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB"}


def versions() -> dict[str, str]:
    """The version of each package that may take part, or "not installed"; imports nothing."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor() or "unknown"
