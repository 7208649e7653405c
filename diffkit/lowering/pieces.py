"""Arrays put together from boxes: zeros with a block in the middle, rows joined end to end.

A padded array, a concatenation, the cotangent of a slice: each is known box by box. What is
computed from such an array element by element is computed box by box as well, so that the boxes of
a stencil need neither tests nor an array of zeros. Where too many boxes would come out, or a rule
cannot use them, they are written into one array.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..types import Shape, Type
from .form import Form, moved, probe
from .syntax import Index
from .walk import loads_of

MOST = 9  # boxes


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """The box that begins at `start`; the form is indexed from there."""

    start: Shape
    form: Form

    @property
    def stop(self) -> Shape:
        return tuple(a + n for a, n in zip(self.start, self.form.shape, strict=True))


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """An array as boxes that cover it and do not overlap."""

    type: Type
    parts: tuple[Piece, ...]

    @property
    def shape(self) -> Shape:
        return self.type.shape


def as_pieces(x: Form | Pieces) -> Pieces:
    """Any array as boxes."""
    return x if isinstance(x, Pieces) else Pieces(x.type, (Piece((0,) * len(x.shape), x),))


def shifted(index: Index, start: Shape) -> Index:
    """An index inside a box as one of the whole array."""
    return tuple(moved(i, a, 1) for i, a in zip(index, start, strict=True))


def part_of(x: Form, start: Shape, shape: Shape) -> Form:
    """A box of an array, indexed from its beginning."""
    depth = x.depth + 1
    return Form(x.type.with_shape(shape), lambda index: x.at(shifted(index, start)), depth)


def box_of(x: Form | Pieces, start: Shape, shape: Shape) -> Form | None:
    """A box of an array, if it does not cross the border of a piece."""
    if isinstance(x, Form):
        return part_of(x, start, shape)
    for piece in x.parts:
        inner = tuple(a - b for a, b in zip(start, piece.start, strict=True))
        inside = zip(inner, shape, piece.form.shape, strict=True)
        if all(a >= 0 and a + n <= m for a, n, m in inside):
            return part_of(piece.form, inner, shape)
    return None


def cut(x: Pieces, start: Shape, stop: Shape) -> tuple[list[Piece], list[Piece]]:
    """The pieces inside a box, and those outside; a piece that crosses its border is cut into
    slabs, across the first axes first."""
    inside: list[Piece] = []
    outside: list[Piece] = []
    for piece in x.parts:
        first, last = list(piece.start), list(piece.stop)
        for k, (low, high) in enumerate(zip(start, stop, strict=True)):
            for a, b in ((first[k], min(low, last[k])), (max(high, first[k]), last[k])):
                if a < b:
                    outside.append(within(piece, first, last, k, a, b))
            first[k], last[k] = max(first[k], low), min(last[k], high)
            if first[k] >= last[k]:
                break
        else:
            inside.append(within(piece, first, last, 0, first[0], last[0]))
    return inside, outside


def within(
    piece: Piece, first: Sequence[int], last: Sequence[int], k: int, a: int, b: int
) -> Piece:
    """The part of a piece from `first` to `last`, but from a to b along axis k."""
    start = (*first[:k], a, *first[k + 1 :])
    stop = (*last[:k], b, *last[k + 1 :])
    inner = tuple(p - q for p, q in zip(start, piece.start, strict=True))
    shape = tuple(q - p for p, q in zip(start, stop, strict=True))
    return Piece(start, part_of(piece.form, inner, shape))


def refined(arrays: Sequence[Pieces], shape: Shape) -> list[tuple[Shape, Shape]]:
    """The boxes, as start and shape, of which all pieces of all arrays consist."""
    boxes = [((0,) * len(shape), shape)]
    for array in arrays:
        boxes = [
            (tuple(map(max, start, piece.start)), tuple(map(min, stop, piece.stop)))
            for start, size in boxes
            for stop in [tuple(a + n for a, n in zip(start, size, strict=True))]
            for piece in array.parts
            if all(
                max(a, p) < min(b, q)
                for a, b, p, q in zip(start, stop, piece.start, piece.stop, strict=True)
            )
        ]
        boxes = [(a, tuple(q - p for p, q in zip(a, b, strict=True))) for a, b in boxes]
    return boxes


def constant_form(x: Form | Pieces) -> bool:
    """Whether an array is computed from numbers alone, such as zeros."""
    if isinstance(x, Pieces) or x.type.size == 0:
        return False
    return not list(loads_of(probe(x)[1]))
