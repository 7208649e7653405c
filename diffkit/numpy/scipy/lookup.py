"""What stands in for a module, a function or a distribution of SciPy's.

A user's function finds them among its globals, imported in whatever way. They are recognised by
name and identity in SciPy's public modules, which are loaded if they are found at all: nothing
here imports SciPy.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, cast

from . import fft, integrate, linalg, signal, special, stats

NAMESPACES: dict[str, ModuleType] = {
    "scipy": sys.modules[__package__ or ""],
    "scipy.fft": fft,
    "scipy.integrate": integrate,
    "scipy.linalg": linalg,
    "scipy.signal": signal,
    "scipy.special": special,
    "scipy.stats": stats,
}

FROZEN: dict[str, tuple[str, ...]] = {
    "multivariate_normal_frozen": ("mean", "cov"),
    "dirichlet_frozen": ("alpha",),
    "multinomial_frozen": ("n", "p"),
}
"""The parameters of the frozen distributions of several dimensions, by their type."""


def stand_in(value: Any) -> Any:
    """The stand-in of an object, or None."""
    if isinstance(value, ModuleType):
        same = sys.modules.get(value.__name__) is value
        return NAMESPACES.get(value.__name__) if same else None
    kind: Any = type(cast(object, value))
    home: str = getattr(value, "__module__", None) or kind.__module__
    public = ".".join(home.split(".")[:2])
    space, module = NAMESPACES.get(public), sys.modules.get(public)
    if space is None or module is None or public == "scipy":
        return None
    if space is stats and kind.__name__.endswith("_frozen"):
        return frozen(value, kind.__name__)
    name: str = getattr(value, "__name__", kind.__name__.removesuffix("_gen"))
    known = vars(module).get(name) is value
    found = getattr(space, name) if known else None
    return None if found is value else found


def frozen(value: Any, kind: str) -> Any:
    """A distribution with its parameters, of ours."""
    if kind in FROZEN:
        name, args, kwargs = kind.removesuffix("_frozen"), (), {
            key: getattr(value, key) for key in FROZEN[kind]
        }  # fmt: skip
    else:
        name, args, kwargs = getattr(value.dist, "name", None), value.args, value.kwds
    return stats.DISTRIBUTIONS[name](*args, **kwargs) if name in stats.DISTRIBUTIONS else None
