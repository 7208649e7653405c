"""What to say when a traced value meets code that needs a number.

Python asks an object for `bool`, `float`, `int` or an array when NumPy's protocols are out of
reach. Giving one away would cut the derivative without a word, so each is an error that names the
user's line, what happened there, and what to write instead.
"""

from __future__ import annotations

import dis
import linecache
import re
import sys
from collections.abc import Collection
from typing import Any

import numpy as np

from ..errors import (
    MissingAttributeError,
    TracingError,
    TreeError,
    UnsupportedError,
    explain,
)
from . import trees
from .location import at_line, scipy_function, user_frame

# Instructions of `a[i]` and of `a[i] = …` in Python 3.11 and later.
READING = ("BINARY_SUBSCR", "BINARY_SLICE")
WRITING = ("STORE_SUBSCR", "STORE_SLICE")


def source_line() -> str:
    """The text of the user's line, or nothing."""
    frame = user_frame()
    return "" if frame is None else linecache.getline(frame.f_code.co_filename, frame.f_lineno)


def executing() -> str:
    """The name of the instruction that the user's frame is executing."""
    frame = user_frame()
    if frame is None or frame.f_lasti < 0:
        return ""
    return dis.opname[frame.f_code.co_code[frame.f_lasti]]


def storing_an_item() -> bool:
    """Whether the user's frame is executing `a[i] = …` or `a[i] += …`."""
    name = executing()
    return name in WRITING or (name == "BINARY_OP" and "=" in source_line())


def refuse_table(what: str) -> TracingError:
    """`plain[traced]`."""
    got = f"the traced index {what} into an array or list of known values"
    remedy = "Write dnp.take(table, index, axis=0)"
    want = "a function that traces"
    return TracingError(explain(f"indexing{at_line()}", got, want, remedy))


def refuse_bool(what: str) -> TracingError:
    """A branch on a value that is not known while tracing."""
    return TracingError(
        explain(
            f"bool(){at_line()}",
            f"a branch or loop condition on the traced value {what}",
            "a concrete value; a traced function runs once for all values",
            "Use np.where(condition, a, b), dk.cond or dk.while_loop, or differentiate without "
            "tracing first: dk.grad(f)(x) knows the values and takes Python branches",
        )
    )


def refuse_number(kind: str, what: str, eager: bool = True) -> TracingError:
    """`float(x)`, `int(x)`, `math.sin(x)`, `x.item()`; where not `eager`, x has no value yet."""
    if storing_an_item():
        return refuse_place(what) if kind == "index" else refuse_stored(what)
    if executing() in READING or "np.take(" in source_line():
        return refuse_table(what)
    if name := scipy_function():
        return refuse_scipy(name, what)
    called = re.search(r"\bmath\.(\w+)\s*\(", source_line())
    asked = f"math.{called[1]}" if called else f"{kind}()"
    if called:
        remedy = f"Use np.{called[1]}, which traces"
    elif kind == "round":
        remedy = "Use np.round, which traces; its derivative is zero"
    elif kind == "int":
        remedy = "Use np.floor or x.astype(np.int64), or pass the value as an untraced argument"
    elif kind == "index":
        remedy = (
            "Loop with dk.fori_loop; where the number has to be known, as for a size, pass the "
            "value as an untraced argument (static_argnums of dk.jit)"
        )
    elif not eager:
        remedy = "Leave the value as it is: arithmetic and np functions accept it"
    else:
        remedy = (
            "Leave the value as it is: arithmetic and np functions accept it; "
            "dk.stop_gradient(x) takes it out of the derivative"
        )
    got = f"the traced value {what}, whose derivative a plain number would lose"
    if not eager:
        got = f"the traced value {what}, which has no value: this runs once for all values"
    return TracingError(explain(f"{asked}{at_line()}", got, "a concrete number", remedy))


def refuse_scipy(name: str, what: str) -> TracingError:
    """A function of SciPy that works on the numbers themselves."""
    got = f"the traced value {what} where SciPy wants plain numbers"
    remedy = "Write it with recorded functions, or as a dk.callback with .defjvp or .defvjp"
    if twin := TWINS.get(name.rpartition(".")[2]):
        remedy = f"Use {twin}"
    return TracingError(explain(f"{name}{at_line()}", got, "a function that traces", remedy))


TWINS = {
    "minimize": "dk.solve.minimize",
    "odeint": "dk.solve.odeint",
    "root": "dk.solve.root",
    "root_scalar": "dk.solve.root",
    "brentq": "dk.solve.root",
    "newton": "dk.solve.root",
    "fsolve": "dk.solve.root",
    "solve_ivp": "dk.solve.odeint",
    "fixed_point": "dk.solve.fixed_point",
}
"""What to call in place of a function of SciPy."""


def refuse_array(what: str) -> TracingError:
    """`np.array([traced, …])` or `plain[:] = traced`."""
    if storing_an_item():
        return refuse_stored(what)
    if executing() in READING or "np.take(" in source_line():
        return refuse_table(what)
    if name := scipy_function():
        return refuse_scipy(name, what)
    made = re.search(r"\bnp\.((?:float|int|complex|bool)\w*)\s*\(", source_line())
    asked = f"np.{made[1]}()" if made else "np.array"
    got = f"the traced value {what} where NumPy wants plain numbers"
    remedy = "Use dnp.array([...]) (import diffkit.numpy as dnp) or np.stack([...])"
    if made:
        remedy = f"Use x.astype(np.{made[1]}), or np.asarray(x)"
    return TracingError(explain(f"{asked}{at_line()}", got, "a function that traces", remedy))


