"""`make_vjp` and `make_jvp` of a function of one argument, on which all operators stand."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from ...calls import Call
from ...graph import Atom, Var
from ...jacobians import pulled
from ...linearized import Linearized, linearize
from ...modes.activity import operands
from ...modes.method import Forward, Method, Reverse
from ...tracing import Tracer, trees
from ...tracing.tracer import CURRENT
from .absent import absent as _absent
from .deprecated import primitive as primitive
from .rules import def_linear as def_linear
from .rules import defjvp as defjvp
from .rules import defjvp_argnum as defjvp_argnum
from .rules import defjvp_argnums as defjvp_argnums
from .rules import defvjp as defvjp
from .rules import defvjp_argnum as defvjp_argnum
from .rules import defvjp_argnums as defvjp_argnums
from .rules import primitive_jvps as primitive_jvps
from .rules import primitive_vjps as primitive_vjps
from .vspaces import VSpace as VSpace
from .vspaces import vspace as vspace
from .wrap_util import as_recorded, wraps

Function = Callable[..., Any]


def make_vjp(fun: Function, x: Any) -> tuple[Function, Any]:
    """The pair (vjp, fun(x)), where vjp(g) is the cotangent of x for a cotangent g of fun(x).

    >>> from diffkit.compat.autograd.core import make_vjp
    >>> vjp, y = make_vjp(lambda x: x * x, 3.0)
    >>> vjp(1.0), y
    (np.float64(6.0), np.float64(9.0))
    """
    lin = linearized(fun, x, "make_vjp", Reverse(), held=True)

    def vjp(g: Any) -> Any:
        if not any(lin.is_float):
            return vspace(x).zeros()
        return lin.inputs_tree(pulled(lin, lin.cotangents(g)))

    return vjp, lin.outputs_tree(lin.map.values())


def make_jvp(fun: Function, x: Any) -> Function:
    """jvp, where jvp(v) is the pair (fun(x), its tangent) for a tangent v of x.

    >>> from diffkit.compat.autograd.core import make_jvp
    >>> make_jvp(lambda x: x * x, 3.0)(1.0)
    (np.float64(9.0), np.float64(6.0))
    """

    def jvp(v: Any) -> tuple[Any, Any]:
        lin = linearized(fun, x, "make_jvp", Forward())
        values, tangents = lin.pushed(lin.call.matching((v,), "the tangent"))
        return lin.outputs_tree(values), lin.outputs_tree(tangents)

    return jvp


def linearized(
    fun: Function, x: Any, asked: str, method: Method, held: bool = False, has_aux: bool = False
) -> Linearized:
    """The derivative of a function at x, with a warning if its value does not depend on x."""
    depends: list[bool] = []

    @wraps(fun)
    def watched(x: Any) -> Any:
        result = as_recorded(fun)(x)
        main = result[0] if has_aux else result
        depends.append(any(map(varies, trees.flatten(main)[0])))
        return result

    call = Call.of(watched, (x,), {}, 0, asked, has_aux)
    lin = linearize(call.copied() if held else call, method, held)
    if not depends[0]:
        warnings.warn("Output seems independent of input.", stacklevel=4)
    return lin


def varies(y: Any) -> bool:
    """Whether a derivative can flow from an argument of the function that is being recorded, not
    from one of a function around it, to this result."""
    if not isinstance(y, Tracer) or y.owner is not CURRENT.get():
        return False
    producers, seen = y.owner.builder.producers, set[Var]()
    stack: list[Atom] = [y.atom]
    while stack:
        atom = stack.pop()
        if not isinstance(atom, Var) or atom in seen or not atom.type.differentiable:
            continue
        seen.add(atom)
        node = producers.get(atom)
        if node is not None:
            count = len(node.args)
            places = range(count) if node.op.regional else operands(node.op, count)
            stack.extend(node.args[k] for k in places)
        elif atom not in y.owner.captured:
            return True
    return False


def __getattr__(name: str) -> Any:
    raise _absent(__name__, name)
