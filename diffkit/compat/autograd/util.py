"""Small helpers, and the old gradient check."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from .test_util import check_grads
from .wrap_util import subval as subval
from .wrap_util import subvals as subvals


def quick_grad_check(
    fun: Callable[..., Any],
    arg0: Any,
    extra_args: Sequence[Any] = (),
    kwargs: dict[str, Any] | None = None,
    verbose: bool = True,
    eps: float = 1e-4,
    rtol: float = 1e-4,
    atol: float = 1e-6,
    rs: Any = None,
) -> None:
    """`check_grads(fun, modes=["rev"], order=1)`, which is to be used instead. The settings are
    those of `check_grads`, whatever is given here."""
    remedy = 'use test_util.check_grads(fun, modes=["rev"], order=1)'
    warnings.warn(f"quick_grad_check is deprecated; {remedy}.", stacklevel=2)
    check_grads(fun, modes=["rev"], order=1)(arg0, *extra_args, **(kwargs or {}))
