"""Tracing: a plain NumPy function runs once on `Tracer`s, and what it does is recorded as a graph.

A tracer answers NumPy's protocols (`__array_ufunc__`, `__array_function__`), so `np.sin(x) @ w` on
ordinary `numpy` reaches the handlers of `diffkit.numpy`, which emit nodes. Which trace records an
operation is decided by its operands: the innermost trace among them. A value of an outer trace met
inside becomes a captured parameter of the inner graph, so nested derivatives can not be confused.

An eager trace knows the values of its parameters. It computes nothing until Python asks for a
truth value; then the graph so far is evaluated, so branches and loops on values work.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from ..errors import LeakedTracerError, UnsupportedError, explain
from ..graph import Atom, Builder, Lit, Value, Var, literal
from ..types import Array, Type
from . import remedies
from .location import at_line, user_loc

CURRENT: ContextVar[Trace | None] = ContextVar("diffkit_trace", default=None)


@dataclass(frozen=True, slots=True)
class Handlers:
    """How NumPy's functions are recorded; `diffkit.numpy` provides them."""

    ufuncs: Mapping[Any, Callable[..., Any]]
    scipy_ufuncs: Mapping[str, Callable[..., Any]]
    """By name, so that SciPy need not be loaded to know them."""
    reductions: Mapping[Any, Callable[..., Any]]
    functions: Mapping[Any, Callable[..., Any]]
    getitem: Callable[..., Any]
    astype: Callable[..., Any]
    array: Callable[..., Any]


class Trace:
    """One recording: its builder, what it captured, and the known values if it is eager."""

    def __init__(self, name: str, handlers: Handlers, eager: bool) -> None:
        outer = CURRENT.get()
        self.depth = 0 if outer is None else outer.depth + 1
        self.builder = Builder(name)
        self.handlers = handlers
        self.eager = eager
        self.alive = True
        self.captured: dict[Var, Tracer] = {}
        self._captures: dict[tuple[int, Atom], Tracer] = {}
        self._values: dict[Var, Any] = {}
        self._literals: dict[int, tuple[Array, Lit]] = {}

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
            self.captured[found.atom] = x
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
                if node is None or node.out in self._values:
                    stack.pop()
                    continue
                missing = [
                    arg for arg in node.args if isinstance(arg, Var) and arg not in self._values
                ]
                if missing:
                    stack.extend(missing)
                    continue
                args = [self._known(arg) for arg in node.args]
                self._values[node.out] = node.op.numpy(*args, **node.attrs)
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
        if not self.eager:
            raise remedies.refuse_bool(repr(x))
        return self.concrete(x)


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


def same_bits(x: Array, y: Array) -> bool:
    """Whether an array captured before still has its old content (the user may reuse a buffer)."""
    if x.shape != y.shape or x.dtype != y.dtype:
        return False
    bits = f"u{x.dtype.itemsize}"
    return bool(np.array_equal(x.view(bits), y.view(bits)))


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
    return best


def binary(ufunc: Any) -> tuple[Any, Any]:
    """An operator and its reflection."""

    def forward(self: Tracer, other: Any) -> Any:
        return as_python(ufunc(self, other), self, other)

    def reflected(self: Tracer, other: Any) -> Any:
        return as_python(ufunc(other, self), self, other)

    return forward, reflected


def unary(ufunc: Any) -> Any:
    """An operator of one operand."""

    def call(self: Tracer) -> Any:
        return as_python(ufunc(self), self, self)

    return call


def as_python(result: Any, self: Tracer, other: Any) -> Any:
    """A result of Python's operators on Python numbers is a Python number: weak again."""
    if self.weak and is_weak(other):
        result.weak = True
    return result


def is_weak(x: Any) -> bool:
    """Whether NumPy promotes x as a Python number (NEP 50)."""
    return x.weak if isinstance(x, Tracer) else type(x) in (int, float)


def method(function: Any) -> Any:
    """A NumPy function as a method of its first argument."""

    def call(self: Tracer, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, **kwargs)

    return call


