"""Methods, attributes, views and refusals of NumPy's array functions on traced arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.errors import DiffkitError
from diffkit.graph import evaluate
from diffkit.tracing import Tracer

X = np.array([[0.3, -1.2, 2.4], [1.1, 0.7, -0.6]])
V = np.array([0.5, -0.2, 1.7, 0.9])

METHODS: list[tuple[str, Callable[[Any], Any]]] = [
    ("cumprod", lambda x: x.cumprod(1)),
    ("argsort", lambda x: x.argsort(axis=0)),
    ("argpartition", lambda x: x.argpartition(1)[:, 1]),
    ("searchsorted", lambda x: np.sort(x, axis=None).searchsorted([0.0, 1.0])),
    ("choose", lambda x: (x > 0).astype(int).choose([x, 2.0])),
    ("compress", lambda x: x.compress([True, False, True], axis=1)),
    ("mT", lambda x: x.mT),
    ("flat", lambda x: x.flat[2] * np.ones(2)),
    ("nbytes", lambda x: x * x.nbytes),
    ("itemsize", lambda x: x * x.itemsize),
    ("device", lambda x: x * len(x.device)),
    ("__divmod__", lambda x: divmod(x, 0.7)[0]),
    ("__rdivmod__", lambda x: divmod(1.5, x)[1]),
    ("__lshift__", lambda x: x.astype(int) << 2),
    ("__rrshift__", lambda x: 99 >> abs(x).astype(int)),
    ("ptp of a function", lambda x: np.ptp(x, 1)),
]


@pytest.mark.parametrize(("name", "f"), METHODS, ids=[name for name, _ in METHODS])
def test_method(name: str, f: Callable[[Any], Any]) -> None:
    got = np.asarray(evaluate(dk.trace(f)(X), [X])[0])
    want = np.asarray(f(X))
    assert got.shape == want.shape and got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=1e-15)


MEMORY = {
    "base", "byteswap", "ctypes", "data", "dump", "dumps", "flags", "getfield", "resize",
    "setfield", "setflags", "strides", "tobytes", "tofile", "view",
}  # fmt: skip


def test_every_attribute_of_an_array_is_there_or_about_memory() -> None:
    public = {name for name in dir(np.ndarray) if not name.startswith("_")}
    assert {name for name in public if not hasattr(Tracer, name)} == MEMORY


@pytest.mark.parametrize("name", sorted(MEMORY))
def test_what_is_about_memory_is_refused_by_name(name: str) -> None:
    with pytest.raises(DiffkitError, match=rf"x\.{name} .* has no memory of its own"):
        dk.trace(lambda x: getattr(x, name))(X)


def test_hasattr_is_an_answer() -> None:
    """An array's code may ask; so may the code around it."""
    found: list[bool] = []

    def f(x: Any) -> Any:
        found.extend([hasattr(x, "strides"), hasattr(x, "nonsense"), hasattr(x, "mean")])
        return x

    dk.trace(f)(X)
    assert found == [False, False, True]


def test_contains_of_known_values() -> None:
    assert dk.grad(lambda x: np.sum(x) * (2.0 in np.ones_like(x) * 2))(V).tolist() == [1.0] * 4


# --- views ----------------------------------------------------------------------------------------

VIEWS: list[tuple[str, Callable[[Any], Any]]] = [
    ("rot90", lambda y: np.rot90(y)),
    ("rollaxis", lambda y: np.rollaxis(y, 1)),
    ("matrix_transpose", lambda y: np.matrix_transpose(y)),
    ("array_split", lambda y: np.array_split(y, 2, axis=1)[0]),
    ("hsplit", lambda y: np.hsplit(y, 3)[1]),
    ("vsplit", lambda y: np.vsplit(y, 2)[1]),
    ("unstack", lambda y: np.unstack(y)[1]),
    ("atleast_3d", lambda y: np.atleast_3d(y)),
    ("trim_zeros", lambda y: np.trim_zeros(np.ones_like(y))),
]


