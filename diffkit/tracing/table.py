"""Plain arrays that a traced integer may index.

`data[i]` with a plain array and a traced i never reaches NumPy's protocols: NumPy asks i for a
number, and there is none. So the arrays that a recorded function is given, finds around it or makes
are seen through this subclass, which hands such an index to the trace and is a plain array in every
other respect. It shares the memory of what it stands for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .tracer import recorder


class Table(np.ndarray):
    """An array that a traced integer may index."""

    def __getitem__(self, index: Any) -> Any:
        trace = recorder((index,))
        if trace is None:
            return super().__getitem__(index)
        return trace.handlers.getitem(trace, self, index)

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """Numbers stay numbers, and arrays tables."""
        return array[()] if array.ndim == 0 else array.view(Table)


def as_table(x: Any) -> Any:
    """A plain array as one that a traced integer may index; anything else as it is."""
    return x.view(Table) if type(x) is np.ndarray and x.ndim else x


def as_plain(x: Any) -> Any:
    """The plain array that a table is; anything else as it is."""
    return x.view(np.ndarray) if isinstance(x, Table) else x
