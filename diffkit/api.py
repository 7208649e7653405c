"""The operators a user calls. Each composes recording, a mode and the way back to trees.

All are lazy on functions and nest in any order. With concrete arguments they record eagerly: Python
branches and loops on values work, and the graph lives for one call. `jit` records once for each
signature and reuses the graph.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .calls import Call, record_call, selected
from .choice import jacobian_by_pattern
from .errors import DtypeError, ShapeError, UnsupportedError, explain
from .graph import Graph
from .hessians import hessian_by_values
from .jacobians import jacobian_blocks, pulled
from .linearized import Linearized
from .linearized import linearize as linearized
from .modes.method import (
    Adaptive,
    Auto,
    Finite,
    Forward,
    Method,
    Multicomplex,
    Reverse,
    Richardson,
    Sparse,
    by_pattern,
    resolve,
)
from .numpy import stop_gradient as stop_gradient
from .tracing import as_input, function_name, trees
from .tracing.location import at_line
from .tracing.remedies import require_function

Function = Callable[..., Any]
Argnums = int | Sequence[int] | None
Argnames = str | Sequence[str] | None


def derived(operator: str, f: Function, wrapped: Function) -> Function:
    """Give a derivative the signature of its function and a name that says what it is."""
    require_function(f, operator)
    functools.update_wrapper(wrapped, f)
    wrapped.__name__ = f"{operator}_{function_name(f)}"
    return wrapped


def planned(operator: str, f: Function, wrapped: Function, plan: Function) -> Function:
    """A derivative whose `plan(*args)` says how it is computed."""
    found: Any = derived(operator, f, wrapped)
    found.plan = plan
    return found


def trace(f: Function) -> Callable[..., Graph]:
    """The graph of a function: `trace(f)(*args)` records it for arguments or for their types.

    >>> import numpy as np, diffkit as dk
    >>> print(dk.trace(lambda x: np.sin(x) * 2)(dk.f64[3]))
    graph lambda(x: f64[3]) -> (f64[3]) {
      a: f64[3] = sin(x)
      b: f64[3] = mul(a, 2.0)
      return b
    }
    """

    def traced(*args: Any) -> Graph:
        return record_call(Call.of(f, args, {}, range(len(args)), "trace"), eager=False).graph

    return traced


def value_and_grad(
    f: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    method: str | Method = "reverse",
    holomorphic: bool = False,
    *,
    argnames: Argnames = None,
) -> Function:
    """A function that returns `(value, gradient)` of a scalar function.

    The gradient has the tree structure, shapes and dtypes of the argument to differentiate by. That
    is the first, or those at `argnums`, a number or several, or those of the names `argnames`, a
    string or several, however they are given. The gradient by several numbers is a tuple, that by
    several names a dict. All other arguments may be anything. With `has_aux`, f returns
    `(value, aux)` and the result is `((value, aux), gradient)`. Raises `ShapeError` if the value is
    not a scalar, `DtypeError` for an integer argument, `TreeError` for an argument that is not
    given or not a tree of arrays.

    By a complex argument x + iy, the gradient of a real function is ∂f/∂x - i ∂f/∂y; its conjugate
    is the direction of steepest ascent. A complex function has the gradient f′(z) if it is
    analytic, which `holomorphic=True` asserts; else it is refused with a `DtypeError`.

        >>> import diffkit as dk
        >>> dk.value_and_grad(lambda x: x * x)(3.0)
        (np.float64(9.0), np.float64(6.0))
        >>> line = lambda x, slope, offset: slope * x + offset
        >>> dk.grad(line, argnames=("slope", "offset"))(2.0, slope=3.0, offset=1.0)
        {'slope': np.float64(2.0), 'offset': np.float64(1.0)}
    """
    chosen = resolve(method, "value_and_grad")
    by = selected("grad", argnums, argnames)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        lin = linearized(Call.of(f, args, kwargs, by, "grad", has_aux), chosen)
        require_analytic(lin, holomorphic, "grad", real_arguments=False)
        value, slope = of_scalar(lin, f)
        return ((value, lin.aux) if has_aux else value), slope

    return derived("value_and_grad", f, wrapped)


def require_analytic(lin: Linearized, holomorphic: bool, asked: str, real_arguments: bool) -> None:
    """Complex numbers for a derivative by complex numbers are had of analytic functions alone."""
    into_complex = any([t.complex for t in lin.map.types])
    if not (into_complex or holomorphic):
        return
    ins = [np.iscomplexobj(as_input(x)) for x in lin.call.leaves]
    remedy = "Take its real part or its modulus; of an analytic function, say holomorphic=True"
    if holomorphic and not all(ins):
        got, want = "holomorphic=True with a real argument", "complex arguments"
        raise DtypeError(explain(f"{asked}{at_line()}", got, want, "Pass x.astype(complex)"))
    if into_complex and not holomorphic and (any(ins) or not real_arguments):
        got = f"{function_name(lin.call.f)} returned {lin.describe()}"
        raise DtypeError(explain(f"{asked}{at_line()}", got, "a real result", remedy))


def of_scalar(lin: Linearized, f: Function) -> tuple[Any, Any]:
    """Value and gradient of the one scalar result, or an error that names the function."""
    types = lin.map.types
    if len(types) != 1 or types[0].shape != () or not types[0].differentiable:
        got = f"{function_name(f)} returned {lin.describe()}"
        remedy = "Sum it (np.sum), or use dk.jacobian"
        raise ShapeError(explain(f"grad{at_line()}", got, "one floating-point scalar", remedy))
    if lin.map.pull is None:
        return lin.map.values()[0], lin.inputs_tree(jacobian_blocks(lin)[0])
    values, cts = lin.map.pull([types[0].dtype.numpy.type(1)])
    return values[0], lin.inputs_tree(cts)


def grad(
    f: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    method: str | Method = "reverse",
    holomorphic: bool = False,
    *,
    argnames: Argnames = None,
) -> Function:
    """The gradient of a scalar function; with `has_aux`, `(gradient, aux)`.

    Arguments and errors as of `value_and_grad`.

        >>> import diffkit as dk
        >>> dk.grad(dk.grad(lambda x: x**3))(2.0)
        np.float64(12.0)
    """
    require_function(f, "grad")
    both = value_and_grad(f, argnums, has_aux, method, holomorphic, argnames=argnames)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        value, slope = both(*args, **kwargs)
        return (slope, value[1]) if has_aux else slope

    return derived("grad", f, wrapped)


def jvp(f: Function, primals: Any, tangents: Any, method: str | Method = "forward") -> Any:
    """`(f(*primals), J·tangents)`; both arguments are sequences, one entry for each argument of f.

    >>> import diffkit as dk
    >>> dk.jvp(lambda x: x * x, (3.0,), (1.0,))
    (np.float64(9.0), np.float64(6.0))
    """
    args = tuple(primals)
    call = Call.of(f, args, {}, range(len(args)), "jvp")
    lin = linearized(call, resolve(method, "jvp"))
    dxs = call.matching(tuple(tangents), "tangents")
    values, tangents = lin.pushed(dxs)
    return lin.outputs_tree(values), lin.outputs_tree(tangents)


def vjp(f: Function, *primals: Any, method: str | Method = "reverse") -> tuple[Any, Function]:
    """`(f(*primals), pull)`, where `pull(ct)` is the tuple of cotangents of the arguments for a
    cotangent of the result, a tree of its structure.

        >>> import diffkit as dk
        >>> y, pull = dk.vjp(lambda x, y: x * y, 3.0, 4.0)
        >>> pull(1.0)
        (np.float64(4.0), np.float64(3.0))
    """
    call = Call.of(f, primals, {}, range(len(primals)), "vjp")
    lin = linearized(call.copied(), resolve(method, "vjp"), held=True)

    def pull(ct: Any) -> Any:
        return lin.inputs_tree(pulled(lin, lin.cotangents(ct)))

    return lin.outputs_tree(lin.map.values()), pull


def linearize(f: Function, *primals: Any) -> tuple[Any, Function]:
    """`(f(*primals), push)`, where `push(*tangents)` is the tangent of the result.

    The function runs once, here; each push runs only what is linear in the tangents.

        >>> import numpy as np, diffkit as dk
        >>> y, push = dk.linearize(np.sin, 0.0)
        >>> push(2.0), push(3.0)
        (np.float64(2.0), np.float64(3.0))
    """
    call = Call.of(f, primals, {}, range(len(primals)), "linearize")
    lin = linearized(call.copied(), Reverse(), held=True)

    def push(*tangents: Any) -> Any:
        return lin.outputs_tree(lin.pushed(call.matching(tangents, "tangents"))[1])

    return lin.outputs_tree(lin.map.values()), push


def jacobian(
    f: Function,
    argnums: Argnums = None,
    has_aux: bool = False,
    method: str | Method | Sparse | Auto = "reverse",
    holomorphic: bool = False,
    *,
    argnames: Argnames = None,
) -> Function:
    """The Jacobian: for each output leaf, a tree like the argument of arrays of shape
    `output.shape + input.shape`. "reverse" costs a pass for each output element, "sparse" one for
    each colour of its pattern, the other methods one for each input element; "auto" is what costs
    least of "sparse", "forward" and "reverse". These two record f once for a signature, as
    `sparse_jacobian` does, and have a `.plan(*args)` that says how and why. Arguments are named as
    for `value_and_grad`. Complex arguments and results are as for `grad`; of a real argument,
    complex results need no `holomorphic=True`.

        >>> import numpy as np, diffkit as dk
        >>> dk.jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
        array([[2., 0.],
               [0., 4.]])
        >>> J = dk.jacobian(lambda x: np.diff(x) ** 2, method="auto")
        >>> print(J.plan(np.ones(100)).why)
        2 forward passes can show all 198 entries of 99 × 100
    """
    by = selected("jacobian", argnums, argnames)
    coloured = by_pattern(method)
    if coloured is not None:
        if holomorphic:
            got, want = f"holomorphic=True with method={method!r}", '"forward" or "reverse"'
            raise UnsupportedError(explain("jacobian", got, want, "Choose one of these"))
        return planned("jacobian", f, *jacobian_by_pattern(f, by, has_aux, coloured))
    chosen = resolve(method, "jacobian")

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        lin = linearized(Call.of(f, args, kwargs, by, "jacobian", has_aux), chosen)
        require_analytic(lin, holomorphic, "jacobian", real_arguments=True)
        rows = [lin.inputs_tree(row) for row in jacobian_blocks(lin)]
        result = trees.unflatten(lin.out_tree, rows)
        return (result, lin.aux) if has_aux else result

    return derived("jacobian", f, wrapped)


def hessian(
    f: Function,
    argnums: Argnums = None,
    holomorphic: bool = False,
    method: str | Method | None = None,
    *,
    argnames: Argnames = None,
) -> Function:
    """The matrix of second derivatives of a scalar function; its shape is `x.shape + x.shape` (for
    trees, a tree of trees; for several arguments, a tuple of tuples or a dict of dicts). Arguments
    are named as for `value_and_grad`.

    It is forward over reverse mode; with `method`, that method over reverse mode, and forward over
    forward mode for "forward". "multicomplex" is the complex step over forward mode: a number
    z₁ + i₂z₂ whose z₂ is too small to see in z₁ is a pair with the rules of tangents. "finite",
    "richardson" and "adaptive" see f as a black box, and take second differences of its values.

        >>> import numpy as np, diffkit as dk
        >>> dk.hessian(lambda x: x[0] * x[1])(np.array([3.0, 4.0]))
        array([[0., 1.],
               [1., 0.]])
    """
    names: Any = {"argnums": argnums, "argnames": argnames}
    outer = Forward() if method is None else resolve(method, "hessian")
    if isinstance(outer, Finite | Richardson | Adaptive):
        by, settings = selected("hessian", argnums, argnames), outer

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return hessian_by_values(Call.of(f, args, kwargs, by, "hessian"), settings)

        return derived("hessian", f, wrapped)
    twice = method is not None and isinstance(outer, Forward | Multicomplex)
    inner = Forward() if twice else Reverse()
    first = grad(f, method=inner, holomorphic=holomorphic, **names)
    return jacobian(first, method=outer, holomorphic=holomorphic, **names)


def hvp(f: Function) -> Function:
    """`hvp(f)(x, v)` is the Hessian of the scalar function f at x times v, for the price of a few
    gradients: forward over reverse.

        >>> import diffkit as dk
        >>> dk.hvp(lambda x: x**3)(2.0, 1.0)
        np.float64(12.0)
    """

    def wrapped(x: Any, v: Any) -> Any:
        return jvp(grad(f), (x,), (v,))[1]

    return wrapped
