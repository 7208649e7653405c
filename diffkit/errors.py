"""The errors of diffkit. Each is a `DiffkitError` and also the builtin a NumPy user would catch.

A message has four parts: what was asked, what was got, what was expected, what to do. `explain`
puts them together, so that no message forgets one.
"""

from __future__ import annotations


class DiffkitError(Exception):
    """Base of every error that diffkit raises on purpose."""


class GraphError(DiffkitError, ValueError):
    """A graph breaks a rule of the language (the verifier says which)."""


class ShapeError(DiffkitError, ValueError):
    """Shapes do not fit together, or an output is not the scalar an operator needs."""


class DtypeError(DiffkitError, TypeError):
    """A dtype that diffkit does not carry, or that has no derivative."""


class TreeError(DiffkitError, TypeError):
    """A tree of arguments or results has the wrong structure or a leaf of the wrong kind."""


class TracingError(DiffkitError, TypeError):
    """A traced value was used where Python or NumPy needs a concrete number."""


class LeakedTracerError(DiffkitError, RuntimeError):
    """A traced value was used after the trace that made it had ended."""


class CopyError(DiffkitError, ValueError):
    """A copy was forbidden where only a copy can be made."""


class IndexingError(DiffkitError, IndexError):
    """An index is out of bounds or of a kind that cannot be traced."""


class UnsupportedError(DiffkitError, NotImplementedError):
    """A function, keyword or mode that diffkit does not answer; the message says what does."""


class MissingAttributeError(UnsupportedError, AttributeError):
    """An attribute or method of an array that a traced one has not."""


class CheckError(DiffkitError, AssertionError):
    """A derivative disagrees with an independent computation of it (`check_grads`)."""


class EvaluationError(DiffkitError, RuntimeError):
    """NumPy failed while a graph was evaluated; the message names the user's line."""


class Undefined(ArithmeticError):
    """Raised by the meaning of an op, with the parts of a message: what was asked, what was got,
    what was expected, what to do. Whoever runs the op makes an `EvaluationError` of it, with the
    user's line."""

    def __init__(self, asked: str, got: str, expected: str, remedy: str) -> None:
        super().__init__(asked, got, expected, remedy)
        self.asked, self.got, self.expected, self.remedy = asked, got, expected, remedy


class CacheWarning(UserWarning):
    """The disk cache of compiled programs cannot be used; programs are compiled in memory."""


def explain(asked: str, got: str, expected: str, remedy: str) -> str:
    """Join the four parts of a message; each is a clause without its final full stop."""
    return f"{asked}: {got}. Expected {expected}. {remedy}."
