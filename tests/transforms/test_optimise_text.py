"""Golden text: a small program for each pass, before and after it."""

# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.graph import verify
from diffkit.transforms.optimise import PASSES
from diffkit.types import f64


def cubes(x):
    return x**3 + x**4 + x**-2 + x**0.5


def two_steps(x):
    return dk.scan(lambda c, r: (c * r, c + r), 1.0, x, reverse=True)


def nest(a, x):
    """sin(a) moves out of both loops, and a needs no carrying."""

    def step(s, r):
        inner = lambda t, q: ((t[0] * np.sin(t[1]) + q, t[1]), None)  # noqa: E731
        return (dk.scan(inner, s, x)[0][0] + r, s[1]), None

    return dk.scan(step, (0.0, a), x)[0][0]


def cell(w, u, x):
    return dk.scan(lambda h, r: (np.tanh(r @ w + u @ h), None), np.zeros(3), x)[0]


def outer_products(v, x, y):
    def step(s, r):
        return (s[0] + np.outer(np.sin(s[1]), r[1]), np.cos(s[1]) * r[0]), s[1] @ v

    return dk.scan(step, (np.zeros((2, 3)), np.ones(2)), (x, y))


def neighbours(a, x):
    """The second loop reads the rows of the first, the third shares its rows."""
    ys = dk.scan(lambda c, r: (np.sin(c) * r, c), a, x)[1]
    total = dk.scan(lambda c, r: (c + r * a, None), 0.0, ys)[0]
    return total, dk.scan(lambda c, r: (c * r, None), 1.0, x)[0]


def copies(x, y):
    """The same loop twice, recorded each time; then one that starts elsewhere."""
    total = lambda x, start: dk.scan(lambda c, r: (c * np.sin(r), None), start, x)[0]  # noqa: E731
    return total(x, 1.0) + total(x, 1.0) * total(y, 2.0)


def decay(x, rates):
    """The exponential is computed in both directions."""

    def decayed(x, rates):
        return dk.scan(lambda c, r: (c * np.exp(r * c), None), x, rates)[0]

    return dk.grad(decayed, argnums=1)(x, rates)


PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "powers": (cubes, (f64[3],)),
    "peel": (two_steps, (f64[2],)),
    "share": (decay, (f64[()], f64[9])),
    "invariant": (nest, (f64[()], f64[6])),
    "products": (cell, (f64[2, 3], f64[3, 3], f64[9, 2])),
    "accumulate": (outer_products, (f64[2, 2], f64[9, 2], f64[9, 3])),
    "unify": (copies, (f64[9], f64[9])),
    "merge": (neighbours, (f64[()], f64[9])),
}

BEFORE: dict[str, str] = {}
AFTER: dict[str, str] = {}

BEFORE["powers"] = """\
graph cubes(x: f64[3]) -> (f64[3]) {
  a: f64[3] = pow(x, 3.0)
  b: f64[3] = pow(x, 4.0)
  c: f64[3] = add(a, b)
  d: f64[3] = pow(x, -2.0)
  e: f64[3] = add(c, d)
  f: f64[3] = pow(x, 0.5)
  g: f64[3] = add(e, f)
  return g
}"""

AFTER["powers"] = """\
graph cubes(x: f64[3]) -> (f64[3]) {
  a: f64[3] = square(x)
  b: f64[3] = mul(x, a)
  c: f64[3] = square(a)
  d: f64[3] = add(b, c)
  e: f64[3] = reciprocal(x)
  f: f64[3] = square(e)
  g: f64[3] = add(d, f)
  h: f64[3] = pow(x, 0.5)
  i: f64[3] = add(g, h)
  return i
}"""

BEFORE["peel"] = """\
graph two_steps(x: f64[2]) -> (f64[], f64[2]) {
  a: f64[], b: f64[2] = scan(carry: 1.0; xs: x) {length=2, reverse=True}
    lambda(c: f64[], r: f64[]) -> (f64[], f64[]) {
      a: f64[] = mul(c, r)
      b: f64[] = add(c, r)
      return a, b
    }
  return a, b
}"""

AFTER["peel"] = """\
graph two_steps(x: f64[2]) -> (f64[], f64[2]) {
  a: f64[1] = slice(x) {start=(1,), step=(1,), stop=(2,)}
  b: f64[] = reshape(a) {shape=()}
  c: f64[] = add(1.0, b)
  d: f64[1] = slice(x) {start=(0,), step=(1,), stop=(1,)}
  e: f64[] = reshape(d) {shape=()}
  f: f64[] = mul(b, e)
  g: f64[] = add(b, e)
  h: f64[2] = stack(g, c) {axis=0}
  return f, h
}"""

