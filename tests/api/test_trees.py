"""Arguments and results are trees of every kind, in every operator and method.

The oracle is the same function of plain arrays: what an operator returns for a tree must be the
tree of what it returns for the leaves.
"""

import collections
import threading
from dataclasses import FrozenInstanceError, dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.testing import assert_allclose

import diffkit as dk
from diffkit.errors import TreeError
from diffkit.tracing import trees

W = np.array([[1.0, -2.0, 0.5], [0.3, 0.7, -1.1]])
B = np.array([0.2, -0.4])
X = np.array([0.5, -1.5, 2.0])


class Pair(NamedTuple):
    w: Any
    b: Any


@dataclass
class Plain:
    w: Any
    b: Any


@dataclass(frozen=True)
class Frozen:
    w: Any
    b: Any
    name: str = field(default="layer", metadata={"static": True})


@dataclass(slots=True, frozen=True, kw_only=True)
class Slotted:
    w: Any
    b: Any


@dataclass
class Checked(Plain):
    """Its constructor does not like what trees are filled with."""

    def __post_init__(self):
        assert self.w.shape == (2, 3), "rebuilt by the constructor"


@dataclass(eq=False)
class Deep:
    """Dataclasses, named tuples, dicts and None in one another."""

    first: Any
    rest: Any
    nothing: None = None


def by_key(p):
    return p["w"], p["b"]


def by_place(p):
    return p[0], p[1]


def by_name(p):
    return p.w, p.b


KINDS = {
    "dict": (lambda w, b: {"w": w, "b": b}, by_key),
    "ordered": (lambda w, b: collections.OrderedDict([("w", w), ("b", b)]), by_key),
    "default": (lambda w, b: collections.defaultdict(list, w=w, b=b), by_key),
    "list": (lambda w, b: [w, b], by_place),
    "tuple": (lambda w, b: (w, b), by_place),
    "deque": (lambda w, b: collections.deque([w, b]), by_place),
    "namedtuple": (Pair, by_name),
    "dataclass": (Plain, by_name),
    "frozen": (Frozen, by_name),
    "slotted": (lambda w, b: Slotted(w=w, b=b), by_name),
    "checked": (lambda w, b: rebuilt(Checked(W, B), w, b), by_name),
    "none": (lambda w, b: {"w": w, "b": b, "n": None, "m": [None]}, by_key),
    "deep": (
        lambda w, b: Deep(Pair(Frozen(w, None), None), {"p": [Plain(None, b)], 3: ()}),
        lambda p: (p.first.w.w, p.rest["p"][0].b),
    ),
}


def rebuilt(tree, *leaves):
    """The tree with other leaves."""
    return trees.unflatten(trees.flatten(tree)[1], leaves)


def plain(w, b):
    return np.sum(np.tanh(w @ X + b) ** 2)


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


def same(found, want):
    """Trees of one structure with nearly equal leaves."""
    leaves, tree = trees.flatten(found)
    wanted, want_tree = trees.flatten(want)
    assert tree == want_tree
    for a, b in zip(leaves, wanted, strict=True):
        assert_allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("method", ["reverse", "forward", "symbolic", "complex-step", "taylor"])
def test_the_gradient_is_a_tree_like_the_argument(kind, method):
    make, parts = kind
    found = dk.grad(lambda p: plain(*parts(p)), method=method)(make(W, B))
    same(found, make(*dk.grad(plain, argnums=(0, 1))(W, B)))
    assert type(found) is type(make(W, B))


