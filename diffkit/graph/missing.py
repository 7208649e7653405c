"""The error for an op without a rule: which op, on which line, in which mode, and where rules are.

A program is differentiated by several modes one after the other (a Hessian pushes through what was
pulled), and so the error comes from the mode at work, not from the operator that was called.
"""

from __future__ import annotations

from typing import Any

from ..errors import UnsupportedError, explain


def missing_rule(mode: str, op: Any, loc: Any, file: str, remedy: str) -> UnsupportedError:
    """The op `op`, recorded at `loc`, has no rule for a mode; rules for it stand in `file`."""
    where = f" at {loc}" if loc else ""
    got, want = f"the op {op.name}, which has no rule for it", f"an op with a rule in {file}"
    return UnsupportedError(explain(f"{mode}{where}", got, want, remedy))


def missing_fact(mode: str, op: Any, loc: Any) -> UnsupportedError:
    """The op has no fact from which a mode of differentiation could be derived."""
    remedy = "Add its fact there, or make the function a dk.callback with .defjvp or .defvjp"
    return missing_rule(mode, op, loc, "diffkit/ops", remedy)
