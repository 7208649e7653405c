"""Tracing: a plain NumPy function runs once on `Tracer`s, and what it does is recorded as a graph.

A tracer answers NumPy's protocols (`__array_ufunc__`, `__array_function__`), so `np.sin(x) @ w` on
ordinary `numpy` reaches the handlers of `diffkit.numpy`, which emit nodes. Which trace records an
operation is decided by its operands: the innermost trace among them. A value of an outer trace met
inside becomes a captured parameter of the inner graph, so nested derivatives can not be confused.

An eager trace knows the values of its parameters. It computes nothing until Python asks for a
truth value; then the graph so far is evaluated, so branches and loops on values work.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ..errors import LeakedTracerError, TracingError, explain
from ..graph import Atom, Builder, Lit, Value, Var, literal, results_of
from ..graph.builder import Earlier
from ..types import Array, Shape, Type
from . import inplace, remedies
from .arraylike import ArrayLike
from .known import is_known, is_still, same_bits
from .location import at_line, user_loc
from .operators import is_weak as is_weak
from .views import Store, boxed, current, is_array

CURRENT: ContextVar[Trace | None] = ContextVar("diffkit_trace", default=None)


@dataclass(frozen=True, slots=True)
class Handlers:
    """How NumPy's functions are recorded; `diffkit.numpy` provides them."""

    ufuncs: Mapping[Any, Callable[..., Any]]
    scipy_ufuncs: Mapping[str, Callable[..., Any]]
    """By name, so that SciPy need not be loaded to know them."""
    reductions: Mapping[Any, Callable[..., Any]]
    method: Callable[..., Any]
    """`method(trace, ufunc, name, inputs, keywords)` calls another method of a ufunc; None where
    that is not recorded."""
    functions: Mapping[Any, Callable[..., Any]]
    getitem: Callable[..., Any]
    setitem: Callable[..., Any]
    """`setitem(trace, x, index, value)` is x with x[index] replaced, as a new value."""
    additem: Callable[..., Any]
    """As `setitem`, with value added at each index."""
    link: Callable[..., Any]
    """`link(trace, function, args, kwargs, result)` makes a result a view, where NumPy would."""
    astype: Callable[..., Any]
    array: Callable[..., Any]
    rebind: Callable[..., Any]
    """A user's function with its `np` bound to `diffkit.numpy`."""
    namespace: Callable[[], Any]
    """The module `diffkit.numpy`, as `__array_namespace__` answers."""