def refuse_stored(what: str) -> TracingError:
    """`plain[i] = traced`."""
    got = f"the traced value {what} to be written into a plain ndarray"
    want = "an array made inside the function, since a plain one cannot hold a derivative"
    remedy = (
        "Make it with np.zeros inside the function, where np is the module's global (with a local "
        "import, or in a method called on self, use dnp.zeros), or take np.copy of it there; or "
        "a = dnp.set_at(a, index, value)"
    )
    return TracingError(explain(f"item assignment{at_line()}", got, want, remedy))


def refuse_place(what: str) -> TracingError:
    """`plain[traced] = v`."""
    got = f"the traced integer {what} as an index of a plain array"
    want = "a known integer"
    remedy = (
        "Choose by a mask, x = np.where(np.arange(len(x)) < k, value, x); an array made inside the "
        "function takes a traced integer as x[k]"
    )
    return TracingError(explain(f"item assignment{at_line()}", got, want, remedy))


def refuse_in_place(name: str, what: str) -> UnsupportedError:
    """`plain += traced`, or `np.add(x, y, out=plain)`."""
    got = f"the traced value {what} to be written into a plain ndarray"
    remedy = (
        "Write a = a + x instead of a += x, or make the array inside the function, with np.zeros "
        "or np.copy"
    )
    asked = f"{name} with out={at_line()}"
    return UnsupportedError(explain(asked, got, "a result that is a new value", remedy))


def refuse_leaf(leaf: Any, name: str, asked: str) -> TreeError:
    """An argument, or a part of one, that is no array."""
    kind = leaf.__class__
    got = f"argument {name} is a {kind.__name__}"
    if kind is np.ndarray:
        got += f" of dtype {leaf.dtype}"
    static = 'metadata={"static": True}'
    if hasattr(kind, "__dataclass_fields__"):
        computed = ", ".join(trees.computed_fields(kind))
        got += f", whose constructor does not take {computed}" if computed else ""
        remedy = f"Make what it computes a property, or declare it with field(init=False, {static})"
    elif name in ("self", "cls"):
        remedy = (
            f"Make the class a dataclass of arrays, or leave {name} out: argnums=1, as {name} is "
            "argument 0, argnames, or for jit static_argnums=0, which sees no attribute change"
        )
    elif asked in DERIVATIVES:
        remedy = "Differentiate by other arguments (argnums, argnames), or pass it by closure"
        if "." in name:
            remedy += f"; if it is not to vary, declare the field with field({static})"
    elif asked in ("jit", "custom_jvp", "custom_vjp"):
        remedy = "Pass it by closure, or name it in static_argnums"
    else:
        remedy = "Pass it by closure"
    want = "an array, a number, or a tree of them"
    return TreeError(explain(f"{asked}{at_line()}", got, want, remedy))


DERIVATIVES = ("grad", "jacobian", "sparse_jacobian", "sparse_hessian", "jvp", "vjp", "linearize")


def require_function(f: Any, asked: str) -> None:
    """What an operator is applied to is a function, and not what a function returned."""
    if callable(f):
        return
    kind = f.__class__
    remedy = f"Pass the function itself, {asked}(f)(x) instead of {asked}(f(x))"
    if kind in (classmethod, property):
        remedy = f"Write @{kind.__name__} above @{asked}, the other way round"
    raise TreeError(explain(f"{asked}{at_line()}", f"a {kind.__name__}", "a function", remedy))


def refuse_attribute(name: str, what: str) -> MissingAttributeError:
    """`x.strides`, `x.view(...)`, `x.tobytes()`."""
    asked, got = f"x.{name}{at_line()}", f"the traced value {what}, which has no memory of its own"
    want = "an attribute or method that is about values, shape or dtype"
    remedy = "Apply it to an array outside the traced function"
    if name in ("view", "resize", "byteswap"):
        remedy = "Use x.reshape, np.resize or x.astype, which make new arrays"
    return MissingAttributeError(explain(asked, got, want, remedy))


def ufunc_name(ufunc: Any, method: str, kwargs: Collection[str]) -> str:
    """A call of a ufunc, for a message."""
    own: Any = ufunc.__name__
    name = scipy_function() or own
    for prefix, module in (("np", np), ("scipy.special", sys.modules.get("scipy.special"))):
        if getattr(module, own, None) is ufunc:
            name = f"{prefix}.{own}"
    name += "" if method == "__call__" else f".{method}"
    return name + (f" with {', '.join(f'{key}=' for key in kwargs)}" if kwargs else "")


def unsupported(name: str) -> UnsupportedError:
    """A function of NumPy or SciPy without a handler."""
    twin = TWINS.get(name.rpartition(".")[2]) if name.startswith("scipy.") else None
    remedy = "Write it with recorded functions, make it a dk.callback with .defjvp or .defvjp, or "
    return UnsupportedError(
        explain(
            f"{name}{at_line()}",
            "a traced value for a function or keyword that diffkit does not record",
            "a function of the tables in diffkit/numpy",
            f"Use {twin}" if twin else f"{remedy}apply it outside the traced function",
        )
    )
