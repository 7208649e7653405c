"""Sealed files in one folder: what is read back is what was written under this key, or nothing.

An entry is two files. `KEY.code` holds machine code behind a seal, the SHA-256 of key and content:
a file that is truncated, damaged or belongs to another key counts as absent. `KEY.py` is the
generated source for people and debuggers; it is never read back. Files appear under their names
complete, by a rename, so any number of processes may read and write at once: the last one wins,
and all write the same program. A checksum keeps out accidents, not intruders, so the folder and the
files have to belong to the user and to be writable by nobody else.

The folder is `DIFFKIT_CACHE_DIR`, or `diffkit` among the user's caches ("" or "off": no files), and
holds at most `DIFFKIT_CACHE_SIZE` MiB (512): after a write the least recently used entries go.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
import sys
import warnings
from contextlib import suppress
from pathlib import Path

from ...errors import CacheWarning, explain

MAGIC = b"diffkit program 1\n"
DEFAULT_MIB = 512
OURS = re.compile(r"([0-9a-f]{64})\.(py|code|[0-9a-f]{16}\.tmp)")
"""The names of our files: no other file in the folder is counted or removed."""

EXACTLY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
"""Open this file, not one that it links to; bytes as they are, on Windows too."""

PRIVATE = "a folder that you alone may write, with free space (now each process compiles anew)"

_warned: set[str] = set()


def path() -> Path | None:
    """The folder of compiled programs, which need not exist yet; None if the disk is not used."""
    chosen = os.environ.get("DIFFKIT_CACHE_DIR")
    try:
        if chosen is not None:
            return None if chosen in ("", "off") else Path(chosen).expanduser().absolute()
        return _user_caches() / "diffkit"
    except (RuntimeError, OSError) as error:  # no home directory, or no working directory
        got = f"no folder was found ({error})"
        warn(got, PRIVATE, "Set DIFFKIT_CACHE_DIR to a folder of yours")
        return None


def read(key: str) -> bytes | None:
    """What was written under `key`; None if that is missing, damaged or not to be trusted."""
    folder = _trusted(path())
    if folder is None:
        return None
    try:
        fd = os.open(folder / f"{key}.code", os.O_RDONLY | EXACTLY)
        with os.fdopen(fd, "rb") as file:
            info = os.fstat(fd)
            if not (stat.S_ISREG(info.st_mode) and _private(info)):
                return None
            data = file.read()
    except OSError:
        return None
    head, content = data[: len(MAGIC) + 32], data[len(MAGIC) + 32 :]
    if head != MAGIC + _seal(key, content):
        return None
    with suppress(OSError):  # a read-only folder does not remember
        os.utime(folder / f"{key}.code")  # used just now
    return content


def write(key: str, source: str, content: bytes) -> None:
    """Keep an entry, then the bound on the size. Warns, once a cause, if that is impossible."""
    folder = path()
    if folder is None:
        return
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _trusted(folder) is None:
            return
        _publish(folder / f"{key}.py", source.encode())
        _publish(folder / f"{key}.code", MAGIC + _seal(key, content) + content)
        _trim(folder, _limit())
    except OSError as error:
        remedy = 'Free space, set DIFFKIT_CACHE_DIR to a writable folder, or to "off"'
        warn(f"{folder}: {error.strerror or error}", PRIVATE, remedy)


def warn(got: str, expected: str, remedy: str) -> None:
    """Once a cause: a program that cannot be kept is no news the second time."""
    if got not in _warned:
        _warned.add(got)
        message = explain("keeping compiled programs on disk", got, expected, remedy)
        warnings.warn(message, CacheWarning, stacklevel=3)


def size() -> int:
    """Bytes on disk."""
    folder = path()
    return 0 if folder is None else sum(bytes_ for _, bytes_, _ in _files(folder))


def clear() -> None:
    """Remove every entry; other files in the folder stay."""
    folder = path()
    for file, _, _ in [] if folder is None else _files(folder):
        _remove(file)


def _user_caches() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute()


def _limit() -> int:
    """The bound on the size in bytes."""
    text = os.environ.get("DIFFKIT_CACHE_SIZE", str(DEFAULT_MIB))
    if not text.isdecimal():
        remedy = f"Until then the bound is {DEFAULT_MIB}"
        warn(f"DIFFKIT_CACHE_SIZE={text!r}", "a whole number of MiB", remedy)
        return DEFAULT_MIB << 20
    return int(text) << 20


def _seal(key: str, content: bytes) -> bytes:
    return hashlib.sha256(key.encode() + content).digest()


def _private(info: os.stat_result) -> bool:
    """Whether the user alone may write it. Windows keeps a user's folders private by itself."""
    if sys.platform == "win32":
        return True
    return info.st_uid == os.geteuid() and not info.st_mode & 0o022


def _trusted(folder: Path | None) -> Path | None:
    """The folder, if it exists and is private."""
    try:
        info = None if folder is None else folder.stat()
    except OSError:
        return None
    if info is None or _private(info):
        return folder
    got = f"{folder} belongs to somebody else or is writable by others"
    warn(got, PRIVATE, f"Run chmod 700 {folder}, or set DIFFKIT_CACHE_DIR to a folder of yours")
    return None


def _publish(file: Path, content: bytes) -> None:
    """Write a file that appears under its name only when complete, readable by the user alone."""
    temporary = file.with_name(f"{file.stem}.{secrets.token_hex(8)}.tmp")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | EXACTLY, 0o600)
        with os.fdopen(fd, "wb") as out:
            out.write(content)
        os.replace(temporary, file)
    except OSError:
        _remove(temporary)
        raise


def _files(folder: Path) -> list[tuple[Path, int, float]]:
    """Our files with their sizes and times."""
    found: list[tuple[Path, int, float]] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if OURS.fullmatch(entry.name):
                    try:
                        info = entry.stat(follow_symlinks=False)
                    except OSError:  # another process removed it
                        continue
                    found.append((Path(entry.path), info.st_size, info.st_mtime))
    except OSError:
        return []
    return found


def _trim(folder: Path, limit: int) -> None:
    """Remove whole entries, the least recently used first, until the rest is within the limit."""
    entries: dict[str, list[tuple[Path, int, float]]] = {}
    for found in _files(folder):
        entries.setdefault(found[0].name[:64], []).append(found)
    total = sum(bytes_ for files in entries.values() for _, bytes_, _ in files)
    for files in sorted(entries.values(), key=lambda files: max(when for *_, when in files)):
        if total <= limit:
            break
        for file, bytes_, _ in files:
            _remove(file)
            total -= bytes_


def _remove(file: Path) -> None:
    with suppress(OSError):  # gone, or not ours to remove; whoever needs the space meets the error
        file.unlink()
