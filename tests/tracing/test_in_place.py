"""Writing into arrays, as NumPy means it: each plain function runs on real arrays and recorded,
eagerly and not, and gives the same numbers; what changes has changed for every name."""

from __future__ import annotations

import copy
import re

import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit.errors import (
    DtypeError,
    IndexingError,
    ShapeError,
    TracingError,
    UnsupportedError,
)
from tests.replay import replayed
from tests.replay import same as bitwise

X = np.array([0.3, -1.2, 2.4, 0.9, -0.7, 1.6])
A = np.array([[0.3, -1.2, 2.4], [1.1, 0.7, -0.6], [0.2, 1.9, -1.4]])


# --- names, views and copies ----------------------------------------------------------------------


def every_name_sees_it(x):
    y = x
    y += 1.0
    y *= x
    return x, y


def rebinding_is_no_write(x):
    y = x
    y = y + 1.0
    return x * y


def scalars_are_rebound(x):
    s = x[0]
    t = s
    s += 1.0
    s *= x[1]
    return s, t, x


def zero_dimensional_arrays_are_written(x):
    s = np.array(x[0])
    t = s
    s += x[1]
    u = np.zeros(())
    v = u
    u[...] = x[2]
    w = np.where(x[0] > 0, x[0], 1.0)
    z = w
    w *= 2.0
    return s * t, v, z


def write_through_a_row(a):
    row = a[1]
    row[:] = row * 2.0
    row[0] = a[0, 0]
    return a


def write_through_views_of_views(a):
    part = a[:, ::2][::-1]
    part[0, 1] = 7.0
    part *= a[1, 1]
    corner = part[1:][0]
    corner -= 3.0
    return a, part, corner


def read_after_the_base_changed(a):
    row, column = a[0], a[:, 1]
    low = a[1:]
    a[0, 1] = 5.0
    first = row * column
    low[...] = 2.0 * first
    return first, row.sum(), column, a.T[1]


def transposed(a):
    t = a.T
    t[0] += 1.0
    t[1:, 2] = a[0, :2]
    s = np.swapaxes(a, 0, 1)
    s *= 2.0
    m = np.moveaxis(a, 0, -1)
    m[0, 0] = a[2, 2]
    return a, t, s


def other_views(a):
    b = np.zeros((3, 3))
    b += a
    np.flip(b, 0)[0] = b[1]
    np.fliplr(b)[:, 0] *= 3.0
    np.flipud(b)[1, 1] = 9.0
    b[None].squeeze()[2] -= b[0]
    np.expand_dims(b, 1)[:, 0, 0] += 1.0
    first, second = np.split(b, [1])
    second[:] = second * first
    first.fill(4.0)
    np.atleast_2d(b)[0, 0] = -1.0
    b.reshape(-1)[4] = a[0, 0] * 8.0
    b.ravel()[::2] += b.reshape(9)[1::2].sum()
    b[1, ..., None][0] = 6.0
    return b


def atleast_of_a_line(x):
    y = np.atleast_2d(x)
    y[0, 1] = x[0] * 3.0
    z = np.atleast_1d(x)
    z += 1.0
    return x, y


def rows_of_a_loop(a):
    for k, row in enumerate(a):
        row -= a[k - 1]
    return a


def copies_stand_alone(a):
    b, c, d, e = a.copy(), np.copy(a), np.array(a), a.flatten()
    f, g, h = a[[0, 1]], a[a[:, 0] > 0.25], a.astype(np.float64)
    a[:] = 0.0
    b[0] += 1.0
    f[0] = 3.0
    p = +a
    p += 1.0
    return a, b, c, d, e, f, g, h


def same_object(a):
    b = np.asarray(a)
    c = a.astype(np.float64, copy=False)
    b[0] = 1.0
    c[1] *= a[2]
    return a, a.real


def diagonals_are_read_again(a):
    d, e = np.diagonal(a), np.diag(a)
    wide = np.broadcast_to(a[0], (2, 3))
    line, turned = np.einsum("ii->i", a), np.einsum("ij->ji", a)
    a[0, 0] = 5.0
    a += a.T
    return d, e, wide, line, turned, np.einsum("ii", a)


