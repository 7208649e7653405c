"""The class of traced arrays."""

from ....tracing import Tracer as ArrayBox

__all__ = ["ArrayBox"]
