"""NumPy's namespace for code written for autograd: `diffkit.numpy`, a little more forgiving.

Lists of traced values are arrays to every function, as `np.sum([x, y])`. `where` of Python numbers
is a Python number, and `make_diagonal` is autograd's own.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as _numpy

from .... import numpy as _dnp
from ....numpy import array as array
from . import fft as fft
from . import linalg as linalg
from . import numpy_boxes as numpy_boxes
from . import numpy_vjps as numpy_vjps
from . import random as random
from .arrays import INTEGERS as _INTEGERS
from .arrays import c_ as c_
from .arrays import make_diagonal as make_diagonal
from .arrays import metadata as metadata
from .arrays import r_ as r_
from .arrays import row_stack as row_stack
from .arrays import where as where
from .reach import reaching as _reaching

__version__ = _numpy.__version__
numpy_version = _numpy.__version__

_OWN = [
    "array",
    "c_",
    "fft",
    "linalg",
    "make_diagonal",
    "metadata",
    "r_",
    "random",
    "row_stack",
    "where",
]
__all__ = sorted({*_OWN, *_numpy.__all__} - {"test", "show_config"})  # pyright: ignore


@functools.cache
def __getattr__(name: str) -> Any:
    """Everything else is `diffkit.numpy`'s."""
    found = getattr(_dnp, name)
    return _INTEGERS.get(found, found) if isinstance(found, type) else _reaching(found)


def __dir__() -> list[str]:
    return __all__