def copied_by_the_library(a):
    b, c = copy.copy(a[0]), copy.deepcopy(a)
    a += 1.0
    b *= 2.0
    c[1] = b
    return a, b, c


def swapped_rows_of_views(a):
    a[0], a[1] = a[1], a[0]  # the second assignment reads what the first has written
    return a


def swapped_rows_by_lists(a):
    a[[0, 2]] = a[[2, 0]]
    return a


def reshape_of_a_temporary(a):
    y = (a @ a).reshape(-1)
    y += 1.0
    y[::2] *= a[0, 0]
    return y


ALIASING = [
    every_name_sees_it, rebinding_is_no_write, scalars_are_rebound,
    zero_dimensional_arrays_are_written, write_through_a_row, write_through_views_of_views,
    read_after_the_base_changed, transposed, other_views, atleast_of_a_line, rows_of_a_loop,
    copies_stand_alone, same_object, diagonals_are_read_again, copied_by_the_library,
    swapped_rows_of_views, swapped_rows_by_lists, reshape_of_a_temporary,
]  # fmt: skip


# --- indices --------------------------------------------------------------------------------------


def slices_of_all_kinds(x):
    x[1] = x[0] * 2.0
    x[-1] += x[1]
    x[1:3] = x[3:5]
    x[::2] *= x[1::2]
    x[::-1] = x
    x[4:1:-2] -= 1.0
    x[3:1] = 5.0
    x[2:2] += np.zeros(0)
    x[:99] /= 2.0
    x[1:] += x[:-1]
    x[:-1] = x[1:] - x[:-1]
    return x


def matrices(a):
    a[1, 2] = a[0, 0]
    a[:, 0] = a[2]
    a[0] = [1.0, 2.0, 3.0]
    a[1:, 1:] **= 2
    a[..., -1] = 4.0
    a[None, 2, ::-1] = a[None, 1]
    a[:, 1] = np.ones((1, 1, 3)) * a[0, 1]
    a[0:2, 0:1] = a[1:3, 2:]
    return a


def arrays_and_masks(a):
    a[[0, 2], [1, 1]] = a[1, :2]
    a[np.array([2, 0])] -= a[[1, 1]]
    a[:, [0, 2]] *= 2.0
    a[1, [0, 0, 1]] = a[:, 1]
    a[[0, 0]] += 1.0
    a[np.eye(3) > 0] = 0.5
    a[np.array([True, False, True])] += a[1]
    a[a > 1.5] = 1.5
    a[a < 0] *= -2.0
    a[a > 0.7] = a[a > 0.7] ** 2
    a[[[0], [1]], [2, 0]] = 3.0
    a[(a[0] > 0)] = a[1]
    return a


def traced_places(x):
    k = np.argmax(x)
    x[k] = -x[k]
    a = np.zeros((6, 2))
    a[k] = x[:2]
    row = a[k]
    row += 3.0
    a[:, 1][np.argmin(x)] = x[0]
    a[k, 0] -= 1.0
    return a, row


def additions_at(x):
    np.add.at(x, [1, 1, 3], x[:3])
    np.subtract.at(x, (np.array([0, 0]),), 2.0)
    np.add.at(x, np.s_[2:4], 1.0)
    return x


INDEXING = [slices_of_all_kinds, matrices, arrays_and_masks, traced_places, additions_at]


# --- other writers and makers ---------------------------------------------------------------------


def outs(a):
    b = np.zeros_like(a)
    c = np.add(a, 1.0, out=b)
    c *= 2.0
    np.multiply(a[0], a[1], out=b[2])
    np.clip(b, -1.0, 3.0, out=b)
    np.sum(a, axis=0, out=b[:, 1])
    np.add.reduce(a, axis=1, out=b[0])
    np.matmul(a, b, out=a)
    np.dot(a, a[0], out=b[1])
    np.add(a[0], 1.0, out=b)
    return b, c is b, a


def outs_where(x):
    y = np.zeros(6)
    np.sqrt(x, out=y, where=x > 0)
    np.divide(1.0, y, out=y, where=y != 0)
    np.exp(x[0], out=y[1:3], where=np.array([True, False]))
    return y


