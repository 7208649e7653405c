"""Do the checks bite? Control flow made wrong on purpose is caught by the tests meant for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import diffkit as dk
from diffkit.backends import interpreter
from diffkit.graph import Builder, Graph, Node, Var
from diffkit.modes import activity, forward_regions, reverse_regions
from diffkit.modes.cotangents import Cotangents
from diffkit.ops import region
from tests import replay
from tests.control.agreement import first_order, second_order
from tests.control.programs import BY_NAME
from tests.control.test_loop_derivatives import overflow
from tests.control.test_loop_derivatives import test_a_branch_not_taken_leaks_no_nan as no_leak
from tests.control.test_loops import (
    accumulate_argument,
    everywhere,
    inner_loop_starts_with_outer_carry,
    row_then_written,
)

Patch = pytest.MonkeyPatch
X = np.array([0.3, 0.7, 1.1, -0.4])


def first(*names: str) -> Callable[[], None]:
    def check() -> None:
        for name in names:
            first_order(BY_NAME[name].f, BY_NAME[name].args, BY_NAME[name].analytic)

    return check


def second(name: str) -> Callable[[], None]:
    return lambda: second_order(BY_NAME[name].f, BY_NAME[name].args)


def rewrite_adjoints(patch: Patch, op: Any, change: Callable[..., Any]) -> None:
    """Change the nodes of an op whose region is an adjoint."""
    right = Builder.emit_region

    def wrong(self: Builder, found: Any, args: Any, attrs: Any, regions: Any) -> Any:
        if found is op and regions[0].name.endswith("_vjp"):
            args, attrs, regions = change(args, attrs, regions)
        return right(self, found, args, attrs, regions)

    patch.setattr(Builder, "emit_region", wrong)


# --- the plants ----------------------------------------------------------------------------------


def forgotten_carry(patch: Patch) -> None:
    """A cotangent of the carry stays at the step it entered."""

    def change(args: Any, attrs: Any, regions: Any) -> Any:
        (body,) = regions
        n = attrs["consts"]
        outputs = (body.params[n], *body.outputs[1:])
        return args, attrs, (replace(body, outputs=outputs),)

    rewrite_adjoints(patch, region.scan, change)


def wrong_direction(patch: Patch) -> None:
    rewrite_adjoints(
        patch, region.scan, lambda args, attrs, regions: (
            args, {**attrs, "reverse": not attrs["reverse"]}, regions
        ),
    )  # fmt: skip


def stale_rows(patch: Patch) -> None:
    """The carries are saved after the step instead of before it."""
    right = reverse_regions.save_scan

    def wrong(b: Builder, node: Node, needed: list[int]) -> Any:
        kept = right(b, node, needed)
        last = b.nodes[-1]
        body = last.regions[0]
        n = len(body.outputs) - len(needed)
        outputs = (*body.outputs[:n], *(body.outputs[k] for k in needed))
        b.nodes[-1] = replace(last, regions=(replace(body, outputs=outputs),))
        return kept

    patch.setattr(reverse_regions, "save_scan", wrong)


def stale_tape(patch: Patch) -> None:
    """A while whose tape is off by one step."""
    right = region.Rows.done

    def wrong(self: region.Rows) -> Any:
        rows = right(self)
        return np.roll(rows, 1, axis=0) if self.length is None else rows

    patch.setattr(region.Rows, "done", wrong)


def missing_accumulator(patch: Patch) -> None:
    """Constants get the cotangent of the last step alone, not the sum."""

    def change(args: Any, attrs: Any, regions: Any) -> Any:
        (body,) = regions
        return args, attrs, (replace(body, nodes=tuple(dropped(body, attrs))),)

    def dropped(body: Graph, attrs: Any) -> Any:
        """Additions to a parameter of the carry that it does not share with a cotangent."""
        carry = set(body.params[attrs["consts"] : attrs["consts"] + attrs["carry"]])
        for node in body.nodes:
            if node.op.name == "add" and node.args[0] in carry and node.out in body.outputs:
                zero = dk.trace(lambda x: x * 0)(node.out.type).nodes[0]
                node = Node(zero.op, (node.args[1], *zero.args[1:]), zero.attrs, node.outs)
            yield node

    rewrite_adjoints(patch, region.scan, change)


def stale_start(patch: Patch) -> None:
    """Cotangents that start at one instead of zero."""
    patch.setattr(reverse_regions, "zeros", lambda b, t: right(b, t) + 1.0)


right = reverse_regions.zeros


def masks_dropped(patch: Patch) -> None:
    add = Cotangents.add
    patch.setattr(Cotangents, "add", lambda self, var, term, masked: add(self, var, term, False))


def other_branch(patch: Patch) -> None:
    rewrite_adjoints(patch, region.cond, lambda args, attrs, regions: (args, attrs, regions[::-1]))


def no_fixpoint(patch: Patch) -> None:
    """A derivative flows through a loop's carry for one step only."""

    def wrong(node: Node, moving: Any, *_: Any) -> list[bool]:
        body = node.regions[-1]
        flags = list(moving[len(moving) - len(body.params) :])
        at = node.attrs["consts"]
        count = node.attrs["carry"] if node.op is region.scan else len(flags) - at
        outputs = activity.moving_outputs(body, flags)[:count]
        flags[at : at + count] = [
            a or b for a, b in zip(flags[at : at + count], outputs, strict=True)
        ]
        return flags

    for module in (activity, forward_regions, reverse_regions):
        patch.setattr(module, "moving_params", wrong)


