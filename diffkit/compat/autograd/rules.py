"""Derivative rules for primitives, in the forms in which autograd's users write them.

A rule for one argument is `vjpmaker(ans, *args, **kwargs)`, which returns the function of the
cotangent of the result to that of the argument, or `jvpmaker(g, ans, *args, **kwargs)`, the tangent
that the argument's tangent g gives the result. All forms are kept as the most general one, for a
set of arguments at once. A rule belongs to its primitive, and goes with it.
"""

# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from functools import reduce
from itertools import count
from typing import Any
from weakref import WeakSet

from ...errors import TreeError, UnsupportedError, explain
from ...tracing.location import at_line
from .vspaces import vspace
from .wrap_util import get_name, subval

Maker = Callable[..., Any]


class Rules(MutableMapping[Any, Maker]):
    """The rules of one mode by primitive; each is kept by the primitive itself."""

    def __init__(self, slot: str) -> None:
        self.slot = slot
        self._known: WeakSet[Any] = WeakSet()

    def __getitem__(self, fun: Any) -> Maker:
        found = getattr(fun, self.slot, None)
        if found is None:
            raise KeyError(fun)
        return found

    def __setitem__(self, fun: Any, maker: Maker) -> None:
        if not hasattr(fun, self.slot):
            got = f"{get_name(fun)}, which is not a primitive"
            remedy = "Decorate it with primitive; functions of NumPy and SciPy have their rules"
            asked = f"defining a derivative{at_line()}"
            raise TreeError(explain(asked, got, "a function made by primitive", remedy))
        setattr(fun, self.slot, maker)
        self._known.add(fun)

    def __delitem__(self, fun: Any) -> None:
        self[fun]
        setattr(fun, self.slot, None)
        self._known.discard(fun)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._known))

    def __len__(self) -> int:
        return len(self._known)


primitive_vjps = Rules("vjpmaker")
primitive_jvps = Rules("jvpmaker")


def missing(mode: str, fun: Any, argnums: Any) -> UnsupportedError:
    """A primitive without the rule that is asked for."""
    name = get_name(fun)
    define = "defvjp" if mode == "VJP" else "defjvp or defvjp"
    return UnsupportedError(
        explain(
            f"differentiating {name}{at_line()}",
            f"{mode} of {name} wrt argnums {tuple(argnums)} not defined",
            "a rule for each argument that is differentiated by",
            f"Give it one with {define}, or differentiate the function itself without primitive",
        )
    )


# --- reverse mode --------------------------------------------------------------------------------


def defvjp_argnums(fun: Any, vjpmaker: Maker) -> None:
    """`vjpmaker(argnums, ans, args, kwargs)` returns a function of the cotangent of the result to
    the cotangents of these arguments."""
    primitive_vjps[fun] = vjpmaker


def defvjp_argnum(fun: Any, vjpmaker: Maker) -> None:
    """`vjpmaker(argnum, ans, args, kwargs)` does so for one argument."""

    def for_argnums(argnums: Any, *rest: Any) -> Any:
        pulls = [vjpmaker(k, *rest) for k in argnums]
        return lambda g: [pull(g) for pull in pulls]

    defvjp_argnums(fun, for_argnums)


def defvjp(fun: Any, *vjpmakers: Maker | None, argnums: Any = None) -> None:
    """The reverse-mode rules of a primitive, one for each argument (or for `argnums`).

    A rule is `vjpmaker(ans, *args, **kwargs)`, which returns a function of the cotangent of the
    result to that of the argument; None stands for zero.

        >>> from diffkit.compat.autograd import grad
        >>> from diffkit.compat.autograd.extend import defvjp, primitive
        >>> @primitive
        ... def cube(x):
        ...     return x**3
        >>> defvjp(cube, lambda ans, x: lambda g: g * 3 * x**2)
        >>> grad(cube)(2.0)
        np.float64(12.0)
    """
    places = count() if argnums is None else argnums
    known = {k: translate_vjp(maker, fun, k) for k, maker in zip(places, vjpmakers, strict=False)}

    def for_argnums(wanted: Any, ans: Any, args: Any, kwargs: Any) -> Any:
        if not all(k in known for k in wanted):
            raise missing("VJP", fun, [k for k in wanted if k not in known])
        pulls = [known[k](ans, *args, **kwargs) for k in wanted]
        return lambda g: [pull(g) for pull in pulls]

    defvjp_argnums(fun, for_argnums)