def fillers(a):
    b = np.empty((3, 3))
    b.fill(a[0, 1])
    np.fill_diagonal(b, a[1])
    np.fill_diagonal(a, 2.0)
    np.copyto(b[0], a[1])
    np.copyto(a, b[1], where=a > 1.0)
    return a, b


def makers(x):
    a, b, c = np.zeros((2, 3)), np.empty(3), np.eye(3)
    d, e = np.ndarray((2,)), np.full((2, 2), 0.5)
    f, g = np.ones_like(x), np.array([1.0, 2.0, 3.0])
    h, i = np.identity(2), np.full_like(x, 3.0)
    a[1] = x[:3]
    b[:] = x[1:4]
    c[0] += x[3:]
    d[0], d[1] = x[0], x[1]
    e[1, 1] *= x[0]
    f[1:] = x[:-1]
    g[1] = x[2]
    h[0] = x[:2]
    i -= x
    return a, b, c, d, e, f, g, h, i, isinstance(x, np.ndarray), isinstance(x[0], np.ndarray)


def kinds_of_numbers(x):
    n = np.zeros(4, dtype=np.int64)
    n[1] = 3
    n[2:] += 2
    used = np.zeros(4, bool)
    used[n > 1] = True
    single = np.zeros(3, np.float32)
    single[:] = x[:3]
    single += x[3:]
    return n, used, single, x[n] * used


def known_values_are_numbers(x):
    count = np.zeros(2)
    count[0] += 3.0
    total = x.sum()
    while count[0] > 0:
        count[0] -= 1
        total = total * float(count[0] + 2)
    table = np.linalg.inv(np.eye(2) * 4.0)
    table[0, 1] = x[0]
    return total, table, np.sort(np.array([2.0, 1.0]))[int(count[1])], count.tolist()


MAKING = [outs, outs_where, fillers, makers, kinds_of_numbers, known_values_are_numbers]

PLAIN = [*ALIASING, *INDEXING, *MAKING]
EAGER_ONLY = {copies_stand_alone, arrays_and_masks}
ARGUMENT = {f: A if f.__code__.co_varnames[0] == "a" else X for f in PLAIN}


def same(got, want):
    for y, z in zip(
        dk.tracing.trees.flatten(got)[0], dk.tracing.trees.flatten(want)[0], strict=True
    ):
        y, z = np.asarray(y), np.asarray(z)
        assert y.shape == z.shape
        assert y.dtype == z.dtype
        np.testing.assert_allclose(y, z, rtol=1e-15, atol=1e-15)


def as_written(f, x):
    """What NumPy gives, on a copy of its own."""
    return f(np.array(x))


@pytest.mark.parametrize("f", PLAIN, ids=lambda f: f.__name__)
def test_values_are_those_of_numpy(f):
    x = ARGUMENT[f]
    kept = x.copy()
    want = as_written(f, x)
    same(dk.vjp(f, x)[0], want)
    if f not in EAGER_ONLY:
        same(replayed(f)(x), want)
    np.testing.assert_array_equal(x, kept)


@pytest.mark.parametrize("f", PLAIN, ids=lambda f: f.__name__)
def test_derivatives_are_those_of_the_values(f):
    x = ARGUMENT[f]
    rng = np.random.default_rng(5)
    dx = rng.normal(size=x.shape)
    y, dy = dk.jvp(f, (x,), (dx,))
    leaves, tree = dk.tracing.trees.flatten(y)
    moving = [np.asarray(leaf).dtype.kind == "f" for leaf in leaves]
    tangents = dk.tracing.trees.flatten(dy)[0]
    single = any(np.asarray(leaf).dtype == np.float32 for leaf in leaves)
    step, tolerance = (3e-3, 2e-3) if single else (1e-6, 3e-8)
    up, down = (dk.tracing.trees.flatten(as_written(f, x + s * dx))[0] for s in (step, -step))
    for on, p, q, t in zip(moving, up, down, tangents, strict=True):
        if on:
            slope = (np.asarray(p, float) - np.asarray(q, float)) / (2 * step)
            np.testing.assert_allclose(t, slope, rtol=tolerance, atol=tolerance)
    cts = [
        rng.normal(size=np.shape(leaf)).astype(np.asarray(leaf).dtype) if on else leaf
        for on, leaf in zip(moving, leaves, strict=True)
    ]
    pulled = dk.vjp(f, x)[1](dk.tracing.trees.unflatten(tree, cts))[0]
    pushed = sum(np.sum(c * t) for on, c, t in zip(moving, cts, tangents, strict=True) if on)
    assert abs(np.sum(pulled * dx) - pushed) < 1e-6 * (1 + abs(pushed))