BEFORE["share"] = """\
graph decay(x: f64[], rates: f64[9]) -> (f64[9]) {
  a: f64[], b: f64[9] = scan(carry: x; xs: rates) {length=9}
    lambda(c: f64[], r: f64[]) -> (f64[], f64[]) {
      a: f64[] = mul(r, c)
      b: f64[] = exp(a)
      d: f64[] = mul(c, b)
      return d, c
    }
  c: f64[], d: f64[9] = scan(carry: 1.0; xs: b, rates) {length=9, reverse=True}
    lambda_vjp(ct: f64[], c: f64[], r: f64[]) -> (f64[], f64[]) {
      a: f64[] = mul(r, c)
      b: f64[] = exp(a)
      d: f64[] = mul(b, ct)
      e: f64[] = mul(c, ct)
      f: f64[] = mul(b, e)
      g: f64[] = mul(c, f)
      h: f64[] = mul(r, f)
      i: f64[] = add(d, h)
      return i, g
    }
  return d
}"""

AFTER["share"] = """\
graph decay(x: f64[], rates: f64[9]) -> (f64[9]) {
  a: f64[], b: f64[9], c: f64[9] = scan(carry: x; xs: rates) {length=9}
    lambda(c: f64[], r: f64[]) -> (f64[], f64[], f64[]) {
      a: f64[] = mul(r, c)
      b: f64[] = exp(a)
      d: f64[] = mul(c, b)
      return d, c, b
    }
  d: f64[], e: f64[9] = scan(carry: 1.0; xs: b, rates, c) {length=9, reverse=True}
    lambda_vjp(ct: f64[], c: f64[], r: f64[], a: f64[]) -> (f64[], f64[]) {
      b: f64[] = mul(a, ct)
      d: f64[] = mul(c, ct)
      e: f64[] = mul(a, d)
      f: f64[] = mul(c, e)
      g: f64[] = mul(r, e)
      h: f64[] = add(b, g)
      return h, f
    }
  return e
}"""

BEFORE["invariant"] = """\
graph nest(a: f64[], x: f64[6]) -> (f64[]) {
  b: f64[], c: f64[] = scan(consts: x; carry: 0.0, a; xs: x) {length=6}
    step(x: f64[6], s_0: f64[], s_1: f64[], r: f64[]) -> (f64[], f64[]) {
      a: f64[], b: f64[] = scan(carry: s_0, s_1; xs: x) {length=6}
        lambda(t_0: f64[], t_1: f64[], q: f64[]) -> (f64[], f64[]) {
          a: f64[] = sin(t_1)
          b: f64[] = mul(t_0, a)
          c: f64[] = add(b, q)
          return c, t_1
        }
      c: f64[] = add(a, r)
      return c, s_1
    }
  return b
}"""

AFTER["invariant"] = """\
graph nest(a: f64[], x: f64[6]) -> (f64[]) {
  b: f64[] = sin(a)
  c: f64[] = scan(consts: x, b; carry: 0.0; xs: x) {length=6}
    step(x: f64[6], a: f64[], s_0: f64[], r: f64[]) -> (f64[]) {
      b: f64[] = scan(consts: a; carry: s_0; xs: x) {length=6}
        lambda(a: f64[], t_0: f64[], q: f64[]) -> (f64[]) {
          b: f64[] = mul(t_0, a)
          c: f64[] = add(b, q)
          return c
        }
      c: f64[] = add(b, r)
      return c
    }
  return c
}"""

BEFORE["products"] = """\
graph cell(w: f64[2, 3], u: f64[3, 3], x: f64[9, 2]) -> (f64[3]) {
  a: f64[3] = scan(consts: w, u; carry: 0.0:f64[3]; xs: x) {length=9}
    lambda(w: f64[2, 3], u: f64[3, 3], h: f64[3], r: f64[2]) -> (f64[3]) {
      a: f64[3] = einsum(r, w) {spec=k,kj->j}
      b: f64[3] = einsum(u, h) {spec=ik,k->i}
      c: f64[3] = add(a, b)
      d: f64[3] = tanh(c)
      return d
    }
  return a
}"""

AFTER["products"] = """\
graph cell(w: f64[2, 3], u: f64[3, 3], x: f64[9, 2]) -> (f64[3]) {
  a: f64[9, 3] = einsum(x, w) {spec=ak,kj->aj}
  b: f64[3] = scan(consts: u; carry: 0.0:f64[3]; xs: a) {length=9}
    lambda(u: f64[3, 3], h: f64[3], a: f64[3]) -> (f64[3]) {
      b: f64[3] = einsum(u, h) {spec=ik,k->i}
      c: f64[3] = add(a, b)
      d: f64[3] = tanh(c)
      return d
    }
  return b
}"""

