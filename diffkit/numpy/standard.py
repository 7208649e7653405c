"""What the array API standard asks for beyond NumPy's own functions: sorting downwards, and
exchanging arrays of which some are traced.

The rest of the standard is NumPy's, by the same names. Where to go on reading: "Python array API
standard", edition 2024.12, data-apis.org/array-api.
"""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from __future__ import annotations

from typing import Any

import numpy as np

from ..tracing.arraylike import require_cpu
from ..tracing.tracer import Tracer


def sort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, descending: bool = False,
    stable: Any = None,
) -> Any:  # fmt: skip
    """As `np.sort`; with `descending`, from the greatest to the least.

    >>> import diffkit.numpy as dnp
    >>> dnp.sort([2.0, 3.0, 1.0], descending=True)
    array([3., 2., 1.])
    """
    found: Any = np.sort(a, axis, kind, order, stable=stable)
    return np.flip(found, 0 if axis is None else axis) if descending else found


def argsort(
    a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, descending: bool = False,
    stable: Any = None,
) -> Any:  # fmt: skip
    """As `np.argsort`; with `descending`, the indices that sort from the greatest to the least.
    Equal elements keep their order there, too: the array is sorted from its end.

    >>> import diffkit.numpy as dnp
    >>> dnp.argsort([2.0, 3.0, 2.0], descending=True)
    array([1, 0, 2])
    """
    if not descending:
        return np.argsort(a, axis, kind, order, stable=stable)
    along = 0 if axis is None else axis
    turned = np.flip(np.ravel(a) if axis is None else a, along)
    places = np.argsort(turned, along, kind, order, stable=stable)
    return turned.shape[along] - 1 - np.flip(places, along)


def from_dlpack(x: Any, /, *, device: Any = None, copy: Any = None) -> Any:
    """As `np.from_dlpack`; a traced array is one already.

    >>> import numpy as np, diffkit.numpy as dnp
    >>> dnp.from_dlpack(np.ones(2))
    array([1., 1.])
    """
    if not isinstance(x, Tracer):
        return np.from_dlpack(x, device=device, copy=copy)
    require_cpu("np.from_dlpack", device)
    return x.copy() if copy else x
