"""What is needed to give functions derivatives of their own."""

from __future__ import annotations

from typing import Any

from ...tracing import Tracer as Box
from .absent import absent as _absent
from .primitives import notrace_primitive as notrace_primitive
from .primitives import primitive as primitive
from .rules import def_linear as def_linear
from .rules import defjvp as defjvp
from .rules import defjvp_argnum as defjvp_argnum
from .rules import defjvp_argnums as defjvp_argnums
from .rules import defvjp as defvjp
from .rules import defvjp_argnum as defvjp_argnum
from .rules import defvjp_argnums as defvjp_argnums
from .vspaces import VSpace as VSpace
from .vspaces import vspace as vspace

__all__ = [
    "Box", "VSpace", "def_linear", "defjvp", "defjvp_argnum", "defjvp_argnums", "defvjp",
    "defvjp_argnum", "defvjp_argnums", "notrace_primitive", "primitive", "vspace",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    raise _absent(__name__, name)