def test_results_are_trees(kind):
    make, parts = kind

    def f(p):
        w, b = parts(p)
        return make(w @ X + b, np.sum(w))

    y, pull = dk.vjp(f, make(W, B))
    same(y, make(W @ X + B, np.sum(W)))
    ct = make(np.array([2.0, 3.0]), 0.5)
    same(pull(ct)[0], make(np.outer([2.0, 3.0], X) + 0.5, np.array([2.0, 3.0])))
    tangent = make(np.ones((2, 3)), np.ones(2))
    pushed = make(np.full(2, X.sum() + 1), 6.0)
    same(dk.jvp(f, (make(W, B),), (tangent,))[1], pushed)
    same(dk.linearize(f, make(W, B))[1](tangent), pushed)
    blocks = dk.jacobian(f)(make(W, B))
    rows, total = parts(blocks)
    assert_allclose(parts(rows)[1], np.eye(2))
    assert_allclose(parts(total)[0], np.ones((2, 3)))


def test_second_derivatives_are_trees_of_trees(kind):
    make, parts = kind
    h = dk.hessian(lambda p: plain(*parts(p)))(make(W, B))
    want = dk.hessian(plain, argnums=(0, 1))(W, B)
    for i in (0, 1):
        for j in (0, 1):
            assert_allclose(parts(parts(h)[i])[j], want[i][j], rtol=1e-12)
    v = make(np.ones((2, 3)), np.ones(2))
    want = dk.jvp(dk.grad(plain, argnums=(0, 1)), (W, B), (np.ones((2, 3)), np.ones(2)))[1]
    same(dk.hvp(lambda p: plain(*parts(p)))(make(W, B), v), make(*want))


def test_trees_through_jit_vmap_and_control_flow(kind):
    make, parts = kind

    def step(p, x):
        w, b = parts(p)
        return make(w * np.cos(x), b + x), make(b * x, x)

    def run(p):
        start = make(*parts(p))
        end, ys = dk.scan(step, start, X)
        end = dk.cond(np.sum(parts(end)[1]) > 0, lambda q: q, lambda q: q, end)
        end = dk.fori_loop(0, 2, lambda i, q: make(parts(q)[0] * 0.5, parts(q)[1]), end)
        kept = dk.checkpoint(lambda q: make(np.sin(parts(q)[0]), parts(q)[1]))(end)
        return plain(*parts(kept)) + np.sum(parts(ys)[0])

    def by_hand(w, b):
        total = 0.0
        for x in X:
            total = total + np.sum(b * x)
            w, b = w * np.cos(x), b + x
        return plain(np.sin(w * 0.25), b) + total

    same(run(make(W, B)), by_hand(W, B))
    want = make(*dk.grad(by_hand, argnums=(0, 1))(W, B))
    for wrap in (lambda f: f, lambda f: dk.jit(f, backend="interpreter")):
        same(wrap(dk.grad(run))(make(W, B)), want)
    same(dk.grad(run, method="forward")(make(W, B)), want)
    stacked = make(np.stack([W, 2 * W]), np.stack([B, B]))
    rows = dk.vmap(dk.grad(run))(stacked)
    doubled = dk.grad(by_hand, argnums=(0, 1))(2 * W, B)
    same(rows, make(*(np.stack(pair) for pair in zip(parts(want), doubled, strict=True))))
    axes = dk.vmap(run, in_axes=(make(0, None),))(make(stacked_w := np.stack([W, 2 * W]), B))
    assert_allclose(axes, [by_hand(w, B) for w in stacked_w])


def test_rules_see_trees(kind):
    make, parts = kind
    square = dk.custom_vjp(lambda p: make(parts(p)[0] ** 2, parts(p)[1]))

    def backward(p, ct):
        return (make(3 * parts(p)[0] * parts(ct)[0], parts(ct)[1]),)

    square.defvjp(lambda p: (make(parts(p)[0] ** 2, parts(p)[1]), p), backward)
    for method in ("reverse", "forward"):
        found = dk.grad(lambda p: np.sum(parts(square(p))[0]), method=method)(make(W, B))
        same(found, make(3 * W, np.zeros(2)))


# --- dataclasses ---------------------------------------------------------------------------------