def translate_vjp(vjpmaker: Maker | None, fun: Any, argnum: int) -> Maker:
    """A rule as a function."""
    if vjpmaker is None:
        return lambda ans, *args, **kwargs: lambda g: vspace(args[argnum]).zeros()
    if callable(vjpmaker):
        return vjpmaker
    raise bad_rule("VJP", vjpmaker, fun)


# --- forward mode --------------------------------------------------------------------------------


def defjvp_argnums(fun: Any, jvpmaker: Maker) -> None:
    """`jvpmaker(argnums, gs, ans, args, kwargs)` returns the tangent of the result for tangents of
    these arguments."""
    primitive_jvps[fun] = jvpmaker


def defjvp_argnum(fun: Any, jvpmaker: Maker) -> None:
    """`jvpmaker(argnum, g, ans, args, kwargs)` does so for one argument."""

    def for_argnums(argnums: Any, gs: Any, ans: Any, args: Any, kwargs: Any) -> Any:
        rows = zip(argnums, gs, strict=True)
        return total(jvpmaker(k, g, ans, args, kwargs) for k, g in rows)

    defjvp_argnums(fun, for_argnums)


def defjvp(fun: Any, *jvpmakers: Maker | str | None, argnums: Any = None) -> None:
    """The forward-mode rules of a primitive, one for each argument (or for `argnums`).

    A rule is `jvpmaker(g, ans, *args, **kwargs)`, the tangent of the result for the tangent g of
    the argument; None stands for zero, and "same" says that the primitive is linear in it.
    """
    places = count() if argnums is None else argnums
    known = {k: translate_jvp(maker, fun, k) for k, maker in zip(places, jvpmakers, strict=False)}

    def for_argnums(wanted: Any, gs: Any, ans: Any, args: Any, kwargs: Any) -> Any:
        if not all(k in known for k in wanted):
            raise missing("JVP", fun, [k for k in wanted if k not in known])
        rows = zip(wanted, gs, strict=True)
        return total(known[k](g, ans, *args, **kwargs) for k, g in rows)

    defjvp_argnums(fun, for_argnums)


def translate_jvp(jvpmaker: Maker | str | None, fun: Any, argnum: int) -> Maker:
    """A rule as a function."""
    if jvpmaker is None:
        return lambda g, ans, *args, **kwargs: vspace(ans).zeros()
    if jvpmaker == "same":
        return lambda g, ans, *args, **kwargs: fun(*subval(args, argnum, g), **kwargs)
    if callable(jvpmaker):
        return jvpmaker
    raise bad_rule("JVP", jvpmaker, fun)


def def_linear(fun: Any) -> None:
    """Say that a primitive is linear in each of its arguments."""
    defjvp_argnum(fun, lambda k, g, ans, args, kwargs: fun(*subval(args, k, g), **kwargs))


def total(tangents: Any) -> Any:
    """The sum of tangents."""
    return reduce(lambda x, y: vspace(x).add(x, y), tangents)


def bad_rule(mode: str, rule: Any, fun: Any) -> TreeError:
    """A rule that is not one."""
    got = f"{rule!r} as a {mode} of {get_name(fun)}"
    want = "a function, or None for zero" + (', or "same"' if mode == "JVP" else "")
    return TreeError(explain(f"defining a derivative{at_line()}", got, want, "Pass a function"))
