"""How a run measures, and the fingerprint that keeps records measured in different ways apart.

Two records may stand in one table only if they were measured with the same budget and limits, by
the same Python, NumPy and diffkit. The fingerprint is a short hash of exactly that; changing
`--quick`, a limit or a version starts a new set of records beside the old one. Versions of peers
are left out on purpose: installing a missing peer must not discard a run.
"""

import hashlib
import json
import platform
from dataclasses import asdict, dataclass
from importlib import metadata

__all__ = ["DEFAULT", "QUICK", "Settings", "fingerprint"]

# Raise when the meaning of a recorded number changes, so that old records stay apart.
FORMAT = 2
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Settings:
    """The measuring budget and the limits of one cell.

    Attributes:
        quick: whether each problem's `quick` sizes are used instead of `sizes`.
        seconds: time spent on repeated runs of one cell.
        timeout: seconds after which a cell is stopped.
        memory: resident bytes of the worker above which a cell is stopped.
    """

    quick: bool = False
    seconds: float = 0.3
    timeout: float = 10.0
    memory: int = 4 * GIB


DEFAULT = Settings()
QUICK = Settings(quick=True, seconds=0.1, timeout=5.0)


def fingerprint(settings: Settings) -> str:
    """Twelve hexadecimal digits that identify how a record was measured."""
    try:
        diffkit = metadata.version("diffkit")
    except metadata.PackageNotFoundError:
        diffkit = "source"
    facts = asdict(settings) | {
        "format": FORMAT,
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
        "diffkit": diffkit,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]