# --- what is refused ------------------------------------------------------------------------------


def base_of_a_written_reshape(a):
    b = a.T * 1.0  # which may lie in either order
    b.reshape(-1)[0] = 5.0
    return b


def reshape_of_a_written_base(a):
    b = a.T * 1.0
    y = np.ravel(b)
    b[0] = 1.0
    return y.sum()


def ravel_of_a_strided_line(x):
    y = x[::2].ravel()
    y += 1.0
    return x


def chain_of_doubt(a):
    b = a.T * 1.0
    c = b.reshape(9)
    d = c[1:].reshape(2, 4).T.reshape(8)
    d[0] = 1.0
    return c


def write_into_a_broadcast(x):
    np.broadcast_to(x, (2, 6))[0] = 1.0
    return x


def write_into_a_diagonal(a):
    np.diagonal(a)[0] = 1.0
    return a


def write_into_a_scalar(x):
    s = x[0]
    s[()] = 1.0
    return x


def floats_into_integers(x):
    n = np.argsort(np.zeros(6)) if False else np.zeros_like(np.argmax(x) + np.arange(6))
    n += x
    return n


def too_large_a_result(x):
    x += np.ones((2, 6))
    return x


def too_long_a_value(x):
    x[:2] = x[:3]
    return x


def traced_mask_with_values(x):
    x[x > 0] = x[:3]
    return x


def reading_by_a_traced_mask(x):
    return x[x > 0]


def plain_out(x):
    np.add(x, 1.0, out=OUTSIDE)
    return OUTSIDE


def plain_sum(x):
    outside = OUTSIDE
    outside += x
    return outside


def elements_without_a_value(x):
    return np.sqrt(x, where=x > 0)


def products_at(x):
    np.multiply.at(x, [0, 0], 2.0)
    return x


def slice_up_to_a_traced_place(x):
    x[: np.argmax(x)] = 0.0
    return x


def write_into_an_einsum(a):
    np.einsum("ii->i", a)[...] = 1.0
    return a


def local_import(x):
    import numpy as own

    buffer = own.zeros(3)
    buffer[1] = x[1]
    return buffer


def from_inside(x):
    def inner(s):
        x[0] = s
        return x.sum() * s

    return dk.grad(inner)(2.0) * x


def into_a_closure(x):
    total = x * 2.0

    def inner(s):
        nonlocal total
        total += s
        return total.sum() * s

    return dk.grad(inner)(2.0) * x


OUTSIDE = np.zeros(6)

REFUSED = [
    (base_of_a_written_reshape, UnsupportedError, "its np.reshape", r"reshape(…).copy()"),
    (reshape_of_a_written_base, UnsupportedError, "its np.ravel", r"ravel(…).copy()"),
    (ravel_of_a_strided_line, UnsupportedError, "its np.ravel", r"ravel(…).copy()"),
    (chain_of_doubt, UnsupportedError, "its np.reshape", r"reshape(…).copy()"),
    (write_into_a_broadcast, UnsupportedError, "np.broadcast_to", ".copy()"),
    (write_into_a_diagonal, UnsupportedError, "np.diagonal", ".copy()"),
    (write_into_a_scalar, TracingError, "the scalar", "np.array(value)"),
    (floats_into_integers, DtypeError, "np.add with out=", "array of floats"),
    (too_large_a_result, ShapeError, "shape (2, 6)", "new name"),
    (too_long_a_value, ShapeError, "selection of shape (2,)", "Check the index"),
    (traced_mask_with_values, IndexingError, "a traced mask", "np.where"),
    (reading_by_a_traced_mask, IndexingError, "a traced boolean mask", "np.where"),
    (plain_out, UnsupportedError, "np.add with out=", "np.copy"),
    (plain_sum, UnsupportedError, "np.add with out=", "a = a + x"),
    (elements_without_a_value, UnsupportedError, "np.sqrt with where=", "np.where(mask"),
    (products_at, UnsupportedError, "np.multiply.at", "Combine the values"),
    (slice_up_to_a_traced_place, IndexingError, "a slice with the traced bound", "np.where"),
    (write_into_an_einsum, UnsupportedError, "np.einsum", ".copy()"),
    (local_import, TracingError, "item assignment", "dnp.zeros"),
    (from_inside, UnsupportedError, "`inner` is recorded", ".copy()"),
    (into_a_closure, UnsupportedError, "`inner` is recorded", "carry"),
]


