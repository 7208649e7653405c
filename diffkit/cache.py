"""The cache of compiled programs, for users: where it is, how big it is, and how to empty it.

    >>> import diffkit as dk
    >>> dk.cache.size() >= 0  # bytes
    True

`DIFFKIT_CACHE_DIR` moves it ("off" does without), `DIFFKIT_CACHE_SIZE` bounds it (512, in MiB).
Neither changes a result.
"""

from .backends.cache import clear as clear
from .backends.cache import path as path
from .backends.cache import size as size
