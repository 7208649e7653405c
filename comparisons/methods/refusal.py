"""When a tool refuses a function: the table then says "unsupported" with the tool's own words.

A refusal differs from a failure. A tracer that meets a branch on a value it does not know, or a
symbol that has no truth value, does what it was built to do; a crash or a wrong shape does not. An
adapter names the exceptions by which its tool refuses, around the lines that may raise them.
"""

import contextlib
from collections.abc import Iterator

from comparisons.method import Unsupported

__all__ = ["refused"]

LONGEST = 200  # characters of the tool's message


@contextlib.contextmanager
def refused(tool: str, *errors: type[Exception]) -> Iterator[None]:
    """Turn these exceptions into `Unsupported`, with the beginning of their message.

    Example:
        >>> with refused("A tracer", TypeError):
        ...     raise TypeError("no truth value")
        Traceback (most recent call last):
        ...
        comparisons.method.Unsupported: A tracer refuses this function: no truth value
    """
    try:
        yield
    except errors as error:
        words = " ".join(str(error).split()) or type(error).__name__
        words = words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
        raise Unsupported(f"{tool} refuses this function: {words}") from error
