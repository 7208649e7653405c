"""Where a traced value meets code that needs a number: an error with line and remedy."""

import math
import re

import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit import f64
from diffkit.errors import (
    DtypeError,
    IndexingError,
    LeakedTracerError,
    ShapeError,
    TracingError,
    TreeError,
    UnsupportedError,
)
from tests.replay import replayed

X = np.array([1.0, 2.0, 3.0])


def if_on_value(x):
    return x if x.sum() > 0 else -x


def call_float(x):
    return float(x[0]) * x


def call_int(x):
    return int(x[0]) * x


def call_math(x):
    return math.sin(x[0])


def call_item(x):
    return x.item()


def np_array(x):
    import numpy as own  # out of reach, unlike the module's

    return own.array([x[0], x[1]])


def np_asarray(x):
    import numpy as own

    return own.asarray(x)


def store(x):
    import numpy as own

    out = own.zeros(3)
    out[0] = x[0]
    return out


OUTSIDE = np.zeros(3)


def store_slice(x):
    OUTSIDE[:] = x
    return OUTSIDE


def store_in_scalar(x):
    y = x[0]
    y[...] = 1.0
    return x


def mask_traced(x):
    return x[x > 1]


TABLE = [1.0, 2.0]


def read_table(x):
    return TABLE[x.argmax()]


def range_of(x):
    return [x for _ in range(x)]


CASES = [
    (if_on_value, TracingError, "bool()", "np.where"),
    (call_float, TracingError, "float()", "Leave the value as it is"),
    (call_int, TracingError, "int()", "np.floor"),
    (call_math, TracingError, "math.sin", "np.sin"),
    (call_item, TracingError, "item()", "Leave the value as it is"),
    (np_array, TracingError, "np.array", "dnp.array"),
    (np_asarray, TracingError, "np.array", "dnp.array"),
    (store, TracingError, "item assignment", "np.zeros inside the function"),
    (store_slice, TracingError, "item assignment", "np.copy of it there"),
    (store_in_scalar, TracingError, "item assignment", "np.array(value)"),
    (mask_traced, IndexingError, "a traced boolean mask", "np.where"),
    (read_table, TracingError, "indexing", "dnp.take"),
    (range_of, TracingError, "index()", "untraced argument"),
]


@pytest.mark.parametrize(
    ("f", "kind", "asked", "remedy"), CASES, ids=[c[0].__name__ for c in CASES]
)
def test_the_error_names_line_and_remedy(f, kind, asked, remedy):
    with pytest.raises(kind) as caught:
        dk.trace(f)(f64[3])
    message = str(caught.value)
    line = re.search(r"test_errors\.py:(\d+)", message)
    assert line, message
    first = f.__code__.co_firstlineno
    assert first < int(line[1]) <= first + 5
    assert asked in message and remedy in message and "Expected" in message
    assert isinstance(caught.value, TypeError | IndexError)


@pytest.mark.parametrize("f", [call_float, call_math, np_array, store])
def test_eager_mode_refuses_too_where_a_derivative_would_be_lost(f):
    with pytest.raises(TracingError):
        dk.jacobian(f)(X)


def test_eager_mode_takes_branches_and_counts_on_values():
    assert dk.jacobian(if_on_value)(-X).tolist() == (-np.eye(3)).tolist()

    def up_to_the_winner(x):
        return sum(x[k] for k in range(np.argmax(x) + 1))

    np.testing.assert_array_equal(dk.grad(up_to_the_winner)(np.array([1.0, 9.0, 2.0])), [1, 1, 0])


def test_a_leaked_tracer_is_named():
    kept = []

    def keep(x):
        kept.append(x)
        return x.sum()

    dk.grad(keep)(X)
    with pytest.raises(LeakedTracerError, match="trace of `keep` that has ended"):
        kept[0] + 1
    with pytest.raises(LeakedTracerError, match=r"test_errors\.py"):
        dk.grad(lambda y: y * kept[0].sum())(1.0)


def test_the_trace_ends_even_when_the_function_fails():
    def fail(x):
        raise RuntimeError("inside")

    with pytest.raises(RuntimeError, match="inside"):
        dk.grad(fail)(1.0)
    assert dk.grad(lambda x: x * x)(3.0) == 6.0


