"""Loops that may run either way: those whose carries are only added to.

What such a loop adds in a step does not depend on what it has added before, so it may take its rows
from the last to the first as well. To add is `add`, to add at indices or in a slice, or to hand the
sum on to an inner loop that only adds to it.

It is another order of additions: sums agree to rounding, of the order of 1e-13 relative to the sum
of the absolute values; of integers they are equal.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...graph import Atom, Graph, Node, Var
from ...ops.arithmetic import add, sub
from ...ops.index import scatter_add
from ...ops.region import body_groups, scan, scan_groups
from ...ops.shape import slice_add

ADDING = (sub, scatter_add, slice_add)
"""Ops that add to their first operand; `add` adds to either."""


def either_way(node: Node) -> bool:
    """Whether a scan may run in both directions. Tapes are filled in one."""
    return node.attrs["length"] is not None and only_added_to(node, range(node.attrs["carry"]))


def only_added_to(node: Node, carries: Sequence[int]) -> bool:
    """Whether all that a scan does with these carries, and with each sum in turn, is to add."""
    (body,) = node.regions
    readers: dict[Atom, list[Node]] = {}
    for inner in body.nodes:
        for arg in inner.args:
            readers.setdefault(arg, []).append(inner)
    starts = body_groups(body.params, node.attrs).carry
    return all(becomes(starts[k], body, k, readers) for k in carries)


def becomes(start: Atom, body: Graph, k: int, readers: dict[Atom, list[Node]]) -> bool:
    """Whether a carry is added to until it is output k, and nothing else reads it on the way."""
    at: Atom | None = start
    while at is not None:
        found = readers.get(at, [])
        if not found:
            return [j for j, out in enumerate(body.outputs) if out is at] == [k]
        if len(found) > 1 or at in body.outputs:
            return False
        at = sum_after(found[0], at)
    return False


def sum_after(node: Node, at: Atom) -> Var | None:
    """What a node makes of a value, if that is the value with something added to it."""
    if node.op is scan:
        groups = scan_groups(node.args, node.attrs)
        places = [k for k, start in enumerate(groups.carry) if start is at]
        return node.outs[places[0]] if places and only_added_to(node, places) else None
    adds = node.op is add or (node.op in ADDING and node.args[0] is at)
    return node.out if adds and node.out.type == at.type else None
