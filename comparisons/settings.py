"""How a run measures, and the fingerprint that keeps records measured in different ways apart.

Two records may stand in one table only if they were measured with the same budget and limits, as
many workers, by the same Python and NumPy, on the same processor. The fingerprint is a short hash
of exactly that; changing `--quick`, a limit or a version starts a new set of records beside the old
one. Versions that touch some cells only, those of diffkit and of the peers, are kept in each record
instead (see `provenance`): installing another PyTorch must not discard a run.
"""

import platform
from dataclasses import asdict, dataclass
from importlib import metadata

from comparisons import machine
from comparisons.provenance import mark

__all__ = ["DEFAULT", "QUICK", "Settings", "fingerprint"]

# Raise when the meaning of a recorded number changes, so that old records stay apart.
FORMAT = 3
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Settings:
    """The measuring budget and the limits of one cell.

    Attributes:
        quick: whether each problem's `quick` sizes are used instead of `sizes`.
        seconds: time spent on repeated runs of one cell.
        timeout: seconds after which a cell is stopped.
        memory: resident bytes of the worker above which a cell is stopped.
        workers: how many processes measure at a time, each a problem of its own.
        pin: whether each worker is held on a core of its own.
    """

    quick: bool = False
    seconds: float = 0.1
    timeout: float = 10.0
    memory: int = 4 * GIB
    workers: int = 1
    pin: bool = False


DEFAULT = Settings()
QUICK = Settings(quick=True, seconds=0.03, timeout=5.0)


def fingerprint(settings: Settings) -> str:
    """Twelve hexadecimal digits that identify how a record was measured."""
    facts = asdict(settings) | {
        "format": FORMAT,
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
        "processor": machine.describe()["processor"],
    }
    return mark(facts)