BEFORE["accumulate"] = """\
graph outer_products(v: f64[2, 2], x: f64[9, 2], y: f64[9, 3]) -> (f64[2, 3], f64[2], f64[9, 2]) {
  a: f64[2, 3], b: f64[2], c: f64[9, 2] = scan(consts: v; carry: 0.0:f64[2, 3], 1.0:f64[2]; xs: x, y) {length=9}
    step(v: f64[2, 2], s_0: f64[2, 3], s_1: f64[2], r_0: f64[2], r_1: f64[3]) -> (f64[2, 3], f64[2], f64[2]) {
      a: f64[2] = sin(s_1)
      b: f64[2, 3] = einsum(a, r_1) {spec=i,j->ij}
      c: f64[2, 3] = add(s_0, b)
      d: f64[2] = cos(s_1)
      e: f64[2] = mul(d, r_0)
      f: f64[2] = einsum(s_1, v) {spec=k,kj->j}
      return c, e, f
    }
  return a, b, c
}"""

AFTER["accumulate"] = """\
graph outer_products(v: f64[2, 2], x: f64[9, 2], y: f64[9, 3]) -> (f64[2, 3], f64[2], f64[9, 2]) {
  a: f64[2], b: f64[9, 2], c: f64[9, 2] = scan(carry: 1.0:f64[2]; xs: x) {length=9}
    step(s_1: f64[2], r_0: f64[2]) -> (f64[2], f64[2], f64[2]) {
      a: f64[2] = sin(s_1)
      b: f64[2] = cos(s_1)
      c: f64[2] = mul(b, r_0)
      return c, s_1, a
    }
  d: f64[2, 3] = einsum(c, y) {spec=ai,aj->ij}
  e: f64[2, 3] = add(0.0:f64[2, 3], d)
  f: f64[9, 2] = einsum(b, v) {spec=ak,kj->aj}
  return e, a, f
}"""

BEFORE["unify"] = """\
graph copies(x: f64[9], y: f64[9]) -> (f64[]) {
  a: f64[] = scan(carry: 1.0; xs: x) {length=9}
    lambda(c: f64[], r: f64[]) -> (f64[]) {
      a: f64[] = sin(r)
      b: f64[] = mul(c, a)
      return b
    }
  b: f64[] = scan(carry: 1.0; xs: x) {length=9}
    lambda(c: f64[], r: f64[]) -> (f64[]) {
      a: f64[] = sin(r)
      b: f64[] = mul(c, a)
      return b
    }
  c: f64[] = scan(carry: 2.0; xs: y) {length=9}
    lambda(c: f64[], r: f64[]) -> (f64[]) {
      a: f64[] = sin(r)
      b: f64[] = mul(c, a)
      return b
    }
  d: f64[] = mul(b, c)
  e: f64[] = add(a, d)
  return e
}"""

AFTER["unify"] = """\
graph copies(x: f64[9], y: f64[9]) -> (f64[]) {
  a: f64[] = scan(carry: 1.0; xs: x) {length=9}
    lambda(c: f64[], r: f64[]) -> (f64[]) {
      a: f64[] = sin(r)
      b: f64[] = mul(c, a)
      return b
    }
  b: f64[] = scan(carry: 2.0; xs: y) {length=9}
    lambda(c: f64[], r: f64[]) -> (f64[]) {
      a: f64[] = sin(r)
      b: f64[] = mul(c, a)
      return b
    }
  c: f64[] = mul(a, b)
  d: f64[] = add(a, c)
  return d
}"""

BEFORE["merge"] = """\
graph neighbours(a: f64[], x: f64[9]) -> (f64[], f64[]) {
  b: f64[], c: f64[9] = scan(carry: a; xs: x) {length=9}
    lambda(c: f64[], r: f64[]) -> (f64[], f64[]) {
      a: f64[] = sin(c)
      b: f64[] = mul(a, r)
      return b, c
    }
  d: f64[] = scan(consts: a; carry: 0.0; xs: c) {length=9}
    lambda(a: f64[], c: f64[], r: f64[]) -> (f64[]) {
      b: f64[] = mul(r, a)
      d: f64[] = add(c, b)
      return d
    }
  e: f64[] = scan(carry: 1.0; xs: x) {length=9}
    lambda(c: f64[], r: f64[]) -> (f64[]) {
      a: f64[] = mul(c, r)
      return a
    }
  return d, e
}"""

AFTER["merge"] = """\
graph neighbours(a: f64[], x: f64[9]) -> (f64[], f64[]) {
  b: f64[], c: f64[], d: f64[] = scan(consts: a; carry: a, 0.0, 1.0; xs: x) {length=9}
    lambda(a: f64[], c: f64[], c_2: f64[], c_3: f64[], r: f64[]) -> (f64[], f64[], f64[]) {
      b: f64[] = sin(c)
      d: f64[] = mul(b, r)
      e: f64[] = mul(c, a)
      f: f64[] = add(c_2, e)
      g: f64[] = mul(c_3, r)
      return d, f, g
    }
  return c, d
}"""


@pytest.mark.parametrize("change", PASSES, ids=lambda p: p.__name__)
def test_the_text_before_and_after(change: Any) -> None:
    name = change.__name__
    f, types = PROGRAMS[name]
    graph = dk.trace(f)(*types)
    assert str(graph) == BEFORE[name]
    after = verify(change(graph))
    assert str(after) == AFTER[name]
    assert change(after) is after
