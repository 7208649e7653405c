"""A diffkit function inside a PyTorch model: `dk.interop.torch.function(f)`.

PyTorch asks an operation for its value and for the transpose of its derivative. Here the value is
a diffkit graph, evaluated, and the derivative is another diffkit graph, `vjp` of the first, applied
as the same kind of operation. So the backward pass of a backward pass is `vjp` of `vjp`, and
derivatives of every order are diffkit's own, with its conventions at kinks. Forward mode
(`torch.func.jvp`) applies the graph of `jvp` in the same way. Gradients by complex tensors are the
conjugates of diffkit's, as PyTorch has them (see `ops.complex`).

Source: torch.autograd.Function and its `setup_context`, PyTorch notes "Extending PyTorch".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from typing import Any

import numpy as np

from ..backends.interpreter import prepare
from ..backends.torch import load_torch
from ..backends.torch import to_torch as to_torch
from ..errors import DtypeError, TreeError, UnsupportedError, explain
from ..graph import Graph
from ..modes.forward import jvp
from ..modes.reverse import vjp
from ..numpy.handlers import HANDLERS
from ..tracing import argument_names, function_name, record, trees
from ..types import DTYPES, Type, type_of

Tensor = Any  # PyTorch is an optional extra, loaded on first use
ASKED = "dk.interop.torch.function"
SIGNATURES = 64  # recorded graphs that one function keeps; the one unused longest goes first
CARRIED = {f"torch.{dtype.name}": ours for dtype, ours in DTYPES.items()}
MASKS = 16  # derivative graphs that one graph keeps, one for each set of active inputs


def function(f: Callable[..., Any]) -> Callable[..., Any]:
    """f, a NumPy function, as a PyTorch function of trees of tensors.

    It is recorded once for each signature: the structure of the arguments, shape and dtype of each
    tensor, and the values of Python numbers, strings and None among them (they stay what they are,
    so that `2 * x` keeps the dtype of x). NumPy arrays are constants of the call. Results are
    tensors in the tree that f returns. Derivatives of any order are diffkit's; integer and boolean
    tensors have none.

    Args: f, of arrays, traced as by `dk.jit`: it may not branch on values. Tensors: on the CPU, of
    float64, float32, complex128, complex64, int64, int32 or bool; on other devices
    `UnsupportedError`, of other dtypes `DtypeError`.

    Source: `torch.autograd.Function`.
    """
    name = function_name(f)

    @lru_cache(maxsize=SIGNATURES)
    def recorded(tree: trees.TreeDef, leaves: tuple[Leaf, ...], names: tuple[str, ...]) -> Recorded:
        return record_for(f, tree, leaves, names)

    @wraps(f)
    def wrapped(*args: Any) -> Any:
        torch = load_torch(ASKED)
        given, tree = trees.flatten(args)
        roots = argument_names(f, len(args))
        names = [n for x, root in zip(args, roots, strict=True) for n in trees.names(x, root)]
        leaves = tuple([leaf(torch, x, n, name) for x, n in zip(given, names, strict=True)])
        program, out_tree = recorded(tree, leaves, tuple(names))
        pairs = zip(given, leaves, strict=True)
        tensors = [as_tensor(torch, x) for x, kind in pairs if kind.type is not None]
        return trees.unflatten(out_tree, apply(program, tensors))

    return wrapped


@dataclass(frozen=True, slots=True)
class Leaf:
    """What a recorded graph depends on in an argument: the type of a tensor, or the value of
    anything else, compared by `repr` (1 is not 1.0, and 0.0 is not -0.0)."""

    type: Type | None
    text: str = ""
    value: Any = field(default=None, compare=False)


def leaf(torch: Any, x: Any, name: str, called: str) -> Leaf:
    """A leaf of the arguments, or an error that names it."""
    if isinstance(x, bool | int | float | complex | str):
        return Leaf(None, f"{type(x).__name__} {x!r}", x)
    asked = f"{called}, argument {name}"
    if isinstance(x, np.ndarray | np.generic):
        return Leaf(type_of(x, asked))
    if not isinstance(x, torch.Tensor):
        want, remedy = "a tensor, an array or a number", "Bind it: function(lambda x: f(x, other))"
        raise TreeError(explain(asked, f"a {type(x).__name__}", want, remedy))
    tensor: Tensor = x
    if tensor.device.type != "cpu" or tensor.layout != torch.strided:
        got = f"a tensor on {tensor.device} with layout {tensor.layout}"
        remedy = f"Move it with {name}.cpu(), or use diffkit.backends.torch.to_torch"
        raise UnsupportedError(explain(asked, got, "a dense tensor on the CPU", remedy))
    dtype = CARRIED.get(str(tensor.dtype))
    if dtype is None:
        want = ", ".join(CARRIED)
        remedy = f"Convert it, for example with {name}.double()"
        raise DtypeError(explain(asked, f"a tensor of {tensor.dtype}", want, remedy))
    return Leaf(Type(dtype, tuple(tensor.shape)))


Recorded = tuple["Program", trees.TreeDef]


def record_for(
    f: Callable[..., Any], tree: trees.TreeDef, leaves: Sequence[Leaf], names: Sequence[str]
) -> Recorded:
    """The graph of f for a signature, and the tree of its results."""

    def flat(*varying: Any) -> Any:
        tracers = iter(varying)
        mixed = [kind.value if kind.type is None else next(tracers) for kind in leaves]
        return own(*trees.unflatten(tree, mixed))

    own = HANDLERS.rebind(f)
    kept = [(kind.type, n) for kind, n in zip(leaves, names, strict=True) if kind.type is not None]
    recorded = record(
        flat, [type_ for type_, _ in kept], [n for _, n in kept], HANDLERS,
        eager=False, asked=ASKED, name=function_name(f),
    )  # fmt: skip
    if recorded.captured:
        got = f"{function_name(f)} uses a value that diffkit is tracing outside of it"
        remedy = "Call the function itself there; PyTorch can not take part in a trace"
        raise UnsupportedError(explain(ASKED, got, "a function of its arguments", remedy))
    return Program(recorded.graph), recorded.out_tree


class Program:
    """A graph, ready to run, with its derivative graphs as they are asked for."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.run = prepare(graph)
        self.pull = lru_cache(maxsize=MASKS)(self._pull)
        self.push = lru_cache(maxsize=MASKS)(self._push)

    def _pull(self, active: tuple[bool, ...]) -> Program:
        """(inputs, cotangents of float outputs) -> cotangents of the active inputs."""
        return self._derivative(vjp(self.graph, active))

    def _push(self, active: tuple[bool, ...]) -> Program:
        """(inputs, tangents of the active inputs) -> tangents of float outputs."""
        return self._derivative(jvp(self.graph, active))

    def _derivative(self, joint: Graph) -> Program:
        """A joint graph without its first results, which are values that PyTorch has already."""
        outputs = joint.outputs[len(self.graph.outputs) :]
        return Program(Graph(joint.name, joint.params, joint.nodes, outputs))

    def evaluate(self, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """The results as new tensors; the arguments are read in place, without a copy."""
        torch = load_torch(ASKED)
        plain = (x.detach().resolve_conj().resolve_neg() for x in tensors)
        results = self.run([x.numpy()[()] for x in plain])
        return tuple([torch.from_numpy(np.asarray(y, order="C")) for y in results])


def as_tensor(torch: Any, x: Any) -> Tensor:
    """A tensor as it is; an array copied, as PyTorch may keep it for a backward pass."""
    return x if isinstance(x, torch.Tensor) else torch.from_numpy(np.array(x))


def apply(program: Program, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The results of a program, as a node of PyTorch's own graph."""
    if not program.graph.outputs:
        return ()
    return operation().apply(program, *tensors)


@lru_cache(maxsize=1)
def operation() -> Any:
    """The autograd.Function; a class of PyTorch's can only be made once PyTorch is loaded."""
    torch = load_torch(ASKED)

    class Evaluate(torch.autograd.Function):
        """A diffkit graph, evaluated; its derivatives are further graphs, applied alike."""

        @staticmethod
        def forward(program: Program, *tensors: Tensor) -> tuple[Tensor, ...]:
            return program.evaluate(tensors)

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
            ctx.program, *tensors = inputs
            ctx.save_for_backward(*tensors)
            ctx.save_for_forward(*tensors)
            rest = [y for y in output if not (y.is_floating_point() or y.is_complex())]
            ctx.mark_non_differentiable(*rest)

        @staticmethod
        def backward(ctx: Any, *cts: Tensor) -> tuple[Tensor | None, ...]:
            program: Program = ctx.program
            active = tuple(ctx.needs_input_grad[1:])
            ours = [ct.conj() for ct in float_only(program, cts)]  # real ones stay as they are
            pulled = iter(apply(program.pull(active), [*ctx.saved_tensors, *ours]))
            return (None, *[next(pulled).conj() if on else None for on in active])

        @staticmethod
        def jvp(ctx: Any, _: None, *dxs: Tensor | None) -> tuple[Tensor | None, ...]:
            program: Program = ctx.program
            active = tuple([dx is not None for dx in dxs])
            inputs = [*ctx.saved_tensors, *[dx for dx in dxs if dx is not None]]
            pushed = iter(apply(program.push(active), inputs))
            return tuple([next(pushed) if t.differentiable else None for t in program.graph.types])

        @staticmethod
        def vmap(info: Any, in_dims: tuple[Any, ...], program: Program, *xs: Tensor) -> Any:
            """One evaluation for each element of the batch: NumPy code has no batch axis."""
            moved = [
                x if d is None else x.movedim(d, 0) for x, d in zip(xs, in_dims[1:], strict=True)
            ]
            rows: list[tuple[Tensor, ...]] = []
            for k in range(info.batch_size):
                pairs = zip(moved, in_dims[1:], strict=True)
                rows.append(apply(program, [x if d is None else x[k] for x, d in pairs]))
            batched = tuple([torch.stack(column) for column in zip(*rows, strict=True)])
            return batched, (0,) * len(batched)

    return Evaluate


def float_only(program: Program, cts: Sequence[Tensor]) -> list[Tensor]:
    """The cotangents of the outputs that have one."""
    pairs = zip(cts, program.graph.types, strict=True)
    return [ct for ct, type_ in pairs if type_.differentiable]
