"""NumPy's products on traced values: each brought to the one product op, `einsum`.

An einsum of many operands is taken pair by pair in the order `np.einsum_path` finds. A letter that
stands twice in one term is a diagonal; one that stands in a single term only is summed first.
"""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np

from ..errors import ShapeError, UnsupportedError, explain
from ..ops import arithmetic as a
from ..ops import contract as c
from ..ops import index as i
from ..ops import shape as s
from ..tracing.location import at_line
from ..tracing.tracer import Trace, Tracer
from .arguments import as_tuple, normal_axis, refuse
from .elementwise import together

LETTERS = ascii_lowercase + ascii_uppercase


def pair(x: Tracer, y: Tracer, left: str, right: str, out: str) -> Tracer:
    """The product of two operands; letters of one term alone are summed first."""
    x, left = sum_away(x, left, set(right) | set(out))
    y, right = sum_away(y, right, set(left) | set(out))
    if not left or not right:
        order = left or right
        product = a.mul(x, y)
        return s.transpose(product, axes=tuple(order.index(k) for k in out)) if order else product
    return c.einsum(x, y, spec=f"{left},{right}->{out}")


def sum_away(x: Tracer, term: str, needed: set[str]) -> tuple[Tracer, str]:
    """Sum over the letters that nobody else needs."""
    axes = tuple(k for k, letter in enumerate(term) if letter not in needed)
    if not axes:
        return x, term
    return s.sum_(x, axes=axes), "".join(letter for letter in term if letter in needed)


def take_diagonals(t: Trace, x: Tracer, term: str) -> tuple[Tracer, str]:
    """Letters that stand twice in a term, reduced to one by taking the diagonal."""
    for letter, count in Counter(term).items():
        for _ in range(count - 1):
            j, k = [n for n, other in enumerate(term) if other == letter][:2]
            rest = [n for n in range(x.ndim) if n not in (j, k)]
            front = s.transpose(x, axes=(j, k, *rest))
            n = t.value(np.arange(front.shape[0]))
            x, term = i.gather(front, n, n), letter + "".join(term[m] for m in rest)
    return x, term


def einsum(t: Trace, *args: Any, **kw: Any) -> Any:
    """np.einsum with a subscript string (with or without ->, and with ...), or with lists of
    integers behind the operands."""
    refuse("np.einsum", out=(kw.pop("out", None), None))
    kw.pop("optimize", None)
    if kw:
        want, remedy = "a subscript string and arrays", "Write the subscripts as 'ij,jk->ik'"
        raise UnsupportedError(explain(f"np.einsum{at_line()}", ", ".join(kw), want, remedy))
    if not isinstance(args[0], str):
        args = spelled(args)
    values = together(t, *args[1:])
    terms, out = subscripts(args[0], [v.ndim for v in values])
    operands = [take_diagonals(t, v, term) for v, term in zip(values, terms, strict=True)]
    while len(operands) > 2:
        j, k = next_pair(operands, out)
        (y, right), (x, left) = operands.pop(k), operands.pop(j)
        needed = set(out).union(*(term for _, term in operands))
        both = "".join(dict.fromkeys(left + right))
        kept = "".join(letter for letter in both if letter in needed)
        operands.append((pair(x, y, left, right, kept), kept))
    if len(operands) == 2:
        (x, left), (y, right) = operands
        return pair(x, y, left, right, out)
    x, term = sum_away(operands[0][0], operands[0][1], set(out))
    return s.transpose(x, axes=tuple(term.index(letter) for letter in out))