class Trace:
    """One recording: its builder, what it captured, and the known values if it is eager."""

    def __init__(
        self,
        name: str,
        handlers: Handlers,
        eager: bool,
        branch: bool = False,
        earlier: Earlier | None = None,
    ) -> None:
        self.outer = CURRENT.get()
        self.depth = 0 if self.outer is None else self.outer.depth + 1
        self.branch = branch
        """Whether this records what may not run: nothing is taken out of it."""
        self.builder = Builder(name, earlier=earlier)
        self.handlers = handlers
        self.eager = eager
        self.alive = True
        self.captured: dict[Var, Tracer] = {}
        self._captures: dict[tuple[int, Atom], Tracer] = {}
        self._values: dict[Var, Any] = {}
        self._literals: dict[int, tuple[Array, Lit]] = {}
        self._fixed: dict[Var, bool] = {}

    def innermost_running(self) -> Trace:
        """The trace that records what the user's code does now."""
        return CURRENT.get() or self

    def param(self, type_: Type, hint: str, value: Any = None, weak: bool = False) -> Tracer:
        """A new parameter, with its value (an array or a tracer of an outer trace) if eager."""
        var = self.builder.param(type_, hint).atom
        assert isinstance(var, Var)
        if self.eager:
            self._values[var] = value
        return Tracer(self, var, weak)

    def value(self, x: Any) -> Tracer:
        """Anything as a tracer of this trace: constants become literals, sequences are stacked."""
        if isinstance(x, Tracer):
            return self.lift(x)
        if isinstance(x, np.ndarray):
            return Tracer(self, self.captured_array(cast(Array, x)))
        if isinstance(x, list | tuple) and contains_tracer(x):
            return self.handlers.array(self, x)
        return Tracer(self, literal(x))

    def captured_array(self, x: Array) -> Lit:
        """An array of the user's as a literal, the same one as long as its content is the same."""
        known = self._literals.get(id(x))
        if known is None or not same_bits(x, known[1].value):
            known = (x, literal(x))  # holds x, so that its id stays taken
            self._literals[id(x)] = known
        return known[1]

    def lift(self, x: Tracer) -> Tracer:
        """A value of this or of an outer, still running trace as a value of this one."""
        if x.owner is self:
            return x
        if not x.owner.alive or x.owner.depth >= self.depth:
            raise leaked(x)
        if isinstance(x.atom, Lit):
            return Tracer(self, x.atom, x.weak)
        key = (id(x.owner), x.atom)
        found = self._captures.get(key)
        if found is None:
            found = self.param(x.type, x.atom.hint, x)
            assert isinstance(found.atom, Var)
            self.captured[found.atom] = Tracer(x.owner, x.atom, x.weak)  # as it is now
            self._captures[key] = found
        return Tracer(self, found.atom, x.weak)

    def concrete(self, x: Tracer) -> Array:
        """The value of a tracer of an eager trace, evaluating what it needs of the graph so far."""
        if isinstance(x.atom, Lit):
            return x.atom.value
        stack: list[Var] = [x.atom]
        with np.errstate(all="ignore"):
            while stack:
                node = self.builder.producers.get(stack[-1])
                if node is None or node.outs[0] in self._values:
                    stack.pop()
                    continue
                missing = [
                    arg for arg in node.args if isinstance(arg, Var) and arg not in self._values
                ]
                if missing:
                    stack.extend(missing)
                    continue
                args = [self._known(arg) for arg in node.args]
                self._values.update(zip(node.outs, results_of(node, args), strict=True))
                stack.pop()
        return self._known(x.atom)

    def _known(self, atom: Atom) -> Any:
        if isinstance(atom, Lit):
            return atom.value
        value = self._values[atom]
        if isinstance(value, Tracer):
            value = value.owner.concrete_or_refuse(value)
            self._values[atom] = value
        return value

    def concrete_or_refuse(self, x: Tracer) -> Array:
        """As `concrete`, or the error that a branch needs a value."""
        if not self.eager and not self.known(x):
            raise remedies.refuse_bool(repr(x))
        return self.concrete(x)

    def known(self, x: Tracer) -> bool:
        """Whether a value depends on no parameter, so that a plain number loses nothing."""
        return is_known(x.atom, self.builder.producers, self._fixed)

    def given(self, x: Tracer) -> Array | None:
        """The value, where Python may have it as a number: no derivative passes through it, and
        it is the same on every run of the graph."""
        if 0 in x.shape:
            return np.zeros(x.shape, x.dtype)  # nothing is lost with no elements
        if (self.eager and is_still(x.atom, self.builder.producers)) or self.known(x):
            try:
                return self.concrete(x)
            except TracingError:  # it comes from an outer trace, which has no values
                return None
        return None


def leaked(x: Tracer) -> LeakedTracerError:
    """A tracer met outside the call that made it."""
    return LeakedTracerError(
        explain(
            f"using a traced value{at_line()}",
            f"{x!r} of a trace of `{x.owner.builder.name}` that has ended",
            "a value of a trace that is still running",
            "Return the value from the traced function instead of storing it elsewhere",
        )
    )


@contextmanager
def recording(trace: Trace) -> Generator[Trace]:
    """Make a trace the current one; it ends with the block, whatever happens in it."""
    token = CURRENT.set(trace)
    try:
        yield trace
    finally:
        trace.alive = False
        CURRENT.reset(token)


def contains_tracer(x: Any) -> bool:
    """Whether a value, or an element of nested lists and tuples, is traced."""
    if isinstance(x, list | tuple):
        return any(contains_tracer(item) for item in x)  # pyright: ignore[reportUnknownVariableType]
    return isinstance(x, Tracer)


def innermost(values: Any) -> Trace | None:
    """The innermost trace among values, looking into lists, tuples and dicts."""
    best: Trace | None = None
    stack: list[Any] = list(values)
    while stack:
        item = stack.pop()
        if isinstance(item, Tracer):
            if not item.owner.alive:
                raise leaked(item)
            if best is None or item.owner.depth > best.depth:
                best = item.owner
        elif isinstance(item, list | tuple):
            stack.extend(item)  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(item, dict):
            stack.extend(item.values())  # pyright: ignore[reportUnknownArgumentType]
    current = CURRENT.get()
    if best is None or current is None or current is best:
        return best
    return within_branch(best, current)


