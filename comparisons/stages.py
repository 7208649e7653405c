"""Which stages of a long run are done, kept in the output folder, so that none is repeated.

A stage is named, and its mark tells everything that its outcome depends on: versions, sources,
settings, the processor. It is done if it has been finished under the same mark, and what it left in
the folder is still there.
"""

import json
import time
from pathlib import Path
from typing import Any

from comparisons.output import whole

__all__ = ["finish", "is_done"]

FILE = "stages.json"


def is_done(out: Path, name: str, mark: str, *results: str) -> bool:
    """Whether a stage was finished under this mark and its files, relative to `out`, are there."""
    kept = _read(out).get(name, {})
    return kept.get("mark") == mark and all((out / path).exists() for path in results)


def finish(out: Path, name: str, mark: str, seconds: float) -> None:
    """Keep that a stage is done.

    Raises:
        OutputError: the folder can't be written.
    """
    finished = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    entry = {"mark": mark, "finished": finished, "seconds": round(seconds, 1)}
    with whole(out / FILE) as file:
        file.write(json.dumps(_read(out) | {name: entry}, indent=1).encode())


def _read(out: Path) -> dict[str, Any]:
    try:
        kept = json.loads((out / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
