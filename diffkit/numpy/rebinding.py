"""`rebind`: a user's function as it is recorded, with its global `np` bound to `diffkit.numpy`, and
SciPy's modules, functions and distributions to those of `diffkit.numpy.scipy`."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ..tracing.rebind import Namespace
from ..tracing.rebind import rebind as rebound
from ..tracing.table import as_table
from .creation import STAND_INS
from .scipy.lookup import stand_in

FUNCTIONS = {id(function): stand_in for function, stand_in in STAND_INS.items()}


def rebind(f: Any) -> Any:
    """The function with `np.zeros` and the like making arrays that can be written while it is
    recorded; so, too, the functions it calls. No module is touched; what is no Python function,
    method or `functools.partial` is returned as it is.

        >>> import numpy as np
        >>> def f(x):
        ...     return np.zeros(2) + x
        >>> rebind(f)(1.0)
        array([1., 1.])
    """
    return rebound(f, Namespace(np, sys.modules[__package__ or ""], FUNCTIONS, as_table, stand_in))
