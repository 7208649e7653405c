"""Problems and methods of other packages, which say by an entry point that they have some.

An installed package lists, in the group "diffkit.comparisons.problems" or "….methods" of its
metadata, names and "module:attribute" places of a `Problem` or `Method`, or of a tuple of them.
They then take part like those that come with this package. A plugin is somebody else's code: one
that can't be imported, or holds something else, or takes a name that is in use, costs only itself,
and `python -m comparisons list` shows its error. See docs/adding.md.

Source: the entry points specification of the Python packaging user guide.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from comparisons.method import Method
from comparisons.methods import METHODS
from comparisons.problem import Problem
from comparisons.problems import PROBLEMS

__all__ = ["METHOD_GROUP", "PROBLEM_GROUP", "Plugin", "method_plugins", "problem_plugins"]

PROBLEM_GROUP = "diffkit.comparisons.problems"
METHOD_GROUP = "diffkit.comparisons.methods"


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point.

    Attributes:
        name: its own name.
        place: the "module:attribute" it points to.
        package: the distribution that has it, with its version.
        items: the problems or methods in it; none if it is broken.
        error: what is wrong with it; else "".
    """

    name: str
    place: str
    package: str
    items: tuple[Any, ...] = ()
    error: str = ""


@functools.cache
def problem_plugins() -> tuple[Plugin, ...]:
    """Every entry point for problems, loaded once."""
    return _load(PROBLEM_GROUP, Problem, PROBLEMS)


@functools.cache
def method_plugins() -> tuple[Plugin, ...]:
    """Every entry point for methods, loaded once."""
    return _load(METHOD_GROUP, Method, METHODS)


def _load(group: str, kind: type, own: Iterable[Any]) -> tuple[Plugin, ...]:
    taken = {item.name for item in own}
    found: list[Plugin] = []
    for entry in sorted(metadata.entry_points(group=group), key=lambda entry: entry.name):
        package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else ""
        items, error = _items(entry, kind, taken)
        taken |= {item.name for item in items}
        found.append(Plugin(entry.name, entry.value, package, items, error))
    return tuple(found)


def _items(entry: metadata.EntryPoint, kind: type, taken: set[str]) -> tuple[tuple[Any, ...], str]:
    """What an entry point holds, and "" or what is wrong with it."""
    try:
        held = entry.load()
    except Exception as error:  # whatever the other package does when it is imported
        return (), f"{type(error).__name__}: {' '.join(str(error).split())}"
    items = held if isinstance(held, tuple) else (held,)
    for item in items:
        if not isinstance(item, kind):
            return (), f"holds a {type(item).__name__}, not a comparisons {kind.__name__}"
        if item.name in taken:
            return (), f"the name {item.name!r} is taken"
    return items, ""