def test_grad_of_a_non_scalar_names_the_function_and_what_it_returned():
    with pytest.raises(ShapeError, match=r"test_errors\.py:\d+: cubes returned f64\[3\].*jacobian"):

        def cubes(x):
            return x**3

        dk.grad(cubes)(X)


def test_integer_input_names_the_parameter():
    with pytest.raises(DtypeError, match=r"argument n is i64\[\].*Pass a float"):
        dk.grad(lambda x, n: x * n, argnums=1)(1.0, 3)


def test_other_leaves_name_the_parameter():
    with pytest.raises(TreeError, match=r"argument options\['mode'\] is a str"):
        dk.grad(lambda options: options["mode"])({"mode": "fast"})


def test_dtypes_that_are_not_carried():
    with pytest.raises(DtypeError, match=r"argument x: got dtype (longdouble|float128)"):
        dk.grad(lambda x: x * x)(np.longdouble(1))


def test_an_unknown_numpy_function_is_refused_by_name():
    with pytest.raises(UnsupportedError, match=r"np\.spacing at test_errors\.py"):
        dk.jacobian(np.spacing)(np.ones(8))
    with pytest.raises(UnsupportedError, match=r"np.add with out= at test_errors.*a = a \+ x"):
        dk.grad(lambda x: np.add(x, x, out=OUTSIDE))(X)
    with pytest.raises(UnsupportedError, match=r"order='f'"):
        dk.jacobian(lambda x: np.sort(x, order="f"))(X)


def test_shapes_and_indices_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"\(3,\) and \(2,\)"):
        dk.jacobian(lambda x: x + np.ones(2))(X)
    with pytest.raises(IndexError, match="index 3 for axis 0 of length 3"):
        dk.grad(lambda x: x[3])(X)
    with pytest.raises(IndexError, match="index -4 for axis 0"):
        dk.grad(lambda x: x[np.array([0, -4])].sum())(X)
    with pytest.raises(IndexError, match=r"test_errors.py:\d+"):
        replayed(lambda x, k: x[k])(X, 7)
    with pytest.raises(ShapeError, match=r"np\.matmul"):
        dk.jacobian(lambda x: x @ np.ones((2, 2)))(X)
    with pytest.raises(ShapeError, match=r"np\.reshape"):
        dk.jacobian(lambda x: x.reshape(2, -1))(X)


def test_trees_that_do_not_fit():
    with pytest.raises(TreeError, match="tangents is a tree"):
        dk.jvp(lambda x: x["a"], ({"a": 1.0},), (1.0,))
    with pytest.raises(ShapeError, match=r"tangents of x has shape \(2,\)"):
        dk.jvp(lambda x: x, (X,), (np.ones(2),))
    with pytest.raises(TreeError, match="the cotangent is a tree"):
        dk.vjp(lambda x: (x, x), 1.0)[1](1.0)
    with pytest.raises(TreeError, match="argnums=2 with 1 positional"):
        dk.grad(lambda x: x, argnums=2)(1.0)
    with pytest.raises(TreeError, match=r"a pair \(value, aux\)"):
        dk.grad(lambda x: x, has_aux=True)(1.0)
    with pytest.raises(TreeError, match=r"a pair \(value, aux\)"):
        dk.grad(lambda x: x, has_aux=True, method="finite")(1.0)


def test_unknown_methods_and_settings_list_the_known():
    with pytest.raises(UnsupportedError, match='"reverse"'):
        dk.grad(lambda x: x, method="backprop")
    with pytest.raises(UnsupportedError, match='"central"'):
        dk.grad(lambda x: x, method=dk.Finite("upward"))(1.0)
    with pytest.raises(UnsupportedError, match='"interpreter"'):
        replayed(lambda x: x, backend="fortran")


def test_complex_step_inside_a_trace_says_what_to_do():
    inner = dk.grad(lambda x: x**3, method="complex-step")
    with pytest.raises(UnsupportedError, match="outermost"):
        dk.grad(inner)(2.0)


def test_set_at_checks_shapes():
    with pytest.raises(ShapeError, match="writing by index"):
        dk.jacobian(lambda x: dnp.set_at(np.zeros(3), 0, x))(X)
