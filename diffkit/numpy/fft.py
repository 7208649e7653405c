"""`dnp.fft`: NumPy's Fourier transforms, which record themselves, and its two tables of frequencies
with the `dtype=` of the array API standard."""

# NumPy's stubs leave the results of many functions untyped.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false

from typing import Any

import numpy as _numpy


def fftfreq(n: Any, d: Any = 1.0, device: Any = None, *, dtype: Any = None) -> Any:
    """As `np.fft.fftfreq`, in a dtype.

    >>> import diffkit.numpy as dnp
    >>> dnp.fft.fftfreq(4, dtype=dnp.float32)
    array([ 0.  ,  0.25, -0.5 , -0.25], dtype=float32)
    """
    found: Any = _numpy.fft.fftfreq(n, d, device)
    return found if dtype is None else found.astype(dtype)


def rfftfreq(n: Any, d: Any = 1.0, device: Any = None, *, dtype: Any = None) -> Any:
    """As `np.fft.rfftfreq`, in a dtype.

    >>> import diffkit.numpy as dnp
    >>> dnp.fft.rfftfreq(4, dtype=dnp.float32)
    array([0.  , 0.25, 0.5 ], dtype=float32)
    """
    found: Any = _numpy.fft.rfftfreq(n, d, device)
    return found if dtype is None else found.astype(dtype)


def __getattr__(name: str) -> Any:
    """Everything else is NumPy's."""
    return getattr(_numpy.fft, name)
