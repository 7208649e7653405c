"""Cut a graph where it has operations without a compiled form: compiled parts between NumPy parts.

Every value belongs to a level. Levels alternate: what is at an even one is compiled together, what
is at an odd one runs in NumPy. Walking the graph once, a node gets the first level of its kind that
is not before those of its operands, so there are as many compiled parts as the longest chain of
dependencies changes between the two, which is the fewest possible. Then nodes whose readers are
all in later parts move there, unless they make more into less: so broadcasts are not written out
only to be handed over.

Callbacks keep their order. Loops and branches are not cut: with such an operation inside, all of
one runs in NumPy. What is only called (`call`, `custom`, solvers) is written out instead. Tapes,
whose length only running tells, do not leave their part. A part of a lone operation would gain
nothing by being compiled, so it joins the NumPy parts around it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..graph import Atom, Graph, Loc, Node, Var, live_nodes, read
from ..lowering.regions import INLINED
from ..transforms.optimise.rewrite import calls_python, looks

Refusal = Callable[[Node], "str | None"]
"""Why a node has no compiled form, apart from what its regions hold; None if it has one."""
Levels = dict[Node, int]

TORN = "its saved steps, whose number only running tells, are read by another part"
LONE = "alone between what runs in NumPy, not worth a compiled piece"


@dataclass(frozen=True, slots=True)
class Part:
    """Nodes that run together, as a graph of their own; it shares its variables with the whole."""

    graph: Graph
    why: Mapping[Node, str]
    """Why each node runs in NumPy; empty for a part that is compiled."""

    @property
    def compiled(self) -> bool:
        return not self.why


@dataclass(frozen=True, slots=True)
class Cut:
    """A graph in parts, in the order in which they run; one if all of it can be compiled."""

    graph: Graph
    """The graph that the parts are of: some of the calls in the graph given are written out."""
    parts: tuple[Part, ...]

    @property
    def whole(self) -> bool:
        """Whether all of it is compiled."""
        return all(part.compiled for part in self.parts)


def cut(graph: Graph, refusal: Refusal) -> Cut:
    """Cut a graph at the nodes for which there is a `refusal`."""
    graph = opened(graph, refusal)
    reasons = {node: reason(node, refusal) for node in graph.nodes}
    why = {node: text for node, text in reasons.items() if text}
    if not why:
        return Cut(graph, (Part(graph, {}),))
    while True:
        levels = later(graph, placed(graph.nodes, why), why)
        more = torn(graph.nodes, levels, why) or lone(graph.nodes, levels)
        if not more:
            return Cut(graph, tuple(parts(graph, levels, why)))
        why = {**more, **why}


# --- what can be compiled ------------------------------------------------------------------------


def running(node: Node) -> Iterator[Node]:
    """The nodes inside the regions of this one that run for its value."""
    for region in node.regions[:1] if node.op.name in INLINED else node.regions:
        for inner in region.nodes:
            yield inner
            yield from running(inner)


def hidden(node: Node, refusal: Refusal) -> Node | None:
    """The first node inside the regions of this one that has no compiled form."""
    return next((inner for inner in running(node) if refusal(inner)), None)


def reason(node: Node, refusal: Refusal) -> str | None:
    """Why a node runs in NumPy; None if it is compiled."""
    own = refusal(node)
    inner = None if own else hidden(node, refusal)
    if inner is None:
        return own
    kind = "branch" if node.op.name == "cond" else "loop"
    return f"the whole {kind} runs in NumPy, for {node_text(inner)} inside"


def node_text(node: Node) -> str:
    """An operation and the user's line."""
    return f"{node.op.name} at {place(node.loc)}" if node.loc else node.op.name


def place(loc: Loc) -> str:
    """The user's line, without folders."""
    return f"{os.path.basename(loc.file)}:{loc.line}"