def no_tangent_of_constants(patch: Patch) -> None:
    """Forward mode takes what a loop captures for constant."""
    right = forward_regions.tangents_of

    def wrong(b: Any, node: Node, dxs: Any, on: Any) -> Any:
        fixed = node.attrs.get("consts", 0)
        lead = len(dxs) - len(on)
        return right(b, node, [None if k < lead + fixed else dx for k, dx in enumerate(dxs)], on)

    patch.setattr(forward_regions, "tangents_of", wrong)


def memory_shared(patch: Patch) -> None:
    """The interpreter does not copy what a loop's carry shares with others."""
    patch.setattr(interpreter, "shared", lambda graph, foreign, count: [])


def overwritten(patch: Patch) -> None:
    """It overwrites what is read again."""
    patch.setattr(interpreter.Memory, "free", lambda self, node, index, place: True)


def pruned_too_far(patch: Patch) -> None:
    """Carries that only other carries need are dropped."""

    def wrong(body: Graph, attrs: Any, keep: list[bool], others: Any) -> list[bool]:
        return keep

    patch.setattr(region, "needed_carries", wrong)


PLANTS: list[tuple[Callable[[Patch], None], Callable[[], None]]] = [
    (forgotten_carry, first("prefix products")),
    (forgotten_carry, first("newton")),
    (wrong_direction, first("prefix products")),
    (wrong_direction, first("collatz")),
    (stale_rows, first("rnn")),
    (stale_rows, second("suffix products")),
    (stale_tape, first("newton")),
    (stale_tape, first("while with scan")),
    (missing_accumulator, first("invariants")),
    (stale_start, first("slow fixpoint")),
    (masks_dropped, lambda: no_leak(overflow, "reverse")),
    (other_branch, first("cond in scan in while")),
    (other_branch, first("switch")),
    (no_fixpoint, first("slow fixpoint")),
    (no_tangent_of_constants, first("gather")),
    (no_tangent_of_constants, first("computed rows")),
    (memory_shared, lambda: everywhere(row_then_written, np.arange(12.0).reshape(4, 3))),
    (overwritten, lambda: everywhere(inner_loop_starts_with_outer_carry, X[:3])),
    (overwritten, lambda: everywhere(accumulate_argument, X)),
    (pruned_too_far, first("unused carry", "fresh carry", "slow fixpoint")),
]


@pytest.mark.parametrize(
    ("plant", "check"), PLANTS, ids=[f"{p.__name__}-{k}" for k, (p, _) in enumerate(PLANTS)]
)
def test_a_plant_is_caught(plant, check, monkeypatch: Patch) -> None:
    if plant is memory_shared and replay.BACKEND != "interpreter":
        pytest.skip("planted in what is not run")
    check()
    with monkeypatch.context() as patch:
        plant(patch)
        with pytest.raises((AssertionError, dk.DiffkitError, KeyError, ValueError)):
            check()
    check()


def test_the_patches_reach_what_runs() -> None:
    """The places that the plants change still are the ones that the modes use."""
    seen: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        rewrite_adjoints(
            patch, region.scan, lambda args, attrs, regions: (
                seen.append(regions[0].name), (args, attrs, regions)
            )[1],
        )  # fmt: skip
        dk.grad(lambda x: dk.fori_loop(0, 3, lambda i, c: c * x[i], 1.0))(X)
    assert seen == ["lambda_vjp"]
    assert isinstance(dk.trace(np.sin)(dk.f64[3]).params[0], Var)