@pytest.mark.parametrize(
    ("f", "kind", "got", "remedy"), REFUSED, ids=[c[0].__name__ for c in REFUSED]
)
def test_refused_by_name(f, kind, got, remedy):
    x = A if f.__code__.co_varnames[0] == "a" else X
    with pytest.raises(kind) as caught:
        replayed(f)(x)
    message = str(caught.value)
    assert got in message and remedy in message and "Expected" in message, message
    line = re.search(r"test_in_place\.py:(\d+)", message)
    first = f.__code__.co_firstlineno
    assert line and first < int(line[1]) <= first + 9, message
    assert not OUTSIDE.any()


def test_the_order_of_an_argument_in_memory_counts():
    def f(a):
        a.reshape(-1)[1] = 5.0
        return a * a

    for g in (f, replayed(f)):
        want = f(A.copy())
        same(dk.vjp(g, A)[0], want)
        with pytest.raises(UnsupportedError, match=r"its np\.reshape"):
            dk.vjp(g, np.asfortranarray(A))
    assert f(np.asfortranarray(A))[0, 1] != want[0, 1]  # NumPy itself makes the difference


def test_an_inner_function_has_arrays_of_its_own():
    def f(x):
        def inner(s):
            own = x.copy()
            own[1:] *= s
            y = np.copy(x[:2])
            y[0] = s * s
            z = np.zeros(2)
            z[1] = own.sum() * x[0]
            return z.sum() + y.sum()

        return dk.grad(inner)(x[2]) * x[1]

    def want(x):
        return (x[1:].sum() * x[0] + 2 * x[2]) * x[1]

    np.testing.assert_allclose(dk.jacobian(f)(X), dk.jacobian(want)(X), rtol=1e-14)
    np.testing.assert_allclose(replayed(f)(X), want(X), rtol=1e-14)


def test_a_pull_back_keeps_the_values_it_was_made_at():
    def f(x):
        y = x * 1.0
        _, pull = dk.vjp(lambda v: v * v * y, y)
        y[:] = 100.0
        return pull(np.ones(6))[0]

    np.testing.assert_allclose(replayed(f)(X), 2 * X * X, rtol=1e-14)


SCRATCH = np.ones(6)


def with_scratch(x, scratch, table):
    scratch *= 2.0
    table["k"][0] += 1.0
    x *= scratch
    return (x * table["k"]).sum()


@pytest.mark.parametrize("method", ["reverse", "forward", "finite", "complex-step"])
def test_arguments_are_not_changed(method):
    x, scratch, table = X.copy(), np.ones(6), {"k": np.ones(6)}
    slope = dk.grad(with_scratch, method=method)(x, scratch, table)
    np.testing.assert_allclose(slope, [4.0, 2, 2, 2, 2, 2], rtol=1e-7)
    np.testing.assert_array_equal(x, X)
    assert scratch.tolist() == [1.0] * 6 and table["k"].tolist() == [1.0] * 6


def test_check_grads_and_jit_leave_arguments_alone():
    def f(x):
        x[1:] *= x[:-1]
        x -= 1.0
        return x.sum() * x[0]

    x = X.copy()
    dk.check_grads(f, x)
    for _ in range(2):
        assert replayed(f)(x) == pytest.approx(f(X.copy()), rel=1e-14)
        np.testing.assert_array_equal(x, X)
    assert replayed(dk.grad(f))(x).shape == (6,)


