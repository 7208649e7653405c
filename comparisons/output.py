"""Files of the output folder: written whole or not at all, and an error a user can act on if not.

A disk may be full, a folder read-only, a path a file. Whoever keeps a result does so inside
`writing`, which turns the system's error into an `OutputError` with its remedy; `whole` writes
beside the file and renames, so that nobody ever reads half of one.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

__all__ = ["OutputError", "unwritable", "whole", "writing"]


class OutputError(RuntimeError):
    """A result could not be kept in the output folder."""


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failure of the system inside the block into an `OutputError` that names the path."""
    try:
        yield
    except OSError as error:
        raise OutputError(unwritable(path, error)) from error


def unwritable(path: Path, error: OSError) -> str:
    """What to tell the user when the system refuses to write to a path."""
    return (
        f"{path} was to be written; got from the system: {error.strerror or error}; "
        f"expected a folder that may be written to, on a disk with space left; make room or choose "
        f"another --out, then run the same command again: what was kept before is still there"
    )


@contextlib.contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """An open binary file that becomes `path` when the block ends well, and nothing if it doesn't.

    Raises:
        OutputError: the system refuses.
    """
    partial = path.with_suffix(".partial")
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