class Tracer(Value):
    """A value that is being recorded. It behaves as an ndarray of its shape and dtype."""

    __slots__ = ("owner", "weak")
    __array_priority__ = 1000

    def __init__(self, trace: Trace, atom: Atom, weak: bool = False) -> None:
        super().__init__(trace.builder, atom)
        self.owner = trace
        self.weak = weak
        """Whether this stands for a Python number, whose dtype gives way to an array's."""

    def wrap(self, atom: Atom) -> Tracer:
        return Tracer(self.owner, atom)

    def __repr__(self) -> str:
        name = self.atom.hint if isinstance(self.atom, Var) else ""
        return f"Traced({name + ': ' if name else ''}{self.type})"

    # --- NumPy's protocols ---------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        trace = innermost(inputs)
        assert trace is not None
        trace.builder.loc = user_loc()
        kwargs = {key: value for key, value in kwargs.items() if value is not None}
        handlers = trace.handlers
        handler = handlers.ufuncs.get(ufunc) or handlers.scipy_ufuncs.get(ufunc.__name__)
        if method == "__call__" and handler is not None and not kwargs:
            return handler(trace, *inputs)
        if "out" in kwargs:
            raise remedies.refuse_in_place(f"np.{ufunc.__name__}", repr(self))
        if method == "reduce" and ufunc in handlers.reductions:
            kwargs.setdefault("axis", 0)
            return handlers.reductions[ufunc](trace, *inputs, **kwargs)
        name = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
        if kwargs:
            name += f" with {', '.join(f'{key}=' for key in kwargs)}"
        raise unsupported(name)

    def __array_function__(
        self, func: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        trace = innermost((args, kwargs))
        assert trace is not None
        handler = trace.handlers.functions.get(func)
        if handler is None:
            raise unsupported(f"{func.__module__}.{func.__name__}".replace("numpy", "np", 1))
        trace.builder.loc = user_loc()
        return handler(trace, *args, **kwargs)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise remedies.refuse_array(repr(self))

    # --- conversions to Python -----------------------------------------------------------------

    def __bool__(self) -> bool:
        return bool(self.owner.concrete_or_refuse(self))

    def __float__(self) -> float:
        raise remedies.refuse_number("float", repr(self))

    def __complex__(self) -> complex:
        raise remedies.refuse_number("complex", repr(self))

    def __int__(self) -> int:
        if self.owner.eager and not self.type.differentiable:
            return int(self.owner.concrete(self))
        raise remedies.refuse_number("int", repr(self))

    def __index__(self) -> int:
        if self.owner.eager and self.dtype_.kind == "i" and self.ndim == 0:
            return int(self.owner.concrete(self))
        raise remedies.refuse_number("index", repr(self))

    def item(self, *_: Any) -> Any:
        raise remedies.refuse_number("item", repr(self))

    def tolist(self) -> Any:
        raise remedies.refuse_number("tolist", repr(self))

    def __setitem__(self, index: Any, value: Any) -> None:
        raise remedies.refuse_item_of_tracer(repr(self))

    def __hash__(self) -> int:
        raise TypeError("unhashable type: a traced array, as np.ndarray")

    # --- an ndarray's attributes ---------------------------------------------------------------

    @property
    def ndim(self) -> int:
        return self.type.ndim

    @property
    def size(self) -> int:
        return self.type.size

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.type.dtype.numpy

    @property
    def real(self) -> Tracer:
        return self

    @property
    def imag(self) -> Any:
        return np.zeros(self.shape, self.dtype)

    @property
    def T(self) -> Any:
        return self.transpose()

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[k] for k in range(self.shape[0]))

    def __getitem__(self, index: Any) -> Any:
        trace = innermost((self, index))
        assert trace is not None
        trace.builder.loc = user_loc()
        return trace.handlers.getitem(trace, self, index)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        self.owner.builder.loc = user_loc()
        return self.owner.handlers.astype(self.owner, self, dtype)

    def reshape(self, *shape: Any) -> Any:
        wanted: Any = shape[0] if len(shape) == 1 else shape
        return np.reshape(cast(Any, self), wanted)

    def transpose(self, *axes: Any) -> Any:
        order: Any = (axes[0] if len(axes) == 1 else axes) or None
        return np.transpose(cast(Any, self), order)

    def flatten(self) -> Any:
        return self.reshape(-1)

    def copy(self) -> Tracer:
        return self

    # --- operators and methods: each is the NumPy function of its name ---------------------------

    __add__, __radd__ = binary(np.add)
    __sub__, __rsub__ = binary(np.subtract)
    __mul__, __rmul__ = binary(np.multiply)
    __truediv__, __rtruediv__ = binary(np.true_divide)
    __floordiv__, __rfloordiv__ = binary(np.floor_divide)
    __mod__, __rmod__ = binary(np.remainder)
    __pow__, __rpow__ = binary(np.power)
    __matmul__, __rmatmul__ = binary(np.matmul)
    __and__, __rand__ = binary(np.bitwise_and)
    __or__, __ror__ = binary(np.bitwise_or)
    __xor__, __rxor__ = binary(np.bitwise_xor)
    __lt__ = method(np.less)
    __le__ = method(np.less_equal)
    __gt__ = method(np.greater)
    __ge__ = method(np.greater_equal)
    __eq__ = method(np.equal)
    __ne__ = method(np.not_equal)
    __neg__ = unary(np.negative)
    __pos__ = unary(np.positive)
    __abs__ = unary(np.absolute)
    __invert__ = method(np.invert)

    sum = method(np.sum)
    prod = method(np.prod)
    mean = method(np.mean)
    std = method(np.std)
    var = method(np.var)
    max = method(np.max)
    min = method(np.min)
    argmax = method(np.argmax)
    argmin = method(np.argmin)
    any = method(np.any)
    all = method(np.all)
    cumsum = method(np.cumsum)
    ravel = method(np.ravel)
    squeeze = method(np.squeeze)
    swapaxes = method(np.swapaxes)
    diagonal = method(np.diagonal)
    dot = method(np.dot)
    clip = method(np.clip)
    take = method(np.take)
    repeat = method(np.repeat)
    round = method(np.round)
    trace = method(np.trace)


def unsupported(name: str) -> UnsupportedError:
    """A NumPy function without a handler."""
    return UnsupportedError(
        explain(
            f"{name}{at_line()}",
            "a traced value for a function or keyword that diffkit does not record",
            "a function of the table in diffkit/numpy",
            "Write it with recorded functions, or apply it outside the traced function",
        )
    )