def test_static_fields_are_a_part_of_the_structure():
    first, second = Frozen(W, B, "first"), Frozen(W, B, "second")
    assert dk.grad(lambda p: plain(p.w, p.b))(first).name == "first"
    f = dk.jit(lambda p: p.w.sum() if p.name == "first" else p.b.sum(), backend="interpreter")
    assert_allclose(f(first), W.sum())
    assert_allclose(f(second), B.sum())
    assert f(Frozen(2 * W, B, "first")) == 2 * W.sum() and f.traces == 2
    with pytest.raises(TreeError, match="tangents is a tree"):
        dk.jvp(lambda p: p.w, (first,), (second,))
    with pytest.raises(TreeError, match=r"list in the static field name of Frozen.*a hashable"):
        dk.grad(lambda p: p.w)(Frozen(1.0, 2.0, ["x"]))


def test_a_field_that_is_no_array_says_how_to_declare_it():
    @dataclass
    class Layer:
        w: Any
        activation: Any

    with pytest.raises(TreeError) as caught:
        dk.grad(lambda layer: layer.activation(layer.w))(Layer(1.0, np.sin))
    message = str(caught.value)
    assert "argument layer.activation is a ufunc" in message
    assert 'field(metadata={"static": True})' in message and "test_trees.py" in message


def test_a_computed_field_is_not_cut_out_of_the_derivative():
    """Its value would be a leaf of its own, and what computes it not be differentiated."""

    @dataclass
    class Normed:
        w: Any
        norm: Any = field(init=False)

        def __post_init__(self):
            self.norm = np.sum(self.w**2)

    with pytest.raises(TreeError, match=r"a Normed, whose constructor does not take norm.*static"):
        dk.grad(lambda p: p.norm)(Normed(X))
    assert dk.grad(lambda x, p: x * p.norm)(2.0, Normed(X)) == np.sum(X**2)  # as a constant


def test_other_arguments_keep_what_is_not_in_their_fields():
    @dataclass
    class Table:
        values: Any

        def __post_init__(self):
            self.calls = 0

        @cached_property
        def total(self):
            return np.sum(self.values)

    table = Table(X.copy())

    def f(x, t):
        assert t.calls == 0
        t.values[0] = 100.0  # its own copy
        return x * np.sum(t.values) * table.total

    want = (100 + X[1:].sum()) * X.sum()
    assert_allclose(dk.grad(f)(2.0, table), want)
    assert table.values[0] == X[0]


def test_dataclasses_are_rebuilt_as_they_are():
    found = dk.grad(lambda p: np.sum(p.w * p.w))(Frozen(W, B))
    with pytest.raises(FrozenInstanceError):
        found.w = 1
    same(dk.grad(lambda p: np.sum(p.w * p.w))(Checked(W, B)), rebuilt(Checked(W, B), 2 * W, 0 * B))
    kept = dk.jit(lambda w: Frozen(w, 2 * w, "made"), backend="interpreter")(3.0)
    assert kept == Frozen(3.0, 6.0, "made")


def test_a_type_of_diffkit_is_no_tree():
    assert dk.trace(lambda x: x * 2)(dk.f64[3]).params[0].type == dk.f64[3]


def test_classes_are_learned_from_several_threads_at_once():
    kinds = [dataclass(type(f"C{k}", (), {"__annotations__": {"w": Any}})) for k in range(50)]
    start, found, errors = threading.Barrier(8), [], []

    def work():
        start.wait()
        try:
            found.append([dk.grad(lambda p: p.w**2)(kind(3.0)).w for kind in kinds])
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors and found == [[6.0] * 50] * 8


def test_names_are_python_paths():
    tree = {"p": [Pair(1.0, Plain(2.0, None))], "q": (3.0,)}
    assert trees.names(tree, "x") == ["x['p'][0].w", "x['p'][0].b.w", "x['q'][0]"]
    assert trees.names(1.0, "x") == ["x"] and trees.names(None, "x") == []
