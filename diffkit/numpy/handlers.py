"""All handlers in one table, and the functions that NumPy's protocols do not reach."""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops import arithmetic as a
from ..tracing.tracer import Handlers, Trace, Tracer, recorder
from ..types import dtype_of
from . import (
    assembly,
    calculus,
    choosing,
    complexes,
    contract,
    creation,
    elementwise,
    fourier,
    indexing,
    integers,
    linear,
    linking,
    moments,
    nans,
    norms,
    order,
    padding,
    parts,
    placing,
    polynomials,
    predicates,
    products,
    quantiles,
    ranges,
    reduce,
    scans,
    shapes,
    special,
    writing,
)
from .rebinding import rebind


def astype(t: Trace, x: Any, dtype: Any) -> Tracer:
    """x converted; a conversion to integers has derivative zero, one to real numbers is that of the
    real part, with NumPy's warning."""
    if t.value(x).type.complex and np.dtype(dtype).kind in "fiu":
        np.zeros(1, np.complex128).astype(np.float64)  # NumPy's own warning
    return a.cast(t.value(x), dtype=dtype_of(dtype, "astype"))


def array_of(t: Trace, items: Any) -> Tracer:
    """Nested lists of traced values and numbers as one array."""
    rows = [array_of(t, item) if isinstance(item, list | tuple) else item for item in items]
    return shapes.stack(t, rows)


def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: Any = "raise") -> Any:
    """As `np.take`, where the array may be known and the indices traced.

    >>> import numpy as np, diffkit.numpy as dnp
    >>> dnp.take(np.array([1.0, 2.0, 4.0]), [2, 0])
    array([4., 1.])
    """
    trace = recorder((a, indices))
    if trace is None or out is not None:
        return np.take(a, indices, axis, out, mode)
    return shapes.take(trace, a, indices, axis, None, mode)


def logsumexp(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log Σ e^a over axes, without overflow; its derivative is the softmax.

    >>> import diffkit.numpy as dnp
    >>> float(dnp.logsumexp([0.0, 0.0]))
    0.6931471805599453
    """
    trace = recorder((a,))
    if trace is not None:
        return reduce.logsumexp(trace, a, axis, keepdims)
    from scipy import special  # scipy loads on first use

    function: Any = special.logsumexp
    return function(a, axis=axis, keepdims=keepdims)


def stop_gradient(x: Any) -> Any:
    """x, as a constant to every derivative.

    >>> import diffkit.numpy as dnp
    >>> float(dnp.stop_gradient(2.0))
    2.0
    """
    return a.stop_gradient(x) if isinstance(x, Tracer) else x


def namespace() -> Any:
    """The package that this file belongs to, which imports it."""
    return sys.modules[__package__ or ""]


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    **elementwise.FUNCTIONS,
    **complexes.FUNCTIONS,
    **reduce.FUNCTIONS,
    **shapes.FUNCTIONS,
    **assembly.FUNCTIONS,
    **padding.FUNCTIONS,
    **choosing.FUNCTIONS,
    **order.FUNCTIONS,
    **quantiles.FUNCTIONS,
    **moments.FUNCTIONS,
    **nans.FUNCTIONS,
    **scans.FUNCTIONS,
    **calculus.FUNCTIONS,
    **polynomials.FUNCTIONS,
    **ranges.FUNCTIONS,
    **parts.FUNCTIONS,
    **predicates.FUNCTIONS,
    **placing.FUNCTIONS,
    **contract.FUNCTIONS,
    **linear.FUNCTIONS,
    **norms.FUNCTIONS,
    **products.FUNCTIONS,
    **fourier.FUNCTIONS,
    **creation.FUNCTIONS,
    **writing.FUNCTIONS,
}

HANDLERS = Handlers(
    ufuncs={
        **elementwise.UFUNCS,
        **complexes.UFUNCS,
        **contract.UFUNCS,
        **integers.UFUNCS,
        **parts.UFUNCS,
        **products.UFUNCS,
    },
    scipy_ufuncs=special.SCIPY_UFUNCS,
    reductions=reduce.REDUCTIONS,
    method=scans.call_method,
    functions=FUNCTIONS,
    getitem=indexing.getitem,
    setitem=writing.setitem,
    additem=writing.additem,
    link=linking.link,
    astype=astype,
    array=array_of,
    rebind=rebind,
    namespace=namespace,
)
