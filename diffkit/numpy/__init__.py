"""`dnp`, the array namespace: NumPy's functions, which record themselves when given traced values,
and the few that NumPy's own protocols can not reach.

    import diffkit.numpy as dnp
    dnp.sin is numpy.sin; dnp.array, dnp.full, dnp.set_at, dnp.add_at, dnp.logsumexp, dnp.erf,
    dnp.lgamma and dnp.digamma are diffkit's and take arrays and traced values alike.
"""

from typing import Any

import numpy as _numpy

from .elementwise import digamma as digamma
from .elementwise import erf as erf
from .elementwise import lgamma as lgamma
from .handlers import array as array
from .handlers import full as full
from .handlers import logsumexp as logsumexp
from .handlers import stop_gradient as stop_gradient
from .handlers import take as take
from .indexing import add_at as add_at
from .indexing import set_at as set_at

asarray = array


def __getattr__(name: str) -> Any:
    """Everything else is NumPy's."""
    return getattr(_numpy, name)
