"""Derivatives of a black box along many directions: Jacobians and Hessians.

One by one, each line has steps of its own. Where the function takes many points in one call, all
lines are one: each direction is as long as its coordinates ask for (`lines.natural`), all go the
same t along themselves, and each result finds its own estimate among these steps.

Columns of a Jacobian that have no row in common are one direction together (Curtis, Powell & Reid,
On the estimation of sparse Jacobian matrices, 1974), coloured as those of a compressed forward
pass. A given pattern is held against one more direction, a random one.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from ...errors import CheckError, UnsupportedError, explain
from ...transforms.sparsity.colouring import count
from ...transforms.sparsity.plan import Pass, coordinates, planned
from ..method import Black, Finite
from . import curvature
from .black_box import BlackBox
from .estimate import Estimate
from .lines import derivative, natural
from .steps import EVERYWHERE, Room


def line(box: BlackBox, direction: Any, size: float, method: Black, order: int = 1) -> Estimate:
    """The derivative of some order along a direction of the shape of x with largest entry 1, or for
    which `size` is 1."""

    def along(t: float) -> Any:
        return box.moved(t * direction) if t else box.center

    return derivative(along, size, method, order=order, bounds=box.room(direction))


def directional(box: BlackBox, v: Any, method: Black, order: int = 1) -> Estimate:
    """The derivative of f(x + t·v) by t at 0."""
    speed = float(np.max(np.abs(v), initial=0))
    if not speed:
        nothing = np.where(np.isfinite(box.center), 0.0, np.nan)[()]
        bar = np.where(np.isfinite(box.center), 0.0, np.inf)[()]
        return Estimate(nothing, bar, (), box.calls, "no direction")
    size = float(np.max(np.abs(box.x), initial=0, where=v != 0))
    found = line(box, v / speed, size, method, order)
    unit = speed**order
    return Estimate(found.value * unit, found.error * unit, found.steps, box.calls, found.how)


def elementwise(box: BlackBox, method: Black, order: int = 1) -> Estimate:
    """The derivative of each element of a function that takes its argument element by element: of
    that along one direction, as long in each element as that asks for."""
    scale = lengths(box, method).reshape(box.x.shape)
    found = line(box, scale, 1.0, method, order)
    value, error = found.value / scale**order, found.error / np.abs(scale) ** order
    return Estimate(value, error, found.steps, box.calls, found.how)


def swept(
    box: BlackBox, directions: Any, sizes: Sequence[float], method: Black, order: int = 1
) -> Estimate:
    """The derivatives of some order along directions, which are the columns of a matrix, along a
    last axis; `sizes` as of `lines.derivative`."""
    shape = box.x.shape

    def together(t: float) -> Any:
        if t:
            return box.moved((t * towards).reshape(*shape, -1))
        return np.repeat(box.center[..., None], directions.shape[-1], -1)

    columns = directions.T
    if not len(columns):
        nothing = np.zeros((*box.center.shape, 0))
        return Estimate(nothing, nothing.copy(), (), box.calls, "no directions")
    if box.vectorized:
        rooms = [box.room(d.reshape(shape)) for d in columns]
        signs = np.array([sign_of(room) for room in rooms])
        towards = directions * signs
        one = derivative(together, 1.0, method, order=order, bounds=shared(rooms, signs))
        value = one.value * signs**order
        return Estimate(value, one.error, one.steps, box.calls, f"{one.how}; all at once")
    pairs = zip(columns, sizes, strict=True)
    found = [line(box, d.reshape(shape), size, method, order) for d, size in pairs]
    return Estimate(
        np.stack([e.value for e in found], -1),
        np.stack([e.error for e in found], -1),
        tuple(sorted({h for e in found for h in e.steps}, reverse=True)),
        box.calls,
        found[0].how if len(found) == 1 else f"{found[0].how}; {len(found)} directions",
    )


def sign_of(room: Room) -> int:
    """The direction in which there is more room."""
    return -1 if -room[0] > room[1] else 1


def shared(rooms: Iterable[Room], signs: Iterable[int]) -> Room:
    """How far all lines may go alike, once each goes to where there is more room."""
    lo, hi = EVERYWHERE
    for (back, ahead), sign in zip(rooms, signs, strict=True):
        lo, hi = max(lo, back if sign > 0 else -ahead), min(hi, ahead if sign > 0 else -back)
    return lo, hi


def lengths(box: BlackBox, method: Black) -> Any:
    """For each coordinate, how far a direction goes along it, and where there is more room: shorter
    if bounds are nearer."""
    x = np.ravel(box.x)
    scale = natural(x, method)
    if box.limits is None:
        return scale
    lower, upper = (np.ravel(b) for b in box.limits[0])
    ahead, behind = upper - x, x - lower
    far = np.maximum(ahead, behind)
    if not np.all(far > 0):
        k = int(np.argmin(far))
        got, want = f"equal bounds of element {k}", "room to move"
        raise UnsupportedError(explain(box.asked, got, want, "Hold it fixed, or widen its bounds"))
    near = np.exp2(np.floor(np.log2(far)))
    return np.where(behind > ahead, -1, 1) * np.minimum(scale, near)


def jacobian(box: BlackBox, method: Black) -> Estimate:
    """All columns: results in front, the shape of x behind."""
    n = box.x.size
    scale = lengths(box, method) if box.vectorized else np.ones(n)
    found = swept(box, np.diag(scale), np.abs(box.x).ravel().tolist(), method)
    shape = box.center.shape + box.x.shape
    value, error = found.value / scale, found.error / np.abs(scale)
    return Estimate(value.reshape(shape), error.reshape(shape), found.steps, box.calls, found.how)


def sparse_jacobian(box: BlackBox, method: Black, pattern: Any) -> Estimate:
    """The entries of a pattern, a CSR matrix of results by elements of x, likewise."""
    plan = planned(pattern, Pass(1, None), "forward")
    colours, scale = plan.columns, lengths(box, method)
    directions = (colours[:, None] == np.arange(count(colours))) * scale[:, None]
    found = swept(box, directions, [1.0] * count(colours), method)
    rows, columns = coordinates(pattern)
    unit = scale[columns]
    y, bar = (
        v.reshape(-1, v.shape[-1])[rows, colours[columns]] for v in (found.value, found.error)
    )
    value, error = matrix(y / unit, pattern), matrix(bar / np.abs(unit), pattern)
    v = probe(box)
    check(box, v, 1, (value @ v), abs(value) @ abs(v), error @ abs(v), PATTERN)
    return Estimate(value, error, found.steps, box.calls, found.how)


def hessian(box: BlackBox, method: Black) -> Estimate:
    """All second derivatives of a scalar function: twice the shape of x."""
    n = box.x.size
    found = second(box, method, list(combinations_with_replacement(range(n), 2)))
    shape = box.x.shape * 2
    return Estimate(
        found.value.reshape(shape), found.error.reshape(shape), found.steps, box.calls, found.how
    )


def sparse_hessian(box: BlackBox, method: Black, pattern: Any) -> Estimate:
    """The entries of a symmetric pattern, likewise."""
    rows, columns = coordinates(pattern)
    wanted = zip(rows.tolist(), columns.tolist(), strict=True)
    found = second(box, method, curvature.closed(wanted))
    value = matrix(found.value[rows, columns], pattern)
    error = matrix(found.error[rows, columns], pattern)
    v = probe(box)
    size = abs(v)
    check(box, v, 2, v @ (value @ v), size @ (abs(value) @ size), size @ (error @ size), PATTERN)
    return Estimate(value, error, found.steps, box.calls, found.how)


def second(box: BlackBox, method: Black, pairs: curvature.Pairs) -> Estimate:
    """The matrix of second derivatives, of which these entries are wanted."""
    scale = lengths(box, method)

    def width(d: Any) -> float:
        lo, hi = box.room(d.reshape(box.x.shape))
        return hi - lo

    drawn = curvature.lines(pairs, width, scale)
    directions = np.zeros((box.x.size, len(drawn)))
    for k, one in enumerate(drawn):
        directions[:, k] = one.direction(scale)
    found = swept(box, directions, [1.0] * len(drawn), method, 2)
    value, error = curvature.assembled(drawn, found.value, found.error, scale)
    return Estimate(value, error, found.steps, box.calls, found.how)


def matrix(data: Any, pattern: Any) -> Any:
    """The entries of a pattern as a matrix."""
    from scipy.sparse import csr_array

    parts = (data, pattern.indices.copy(), pattern.indptr.copy())
    return csr_array(parts, shape=pattern.shape)


def probe(box: BlackBox) -> Any:
    """A random direction, to where there is room."""
    return np.random.default_rng(0).uniform(0.5, 1.0, box.x.size) * lengths(box, Finite())


def check(
    box: BlackBox, v: Any, order: int, found: Any, terms: Any, bar: Any, want: tuple[str, str]
) -> None:
    """Raise if v times what was found is not what a difference along v is. `terms` and `bar` are
    the sizes of what was summed, and its error; `want` says what was expected, and what to do."""
    other = line(box, v.reshape(box.x.shape), 1.0, Finite(), order)
    value, own = np.ravel(other.value), np.ravel(other.error)
    allowed = 1e-4 * (np.ravel(terms) + np.abs(value)) + 10 * (np.ravel(bar) + own)
    away = np.abs(np.ravel(found) - value) > allowed
    if away.any():
        k = int(np.argmax(away))
        where = f"row {k} times a direction" if away.size > 1 else "the derivative by a direction"
        got = f"{where} is {np.ravel(found)[k]:.6g}, but {value[k]:.6g} by a difference"
        raise CheckError(explain(box.asked, got, *want))


PATTERN = "a pattern with every entry that can be nonzero", "Add the missing entries"
