"""Control flow in PyTorch: Python loops over the bodies' twins, which autograd unrolls."""

# Tensors have no type here, as PyTorch is optional.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import UnsupportedError, explain
from ..graph import Graph, Node
from ..ops.custom import callback
from ..ops.region import cond, scan, scan_groups, unending, while_, while_groups
from ..types import b1

Tensor = Any
Body = Callable[[Sequence[Tensor]], list[Tensor]]


def region_function(
    torch: Any, node: Node, twin: Callable[[Graph], Body], dtype: Callable[..., Any]
) -> Callable[..., list[Tensor]]:
    """The function of a control-flow node; `twin` makes that of a region."""
    where = f" at {node.loc}" if node.loc else ""
    if node.op is callback:
        got, want = "a callback into NumPy", "ops that PyTorch can differentiate"
        raise UnsupportedError(explain(f"to_torch{where}", got, want, "Run it on the interpreter"))
    bodies = [twin(region) for region in node.regions]
    if node.op is cond:
        boolean = node.args[0].type.dtype == b1

        def run_cond(pred: Tensor, *xs: Tensor) -> list[Tensor]:
            return bodies[int(not pred) if boolean else int(pred)](xs)

        return run_cond
    if node.op not in (scan, while_):
        return lambda *xs: bodies[0](xs)

    def stacked(rows: list[Tensor], k: int) -> Tensor:
        """The rows of result k; without rows, an empty tensor of its type."""
        type_ = node.outs[k].type
        shape = (0, *type_.shape) if type_.tape else type_.shape
        return torch.stack(rows) if rows else torch.zeros(shape, dtype=dtype(type_.dtype))

    def run_scan(*args: Tensor) -> list[Tensor]:
        groups, count = scan_groups(args, node.attrs), node.attrs["carry"]
        length = int(groups.trips[0]) if groups.trips else node.attrs["length"]
        carry = list(groups.carry)
        rows: list[list[Tensor]] = [[] for _ in node.outs[count:]]
        order = range(length)
        for k in reversed(order) if node.attrs["reverse"] else order:
            out = bodies[0]([*groups.consts, *carry, *(x[k] for x in groups.xs)])
            carry = out[:count]
            for row, y in zip(rows, out[count:], strict=True):
                row.append(y)
        turned = [row[::-1] if node.attrs["reverse"] else row for row in rows]
        return [*carry, *(stacked(row, count + k) for k, row in enumerate(turned))]

    def run_while(*args: Tensor) -> list[Tensor]:
        consts, carry = while_groups(args, node.attrs)
        save: tuple[int, ...] | None = node.attrs["save"]
        rows: list[list[Tensor]] = [[] for _ in save or ()]
        steps, count = 0, len(carry)
        while bodies[0]([*consts, *carry])[0]:
            if steps == node.attrs["max_steps"]:
                raise unending(steps, where)
            for row, k in zip(rows, save or (), strict=True):
                row.append(carry[k])
            carry = bodies[1]([*consts, *carry])
            steps += 1
        if save is None:
            return list(carry)
        tapes = [stacked(row, count + 1 + k) for k, row in enumerate(rows)]
        return [*carry, torch.tensor(steps), *tapes]

    return run_scan if node.op is scan else run_while
