"""Names on the command line to problems and methods.

A name is one of those that come with the package or with a plugin (see `plugins`), or
"module:attribute", which imports a user's own `Problem` or `Method`. Both the main process and the
worker resolve names here, so what crosses the pipe between them is only text.
"""

import importlib
from collections.abc import Iterable, Sequence
from typing import Any

from comparisons import plugins
from comparisons.method import Method
from comparisons.methods import METHODS
from comparisons.problem import Problem
from comparisons.problems import PROBLEMS

__all__ = [
    "UnknownNameError", "find_method", "find_problem", "known_methods", "known_problems", "select",
]  # fmt: skip


class UnknownNameError(ValueError):
    """A problem or method was asked for that isn't there."""


def known_problems() -> tuple[Problem, ...]:
    """The problems that come with the package, then those of plugins."""
    return (*PROBLEMS, *(item for plugin in plugins.problem_plugins() for item in plugin.items))


def known_methods() -> tuple[Method, ...]:
    """The methods that come with the package, then those of plugins."""
    return (*METHODS, *(item for plugin in plugins.method_plugins() for item in plugin.items))


def find_problem(name: str) -> Problem:
    """The problem called `name`, or the `Problem` at "module:attribute"."""
    return _find(name, known_problems(), Problem)


def find_method(name: str) -> Method:
    """The method called `name`, or the `Method` at "module:attribute"."""
    return _find(name, known_methods(), Method)


def select(names: Iterable[str], known: Sequence[Any]) -> tuple[str, ...]:
    """`names` without blanks and repeats, in the order given; if there are none, all of `known` but
    the methods that take part only when they are named."""
    wanted = dict.fromkeys(name.strip() for name in names if name.strip())
    return tuple(wanted) or tuple(
        item.name for item in known if not getattr(item, "by_name", False)
    )


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
