"""Numerical derivatives of black boxes, with error bars.

For functions that nothing can look into: compiled code, simulations, measurements. Everything here
takes `f(x)` of a NumPy array (or a number), never traces it, and answers an `Estimate`: the value,
an error bar of the same shape, the steps that were used, and how often f was called. `method` is

    "adaptive"      dk.Adaptive()     finds scale and noise of f itself; the default
    "richardson"    dk.Richardson()   a fixed number of steps, extrapolated
    "finite"        dk.Finite()       one difference, and a second one for the error bar
    "complex-step"  dk.ComplexStep()  exact, where f computes with complex numbers, analytically

and the bars of the first two hold for noisy functions, too: that of "adaptive" is calibrated.

All take further arguments of f as `args`, and `bounds=(lower, upper)`, numbers or arrays or
`scipy.optimize.Bounds`, outside of which f is not called. Outside of its domain f may return nan,
or raise an `ArithmeticError` or `ValueError`. Where f is not finite at x, the derivative is nan and
its bar inf.

With `vectorized=True`, f takes many points at once, as those of `scipy.differentiate` do: for an
array of the shape of x and an axis of points behind, it returns results with that axis behind. That
is held against a call for a single point. All directions then share their steps.

As `jac=` of `scipy.optimize`, use `dk.grad(f, method="adaptive")` or `dk.jacobian(f, method=…)`,
which are the values of these estimates alone and take trees of arguments, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from .compressed import given_pattern
from .errors import CheckError, ShapeError, UnsupportedError, explain
from .modes.method import METHODS, Adaptive, Black, ComplexStep, Finite, Method, Richardson
from .modes.numerical import Estimate as Estimate
from .modes.numerical import complex_box, sweeps
from .modes.numerical.black_box import CLOSE, BlackBox, real
from .tracing import function_name

Function: TypeAlias = Callable[..., Any]
NAMES = ("adaptive", "richardson", "finite", "complex-step")


def derivative(
    f: Function,
    x: Any,
    order: int = 1,
    *,
    method: str | Method = "adaptive",
    bounds: Any = None,
    args: tuple[Any, ...] = (),
) -> Estimate:
    """The derivative of some order of a function of one number, with results of any shape, or of a
    function that takes an array element by element. Those elements share their steps, relative to
    their sizes.

    Raises `ShapeError` where results for an array have another shape, `CheckError` where an element
    of the result depends on others of x.

        >>> import numpy as np, diffkit as dk
        >>> found = dk.numerical.derivative(np.exp, 1.0, order=2)
        >>> bool(abs(found.value - np.e) <= found.error < 1e-7), found.calls <= 31
        (True, True)
    """
    require_order(order, "derivative")
    chosen, bounds = selected(method, bounds, "derivative")
    box = BlackBox(f, x, args, bounds, False, name("derivative", f))
    if isinstance(chosen, ComplexStep):
        require_first(order, box)
    if box.x.ndim == 0:
        return along(box, np.ones(()), chosen, order)
    if box.center.shape != box.x.shape:
        got, want = f"a result of shape {box.center.shape}", f"{box.x.shape}, one for each element"
        remedy = "Use dk.numerical.jacobian for functions of several numbers together"
        raise ShapeError(explain(box.asked, got, want, remedy))
    require_elementwise(box)
    if isinstance(chosen, ComplexStep):
        return along(box, np.ones(box.x.shape), chosen, order)
    return sweeps.elementwise(box, chosen, order)


def gradient(
    f: Function,
    x: Any,
    *,
    method: str | Method = "adaptive",
    bounds: Any = None,
    vectorized: bool = False,
    args: tuple[Any, ...] = (),
) -> Estimate:
    """The gradient of a scalar function, of the shape of x.

    >>> import numpy as np, diffkit as dk
    >>> dk.numerical.gradient(lambda x: x[0] * x[1], [3.0, 4.0]).value.round(9)
    array([4., 3.])
    """
    chosen, bounds = selected(method, bounds, "gradient")
    box = BlackBox(f, x, args, bounds, vectorized, name("gradient", f))
    require_scalar(box)
    return all_columns(box, chosen)


def jacobian(
    f: Function,
    x: Any,
    *,
    method: str | Method = "adaptive",
    bounds: Any = None,
    vectorized: bool = False,
    sparsity: Any = None,
    args: tuple[Any, ...] = (),
) -> Estimate:
    """The Jacobian, of the shape of the result and then that of x.

    With `sparsity`, a sparse matrix or an array that is nonzero wherever the Jacobian may be, with
    a row for each element of the result and a column for each of x, value and error are
    `scipy.sparse.csr_array`s of that pattern, from as many directions as its columns need colours.
    Raises `CheckError` if the pattern lacks an entry.

        >>> import numpy as np, diffkit as dk
        >>> f = lambda x: np.diff(x) ** 2
        >>> J = dk.numerical.jacobian(f, np.arange(9.0), sparsity=np.eye(8, 9) + np.eye(8, 9, 1))
        >>> J.value.nnz, J.calls < 100
        (16, True)
    """
    chosen, bounds = selected(method, bounds, "jacobian")
    box = BlackBox(f, x, args, bounds, vectorized, name("jacobian", f))
    if sparsity is None:
        return all_columns(box, chosen)
    if isinstance(chosen, ComplexStep):
        want, remedy = "another method", "Use dk.sparse_jacobian for functions of NumPy"
        raise UnsupportedError(explain(box.asked, "sparsity with complex-step", want, remedy))
    pattern = given_pattern(sparsity, (box.center.size, box.x.size), box.asked)
    return sweeps.sparse_jacobian(box, chosen, pattern)


def hessian(
    f: Function,
    x: Any,
    *,
    method: str | Method = "adaptive",
    bounds: Any = None,
    vectorized: bool = False,
    sparsity: Any = None,
    args: tuple[Any, ...] = (),
) -> Estimate:
    """The matrix of second derivatives of a scalar function, of the shape `x.shape + x.shape`, from
    second differences of f along n(n + 1)/2 lines. With `sparsity`, a symmetric pattern as of
    `jacobian`, only the lines for its entries.

        >>> import numpy as np, diffkit as dk
        >>> dk.numerical.hessian(lambda x: x[0] ** 2 * x[1], [3.0, 4.0]).value.round(6)
        array([[8., 6.],
               [6., 0.]])
    """
    chosen, bounds = selected(method, bounds, "hessian")
    box = BlackBox(f, x, args, bounds, vectorized, name("hessian", f))
    require_scalar(box)
    if isinstance(chosen, ComplexStep):
        got, want, remedy = "method='complex-step'", "another method", "Try dk.hessian with it"
        raise UnsupportedError(explain(box.asked, got, want, remedy))
    if sparsity is None:
        return sweeps.hessian(box, chosen)
    pattern = given_pattern(sparsity, (box.x.size, box.x.size), box.asked)
    both = (pattern + pattern.T).tocsr()
    both.sort_indices()
    return sweeps.sparse_hessian(box, chosen, both)


def directional(
    f: Function,
    x: Any,
    v: Any,
    order: int = 1,
    *,
    method: str | Method = "adaptive",
    bounds: Any = None,
    args: tuple[Any, ...] = (),
) -> Estimate:
    """The derivative of some order of f(x + t·v) by t at 0, of the shape of the result.

    >>> import numpy as np, diffkit as dk
    >>> dk.numerical.directional(lambda x: x**2, [1.0, 2.0], [1.0, 10.0]).value.round(9)
    array([ 2., 40.])
    """
    require_order(order, "directional")
    chosen, bounds = selected(method, bounds, "directional")
    box = BlackBox(f, x, args, bounds, False, name("directional", f))
    direction = real(v, "the direction", box.asked)
    if direction.shape != box.x.shape:
        got, want = f"a direction of shape {direction.shape}", f"{box.x.shape}, that of x"
        raise ShapeError(explain(box.asked, got, want, "Give a number for each element of x"))
    return along(box, direction, chosen, order)


def along(box: BlackBox, v: Any, method: Black | ComplexStep, order: int) -> Estimate:
    """The derivative along a direction."""
    if isinstance(method, ComplexStep):
        require_first(order, box)
        return complex_box.directional(box, v, method)
    return sweeps.directional(box, v, method, order)


def all_columns(box: BlackBox, method: Black | ComplexStep) -> Estimate:
    """The derivatives by all elements of x."""
    if isinstance(method, ComplexStep):
        return complex_box.jacobian(box, method)
    return sweeps.jacobian(box, method)


def selected(method: str | Method, bounds: Any, operator: str) -> tuple[Black | ComplexStep, Any]:
    """The settings of a method that calls functions as they are, and the bounds."""
    chosen = METHODS.get(method) if isinstance(method, str) else method
    if not isinstance(chosen, Finite | Richardson | Adaptive | ComplexStep):
        want = ", ".join(f'"{name}"' for name in NAMES)
        remedy = f"Choose one of these; dk.{DERIVATIVES[operator]} has methods that trace f"
        raise UnsupportedError(explain(f"numerical.{operator}", f"method={method!r}", want, remedy))
    if isinstance(chosen, ComplexStep):
        return chosen, bounds
    if bounds is not None and chosen.bounds is not None:
        got, want = f"bounds here and in {type(chosen).__name__}", "one of the two"
        raise UnsupportedError(explain(f"numerical.{operator}", got, want, "Drop the other"))
    return chosen, chosen.bounds if bounds is None else bounds


def name(operator: str, f: Function) -> str:
    """What was asked for, for messages."""
    return f"numerical.{operator} of {function_name(f)}"


DERIVATIVES = {
    "derivative": "grad",
    "gradient": "grad",
    "jacobian": "jacobian",
    "hessian": "hessian",
    "directional": "jvp",
}


def require_order(order: int, operator: str) -> None:
    """A derivative."""
    if type(order) is not int or order < 1:
        got, want = f"order={order!r}", "a whole number from 1"
        remedy = "Write order=1 for the first derivative"
        raise UnsupportedError(explain(f"numerical.{operator}", got, want, remedy))


def require_first(order: int, box: BlackBox) -> None:
    """One imaginary unit shows first derivatives alone."""
    if order != 1:
        want, remedy = "order 1", "Use another method, or dk.hessian(f, method='multicomplex')"
        raise UnsupportedError(explain(box.asked, f"order {order} by complex-step", want, remedy))


def require_scalar(box: BlackBox) -> None:
    """One result, without axes."""
    if box.center.shape != ():
        got, want = f"a result of shape {box.center.shape}", "one number"
        raise ShapeError(explain(box.asked, got, want, "Sum it, or use dk.numerical.jacobian"))


def require_elementwise(box: BlackBox) -> None:
    """Elements of the result stay as they are when others of x move."""
    if box.x.size < 2:
        return
    still = np.zeros(box.x.shape, np.bool_)
    still.flat[::2] = True
    towards = sweeps.lengths(box, Finite()).reshape(box.x.shape)
    moved = box.moved(np.where(still, 0.0, 2.0**-10 * towards))
    away = still & ~np.isclose(moved, box.center, rtol=CLOSE, atol=0, equal_nan=True)
    if away.any():
        got, want = "elements of the result depend on other elements of x", "one on one"
        remedy = "Use dk.numerical.jacobian, or dk.numerical.gradient for a scalar"
        raise CheckError(explain(box.asked, got, want, remedy))