def test_what_a_statement_emits():
    def names(f, *types):
        return [node.op.name for node in dk.trace(f)(*types).nodes]

    def add_to_slice(x):
        x[1:] += 2.0
        return x

    def set_item(x):
        x[1] = 2.0
        return x

    def set_all(x):
        x[:] = x * 2.0
        return x

    def set_rows(a):
        a[[0, 1]] = 0.0
        return a

    def set_chosen(x):
        x[x > 0] = 0.0
        return x

    assert names(add_to_slice, dk.f64[3]) == ["slice", "add", "slice_set"]
    assert names(set_item, dk.f64[3]) == ["slice_set"]
    assert names(set_all, dk.f64[3]) == ["mul"]
    assert names(set_rows, dk.f64[3, 2]) == ["scatter_set"]
    assert names(set_chosen, dk.f64[3]) == ["greater", "select"]


def test_no_nan_from_elements_that_were_overwritten():
    def f(x):
        r = np.sqrt(x)
        r[0] = 1.0
        s = np.zeros(6)
        np.sqrt(x, out=s, where=x > 0)
        return (1 / r).sum() + s.sum()

    x = np.array([0.0, 1.0, 4.0, 4.0, 1.0, 4.0])
    for method in ("reverse", "forward"):
        slope = dk.grad(f, method=method)(x)
        np.testing.assert_allclose(slope[1:], 0.5 * x[1:] ** -0.5 - 0.5 * x[1:] ** -1.5)
        assert slope[0] == 0.0


def test_many_views_of_views_do_not_recurse():
    def f(x):
        y = x
        for _ in range(5000):
            y = y[::-1]
        y[0] = 3.0
        x[1] = 2.0
        return y * x

    np.testing.assert_array_equal(replayed(f)(X), f(X.copy()))


def test_dnp_functions_agree_with_statements():
    def f(x, y):
        return dnp.add_at(dnp.set_at(x, np.s_[1:3], y), [0, 0], 1.0)

    np.testing.assert_array_equal(replayed(f)(X, 4.0), f(X, 4.0))


def powers_of_the_positive(x):
    y = x * 1.0
    chosen = y > 0
    y[chosen] = y[chosen] ** -1.5
    y[~chosen] *= 2
    y[chosen] = np.sqrt(y[chosen]) + 3 * y[chosen]
    return y


def whole_rows(x):
    y = np.stack([x, 2 * x])
    rows = y[:, 0] > y[:, 1]
    y[rows] += 1.0
    y[rows] = np.where(True, 1.0, 0.0) - y[rows]
    return y


@pytest.mark.parametrize("f", [powers_of_the_positive, whole_rows])
def test_what_a_traced_mask_chooses_can_be_changed_in_place(f):
    """Under jit nothing is known of the mask; eagerly it is, and both are NumPy."""
    x = np.array([0.5, -1.5, 2.0, 0.0, -0.25, 3.0])
    want = f(x)
    bitwise([replayed(f)(x)], [want])

    def loss(x):
        return np.sum(f(x) ** 2)

    eager = dk.grad(loss)(x)
    np.testing.assert_allclose(replayed(dk.grad(loss))(x), eager, rtol=1e-15)
    np.testing.assert_allclose(replayed(dk.grad(loss, method="forward"))(x), eager, rtol=1e-13)
    assert np.all(np.isfinite(eager))


@pytest.mark.parametrize(
    "use",
    [
        lambda x: np.sum(x[x > 0]),
        lambda x: x[x > 0].sum(),
        lambda x: len(x[x > 0]),
        lambda x: list(x[x > 0]),
        lambda x: x[x > 0] + x[x > 1],
        lambda x: x[x > 0] + np.ones(3),
        lambda x: np.concatenate([x[x > 0], x]),
        lambda x: np.multiply.outer(x[x > 0], 2.0),
        lambda x: dnp.set_at(x, x > 1, x[x > 0]),
        lambda x: x[x > 0],
    ],
)
def test_what_needs_the_number_of_chosen_elements_is_refused(use):
    with pytest.raises(IndexingError, match=r"test_in_place.*Expected.*np\.where"):
        replayed(use)(np.array([0.5, -1.5, 2.0]))
