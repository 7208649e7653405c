"""Reading what has just been written.

A trajectory that is kept in an array made beforehand reads back what it wrote a step ago:

    out[k + 1] = f(out[k])        slice(slice_set(x, y, place), place) = y

So a read looks through the writes before it: one to the same place is its answer, one to a place
that does not overlap is passed by, as many as `LOOK`; at any other it stops. After this the states
are passed on directly, and the array is only written to.
"""

from __future__ import annotations

from ...graph import Atom, Builder, Graph, Lit, Node, Var
from ...ops import Expr
from ...ops.index import gather
from ...ops.shape import reshape, slice_, slice_set
from ..optimise.rewrite import again

LOOK = 8  # writes


def forward_stores(graph: Graph) -> Graph:
    """The graph with reads replaced by what was written there; the same graph if there are none."""
    if not any(node.op is slice_set for node in graph.nodes):
        return graph
    b = Builder.like(graph, graph.name)
    env: dict[Var, Atom] = {}
    for node in graph.nodes:
        b.loc = node.loc
        atoms = [env.get(arg, arg) if isinstance(arg, Var) else arg for arg in node.args]
        found = stored(b, node, atoms)
        if found is not None:
            env[node.out] = found
        elif all(new is old for new, old in zip(atoms, node.args, strict=True)):
            b.append(node)
        else:
            env.update(zip(node.outs, again(b, node, atoms), strict=True))
    if not env:
        return graph
    return b.finish([env.get(a, a) if isinstance(a, Var) else a for a in graph.outputs])


def stored(b: Builder, node: Node, atoms: list[Atom]) -> Atom | None:
    """What a read gives, if that is known from the writes before."""
    place = place_of(node, atoms)
    if place is None:
        return None
    x = Expr(b, atoms[0])
    for _ in range(LOOK):
        made = x.producer
        if made is None or made.op is not slice_set:
            return None
        written = ranges(made)
        if written == place:
            return reshape(Expr(b, made.args[1]), shape=node.out.type.shape).atom
        if not any(apart(p, q) for p, q in zip(written, place, strict=True)):
            return None
        x = x.wrap(made.args[0])
    return None


def ranges(node: Node) -> tuple[range, ...]:
    """The indices along each axis of a slice."""
    bounds = (node.attrs[name] for name in ("start", "stop", "step"))
    return tuple(range(*bound) for bound in zip(*bounds, strict=True))


def place_of(node: Node, atoms: list[Atom]) -> tuple[range, ...] | None:
    """What a node reads of its first operand, if it is a slice or one element."""
    if node.op is slice_:
        return ranges(node)
    if node.op is gather and len(atoms) - 1 == atoms[0].type.ndim and node.out.type.shape == ():
        indices = [int(k.value) for k in atoms[1:] if isinstance(k, Lit)]
        if len(indices) == len(atoms) - 1 and min(indices) >= 0:
            return tuple(range(k, k + 1) for k in indices)
    return None


def apart(p: range, q: range) -> bool:
    """Whether two ranges have surely nothing in common."""
    if len(p) == 0 or len(q) == 0:
        return True
    return p[-1] < q[0] or q[-1] < p[0]
