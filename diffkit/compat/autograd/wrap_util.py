"""Operators of a function of one argument, made operators of functions of many.

`unary_to_nary` is the decorator behind `grad` and its kin: what is written for `f(x)` is given the
argument or the arguments at `argnum`, the others being held fixed. The result is named after what
it is of: `grad_of_f_wrt_argnum_1`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...control.regions import tracing
from ...errors import TreeError, explain
from ...numpy.handlers import HANDLERS
from ...tracing.location import at_line

Function = Callable[..., Any]


def get_name(f: Any) -> str:
    """The name of a function, for messages."""
    return getattr(f, "__name__", "[unknown name]")


def get_doc(f: Any) -> str:
    """The docstring of a function."""
    return getattr(f, "__doc__", "") or ""


def wraps(
    fun: Any, namestr: str = "{fun}", docstr: str = "{doc}", **names: Any
) -> Callable[[Function], Function]:
    """A decorator that names and describes a function after another one.

    The two texts may use {fun} and {doc}, the name and docstring of `fun`, and all other names.
    """

    def decorate(f: Function) -> Function:
        f.__name__ = namestr.format(fun=get_name(fun), **names)
        f.__doc__ = docstr.format(fun=get_name(fun), doc=get_doc(fun), **names)
        return f

    return decorate


def wrap_nary_f(fun: Any, op: Any, argnum: Any) -> Callable[[Function], Function]:
    """The name and description of `op` of `fun` with respect to an argument."""
    name = "{op}_of_{fun}_wrt_argnum_{argnum}"
    doc = (
        "    {op} of function {fun} with respect to argument number {argnum}: "
        "it takes the arguments of {fun}."
    )
    return wraps(fun, name, doc, op=get_name(op), argnum=argnum)


def unary_to_nary(unary_operator: Function) -> Function:
    """An operator `op(f, x, ...)` as one that is called `op(f, argnum=0, ...)(*args, **kwargs)`.

    `argnum` is a number, or a tuple or list of numbers; x is then the tuple of these arguments.
    Raises `TreeError` for anything else.

        >>> from diffkit.compat.autograd import make_jvp
        >>> make_jvp(lambda x, y: x * y, 1)(3.0, 4.0)(1.0)
        (np.float64(12.0), np.float64(3.0))
    """

    @wraps(unary_operator)
    def nary_operator(fun: Function, argnum: Any = 0, *op_args: Any, **op_kwargs: Any) -> Any:
        single = type(argnum) is int
        places: list[int] = [argnum] if single else list(argnum) if is_many(argnum) else []
        if not single and not is_many(argnum):
            want, remedy = "an int, or a tuple or list of them", "Pass argnum=0 for the first"
            asked = f"{get_name(unary_operator)}{at_line()}"
            raise TreeError(explain(asked, f"argnum={argnum!r}", want, remedy))

        @wrap_nary_f(fun, unary_operator, argnum)
        def nary_f(*args: Any, **kwargs: Any) -> Any:
            @wraps(fun)
            def unary_f(x: Any) -> Any:
                full = subvals(args, zip(places, [x] if single else x, strict=True))
                return as_recorded(fun)(*full, **kwargs)

            x = args[places[0]] if single else tuple(args[k] for k in places)
            return unary_operator(unary_f, x, *op_args, **op_kwargs)

        return nary_f

    return nary_operator


def is_many(argnum: Any) -> bool:
    """Whether several arguments are meant."""
    return isinstance(argnum, tuple | list)


def as_recorded(fun: Function) -> Function:
    """A user's function; while it is recorded, one that makes arrays which can be written."""
    return HANDLERS.rebind(fun) if tracing() else fun


def subvals(x: Any, ivs: Any) -> tuple[Any, ...]:
    """A sequence as a tuple with other values at some places, given as pairs (place, value).

    >>> subvals([1, 2, 3], [(0, 10)])
    (10, 2, 3)
    """
    found = list(x)
    for place, value in ivs:
        found[place] = value
    return tuple(found)


def subval(x: Any, i: int, v: Any) -> tuple[Any, ...]:
    """As `subvals`, for one place."""
    return subvals(x, [(i, v)])
