"""The cache of compiled programs: generated source in, a compiled function out.

`load` answers from memory, from disk or by compiling, in this order (`programs`). Files are sealed
and bounded (`store`); machine code becomes bytes and comes back (`machine`).
"""

from .programs import clear as clear
from .programs import load as load
from .programs import without_comments as without_comments
from .store import path as path
from .store import size as size
