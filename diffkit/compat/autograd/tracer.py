"""What stands for a value while a function is recorded."""

from __future__ import annotations

from typing import Any

from ...tracing import Tracer as Box
from .absent import absent as _absent
from .primitives import notrace_primitive as notrace_primitive
from .primitives import primitive as primitive
from .values import getval as getval
from .values import isbox as isbox

__all__ = ["Box", "getval", "isbox", "notrace_primitive", "primitive"]


def __getattr__(name: str) -> Any:
    raise _absent(__name__, name)
