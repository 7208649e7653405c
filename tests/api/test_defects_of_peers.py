"""What other packages get wrong, as regression tests: each found there by probing, and right here
in both modes."""

import math
import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import diffkit as dk
from diffkit.errors import DtypeError, TracingError

MODES = pytest.mark.parametrize("method", ["reverse", "forward", "taylor"])
A = np.array([[1.0, 4.0, 2.0], [3.0, 0.5, -1.0]])
CUBE = np.arange(18.0).reshape(2, 3, 3)


@MODES
@pytest.mark.parametrize("axis", [(0, 1), (1,), 0, None, (-1, 0)])
def test_var_along_several_axes(method, axis):
    """The forward rule of one package ends in a NameError for a tuple."""
    found = dk.jacobian(lambda x: np.var(x, axis=axis), method=method)(A)
    count = A.size if axis in (None, (0, 1), (-1, 0)) else A.shape[axis if axis == 0 else 1]
    deviation = 2 * (A - A.mean(axis=axis, keepdims=True)) / count
    total = found if found.ndim == 2 else found.sum(axis=0)
    assert_allclose(total, deviation, atol=1e-15)


@MODES
@pytest.mark.parametrize(
    ("x", "want"),
    [([0.0, 2.0, 3.0], [6, 0, 0]), ([0.0, 2.0, 0.0], [0, 0, 0]), ([2.0, 3.0, 4.0], [12, 8, 6])],
)
def test_prod_with_zeros(method, x, want):
    """nan, where it is computed as the product over each element."""
    assert_array_equal(dk.grad(np.prod, method=method)(np.array(x)), want)


def test_prod_with_zeros_twice():
    h = dk.hessian(np.prod)(np.array([0.0, 2.0, 3.0]))
    assert_array_equal(h, [[0, 3, 2], [3, 0, 0], [2, 0, 0]])


@MODES
@pytest.mark.parametrize("k", [-1, 0, 1, 2])
def test_diag_of_a_matrix_that_is_not_square(method, k):
    """A gradient of the wrong shape."""
    found = dk.grad(lambda a: np.sum(np.diag(a, k) ** 2), method=method)(A)
    assert_array_equal(found, 2 * A * np.eye(2, 3, k))


@MODES
@pytest.mark.parametrize(("axis1", "axis2"), [(1, 2), (2, 1), (-1, 1), (0, 2)])
def test_trace_of_other_axes(method, axis1, axis2):
    """A TypeError for axis1 and axis2."""

    def f(a):
        return np.sum(np.trace(a, offset=1, axis1=axis1, axis2=axis2) ** 2)

    want = np.zeros_like(CUBE)
    moved = np.moveaxis(want, (axis1, axis2), (-2, -1))
    sums = np.trace(CUBE, 1, axis1, axis2)
    for k in range(min(moved.shape[-2], moved.shape[-1] - 1)):
        moved[..., k, k + 1] = 2 * sums
    assert_array_equal(dk.grad(f, method=method)(CUBE), want)


@MODES
def test_broadcast_to_new_leading_axes(method):
    """An AssertionError."""
    weights = np.arange(12.0).reshape(4, 1, 3)
    f = lambda x: np.sum(np.broadcast_to(x, (4, 2, 3)) * weights)  # noqa: E731
    assert_array_equal(dk.grad(f, method=method)(A), np.tile(weights.sum(axis=0), (2, 1)))


@MODES
@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_sort_of_several_axes(method, axis):
    """A NotImplementedError for more than one axis."""
    shape = np.sort(A, axis=axis).shape
    weights = np.arange(1.0, 7.0).reshape(shape)
    found = dk.grad(lambda x: np.sum(np.sort(x, axis=axis) * weights), method=method)(A)
    order = np.argsort(A, axis=axis)
    want = np.zeros(A.size if axis is None else A.shape)
    np.put_along_axis(want, order, weights, axis=0 if axis is None else axis)
    assert_array_equal(found, want.reshape(A.shape))


def test_integer_arguments_are_named():
    """ "Can't differentiate w.r.t. type <class 'int'>", which names no argument."""
    for wrong in (3, np.arange(3), True):
        with pytest.raises(DtypeError, match=r"argument n is \w+\[.*Pass a float"):
            dk.grad(lambda x, n: np.sum(x * n), argnums=1)(1.0, wrong)
    assert dk.grad(lambda x, n: x * n)(1.0, 3) == 3.0


@pytest.mark.parametrize(
    ("f", "asked", "remedy"),
    [
        (lambda x: float(x) * x, "float()", "Leave the value as it is"),
        (lambda x: math.sin(x), "math.sin", "Use np.sin"),
        (lambda x: math.sqrt(x), "math.sqrt", "Use np.sqrt"),
        (lambda x: int(x) * x, "int()", "np.floor"),
        (lambda x: complex(x) * x, "complex()", "Leave the value as it is"),
        (lambda x: np.float64(x) * 2, "np.float64()", "x.astype(np.float64)"),
        (lambda x: np.float32(x) * 2, "np.float32()", "x.astype(np.float32)"),
    ],
    ids=["float", "math.sin", "math.sqrt", "int", "complex", "np.float64", "np.float32"],
)
def test_plain_numbers_are_refused_with_what_to_write(f, asked, remedy):
    """A TypeError or ValueError of Python's or NumPy's own, which says nothing of derivatives."""
    for run in (dk.grad(f), dk.jit(f, backend="interpreter")):
        with pytest.raises(TracingError) as caught:
            run(3.0)
        text = str(caught.value)
        assert text.startswith(asked) and remedy in text
        assert re.search(rf"test_defects_of_peers\.py:{f.__code__.co_firstlineno}\b", text)


@MODES
def test_where_beside_a_singular_point(method):
    """nan from the branch that is not taken; a ZeroDivisionError for numbers."""

    def f(x):
        return np.sum(np.where(x > 0, np.sqrt(x), 0.0))

    with np.errstate(all="ignore"):
        assert dk.grad(f, method=method)(0.0) == 0.0
        assert_array_equal(dk.grad(f, method=method)(np.array([0.0, -1.0, 4.0])), [0, 0, 0.25])
        assert dk.grad(np.sqrt, method=method)(0.0) == np.inf


@pytest.mark.parametrize("method", ["reverse", "forward"])
def test_products_of_complex_and_real_arrays(method):
    """The imaginary part discarded with a ComplexWarning."""
    z, w = np.array([1 + 2j, 3 - 1j]), np.array([0.5, -2.0])

    def f(z, w):
        return np.real(np.dot(z, w) * np.conj(np.dot(z, w)))

    s = z @ w
    by_z, by_w = (dk.grad(f, argnums=k, method=method)(z, w) for k in (0, 1))
    assert_allclose(by_z, 2 * w * np.conj(s), rtol=1e-14)
    assert_allclose(by_w, 2 * np.real(z * np.conj(s)), rtol=1e-14)
    assert by_w.dtype == np.float64