def opened(graph: Graph, refusal: Refusal) -> Graph:
    """The graph with those calls written out that hold what cannot be compiled. Equal nodes are not
    merged: a callback is called as often as it is written."""
    if not any(node.op.name in INLINED and hidden(node, refusal) for node in graph.nodes):
        return graph
    nodes: list[Node] = []

    def write(body: Graph, args: Sequence[Atom], outside: Loc | None) -> list[Atom]:
        env: dict[Var, Atom] = dict(zip(body.params, args, strict=True))
        for node in body.nodes:
            loc = node.loc or outside
            given = [read(env, arg) for arg in node.args]
            outs: list[Atom] = [Var(out.type, out.hint) for out in node.outs]
            if node.op.name in INLINED and hidden(node, refusal):
                outs = write(node.regions[0], given, loc)
            else:
                fresh = tuple(out for out in outs if isinstance(out, Var))
                nodes.append(replace(node, args=tuple(given), outs=fresh, loc=loc))
            env.update(zip(node.outs, outs, strict=True))
        return [read(env, atom) for atom in body.outputs]

    outputs = write(graph, graph.params, None)
    return Graph(graph.name, graph.params, tuple(live_nodes(nodes, outputs)), tuple(outputs))


# --- where each node runs ------------------------------------------------------------------------


def placed(nodes: Sequence[Node], why: Mapping[Node, str]) -> Levels:
    """Every node as early as its operands and its kind allow."""
    levels: Levels = {}
    made: dict[Atom, int] = {}
    called = -1
    for node in nodes:
        in_numpy = node in why
        level = max([made.get(arg, -1) for arg in node.args], default=-1)
        level += level % 2 != in_numpy  # -1 is odd, too: the first part may be NumPy's
        if in_numpy and calls_python(node):
            called = level = max(level, called)
        levels[node] = level
        made.update((out, level) for out in node.outs)
    return levels


def later(graph: Graph, levels: Levels, why: Mapping[Node, str]) -> Levels:
    """The levels after nodes have moved to the first that reads them, where this hands over no more
    than before. Arguments are there all the time, so they count nothing."""
    latest: dict[Atom, int] = {atom: -1 for atom in graph.outputs}
    made = {out for node in graph.nodes for out in node.outs}
    found = dict(levels)
    for node in reversed(graph.nodes):
        if node not in why and not node.op.regional:
            room = latest.get(node.out, -1)
            needs = sum(arg.type.size for arg in set(node.args) & made)
            if room > found[node] and node.out.type.size >= needs:
                found[node] = room
        level = found[node] - (node in why)
        latest.update((arg, min(level, latest.get(arg, level))) for arg in node.args)
    return found


def torn(nodes: Sequence[Node], levels: Levels, why: Mapping[Node, str]) -> dict[Node, str]:
    """The compiled loops that keep or read a tape across parts. NumPy can hand tapes over."""
    makers = {out: node for node in nodes for out in node.outs if out.type.tape}
    found: dict[Node, str] = {}
    for node in nodes:
        for arg in node.args:
            maker = makers.get(arg) if isinstance(arg, Var) else None
            if maker is not None and levels[maker] != levels[node]:
                found.update((loop, TORN) for loop in (maker, node) if loop not in why)
    return found


def lone(nodes: Sequence[Node], levels: Levels) -> dict[Node, str]:
    """The nodes of compiled parts that have at most one operation, views aside."""
    work = Counter({level: 0 for level in levels.values()})
    for node in nodes:
        work[levels[node]] += 2 if node.op.regional else not looks(node)
    return {node: LONE for node in nodes if levels[node] % 2 == 0 and work[levels[node]] <= 1}


def parts(graph: Graph, levels: Levels, why: Mapping[Node, str]) -> Iterator[Part]:
    """The nodes of each level as a graph, from what it reads to what others read of it."""
    groups: dict[int, list[Node]] = {level: [] for level in sorted(set(levels.values()))}
    for node in graph.nodes:
        groups[levels[node]].append(node)
    readers: dict[Atom, set[int | None]] = {}
    for node in graph.nodes:
        for arg in node.args:
            readers.setdefault(arg, set()).add(levels[node])
    for atom in graph.outputs:
        readers.setdefault(atom, set()).add(None)
    for level, nodes in groups.items():
        own = [out for node in nodes for out in node.outs]
        inside = set(own)
        used = {arg: None for node in nodes for arg in node.args if isinstance(arg, Var)}
        params = tuple(arg for arg in used if arg not in inside)
        outs = tuple(out for out in own if readers.get(out, set()) - {level})
        reasons = {node: why[node] for node in nodes if node in why}
        yield Part(Graph(graph.name, params, tuple(nodes), outs), reasons)
