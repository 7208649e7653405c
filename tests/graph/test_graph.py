"""The graph: what the builder folds and shares, what it prints, what the verifier refuses."""

from dataclasses import replace
from textwrap import dedent

import numpy as np
import pytest

import diffkit as dk
from diffkit.errors import DiffkitError, GraphError
from diffkit.graph import Builder, Graph, Node, Var, evaluate, flops, literal, to_text, verify
from diffkit.ops import Expr
from diffkit.ops import arithmetic as a
from diffkit.ops import elementwise as e
from diffkit.types import f32, f64, i64


def param(b: Builder, type_=f64[()], hint=""):
    return Expr(b, b.param(type_, hint).atom)


def test_equal_nodes_are_shared():
    b = Builder()
    x = param(b)
    first, second = e.sin(x), e.sin(x)
    assert first.atom is second.atom
    assert len(b.nodes) == 1


def test_literals_are_shared_by_bits_not_by_value():
    b = Builder()
    x = param(b)
    plus = a.add(x, 0.0)
    minus = a.mul(x, -0.0)
    assert plus.atom is not x.atom  # -0 + 0 is 0, so x + 0 is not x
    assert a.add(x, -0.0).atom is x.atom
    assert minus.atom is not a.mul(x, 0.0).atom
    one, other = Builder(), Builder()
    keys = [literal(v).key for v in (0.0, -0.0, 0, np.float32(0))]
    assert len(set(keys)) == 4 and one is not other


def test_constants_fold():
    b = Builder()
    x = param(b)
    two = x.full(2.0)
    assert a.add(two, two).lit.value == 4.0
    assert b.nodes == []


@pytest.mark.parametrize("unsafe", ["x * 0", "x - x", "x / x", "0 / x"])
def test_unsafe_algebra_is_not_done(unsafe):
    """Each of these is nan for some x, so a strict builder keeps it."""
    graph = dk.trace(lambda x: eval(unsafe, {"x": x}))(f64[()])
    assert len(graph.nodes) == 1
    assert np.isnan(evaluate(graph, [np.float64("nan")])[0])


def test_finite_math_ignores_nan_and_signs_of_zero():
    b = Builder(finite_math=True)
    x = param(b)
    assert a.mul(x, 0.0).lit.value == 0.0
    assert a.add(x, 0.0).atom is x.atom


def test_exact_simplifications():
    f = lambda x: np.negative(-x) * 1 + x / 1 - 0.0  # noqa: E731
    assert [n.op.name for n in dk.trace(f)(f64[3]).nodes] == ["add"]
    powers = dk.trace(lambda x: (x**1, x**2, x**-1, x**3))(f64[()])
    assert [n.op.name for n in powers.nodes] == ["square", "reciprocal", "pow"]


def test_dead_nodes_are_dropped_and_parameters_kept():
    def f(x, y):
        np.exp(y)
        return np.sin(x)

    graph = dk.trace(f)(f64[()], f64[2])
    assert [n.op.name for n in graph.nodes] == ["sin"]
    assert [p.hint for p in graph.params] == ["x", "y"]


def test_text_is_stable():
    def f(a, state):
        y = state["pos"] @ a + np.arange(3.0)
        return {"out": y[::-1], "sum": y.sum()}

    graph = dk.trace(f)(f64[2, 3], {"pos": f64[2]})
    assert str(graph) == dedent("""\
        graph f(a: f64[2, 3], state_pos: f64[2]) -> (f64[3], f64[]) {
          b: f64[3] = einsum(state_pos, a) {spec=k,kj->j}
          c: f64[3] = add(b, [0.0,1.0,2.0])
          d: f64[3] = reverse(c) {axes=(0,)}
          e: f64[] = sum(c) {axes=(0,)}
          return d, e
        }""")


def test_text_can_show_the_users_lines():
    graph = dk.trace(lambda x: np.sin(x))(f64[()])
    assert "sin(x)    # test_graph.py:" in to_text(graph, locations=True)


def test_large_constants_print_as_their_type():
    graph = dk.trace(lambda x: x + np.arange(100.0))(f64[()])
    assert "add(x, const:f64[100])" in str(graph)


def test_flops_count_elementary_functions_and_products():
    graph = dk.trace(lambda x, w: np.sum(np.tanh(w @ x)))(f64[4], f64[3, 4])
    assert flops(graph) == 2 * 3 * 4 + 3 + 3


def broken(graph: Graph, **changes) -> Graph:
    node = replace(graph.nodes[-1], **changes)
    return replace(graph, nodes=(*graph.nodes[:-1], node))


def test_the_verifier_accepts_what_the_builder_makes():
    graph = dk.trace(lambda x: np.sum(np.exp(x) * x))(f64[3])
    assert verify(graph) is graph


def test_the_verifier_refuses_each_broken_rule():
    graph = dk.trace(lambda x: np.exp(x) * x)(f64[3])
    last = graph.nodes[-1]
    foreign = Var(f64[3], "stranger")
    cases = {
        "a variable defined before": broken(graph, args=(foreign, last.args[1])),
        "type f64": broken(graph, outs=(Var(f64[4]),)),
        "single assignment": replace(graph, nodes=(*graph.nodes, graph.nodes[0])),
        "operands that its type rule accepts": broken(
            graph, args=(last.args[0], literal(np.float32(1)))
        ),
        "distinct parameters": replace(graph, params=(*graph.params, *graph.params)),
    }
    for words, bad in cases.items():
        with pytest.raises(GraphError, match=words):
            verify(bad)
    unknown = replace(graph, outputs=(foreign,))
    with pytest.raises(GraphError, match="results: stranger is used"):
        verify(unknown)


def test_graph_data_is_frozen():
    graph = dk.trace(lambda x: np.exp(x))(f64[3])
    with pytest.raises(AttributeError):
        graph.nodes[0].outs = ()
    with pytest.raises(ValueError):
        literal(np.zeros(3)).value[0] = 1
    assert isinstance(graph.nodes[0], Node)


def test_a_literal_is_a_copy():
    data = np.ones(3)
    lit = literal(data)
    data[0] = 5
    assert lit.value[0] == 1


def test_type_rules_name_what_they_got():
    b = Builder()
    with pytest.raises(
        DiffkitError, match=r"add: got f64\[3\], f32\[3\]. Expected operands of one"
    ):
        a.add(param(b, f64[3]), param(b, f32[3]))
    with pytest.raises(DiffkitError, match=r"got shapes \(3,\) and \(4,\)"):
        a.add(param(b, f64[3]), param(b, f64[4]))
    with pytest.raises(DiffkitError, match="select: got a condition i64"):
        a.select(param(b, i64[()]), param(b), param(b))
