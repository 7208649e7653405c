"""The parts of autograd that have no counterpart: the nodes of its tape.

diffkit records a graph instead of calling back for each operation, so there is no class to derive
one's own interpretation from.
"""

from __future__ import annotations

from ...errors import DiffkitError, explain

TAPE = frozenset(
    {"ConstGraphNode", "FullGraphNode", "JVPNode", "Node", "SparseObject", "VJPNode",
     "backward_pass", "full_graph", "new_box", "register_notrace", "trace", "trace_stack"}
)  # fmt: skip


class AbsentError(DiffkitError, ImportError):
    """A name of autograd that is not here."""


def absent(module: str, name: str) -> Exception:
    """The error for a name that a module does not have."""
    if name not in TAPE:
        return AttributeError(f"module {module!r} has no attribute {name!r}")
    want = "the operators, primitives and vector spaces of autograd"
    remedy = "See the operations of a function by dk.trace(f)(x), which prints them"
    return AbsentError(explain(f"{module}.{name}", "a part of autograd's tape", want, remedy))
