"""A user's function with its own `np` bound to another namespace.

`np.zeros(3)` makes a plain array, and NumPy offers no protocol to change that. So a function that
is recorded is built anew from the same code, defaults and closure, with globals of its own: a dict
that is empty, looks every name up where the function was defined at the moment it is needed, and
hands out a stand-in for NumPy, for its makers of arrays, for plain arrays, for SciPy's modules,
functions and distributions, and for the user's own functions and modules, which are rebuilt
likewise. No module and no function of the user's is
touched, and nothing is kept from one recording to the next.

Python looks for a missing name with `__missing__`, as CPython's LOAD_GLOBAL does for any dict that
is not exactly a dict. What a function imports within itself is out of reach.
"""

from __future__ import annotations

import builtins
import dis
import functools
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, cast

from numpy import ndarray

FOREIGN = (
    frozenset(
        {
            "numpy",
            "scipy",
            "diffkit",
            "optree",
            "sympy",
            "torch",
            "autograd",
            "jax",
            "numba",
            "pytest",
        }
    )
    | sys.stdlib_module_names
)
"""Packages whose functions and modules are used as they are."""
OWN_MODULES = frozenset({"__main__"})


@dataclass(frozen=True, slots=True)
class Namespace:
    """What stands in for NumPy: a module, and functions by the identity of NumPy's."""

    numpy: ModuleType
    module: Any
    functions: Mapping[int, Any]
    array: Any
    """What a plain array is seen as, a function."""
    scipy: Any
    """`scipy(value)` is what stands in for a module, function or distribution of SciPy's, or None.
    """
    rebuilt: dict[int, tuple[Any, Any]] = field(default_factory=dict[int, tuple[Any, Any]])
    """The stand-ins of this recording, by the identity of what they stand for, which is kept."""


class Globals(dict[str, Any]):
    """The globals of a rebuilt function: those of the original, looked up when they are needed."""

    __slots__ = ("original", "space")

    def __init__(self, original: dict[str, Any], space: Namespace) -> None:
        super().__init__(
            __builtins__=original.get("__builtins__", builtins), __name__=original.get("__name__")
        )
        self.original = original
        self.space = space

    def __missing__(self, name: str) -> Any:
        value = self.original.get(name, self)
        if value is self:
            return builtin(self["__builtins__"], name)
        found = substitute(value, self.space)
        if found is self.space.module:
            self[name] = found  # the one that is asked for again and again
        return found


def builtin(namespace: Any, name: str) -> Any:
    """A builtin, of a module or of its dict. From a KeyError, Python makes a NameError."""
    return vars(namespace)[name] if isinstance(namespace, ModuleType) else namespace[name]


class Proxy:
    """A user's module, with stand-ins for what it holds; writes go to the module itself."""

    __slots__ = ("_module", "_space")

    def __init__(self, module: ModuleType, space: Namespace) -> None:
        object.__setattr__(self, "_module", module)
        object.__setattr__(self, "_space", space)

    def __getattr__(self, name: str) -> Any:
        return substitute(getattr(self._module, name), self._space)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._module, name, value)

    def __repr__(self) -> str:
        return repr(self._module)


def rebind(f: Any, space: Namespace) -> Any:
    """The function with its NumPy, and that of the functions it calls, replaced. What is not a
    Python function, a method or a `functools.partial` of one is returned as it is."""
    return substitute(f, space)


def substitute(value: Any, space: Namespace) -> Any:
    """The stand-in of a value, or the value."""
    kind: Any = type(cast(object, value))
    if of_scipy(value, kind):
        found = space.scipy(value)
        return value if found is None else found
    if kind is ModuleType:
        if value is space.numpy:
            return space.module
        return once(value, space, Proxy) if is_own(value.__name__) else value
    if kind is FunctionType:
        stand_in = space.functions.get(id(value))
        return rebuilt(value, space) if stand_in is None else stand_in
    if kind is MethodType:
        return method(value, space)
    if kind is ndarray:
        return once(value, space, seen_as)
    if kind is functools.partial:
        function = substitute(value.func, space)
        same = function is value.func
        return value if same else functools.partial(function, *value.args, **value.keywords)
    if callable(value):
        return space.functions.get(id(value), value)
    return value


def of_scipy(value: Any, kind: Any) -> bool:
    """Whether a value is a module of SciPy's, a function, or an object of a class of its."""
    if kind is ModuleType:
        home: Any = value.__name__
    else:
        function = kind is FunctionType or kind.__module__ == "uarray"  # as those of scipy.fft are
        home = value.__module__ if function else kind.__module__
    return isinstance(home, str) and home.partition(".")[0] == "scipy"


