"""Generated source to compiled function, compiled once on this machine.

The key of a program is a hash of all that its machine code depends on: the source, its signature
and options, the sources of `diffkit.backends` (where the helpers live that generated code imports),
the versions of what lies below, and the processor. An entry may be missing, but never out of date.
"""

from __future__ import annotations

import hashlib
import linecache
import os
import re
import secrets
from collections.abc import Callable, Set
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import RLock
from typing import Any

from . import machine, store

_programs: dict[str, machine.Compiled] = {}
_lock = RLock()


def load(source: str, name: str, signature: str, options: machine.Options) -> machine.Compiled:
    """The function `name` of a generated module, compiled for one Numba signature.

    `source` is the text of a module without a decorator on `name`; `options` are `numba.njit`'s,
    without `cache`. The same source gives the same function, from memory, from disk or from the
    compiler. Trouble with the disk is a `CacheWarning`; errors of the compiler are Numba's own.

        >>> text = "def twice_3fa9c1e2(x):\\n    return 2.0 * x\\n"
        >>> load(text, "twice_3fa9c1e2", "float64(float64)", {"nogil": True})(4.0)
        8.0
    """
    key = key_of(source, name, signature, options)
    found = _programs.get(key)
    if found is not None:
        return found
    with _lock:  # two threads compile a program once
        found = _programs.get(key)
        if found is None:
            function = _function(source, name, key)
            found = _from_disk(function, options, key)
            if found is not None:
                _programs[key] = found
            else:
                found = _programs[key] = machine.compile_function(function, signature, options)
                _to_disk(found, source, key)  # last: a warning may be an error here
    return found


def clear() -> None:
    """Forget every program, in memory and on disk. Functions already handed out keep working."""
    with _lock:
        _programs.clear()
        store.clear()


def key_of(source: str, name: str, signature: str, options: machine.Options) -> str:
    """64 hexadecimal digits: SHA-256 of the program and of all that it is compiled with. Comments
    are left out: they name lines of the user's file, which move when something above is edited."""
    chosen = [(option, _canonical(value)) for option, value in sorted(options.items())]
    parts = (without_comments(source), name, signature, chosen, _surroundings())
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def without_comments(source: str) -> str:
    """Generated text without what stands behind two spaces and a #."""
    return re.sub(r"  # .*$", "", source, flags=re.MULTILINE)


def _canonical(value: bool | str | Set[str]) -> bool | str | list[str]:
    """A set prints in an order that varies between processes."""
    return sorted(value) if isinstance(value, Set) else value


@lru_cache
def _surroundings() -> tuple[str, ...]:
    """The versions of everything else; they do not change while a process lives."""
    files = sorted(Path(__file__).parent.parent.rglob("*.py"))
    # Without sources (a zip file) no program is found by another process: slow, but not wrong.
    texts = [file.read_bytes() for file in files] or [secrets.token_bytes()]
    return hashlib.sha256(b"\0".join(texts)).hexdigest(), *machine.target()


def _function(source: str, name: str, key: str) -> Callable[..., Any]:
    """The function of the module, as Python. Its lines show in tracebacks, on disk or not."""
    folder = store.path()
    file = f"<diffkit {name} {key[:8]}>" if folder is None else str(folder / f"{key}.py")
    lines = (len(source), None, source.splitlines(keepends=True), file)
    linecache.cache[file] = lines
    with suppress(ValueError):  # two drives
        linecache.cache[os.path.relpath(file)] = lines  # so do Numba's messages look it up
    # Numba looks the module of a function up by name, so it gets the name of one that exists.
    namespace: dict[str, Any] = {"__name__": __name__, "__file__": file}
    exec(compile(source, file, "exec"), namespace)
    return namespace[name]


def _from_disk(
    function: Callable[..., Any], options: machine.Options, key: str
) -> machine.Compiled | None:
    content = store.read(key)
    if content is None:
        return None
    try:
        return machine.from_bytes(function, options, content)
    except Exception:  # whatever is wrong with an entry, compiling again puts it right
        return None


def _to_disk(compiled: machine.Compiled, source: str, key: str) -> None:
    if store.path() is None:
        return
    try:
        content = machine.to_bytes(compiled)
    except Exception as error:  # a Numba that keeps code in another way: slow, but not wrong
        remedy = "Use the Numba that diffkit is tested with; now each process compiles anew"
        store.warn(f"{type(error).__name__}: {error}", "a program that Numba can pack", remedy)
        return
    if content is not None:
        store.write(key, source, content)
