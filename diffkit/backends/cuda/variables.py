"""Which variables a piece of a loop program needs from before it, and which it surely sets."""

from __future__ import annotations

from ...lowering.syntax import Assign, Body, If, Local, Loop, Stmt, While
from ...lowering.walk import exprs, vars_of, walk


def written(body: Body) -> set[Local]:
    """The variables that are assigned anywhere inside."""
    return {stmt.local for stmt in walk(body) if isinstance(stmt, Assign)}


def needed(body: Body) -> set[Local]:
    """The variables that may be read before they are assigned."""
    found: set[Local] = set()
    known: set[Local] = set()
    for stmt in body:
        found |= needed_by(stmt) - known
        known |= assigned((stmt,))
    return found


def needed_by(stmt: Stmt) -> set[Local]:
    own = {local for expr in exprs(stmt) for local in vars_of(expr)}
    if isinstance(stmt, Loop):
        return own | (needed(stmt.body) - {stmt.var})
    if isinstance(stmt, If):
        return own | needed(stmt.then) | needed(stmt.other)
    if isinstance(stmt, While):
        known = assigned(stmt.test)
        return needed(stmt.test) | (own - known) | (needed(stmt.body) - known)
    return own


def assigned(body: Body) -> set[Local]:
    """The variables that are assigned whatever happens."""
    found: set[Local] = set()
    for stmt in body:
        if isinstance(stmt, Assign):
            found.add(stmt.local)
        elif isinstance(stmt, Loop) and isinstance(stmt.extent, int) and stmt.extent > 0:
            found |= assigned(stmt.body)
        elif isinstance(stmt, If):
            found |= assigned(stmt.then) & assigned(stmt.other)
        elif isinstance(stmt, While):
            found |= assigned(stmt.test)
    return found