@pytest.mark.parametrize(("name", "view"), VIEWS, ids=[name for name, _ in VIEWS])
def test_writes_go_through_views_as_in_numpy(name: str, view: Callable[[Any], Any]) -> None:
    def f(x: Any) -> Any:
        y = np.copy(x)
        v = view(y)
        v *= 3.0
        y[0, 0] = 7.0
        return y * 1.0, v + 0.0

    for got, want in zip(evaluate(dk.trace(f)(X), [X]), f(X), strict=True):
        np.testing.assert_array_equal(got, want)


# --- refusals -------------------------------------------------------------------------------------

REFUSED: list[tuple[str, Callable[[Any], Any]]] = [
    ("np.unique", lambda x: np.unique(x)),
    ("np.nonzero", lambda x: np.nonzero(x)),
    ("np.extract", lambda x: np.extract(x > 0, x)),
    ("np.compress", lambda x: x.compress(x > 0)),
    ("np.trim_zeros", lambda x: np.trim_zeros(x)),
    ("np.repeat", lambda x: np.repeat(x, x.astype(int))),
    ("np.bincount", lambda x: np.bincount(x.astype(int))),
    ("np.insert", lambda x: np.insert(np.arange(3), 1, x)),
    ("np.insert", lambda x: np.insert(x, x.astype(int), 1.0)),
    ("np.delete", lambda x: np.delete(x, x.astype(int))),
    ("np.pad", lambda x: np.pad(x, 1, mode="nonsense")),
    ("np.quantile", lambda x: np.quantile(x, 1.5)),
    ("np.quantile", lambda x: np.quantile(x, 0.5, method="nonsense")),
    ("np.max", lambda x: np.max(x, where=x > 0)),
    ("np.sort", lambda x: np.sort(x, order="f")),
    ("np.interp", lambda x: np.interp(x, [0.0, 1.0], [0.0])),
    ("np.convolve", lambda x: np.convolve(np.reshape(x, (2, 2)), x)),
    ("np.convolve", lambda x: np.convolve(x, x, "nonsense")),
    ("np.gradient", lambda x: np.gradient(x, [0.0, 1.0])),
    ("np.gradient", lambda x: np.gradient(x, edge_order=3)),
    ("np.polyfit", lambda x: np.polyfit(x, x, 1, full=True)),
    ("np.histogram", lambda x: np.histogram(x, bins="auto")),
    ("np.spacing", np.spacing),
    ("np.add.reduceat", lambda x: np.add.reduceat(x, x.astype(int))),
    ("np.maximum.at", lambda x: np.maximum.at(np.copy(x), [0, 0], x[:2])),
    ("np.maximum.at", lambda x: np.maximum.at(np.copy(x), x.astype(int), 1.0)),
    ("np.put", lambda x: np.put(np.zeros(4, int), [0], x)),
    ("np.cross", lambda x: np.cross(x, x)),
    ("np.rot90", lambda x: np.rot90(np.reshape(x, (2, 2)), axes=(0, 0))),
    ("np.linspace", lambda x: np.linspace(x, 1.0, -2)),
    ("np.take", lambda x: x.take([0], mode="nonsense")),
    ("np.vectorize", lambda x: np.vectorize(abs, otypes=[float])(x)),
    ("np.r_", lambda x: np.r_["0,2", x]),
]


@pytest.mark.parametrize(
    ("name", "f"), REFUSED, ids=[f"{n}-{k}" for k, (n, _) in enumerate(REFUSED)]
)
def test_refused_in_four_parts(name: str, f: Callable[[Any], Any]) -> None:
    """The message names the function and the user's line, and says what to do."""
    with pytest.raises(DiffkitError) as caught:
        dk.trace(f)(V)
    text = str(caught.value)
    assert text.startswith(name) and "test_numpy_methods.py" in text
    assert "Expected" in text and text.endswith(".")
