"""One function for traced values and for all others, and a module that falls back on SciPy's.

A namespace such as `dnp.scipy.linalg` is a module of a few functions that can be recorded, each
under `@standing_in("scipy.linalg")`, and of SciPy's for the rest. To add a function is to write it:

    @standing_in(MODULE)
    def expm(A: Any) -> Any: …

It is called with a traced value among its arguments only; without one, SciPy's own function is. A
function that SciPy imports by name or as a module's attribute is found by its name (`lookup`).
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from types import FunctionType
from typing import Any

from ...tracing.tracer import call_known, recorder


def of_scipy(module: str, name: str) -> Any:
    """An object of a module of SciPy's, which loads now."""
    return getattr(importlib.import_module(module), name)


def standing_in(module: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a function that records traced arguments: of plain ones, SciPy's is called."""

    def decorate(recorded: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(recorded)
        def function(*args: Any, **kwargs: Any) -> Any:
            if recorder((*args, kwargs)) is None:
                return of_scipy(module, recorded.__name__)(*args, **kwargs)
            return recorded(*args, **kwargs)

        return function

    return decorate


def rest_of(module: str) -> Callable[[str], Any]:
    """The `__getattr__` of a namespace: everything else is SciPy's. Its functions take traced
    values whose numbers are known, and refuse all others by name."""
    made: dict[str, Any] = {}

    def lookup(name: str) -> Any:
        found = made.get(name)
        if found is None:
            if name.startswith("__"):
                raise AttributeError(f"module {module!r} has no attribute {name!r}")
            value = of_scipy(module, name)
            found = made[name] = refusing(module, value) if is_function(value) else value
        return found

    return lookup


def is_function(value: Any) -> bool:
    return isinstance(value, FunctionType)


def refusing(module: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    """A function of SciPy's that is not recorded."""

    @functools.wraps(plain)
    def function(*args: Any, **kwargs: Any) -> Any:
        trace = recorder((*args, kwargs))
        if trace is None:
            return plain(*args, **kwargs)
        return call_known(trace, f"{module}.{plain.__name__}", plain, args, kwargs)

    return function
