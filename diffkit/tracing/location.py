"""Whose line is it? The innermost frame outside diffkit, NumPy, SciPy and the wrappers of
decorators."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from types import CodeType, FrameType
from typing import NamedTuple

import numpy as np

from ..graph import Loc

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep
SCIPY = os.path.join(os.path.dirname(os.path.dirname(NUMPY)), "scipy") + os.sep
"""Where pip puts it, beside NumPy: to ask SciPy itself would load it."""
# Not all of Python's own library: the function to differentiate may come from there, too.
WRAPPERS = (contextlib.__file__, functools.__file__)


def user_frame() -> FrameType | None:
    """The frame of the user's code that is running, or None."""
    frame: FrameType | None = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        if not is_foreign(frame.f_code.co_filename):
            return frame
        frame = frame.f_back
    return None


def is_foreign(file: str) -> bool:
    """Whether a file is not the user's."""
    return file.startswith((PACKAGE, NUMPY, SCIPY, *WRAPPERS))


def scipy_function() -> str:
    """The public name of the SciPy function that the user's line is calling, or nothing."""
    frame: FrameType | None = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    found = ""
    while frame is not None and is_foreign(frame.f_code.co_filename):
        name = frame.f_code.co_name
        parts = str(frame.f_globals.get("__name__")).split(".")
        module = ".".join(part for part in parts if not part.startswith("_"))
        if parts[0] == "scipy" and hasattr(sys.modules.get(module), name):
            found = f"{module}.{name}"
        frame = frame.f_back
    return found


def user_loc() -> Loc | None:
    """The file and line of the user's code that is running. Asked for at every operation that is
    recorded, so what is known of a code (whether it is the user's, and its lines) is looked up."""
    frame: FrameType | None = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        code = frame.f_code
        known = CODES.get(id(code))
        if known is None:
            known = register(code)
        if known.lines is not None:
            loc = known.lines.get(frame.f_lasti)
            if loc is None:
                loc = known.lines[frame.f_lasti] = Loc(code.co_filename, frame.f_lineno)
            return loc
        frame = frame.f_back
    return None


class Code(NamedTuple):
    """What is known of a code: itself, so that its id stays taken, and the line of each of its
    instructions that has recorded; None if the code is not the user's."""

    code: CodeType
    lines: dict[int, Loc] | None


CODES: dict[int, Code] = {}
MOST_CODES = 1024


def register(code: CodeType) -> Code:
    """Begin to remember a code."""
    if len(CODES) >= MOST_CODES:
        CODES.clear()  # codes made on the fly do not pile up
    found = Code(code, None if is_foreign(code.co_filename) else {})
    CODES[id(code)] = found
    return found


def at_line() -> str:
    """ " at file:line" for a message, or nothing."""
    loc = user_loc()
    return "" if loc is None else f" at {os.path.basename(loc.file)}:{loc.line}"