def spelled(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Operands, each with its list of integers, and perhaps one for the result, as a string and the
    operands."""
    count = len(args) // 2
    letters = ascii_uppercase + ascii_lowercase  # in their order, which an implied result has
    lists = [args[2 * k + 1] for k in range(count)]
    terms = [
        "".join("..." if k is Ellipsis else letters[operator.index(k)] for k in term)
        for term in [*lists, *args[2 * count :]]
    ]
    out = "->" + terms[count] if len(terms) > count else ""
    return (",".join(terms[:count]) + out, *args[: 2 * count : 2])


def next_pair(operands: list[tuple[Tracer, str]], out: str) -> tuple[int, int]:
    """The pair that NumPy's greedy path would contract first."""
    empty: list[Any] = [np.broadcast_to(0.0, x.shape) for x, _ in operands]
    spec = f"{','.join(term for _, term in operands)}->{out}"
    path: Any = np.einsum_path(spec, *empty, optimize="greedy")[0]
    first = path[1]
    return (min(first), max(first)) if len(first) == 2 else (0, 1)


def subscripts(text: str, ndims: list[int]) -> tuple[list[str], str]:
    """Terms and result with `...` spelled out and the implied result filled in."""
    text = text.replace(" ", "")
    lhs, arrow, out = text.partition("->")
    terms = lhs.split(",")
    if len(terms) != len(ndims):
        got = f"{len(terms)} terms for {len(ndims)} operands"
        raise ShapeError(explain(f"np.einsum{at_line()}", got, "one term each", "Check commas"))
    free = [letter for letter in LETTERS if letter not in text]
    wide = max(
        (n - len(t.replace("...", "")) for n, t in zip(ndims, terms, strict=True)), default=0
    )
    dots = "".join(free[: max(wide, 0)])
    full: list[str] = []
    for term, ndim in zip(terms, ndims, strict=True):
        count = ndim - len(term.replace("...", ""))
        if count < 0 or (count > 0 and "..." not in term):
            got = f"term {term!r} for an operand of {ndim} axes"
            raise ShapeError(explain(f"np.einsum{at_line()}", got, "a letter each", "Check it"))
        full.append(term.replace("...", dots[len(dots) - count :] if count else ""))
    if arrow:
        return full, out.replace("...", dots)
    counts = Counter("".join(full))
    implied = sorted(k for k, n in counts.items() if n == 1 and k not in dots)
    return full, dots + "".join(implied)


def matmul(t: Trace, x: Any, y: Any) -> Any:
    """x @ y: the last two axes multiply, leading axes broadcast."""
    p, q = together(t, x, y)
    if p.ndim == 0 or q.ndim == 0:
        want, remedy = "arrays with an axis", "Use * for scalars"
        raise ShapeError(explain(f"np.matmul{at_line()}", "got a scalar", want, remedy))
    left, right = ("k" if p.ndim == 1 else "ik"), ("k" if q.ndim == 1 else "kj")
    if p.shape[-1] != q.shape[-len(right)]:
        got = f"shapes {p.shape} and {q.shape}"
        want = "the last axis of the first to equal the rows of the second"
        raise ShapeError(explain(f"np.matmul{at_line()}", got, want, "Transpose an operand"))
    lead_p, lead_q = p.shape[: p.ndim - len(left)], q.shape[: q.ndim - len(right)]
    if lead_p != lead_q and lead_p and lead_q:
        lead = np.broadcast_shapes(lead_p, lead_q)
        p = s.broadcast(p, shape=lead + p.shape[len(lead_p) :])
        q = s.broadcast(q, shape=lead + q.shape[len(lead_q) :])
        lead_p = lead_q = lead
    batch = ascii_uppercase[: max(len(lead_p), len(lead_q))]
    left, right = batch[: len(lead_p)] + left, batch[: len(lead_q)] + right
    out = (
        batch
        + ("i" if p.ndim > len(lead_p) + 1 else "")
        + ("j" if q.ndim > len(lead_q) + 1 else "")
    )
    return pair(p, q, left, right, out)


def tensordot(t: Trace, x: Any, y: Any, axes: Any = 2) -> Any:
    p, q = together(t, x, y)
    if isinstance(axes, int):
        over_p, over_q = list(range(p.ndim - axes, p.ndim)), list(range(axes))
    else:
        first, second = (as_tuple(k) for k in axes)
        over_p = [normal_axis(k, p.ndim, "np.tensordot") for k in first]
        over_q = [normal_axis(k, q.ndim, "np.tensordot") for k in second]
    left, right = list(LETTERS[: p.ndim]), list(LETTERS[p.ndim : p.ndim + q.ndim])
    for j, k in zip(over_p, over_q, strict=True):
        right[k] = left[j]
    out = [k for n, k in enumerate(left) if n not in over_p]
    out += [k for n, k in enumerate(right) if n not in over_q]
    return pair(p, q, "".join(left), "".join(right), "".join(out))


def dot(t: Trace, x: Any, y: Any, out: Any = None) -> Any:
    refuse("np.dot", out=(out, None))
    p, q = together(t, x, y)
    if p.ndim == 0 or q.ndim == 0:
        return a.mul(p, q)
    return tensordot(t, p, q, ((p.ndim - 1,), (max(q.ndim - 2, 0),)))


def inner(t: Trace, x: Any, y: Any) -> Any:
    p, q = together(t, x, y)
    if p.ndim == 0 or q.ndim == 0:
        return a.mul(p, q)
    return tensordot(t, p, q, ((p.ndim - 1,), (q.ndim - 1,)))


def outer(t: Trace, x: Any, y: Any, out: Any = None) -> Any:
    refuse("np.outer", out=(out, None))
    p, q = together(t, x, y)
    flat = s.reshape(p, shape=(p.size,)), s.reshape(q, shape=(q.size,))
    return c.einsum(*flat, spec="i,j->ij")


def vdot(t: Trace, x: Any, y: Any) -> Any:
    p, q = together(t, np.conj(x), y)
    flat = s.reshape(p, shape=(p.size,)), s.reshape(q, shape=(q.size,))
    return c.einsum(*flat, spec="i,i->")


UFUNCS: dict[Any, Callable[..., Any]] = {np.matmul: matmul}
FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.dot: dot,
    np.inner: inner,
    np.outer: outer,
    np.vdot: vdot,
    np.tensordot: tensordot,
    np.einsum: einsum,
}