def once(value: Any, space: Namespace, make: Any) -> Any:
    """The one stand-in of a value in this recording."""
    found = space.rebuilt.get(id(value))
    if found is None:
        found = (value, make(value, space))
        space.rebuilt[id(value)] = found
    return found[1]


def seen_as(value: Any, space: Namespace) -> Any:
    """The stand-in of a plain array."""
    return space.array(value)


def method(value: MethodType, space: Namespace) -> Any:
    """A bound method of a user's class, with its function rebuilt; of a distribution's stand-in."""
    owner = value.__self__
    if of_scipy(owner, type(owner)):
        found = space.scipy(owner)
        return value if found is None else getattr(found, value.__name__)
    function = value.__func__
    if not isinstance(function, FunctionType):
        return value
    new = rebuilt(function, space)
    return value if new is function else MethodType(new, value.__self__)


def is_own(module: str | None) -> bool:
    """Whether a module is the user's."""
    root = (module or "").partition(".")[0]
    return root in OWN_MODULES or root not in FOREIGN


def rebuilt(f: FunctionType, space: Namespace) -> Any:
    """A user's function, built anew with globals and closure that hand out stand-ins."""
    found = space.rebuilt.get(id(f))
    if found is not None:
        return found[1]
    untouched = (
        isinstance(f.__globals__, Globals)
        or not is_own(f.__globals__.get("__name__"))
        or writes_globals(f.__code__)
    )
    if untouched:
        return f
    cells = f.__closure__ or ()
    # Known before its closure is, in which it may stand itself.
    fresh = tuple([CellType() for _ in cells])
    names = f.__code__.co_freevars
    written = rebinds(f.__code__)
    closure = tuple(
        [old if name in written or not holds_stand_in(old, space) else new
         for name, old, new in zip(names, cells, fresh, strict=True)]
    )  # fmt: skip
    new = FunctionType(
        f.__code__, Globals(f.__globals__, space), f.__name__, f.__defaults__, closure
    )
    new.__kwdefaults__ = cast(Any, f.__kwdefaults__)
    new.__qualname__ = f.__qualname__
    new.__module__ = f.__module__
    new.__doc__ = f.__doc__
    new.__dict__ = f.__dict__  # shared: a function may count its calls there
    space.rebuilt[id(f)] = (f, new)
    for old, cell in zip(cells, closure, strict=True):
        if cell is not old:
            cell.cell_contents = substitute(old.cell_contents, space)
    return new


def holds_stand_in(cell: CellType, space: Namespace) -> bool:
    """Whether the content of a closure's cell is of a kind that is replaced."""
    try:
        value = cell.cell_contents
    except ValueError:  # not assigned yet
        return False
    if of_scipy(value, type(value)):
        return space.scipy(value) is not None
    if isinstance(value, FunctionType):
        if id(value) in space.functions or id(value) in space.rebuilt:
            return True
        own = is_own(value.__globals__.get("__name__")) and not writes_globals(value.__code__)
        return own and not isinstance(value.__globals__, Globals)
    if isinstance(value, ModuleType | MethodType | ndarray) or type(value) is functools.partial:
        return True
    return callable(value) and id(value) in space.functions


def codes(code: CodeType) -> list[CodeType]:
    """A code and all that are nested in it."""
    found = [code]
    for item in found:
        found.extend(k for k in item.co_consts if isinstance(k, CodeType))
    return found


def writes_globals(code: CodeType) -> bool:
    """Whether a function assigns to globals, which have to be those of its module."""
    return any(k.opname in ("STORE_GLOBAL", "DELETE_GLOBAL") for k in instructions(code))


def rebinds(code: CodeType) -> set[Any]:
    """The names of a closure that a function assigns to (`nonlocal`)."""
    return {k.argval for k in instructions(code) if k.opname in ("STORE_DEREF", "DELETE_DEREF")}


@functools.lru_cache(maxsize=4096)
def instructions(code: CodeType) -> tuple[dis.Instruction, ...]:
    """The instructions of a code and of all that are nested in it that store names."""
    return tuple(
        [k for inner in codes(code) for k in dis.get_instructions(inner) if k.opname in STORES]
    )


STORES = frozenset({"STORE_GLOBAL", "DELETE_GLOBAL", "STORE_DEREF", "DELETE_DEREF"})
