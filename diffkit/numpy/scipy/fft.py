"""`dnp.scipy.fft`: the transforms that NumPy has as well, by NumPy's handlers.

SciPy's keywords of how to compute (`overwrite_x`, `workers`) change no result. The cosine and sine
transforms, and those of Hermitian input in several dimensions, are not recorded.

    >>> import numpy as np, diffkit as dk, diffkit.numpy as dnp
    >>> power = lambda x: np.sum(np.abs(dnp.scipy.fft.rfft(x)) ** 2)
    >>> dk.grad(power)(np.array([1.0, 2.0]))
    array([4., 8.])
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arguments import refuse
from .dispatch import rest_of, standing_in

MODULE = "scipy.fft"


def line(name: str) -> Callable[..., Any]:
    """A transform along one axis."""
    transform: Any = getattr(np.fft, name)

    def recorded(
        x: Any, n: Any = None, axis: int = -1, norm: Any = None, overwrite_x: bool = False,
        workers: Any = None, *, plan: Any = None,
    ) -> Any:  # fmt: skip
        refuse(f"{MODULE}.{name}", plan=(plan, None))
        return transform(x, n, axis, norm)

    recorded.__name__ = recorded.__qualname__ = name
    return standing_in(MODULE)(recorded)


def several(name: str, default: Any) -> Callable[..., Any]:
    """A transform along several axes."""
    transform: Any = getattr(np.fft, name)

    def recorded(
        x: Any, s: Any = None, axes: Any = default, norm: Any = None, overwrite_x: bool = False,
        workers: Any = None, *, plan: Any = None,
    ) -> Any:  # fmt: skip
        refuse(f"{MODULE}.{name}", plan=(plan, None))
        return transform(x, s, axes, norm)

    recorded.__name__ = recorded.__qualname__ = name
    return standing_in(MODULE)(recorded)


@standing_in(MODULE)
def fftshift(x: Any, axes: Any = None) -> Any:
    """The frequency 0 moved to the middle of each axis."""
    return np.fft.fftshift(x, axes)


@standing_in(MODULE)
def ifftshift(x: Any, axes: Any = None) -> Any:
    """As it was before `fftshift`."""
    return np.fft.ifftshift(x, axes)


# fmt: off
fft, ifft, rfft, irfft, hfft, ihfft = map(line, ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"))
fft2, ifft2 = (several(name, (-2, -1)) for name in ("fft2", "ifft2"))
rfft2, irfft2 = (several(name, (-2, -1)) for name in ("rfft2", "irfft2"))
fftn, ifftn, rfftn, irfftn = (several(name, None) for name in ("fftn", "ifftn", "rfftn", "irfftn"))
# fmt: on

__getattr__ = rest_of(MODULE)
