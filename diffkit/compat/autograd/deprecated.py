"""Old ways to give a primitive its rules, which warn."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from .primitives import Primitive
from .rules import defvjp
from .vspaces import vspace

Function = Callable[..., Any]


class OldPrimitive(Primitive):
    """A primitive with the methods `defgrad`, `defvjp` and `defvjp_is_zero`, by argument."""

    def __init__(self, fun: Function) -> None:
        super().__init__(fun)
        self.old: dict[int, Function | None] = {}

    def defgrad(self, gradfun: Function, argnum: int = 0) -> None:
        """`gradfun(ans, *args, **kwargs)` returns the function of the cotangent."""
        self._add("defgrad", {argnum: gradfun})

    def defvjp(self, vjpmaker: Function, argnum: int = 0) -> None:
        """`vjpmaker(g, ans, vs, gvs, *args, **kwargs)` returns the cotangent."""

        def staged(ans: Any, *args: Any, **kwargs: Any) -> Any:
            def vjp(g: Any) -> Any:
                return vjpmaker(g, ans, vspace(args[argnum]), vspace(g), *args, **kwargs)

            return vjp

        self._add("defvjp", {argnum: staged})

    def defvjp_is_zero(self, argnums: Sequence[int] = (0,)) -> None:
        """The derivative by these arguments is zero."""
        self._add("defvjp_is_zero", dict.fromkeys(argnums))

    def _add(self, name: str, rules: dict[int, Any]) -> None:
        remedy = "use defvjp(primitive, vjpmaker, ...) of the module extend"
        warnings.warn(f"The method {name} is deprecated; {remedy}.", stacklevel=3)
        self.old.update(rules)
        defvjp(self, *self.old.values(), argnums=list(self.old))


def primitive(f_raw: Function) -> OldPrimitive:
    """As `extend.primitive`, with the deprecated methods too."""
    return OldPrimitive(f_raw)
