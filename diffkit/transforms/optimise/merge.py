"""Neighbouring loops as one.

Two scans of equal length and direction, the second of which reads nothing of the first, take their
steps together: one body with the consts, carries and rows of both, in which the builder finds what
they have in common. If all that the second reads of the first is rows, which it reads as its own
rows, producer and consumer become one step: row t is used where it is made, and is not stored
unless someone else reads it. A loop that only adds up (see `direction`) turns to join another.

    ys = scan(f, xs); zs = scan(g, ys)        zs = scan(x → g(f(x)), xs)

A group of loops is open until a loop comes that cannot join. What reads results of an open group
waits until it is closed; all else goes before it. Each node is looked at once, outer loops before
the loops inside them: two that have become neighbours in a merged body merge in their turn.

So a nest of loops that adds up, and the nest back which executes it again at each level, become one
nest, in which each body runs once.

The same operations for each value, in the same order but for loops that turn: results are equal bit
for bit where none does. Loops that call back into Python keep their order and stay apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ...graph import Atom, Builder, Graph, Lit, Node, Var, read
from ...ops.region import body_groups, scan, scan_groups
from .direction import either_way
from .rewrite import again, calls_python, inside


@dataclass
class Group:
    """An open group of scans, and the nodes since its first."""

    key: tuple[object, ...]
    scans: list[Node] = field(default_factory=list[Node])
    reverse: bool | None = None
    """The direction of all scans; None if each may run either way."""
    rows: set[Var] = field(default_factory=set[Var])
    """The ys of the scans, which another may read as its xs."""
    tainted: set[Var] = field(default_factory=set[Var])
    """All that depends on the scans, their ys and carries included."""
    since: list[Node] = field(default_factory=list[Node])
    """All nodes in order, the scans included."""

    def join(self, node: Node, reverse: bool | None) -> None:
        """Take one more scan in."""
        self.scans.append(node)
        self.since.append(node)
        self.reverse = reverse if self.reverse is None else self.reverse
        self.tainted.update(node.outs)
        self.rows.update(node.outs[node.attrs["carry"] :])

    def accepts(self, node: Node, reverse: bool | None) -> bool:
        """Whether a scan goes that way, and reads of the group, if anything, rows as rows."""
        if reverse is not None and self.reverse not in (None, reverse):
            return False
        groups = scan_groups(node.args, node.attrs)
        free = [*groups.trips, *groups.consts, *groups.carry]
        return self.tainted.isdisjoint(variables(free)) and all(
            x in self.rows or x not in self.tainted for x in variables(groups.xs)
        )


def variables(atoms: Sequence[Atom]) -> list[Var]:
    return [atom for atom in atoms if isinstance(atom, Var)]


def merge(graph: Graph, done: dict[Graph, Graph] | None = None) -> Graph:
    """The graph with neighbouring loops merged."""
    seen: dict[Graph, Graph] = {} if done is None else done
    if graph not in seen:
        steps = arrange(graph.nodes)
        outer = emitted(graph, steps) if any(len(step) > 1 for step in steps) else graph
        nodes = [inside(node, lambda region: merge(region, seen)) for node in outer.nodes]
        same = all(new is old for new, old in zip(nodes, outer.nodes, strict=True))
        seen[graph] = outer if same else replace(outer, nodes=tuple(nodes))
    return seen[graph]


def key_of(node: Node) -> tuple[object, ...]:
    """What loops that can be one have in common: all but their operands and their direction."""
    own = ("consts", "carry", "reverse")
    attrs = sorted((k, v) for k, v in node.attrs.items() if k not in own)
    trips = scan_groups(node.args, node.attrs).trips
    return (*attrs, *(arg.key if isinstance(arg, Lit) else arg for arg in trips))


def arrange(nodes: Sequence[Node]) -> list[list[Node]]:
    """The nodes in a new order; a list of several is a group of scans."""
    steps: list[list[Node]] = []
    group: Group | None = None
    for node in nodes:
        if node.op is scan and not calls_python(node):
            key = key_of(node)
            reverse = None if either_way(node) else bool(node.attrs["reverse"])
            if group is None or group.key != key or not group.accepts(node, reverse):
                close(group, steps)
                group = Group(key)
            group.join(node, reverse)
        elif group is None:
            steps.append([node])
        else:
            group.since.append(node)
            if not group.tainted.isdisjoint(variables(node.args)):
                group.tainted.update(node.outs)
    close(group, steps)
    return steps


def close(group: Group | None, steps: list[list[Node]]) -> None:
    """Put a group in its place: after what does not depend on it, before what does."""
    if group is None:
        return
    if len(group.scans) == 1:
        steps.extend([node] for node in group.since)
        return
    scans = set(group.scans)
    others = [node for node in group.since if node not in scans]
    steps.extend([node] for node in others if group.tainted.isdisjoint(node.outs))
    reverse = group.scans[0].attrs["reverse"] if group.reverse is None else group.reverse
    turned = [replace(scan, attrs={**scan.attrs, "reverse": reverse}) for scan in group.scans]
    steps.append(turned)
    steps.extend([node] for node in others if not group.tainted.isdisjoint(node.outs))


def emitted(graph: Graph, steps: Sequence[Sequence[Node]]) -> Graph:
    """The graph of these steps."""
    b = Builder.like(graph, graph.name)
    env: dict[Var, Atom] = {p: p for p in graph.params}
    for step in steps:
        b.loc = step[0].loc
        if len(step) > 1:
            together(b, step, env)
            continue
        (node,) = step
        env.update(zip(node.outs, again(b, node, [read(env, a) for a in node.args]), strict=True))
    return b.finish([read(env, atom) for atom in graph.outputs])


def together(b: Builder, scans: Sequence[Node], env: dict[Var, Atom]) -> None:
    """Emit one scan for several, and note their results."""
    first = scans[0]
    made: dict[Atom, Atom] = {}  # rows made by an earlier body, by the variable of their array
    inner = Builder(first.regions[0].name)
    places: list[dict[Atom, Var]] = [{}, {}]  # parameters of shared consts and rows, by operand
    carried: list[tuple[Var, Atom]] = []
    ends: list[Atom] = []
    rows: list[Atom] = []
    for node in scans:
        (body,), count = node.regions, node.attrs["carry"]
        params, groups = body_groups(body.params, node.attrs), scan_groups(node.args, node.attrs)
        carry = [Var(p.type, p.hint) for p in params.carry]
        carried.extend(zip(carry, (read(env, a) for a in groups.carry), strict=True))
        consts = [place(places[0], a, p) for a, p in zip(groups.consts, params.consts, strict=True)]
        xs = [
            made.get(a) or place(places[1], a, p) for a, p in zip(groups.xs, params.xs, strict=True)
        ]
        outs = inner.inline(body, [*consts, *carry, *xs])
        ends.extend(outs[:count])
        rows.extend(outs[count:])
        made.update(zip(node.outs[count:], outs[count:], strict=True))
    consts, xs = places
    inner.params = [*consts.values(), *(var for var, _ in carried), *xs.values()]
    region = inner.finish([*ends, *rows])
    trips = scan_groups(first.args, first.attrs).trips
    outer = [read(env, a) for a in (*trips, *consts)]
    operands = [*outer, *(start for _, start in carried), *(read(env, a) for a in xs)]
    attrs = {**first.attrs, "consts": len(consts), "carry": len(carried)}
    results = b.emit_region(scan, operands, attrs, (region,))
    done, stored = iter(results), iter(results[len(carried) :])
    for node in scans:
        count = node.attrs["carry"]
        env.update({out: next(done) for out in node.outs[:count]})
        env.update({out: next(stored) for out in node.outs[count:]})


def place(places: dict[Atom, Var], operand: Atom, param: Var) -> Var:
    """The parameter of an operand, one for all who read it."""
    return places.setdefault(operand, Var(param.type, param.hint))
