"""The protocol's messages and answers: one JSON object a line.

    {"id", "kind": "start"}                                        {"id", "tool"}
    {"id", "kind": "define", "module"}                             {"id", "success", ...}
    {"id", "kind": "evaluate", "module", "function", "input"}      {"id", "success", "output",
                                                                    "timings": [{"name",
                                                                    "nanoseconds"}]}
    {"id", "kind": "analysis", ...} and any other kind             {"id"}

What goes wrong is answered with `"success": false` and the reason as `"error"`. JSON is meant
strictly, in both directions: it has no nan and no infinity.

Source: GradBench, CONTRIBUTING.md (2026).
"""

import json
from typing import Any

__all__ = ["MessageError", "failure", "parse", "written"]

LONGEST = 300  # characters of a line that are quoted


class MessageError(ValueError):
    """A line that is no message; `id` is its number if it has one."""

    def __init__(self, reason: str, id: Any = None) -> None:
        super().__init__(reason)
        self.id = id


def parse(line: bytes) -> dict[str, Any]:
    """The message in a line.

    Raises:
        MessageError: it is not a JSON object, or lacks its id or kind.
    """
    try:
        message = json.loads(line.decode("utf-8"), parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        shown = line[:LONGEST].decode("utf-8", "replace").strip()
        raise MessageError(
            f"a message was read; got {shown!r} ({error}); expected a JSON object on one line; "
            f"send one"
        ) from None
    if not isinstance(message, dict):
        raise MessageError(
            f"a message was read; got {type(message).__name__}; expected a JSON object; send one"
        )
    if "id" not in message or not isinstance(message.get("kind"), str):
        raise MessageError(
            f"a message was read; got the keys {sorted(message)}; expected an id and a kind; "
            f"add them",
            message.get("id"),
        )
    return message


def no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def failure(id: Any, reason: str) -> dict[str, Any]:
    """The answer that says why not."""
    return {"id": id, "success": False, "error": reason}


def written(answer: dict[str, Any]) -> bytes:
    """The answer as a line. One with nan or infinity in its output becomes a failure."""
    try:
        text = json.dumps(answer, allow_nan=False, separators=(",", ":"))
    except ValueError:
        reason = (
            "an output was to be written as JSON; got nan or infinity in it; expected finite "
            "numbers; check the input"
        )
        text = json.dumps(failure(answer.get("id"), reason))
    return text.encode() + b"\n"
