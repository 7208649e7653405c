"""Whose line is it? The innermost frame outside diffkit, NumPy and the wrappers of decorators."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from types import FrameType

import numpy as np

from ..graph import Loc

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep
# Not all of Python's own library: the function to differentiate may come from there, too.
WRAPPERS = (contextlib.__file__, functools.__file__)


def user_frame() -> FrameType | None:
    """The frame of the user's code that is running, or None."""
    frame: FrameType | None = sys._getframe(1)  # pyright: ignore[reportPrivateUsage]
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((PACKAGE, NUMPY, *WRAPPERS)):
            return frame
        frame = frame.f_back
    return None


def user_loc() -> Loc | None:
    """The file and line of the user's code that is running."""
    frame = user_frame()
    return None if frame is None else Loc(frame.f_code.co_filename, frame.f_lineno)


def at_line() -> str:
    """ " at file:line" for a message, or nothing."""
    loc = user_loc()
    return "" if loc is None else f" at {os.path.basename(loc.file)}:{loc.line}"
