"""`odeint`, with diffkit's solver: the derivative is that of the steps it took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .... import solve
from ....errors import UnsupportedError, explain
from ....tracing.location import at_line

TAKEN = ("rtol", "atol", "method", "max_steps")


def odeint(
    func: Callable[..., Any], y0: Any, t: Any, args: Sequence[Any] = (), **settings: Any
) -> Any:
    """y at the times t, an array of shape (len(t), len(y0)), for dy/dt = func(y, t, *args).

    Settings: rtol and atol, by default 1.49e-8 as in SciPy; method, "dopri5" or, for a stiff
    equation, "radau". Derivatives by y0, t and args, in every mode and to any order; func may not
    branch on y. Raises `UnsupportedError` for SciPy's other settings.

        >>> import numpy as np
        >>> y = odeint(lambda y, t: -y, np.array([1.0]), np.array([0.0, 1.0]))
        >>> round(float(y[-1, 0]), 7)
        0.3678794
    """
    unknown = [name for name in settings if name not in TAKEN]
    if unknown:
        want, remedy = ", ".join(TAKEN), "Drop it, or use scipy.integrate.odeint on plain arrays"
        got = f"the settings {', '.join(unknown)}"
        raise UnsupportedError(explain(f"odeint{at_line()}", got, want, remedy))
    tolerances: dict[str, Any] = {"rtol": 1.49012e-8, "atol": 1.49012e-8}
    return solve.odeint(func, y0, t, *args, **{**tolerances, **settings})