def recorder(values: Any) -> Trace | None:
    """The innermost trace among values, about to record a call on the user's line."""
    trace = current_of(values) or innermost(values)
    if trace is not None:
        trace.builder.loc = user_loc()
    return trace


PLAIN = frozenset({int, float, bool, complex, np.ndarray, np.float64, type(None), slice})


def current_of(values: tuple[Any, ...]) -> Trace | None:
    """The current trace, if it is seen at a glance to be the innermost among values: most calls mix
    its own values with numbers and arrays."""
    current, found = CURRENT.get(), False
    for x in values:
        kind: Any = type(x)  # pyright: ignore[reportUnknownVariableType]
        if kind is Tracer:
            if x.owner is not current:
                return None
            found = True
        elif kind not in PLAIN:
            return None
    return current if found and current is not None and current.alive else None


def within_branch(best: Trace, current: Trace) -> Trace:
    """What depends on outer values alone is recorded outside, so that a loop does not repeat it;
    but not outside of a branch, which may not run."""
    found, trace = best, current
    while trace.depth > best.depth and trace.outer is not None:
        found = trace if trace.branch else found
        trace = trace.outer
    return found


class Tracer(ArrayLike, Value):
    """A value that is being recorded. It behaves as an ndarray of its shape and dtype, which can be
    written: then it holds another atom."""

    __slots__ = ("held", "owner", "store", "weak")
    __array_priority__ = 1000

    def __init__(self, trace: Trace, atom: Atom, weak: bool = False) -> None:
        self.builder = trace.builder
        self.held = atom
        self.owner = trace
        self.weak = weak
        """Whether this stands for a Python number, whose dtype gives way to an array's."""
        self.store: Store | None = None
        """Whose memory this is, where that matters (see `views`)."""

    @property
    def atom(self) -> Atom:
        """The value now; that of a view is read again if what it looks into has been written."""
        store = self.store
        return self.held if store is None or store.link is None else current(self, store)

    @property
    def type(self) -> Type:
        return self.held.type

    @property
    def shape(self) -> Shape:
        return self.held.type.shape

    def wrap(self, atom: Atom) -> Tracer:
        return Tracer(self.owner, atom)

    def __repr__(self) -> str:
        name = self.atom.hint if isinstance(self.atom, Var) else ""
        return f"Traced({name + ': ' if name else ''}{self.type})"

    # --- NumPy's protocols ---------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        trace = recorder((*inputs, *kwargs.values()) if kwargs else inputs)
        assert trace is not None
        handlers = trace.handlers
        handler = handlers.ufuncs.get(ufunc) or handlers.scipy_ufuncs.get(ufunc.__name__)
        if method == "__call__" and handler is not None and not kwargs:
            return handler(trace, *inputs)
        kwargs = {key: x for key, x in kwargs.items() if x is not None or key == "axis"}
        if handler is None and method != "at" and "out" not in kwargs:
            name = remedies.ufunc_name(ufunc, method, kwargs)
            return call_known(trace, name, getattr(ufunc, method), inputs, kwargs)
        return inplace.call_ufunc(self, ufunc, method, inputs, kwargs, trace)

    def __array_function__(
        self, func: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        trace = innermost((args, kwargs))
        if trace is None:  # np.zeros(3, like=self)
            return getattr(self.owner.handlers.namespace(), func.__name__)(*args, **kwargs)
        handler = trace.handlers.functions.get(func)
        if handler is None:
            name = f"{func.__module__}.{func.__name__}".replace("numpy", "np", 1)
            return call_known(trace, name, func, args, kwargs)
        trace.builder.loc = user_loc()
        target = kwargs.get("out")
        if isinstance(target, Tracer):
            rest = {key: value for key, value in kwargs.items() if key != "out"}
            result = handler(trace, *args, **rest)
            name = f"np.{func.__name__} with out="
            inplace.store_result(target, result, trace, name, "same_kind")
            return target
        return trace.handlers.link(trace, func, args, kwargs, handler(trace, *args, **kwargs))

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        value = self.owner.given(self)
        if value is None:
            raise remedies.refuse_array(repr(self))
        return np.array(value, dtype) if copy else np.asarray(read_only(value), dtype)

    # --- conversions to Python -----------------------------------------------------------------

    def __bool__(self) -> bool:
        return bool(self.owner.concrete_or_refuse(self))

    def __float__(self) -> float:
        return float(self.number("float"))

    def __complex__(self) -> complex:
        return complex(self.number("complex"))

    def __int__(self) -> int:
        return int(self.number("int"))

    def __index__(self) -> int:
        if self.dtype_.kind != "i" or self.ndim:
            raise remedies.refuse_number("index", repr(self), self.owner.eager)
        return int(self.number("index"))

    def number(self, kind: str) -> Any:
        """The value, or the error that a derivative would be lost."""
        value = self.owner.given(self)
        if value is None:
            raise remedies.refuse_number(kind, repr(self), self.owner.eager)
        return value

    def __setitem__(self, index: Any, value: Any) -> None:
        trace = innermost((self, index, value))
        assert trace is not None
        inplace.set_item(self, index, value, trace)

    def __copy__(self) -> Tracer:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Tracer:
        return self.copy()

    def __hash__(self) -> int:
        raise TypeError("unhashable type: a traced array, as np.ndarray")

    def __getitem__(self, index: Any) -> Any:
        trace = recorder((self, index))
        assert trace is not None
        return trace.handlers.getitem(trace, self, index)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        if not copy and np.dtype(dtype) == self.dtype:
            return self
        self.owner.builder.loc = user_loc()
        return self.owner.handlers.astype(self.owner, self, dtype)

    def copy(self) -> Tracer:
        """An array of its own, which belongs to the code that runs now."""
        trace = self.owner.innermost_running()
        own = Tracer(trace, trace.value(self).atom, self.weak)
        return boxed(own, in_order=True) if is_array(self) else own


FLOATS = tuple(np.dtype(kind) for kind in "dfeDF")


def call_known(trace: Trace, name: str, function: Any, args: Any, kwargs: Any) -> Any:
    """A function that is not recorded, called on known values alone; else the error."""
    lent: dict[int, Any] = {}
    if not (lend(args, lent) and lend(kwargs, lent)):
        raise remedies.unsupported(name)
    try:
        result = function(*replaced(args, lent), **replaced(kwargs, lent))
    except ValueError as error:
        if "read-only" in str(error):  # the function writes
            raise remedies.unsupported(name) from None
        raise
    pairs = ((part, x) for part in arrays_in(result) for x in lent.values())
    if any(np.may_share_memory(part, x) for part, x in pairs):
        raise remedies.unsupported(name)  # a view, and nobody would see a write into it
    return adopted(trace, result)


def lend(x: Any, lent: dict[int, Any]) -> bool:
    """Collect the values of all traced values, to be read only; False where one is not known."""
    if isinstance(x, Tracer):
        value = x.owner.given(x)
        if value is not None:
            lent[id(x)] = read_only(value)
        return value is not None
    items: Any = x.values() if isinstance(x, dict) else x  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return not isinstance(x, dict | list | tuple) or all(lend(item, lent) for item in items)


def read_only(value: Any) -> Any:
    """A value that belongs to a trace, for others to read: a write would be seen by nobody."""
    view = np.asarray(value).view()
    view.flags.writeable = False
    return view


def replaced(x: Any, values: dict[int, Any]) -> Any:
    """Nested arguments with values in place of traced values."""
    if isinstance(x, Tracer):
        return values[id(x)][()]
    if isinstance(x, dict):
        return {key: replaced(item, values) for key, item in cast(Any, x).items()}
    if isinstance(x, list | tuple):
        items: Any = [replaced(item, values) for item in cast(Any, x)]
        return items if isinstance(x, list) else tuple(items)
    return x


def arrays_in(x: Any) -> list[Any]:
    """The arrays of a result."""
    if isinstance(x, list | tuple):
        return [part for item in cast(Any, x) for part in arrays_in(item)]
    return [x] if isinstance(x, np.ndarray) else []


def adopted(trace: Trace, result: Any) -> Any:
    """A result as the function's own; float arrays can be written with traced values."""
    if isinstance(result, list | tuple):
        items: Any = [adopted(trace, item) for item in cast(Any, result)]
        if isinstance(result, list):
            return items
        make: Any = getattr(cast(Any, result), "_make", tuple)
        return make(items)
    array: Any = result
    carried = isinstance(result, np.ndarray) and array.dtype in FLOATS
    return boxed(Tracer(trace, literal(array))) if carried else array
