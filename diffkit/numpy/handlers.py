"""All handlers in one table, and the functions that NumPy's protocols do not reach."""

# NumPy's and SciPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops import arithmetic as a
from ..ops import shape as s
from ..tracing.tracer import Handlers, Trace, Tracer, innermost
from ..types import dtype_of
from . import contract, elementwise, indexing, reduce, shape
from .arguments import shape_of


def astype(t: Trace, x: Any, dtype: Any) -> Tracer:
    """x converted; a conversion to integers has derivative zero."""
    return a.cast(t.value(x), dtype=dtype_of(dtype, "astype"))


def array_of(t: Trace, items: Any) -> Tracer:
    """Nested lists of traced values and numbers as one array."""
    rows = [array_of(t, item) if isinstance(item, list | tuple) else item for item in items]
    return shape.stack(t, rows)


def array(object: Any, dtype: Any = None) -> Any:
    """As `np.array`, where the lists may contain traced values.

    Args: object, a number, an array, a traced value, or nested lists of them, equal in shape.

        >>> import diffkit.numpy as dnp
        >>> dnp.array([1.0, 2.0])
        array([1., 2.])
    """
    trace = innermost((object,))
    if trace is None:
        return np.array(object, dtype)
    value = trace.value(object)
    return value if dtype is None else astype(trace, value, dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """As `np.full`, where the fill value may be traced."""
    trace = innermost((fill_value,))
    if trace is None:
        return np.full(shape, fill_value, dtype)
    value = trace.value(fill_value)
    value = value if dtype is None else astype(trace, value, dtype)
    return s.broadcast(value, shape=shape_of(shape))


def take(a: Any, indices: Any, axis: Any = None) -> Any:
    """As `np.take`, where the array may be known and the indices traced.

    >>> import numpy as np, diffkit.numpy as dnp
    >>> dnp.take(np.array([1.0, 2.0, 4.0]), [2, 0])
    array([4., 1.])
    """
    trace = innermost((a, indices))
    return np.take(a, indices, axis) if trace is None else shape.take(trace, a, indices, axis)


def logsumexp(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log Σ e^a over axes, without overflow; its derivative is the softmax.

    >>> import diffkit.numpy as dnp
    >>> float(dnp.logsumexp([0.0, 0.0]))
    0.6931471805599453
    """
    trace = innermost((a,))
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


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    **elementwise.FUNCTIONS,
    **reduce.FUNCTIONS,
    **shape.FUNCTIONS,
    **contract.FUNCTIONS,
}

HANDLERS = Handlers(
    ufuncs={**elementwise.UFUNCS, **contract.UFUNCS},
    scipy_ufuncs=elementwise.SCIPY_UFUNCS,
    reductions=reduce.REDUCTIONS,
    functions=FUNCTIONS,
    getitem=indexing.getitem,
    astype=astype,
    array=array_of,
)
