"""What to say when a traced value meets code that needs a number.

Python asks an object for `bool`, `float`, `int` or an array when NumPy's protocols are out of
reach. Giving one away would cut the derivative without a word, so each is an error that names the
user's line, what happened there, and what to write instead.
"""

from __future__ import annotations

import dis
import linecache
import re
from collections.abc import Collection
from typing import Any

from ..errors import TracingError, UnsupportedError, explain
from .location import at_line, user_frame

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
            "Use np.where(condition, a, b), or differentiate without tracing first: "
            "dk.grad(f)(x) knows the values and takes Python branches",
        )
    )


def refuse_number(kind: str, what: str) -> TracingError:
    """`float(x)`, `int(x)`, `math.sin(x)`, `x.item()`."""
    if storing_an_item():
        return refuse_place(what) if kind == "index" else refuse_stored(what)
    if executing() in READING or "np.take(" in source_line():
        return refuse_table(what)
    called = re.search(r"\bmath\.(\w+)\s*\(", source_line())
    asked = f"math.{called[1]}" if called else f"{kind}()"
    if called:
        remedy = f"Use np.{called[1]}, which traces"
    elif kind in ("int", "index"):
        remedy = "Use np.floor or x.astype(np.int64), or pass the value as an untraced argument"
    else:
        remedy = (
            "Leave the value as it is: arithmetic and np functions accept it; "
            "dk.stop_gradient(x) takes it out of the derivative"
        )
    got = f"the traced value {what}, whose derivative a plain number would lose"
    return TracingError(explain(f"{asked}{at_line()}", got, "a concrete number", remedy))


def refuse_array(what: str) -> TracingError:
    """`np.array([traced, …])` or `plain[:] = traced`."""
    if storing_an_item():
        return refuse_stored(what)
    if executing() in READING or "np.take(" in source_line():
        return refuse_table(what)
    asked = f"np.array{at_line()}"
    got = f"the traced value {what} where NumPy wants plain numbers"
    remedy = "Use dnp.array([...]) (import diffkit.numpy as dnp) or np.stack([...])"
    return TracingError(explain(asked, got, "a function that traces", remedy))


def refuse_stored(what: str) -> TracingError:
    """`plain[i] = traced`."""
    got = f"the traced value {what} to be written into a plain ndarray"
    want = "an array made inside the function, since a plain one cannot hold a derivative"
    remedy = (
        "Make it with np.zeros inside the function, where np is the module's global (with a local "
        "import use dnp.zeros), or take np.copy of it there; or a = dnp.set_at(a, index, value)"
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


def ufunc_name(ufunc: Any, method: str, kwargs: Collection[str]) -> str:
    """A call of a ufunc, for a message."""
    name = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
    return name + (f" with {', '.join(f'{key}=' for key in kwargs)}" if kwargs else "")


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
