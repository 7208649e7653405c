"""`dnp`, the array namespace: NumPy's functions, which record themselves when given traced values,
and the few that NumPy's own protocols can not reach.

    import diffkit.numpy as dnp
    dnp.sin is numpy.sin; dnp.set_at, dnp.add_at, dnp.logsumexp, dnp.erf, dnp.lgamma and dnp.digamma
    are diffkit's and take arrays and traced values alike; dnp.zeros, dnp.array and all that makes
    arrays (`creation`) make traced ones while a function is recorded; dnp.scipy is SciPy.

It follows the array API standard, edition 2024.12, in which functions find the namespace of their
arguments by `x.__array_namespace__()`: a traced array answers with this one (`standard`, `fft`).
"""

from typing import Any

import numpy as _numpy

from . import fft as fft
from . import scipy as scipy
from .creation import arange as arange
from .creation import array as array
from .creation import asanyarray as asanyarray
from .creation import asarray as asarray
from .creation import ascontiguousarray as ascontiguousarray
from .creation import copy as copy
from .creation import empty as empty
from .creation import empty_like as empty_like
from .creation import eye as eye
from .creation import full as full
from .creation import full_like as full_like
from .creation import identity as identity
from .creation import linspace as linspace
from .creation import ndarray as ndarray
from .creation import ones as ones
from .creation import ones_like as ones_like
from .creation import zeros as zeros
from .creation import zeros_like as zeros_like
from .handlers import logsumexp as logsumexp
from .handlers import stop_gradient as stop_gradient
from .handlers import take as take
from .joining import c_ as c_
from .joining import r_ as r_
from .joining import vectorize as vectorize
from .special import digamma as digamma
from .special import erf as erf
from .special import lgamma as lgamma
from .standard import argsort as argsort
from .standard import from_dlpack as from_dlpack
from .standard import sort as sort
from .writing import add_at as add_at
from .writing import set_at as set_at


def __getattr__(name: str) -> Any:
    """Everything else is NumPy's."""
    return getattr(_numpy, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(_numpy)})
