"""Names on the command line to problems and methods.

A name is one of those that come with the package, or "module:attribute", which imports a user's own
`Problem` or `Method`. Both the main process and the worker resolve names here, so what crosses the
pipe between them is only text.
"""

import importlib
from collections.abc import Iterable, Sequence
from typing import Any

from comparisons.method import Method
from comparisons.problem import Problem

__all__ = ["UnknownNameError", "find_method", "find_problem", "select"]


class UnknownNameError(ValueError):
    """A problem or method was asked for that isn't there."""


def find_problem(name: str) -> Problem:
    """The problem called `name`, or the `Problem` at "module:attribute"."""
    from comparisons.problems import PROBLEMS

    return _find(name, PROBLEMS, Problem)


def find_method(name: str) -> Method:
    """The method called `name`, or the `Method` at "module:attribute"."""
    from comparisons.methods import METHODS

    return _find(name, METHODS, Method)


def select(names: Iterable[str], known: Sequence[Any]) -> tuple[str, ...]:
    """`names` without blanks and repeats, in the order given; all of `known` if there are none."""
    wanted = dict.fromkeys(name.strip() for name in names if name.strip())
    return tuple(wanted) or tuple(item.name for item in known)


def _find(name: str, known: Sequence[Any], kind: type) -> Any:
    for item in known:
        if item.name == name:
            return item
    what = kind.__name__.lower()
    if ":" not in name:
        raise UnknownNameError(
            f"a {what} was asked for by name; got {name!r}; "
            f"expected one of {', '.join(item.name for item in known)}; "
            f"choose one of these, or give your own as 'module:attribute'"
        )
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise UnknownNameError(
            f"a {what} was asked for by 'module:attribute'; got {name!r}, which fails with "
            f"{type(error).__name__}: {error}; expected an importable module with that attribute; "
            f"check the spelling and PYTHONPATH"
        ) from error
    if not isinstance(found, kind):
        raise UnknownNameError(
            f"a {what} was asked for by 'module:attribute'; got {name!r}, "
            f"a {type(found).__name__}; expected a comparisons {kind.__name__}; "
            f"name the attribute that holds one"
        )
    return found
