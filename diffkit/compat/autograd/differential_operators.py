"""The operators: each takes a function and the number of an argument (or several), and returns a
function of the same arguments.

The rules at kinks and for complex numbers are diffkit's: the gradient of a real function by a
complex z = x + iy is ∂f/∂x - i ∂f/∂y, as in autograd.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownLambdaType=false

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ... import control
from ...errors import DtypeError, ShapeError, explain
from ...jacobians import jacobian_blocks
from ...linearized import Linearized
from ...modes.method import Forward, Reverse
from ...tracing import trees
from ...tracing.location import at_line
from .core import linearized, vspace
from .core import make_jvp as unary_jvp
from .core import make_vjp as unary_vjp
from .vspaces import VSpace, leaf_of
from .wrap_util import get_name, unary_to_nary, wraps

Function = Callable[..., Any]

make_vjp = unary_to_nary(unary_vjp)
make_jvp = unary_to_nary(unary_jvp)


@unary_to_nary
def value_and_grad(fun: Function, x: Any) -> tuple[Any, Any]:
    """
    Returns a function which computes the pair of the value and the gradient of `fun`, a function
    with one real number as its value. See `grad`."""
    return value_and_slope(linearized(fun, x, "value_and_grad", Reverse()), fun)


@unary_to_nary
def grad(fun: Function, x: Any) -> Any:
    """
    Returns a function which computes the gradient of `fun` with respect to the positional argument
    number `argnum`: a number, an array or a tree of them, or, for a list of numbers, a tuple of
    gradients. `fun` must have one real number as its value, in an array of any shape. Raises
    `TypeError` if it has not.

        >>> from diffkit.compat.autograd import grad
        >>> grad(lambda x, y: x**2 * y, 0)(3.0, 5.0)
        np.float64(30.0)
    """
    return value_and_slope(linearized(fun, x, "grad", Reverse()), fun)[1]


def value_and_slope(lin: Linearized, fun: Function, asked: str = "grad") -> tuple[Any, Any]:
    """Value and gradient, of a function with one real number as its value."""
    space = VSpace.of_types(lin.out_tree, lin.map.types)
    if space.size != 1 or not all(lin.is_float):
        got = f"{get_name(fun)} returned {lin.describe()}"
        remedy = "Try jacobian, elementwise_grad or holomorphic_grad"
        raise NotScalarError(explain(f"{asked}{at_line()}", got, "one real number", remedy))
    return summed(lin, space)


def summed(lin: Linearized, space: VSpace) -> tuple[Any, Any]:
    """The value, and the sum of the gradients of all its elements."""
    assert lin.map.pull is not None
    leaves, _ = trees.flatten(space.ones())
    cts = [x for x, on in zip(leaves, lin.is_float, strict=True) if on]
    values, pulled = lin.map.pull(cts)
    return lin.outputs_tree(values), lin.inputs_tree(pulled)


class NotScalarError(ShapeError, TypeError):
    """A gradient of something else than one real number."""


@unary_to_nary
def grad_and_aux(fun: Function, x: Any) -> tuple[Any, Any]:
    """
    Returns a function which computes the pair of the gradient of the first result of `fun` and its
    second result, which may be anything."""
    lin = linearized(fun, x, "grad_and_aux", Reverse(), has_aux=True)
    return value_and_slope(lin, fun, "grad_and_aux")[1], lin.aux


@unary_to_nary
def elementwise_grad(fun: Function, x: Any) -> Any:
    """
    Returns a function which computes the sum of the rows of the Jacobian of `fun` in one pass; if
    each element of the result depends on its own element of the argument alone, its diagonal."""
    lin = linearized(fun, x, "elementwise_grad", Reverse())
    space = VSpace.of_types(lin.out_tree, lin.map.types)
    if space.iscomplex:
        got = f"{get_name(fun)} returned {lin.describe()}"
        remedy = "Differentiate np.real and np.imag of it"
        raise DtypeError(explain(f"elementwise_grad{at_line()}", got, "real numbers", remedy))
    return summed(lin, space)[1]


@unary_to_nary
def deriv(fun: Function, x: Any) -> Any:
    """
    Returns a function which computes the derivative of `fun` in the direction of ones, by forward
    mode: of a function of one number, its derivative."""
    return unary_jvp(fun, x)(trees.map_(lambda leaf: leaf_of(leaf).full(1.0), x))[1]


@unary_to_nary
def jacobian(fun: Function, x: Any) -> Any:
    """
    Returns a function which computes the Jacobian of `fun`, an array of the shape of its value
    followed by that of the argument. Of a tree by a tree it is a tree of trees of such arrays."""
    return rows_of(linearized(fun, x, "jacobian", Reverse()))


def rows_of(lin: Linearized) -> Any:
    """A Jacobian, in the structure of results, then of the argument."""
    rows = [lin.inputs_tree(row) for row in jacobian_blocks(lin)]
    return trees.unflatten(lin.out_tree, rows)


@unary_to_nary
def hessian(fun: Function, x: Any) -> Any:
    """
    Returns a function which computes the second derivatives of `fun`: the Jacobian of its Jacobian,
    forward over reverse."""
    return rows_of(linearized(jacobian(fun), x, "hessian", Forward()))


@unary_to_nary
def holomorphic_grad(fun: Function, x: Any) -> Any:
    """
    Returns a function which computes the derivative of `fun`, a holomorphic function of a complex
    number."""
    if not vspace(x).iscomplex:
        warnings.warn("Input to holomorphic_grad is not complex", stacklevel=3)
    return grad(lambda x: np.real(fun(x)))(x)


def grad_named(fun: Function, argname: str) -> Function:
    """The gradient with respect to the positional argument of this name."""
    names = list(inspect.signature(fun).parameters)
    return grad(fun, names.index(argname))


@unary_to_nary
def make_hvp(fun: Function, x: Any) -> Any:
    """
    Returns a function which computes the pair (hvp, gradient), where hvp(v) is the Hessian of `fun`
    times v."""
    return unary_vjp(grad(fun), x)


def hessian_tensor_product(fun: Function, argnum: int = 0) -> Function:
    """A function of (*args, tensor) that computes the Hessian of `fun` times the tensor."""
    slope = grad(fun, argnum)

    def along(*args: Any, **kwargs: Any) -> Any:
        *args_of_fun, tensor = args
        return np.tensordot(slope(*args_of_fun, **kwargs), tensor, np.ndim(tensor))

    return grad(along, argnum)


hessian_vector_product = hessian_tensor_product


def tensor_jacobian_product(fun: Function, argnum: int = 0) -> Function:
    """A function of (*args, tensor) that computes the tensor times the Jacobian of `fun`, summed
    over the axes of the tensor."""

    def weighted(*args: Any, **kwargs: Any) -> Any:
        *args_of_fun, tensor = args
        return np.tensordot(tensor, fun(*args_of_fun, **kwargs), np.ndim(tensor))

    return jacobian(weighted, argnum)


vector_jacobian_product = tensor_jacobian_product


@unary_to_nary
def make_jvp_reversemode(fun: Function, x: Any) -> Function:
    """
    Returns a function which computes jvp, where jvp(v) is the Jacobian times v. (Forward mode does
    it for less than the two reverse passes after which autograd named it.)"""
    push = unary_jvp(fun, x)
    return lambda v: push(v)[1]


def half_square(x: Any) -> Any:
    """Σ x²/2 over the last axis, the loss of least squares."""
    return 0.5 * np.sum(x**2, axis=-1)


def make_ggnvp(f: Function, g: Function = half_square, f_argnum: int = 0) -> Function:
    """A function of the arguments of f that returns the product of a vector with the generalised
    Gauss-Newton matrix Jᵀ H J, where J is the Jacobian of f and H the Hessian of g at f."""

    def _make_ggnvp(f: Function, x: Any) -> Function:
        pull, y = unary_vjp(f, x)
        push = make_jvp_reversemode(f)(x)
        curve = unary_vjp(grad(g), y)[0]
        return lambda v: pull(curve(push(v)))

    return unary_to_nary(_make_ggnvp)(f, f_argnum)


def multigrad_dict(fun: Function) -> Function:
    """The gradients with respect to all arguments, in a dict by name; those of *args in a tuple,
    those of **kwargs in a dict.

        >>> from diffkit.compat.autograd import multigrad_dict
        >>> multigrad_dict(lambda x, y: x * y)(2.0, y=3.0)
        {'x': np.float64(3.0), 'y': np.float64(2.0)}
    """
    signature = inspect.signature(fun)

    @wraps(fun, "multigrad_dict_of_{fun}")
    def gradients(*args: Any, **kwargs: Any) -> dict[str, Any]:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()

        def of_all(values: dict[str, Any]) -> Any:
            full = inspect.BoundArguments(signature, dict(values))  # pyright: ignore[reportArgumentType]
            return fun(*full.args, **full.kwargs)

        return grad(of_all)(dict(bound.arguments))

    return gradients


def checkpoint(fun: Function) -> Function:
    """`fun`, whose inner values the reverse pass computes again instead of keeping them."""

    @wraps(fun)
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        return control.checkpoint(partial(fun, **kwargs) if kwargs else fun)(*args)

    return checkpointed
