"""Any graph as a PyTorch function: `to_torch(graph)`.

A table gives each op its PyTorch function, and the graph is read node by node, so every diffkit
function has a twin that PyTorch's own reverse mode (Paszke et al., NeurIPS 2019) and `torch.func`
differentiate. The twin shares the graph with diffkit and none of its derivative rules, which makes
it an independent witness. Constants live on the CPU, and so does the twin.

Values equal NumPy's to rounding. Derivatives are PyTorch's: at a kink its convention holds, not
diffkit's, and a `torch.where` passes on a nan from the branch it did not take.
"""

# The table's lambdas take whatever their op passes, which no annotation of a lambda can say.
# pyright: reportUnknownLambdaType=false, reportUnknownArgumentType=false

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import DtypeError, ShapeError, UnsupportedError, explain
from ..graph import Atom, Graph, Node, Var, missing_rule
from ..ops.routine import Routine
from ..ops.solvers import numpy_check
from ..types import DType, Shape, Type
from .torch_complex import ORDERED, either, scatter_slice
from .torch_linalg import linalg_table
from .torch_regions import region_function
from .torch_special import special_table

Tensor = Any  # PyTorch is an optional extra, loaded on first use
TorchFunction = Callable[..., Any]
Axes = tuple[int, ...]


def load_torch(asked: str) -> Any:
    """The torch module, or an error that names the extra to install."""
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        got = f"PyTorch can not be imported ({error})"
        remedy = "Install the extra: pip install diffkit[compare]"
        raise UnsupportedError(explain(asked, got, "an installed PyTorch", remedy)) from None


def torch_dtype(dtype: DType) -> Any:
    """PyTorch's dtype of the same name as NumPy's."""
    return getattr(load_torch("to_torch"), dtype.numpy.name)


# --- ops that are not one PyTorch function --------------------------------------------------------


def cbrt(x: Tensor) -> Tensor:
    """sign(x)·|x|^⅓: PyTorch's power has no real root of a negative number."""
    torch = load_torch("to_torch")
    return torch.sign(x) * torch.abs(x) ** (1 / 3)


def root(x: Tensor) -> Tensor:
    """√x with derivative 0 at 0."""
    torch = load_torch("to_torch")
    away = x > 0
    return torch.where(away, torch.sqrt(torch.where(away, x, 1.0)), x.detach())


def scale(d: Tensor, t: Tensor) -> Tensor:
    """d·t, and 0 where t is exactly 0. An infinite d is taken out before the product, as PyTorch
    would multiply it by the zero cotangent of a `where` around it."""
    torch = load_torch("to_torch")
    off = torch.logical_and(t == 0, torch.logical_not(torch.isfinite(d)))
    return torch.where(off, torch.zeros_like(d), d) * t


def polygamma(x: Tensor, n: int) -> Tensor:
    torch = load_torch("to_torch")
    return torch.digamma(x) if n == 0 else torch.polygamma(n, x)


def slices(start: Shape, stop: Shape, step: Shape) -> tuple[slice, ...]:
    return tuple(slice(a, b, s) for a, b, s in zip(start, stop, step, strict=True))


def pad(x: Tensor, low: Shape, high: Shape, interior: Shape) -> Tensor:
    """Axis by axis, x written into every (interior + 1)-th place of zeros."""
    for axis, (a, b, k) in enumerate(zip(low, high, interior, strict=True)):
        n = x.shape[axis]
        width = max(0, (n - 1) * (k + 1) + 1)
        zeros = x.new_zeros((*x.shape[:axis], a + width + b, *x.shape[axis + 1 :]))
        x = scatter_slice(zeros, x, axis, a, a + width, k + 1)
    return x


def slice_add(x: Tensor, y: Tensor, start: Shape, stop: Shape, step: Shape) -> Tensor:
    width = [max(0, (n - 1) * s + 1) for n, s in zip(y.shape, step, strict=True)]
    high = tuple(n - a - w for n, a, w in zip(x.shape, start, width, strict=True))
    return x + pad(y, start, high, tuple(s - 1 for s in step))


def slice_set(x: Tensor, y: Tensor, start: Shape, stop: Shape, step: Shape) -> Tensor:
    """Axis by axis: the part of x along the first axis, with y written into the rest of it."""

    def write(x: Tensor, axis: int) -> Tensor:
        if axis == len(start):
            return y
        a, b, s = start[axis], stop[axis], step[axis]
        part = x[(slice(None),) * axis + (slice(a, b, s),)]
        return scatter_slice(x, write(part, axis + 1), axis, a, b, s)

    return write(x, 0)


def places(indices: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Index arrays as PyTorch takes them: i64."""
    return tuple(i.long() for i in indices)


def scatter_add(x: Tensor, y: Tensor, *indices: Tensor) -> Tensor:
    return load_torch("to_torch").index_put(x, places(indices), y, accumulate=True)


def scatter_set(x: Tensor, y: Tensor, *indices: Tensor) -> Tensor:
    """The last of several writes to one place wins. PyTorch leaves that open, so it is made plain:
    number the writes, take the greatest number at each place, read what was written with it."""
    torch = load_torch("to_torch")
    lead = tuple(x.shape[: len(indices)])
    rest = tuple(x.shape[len(indices) :])
    place: Tensor = torch.zeros((), dtype=torch.int64)
    for i, n in zip(places(indices), lead, strict=True):
        place = place * n + torch.where(i < 0, i + n, i)
    place = place.reshape(-1)
    count, cells = place.numel(), math.prod(lead)
    if count == 0:
        return x.clone()
    nobody = torch.full((cells,), -1, dtype=torch.int64)
    winner = nobody.scatter_reduce(0, place, torch.arange(count), "amax")
    written = y.reshape((count, *rest))[winner.clamp(min=0)]
    hit = (winner >= 0).reshape((cells, *(1 for _ in rest)))
    return torch.where(hit, written, x.reshape((cells, *rest))).reshape(x.shape)


def over(reduce: str) -> TorchFunction:
    """A reduction that, unlike PyTorch's, does nothing where there is no axis to reduce."""

    def function(x: Tensor, axes: Axes) -> Tensor:
        return getattr(load_torch("to_torch"), reduce)(x, dim=axes) if axes else x

    return function


def total(x: Tensor, axes: Axes) -> Tensor:
    return x.sum(dim=axes, dtype=x.dtype) if axes else x


def truth(reduce: str) -> TorchFunction:
    """any and all, also of numbers and over no axes."""
    inner = over(reduce)

    def function(x: Tensor, axes: Axes) -> Tensor:
        return inner(x != 0, axes)

    return function


def prod(x: Tensor, axes: Axes) -> Tensor:
    """PyTorch multiplies along one axis: the others are folded into it."""
    rest = tuple(k for k in range(x.ndim) if k not in axes)
    rows = x.permute((*rest, *axes)).reshape((*(x.shape[k] for k in rest), -1))
    return rows.prod(dim=-1, dtype=x.dtype)


def recurrence(a: Tensor, b: Tensor, axis: int) -> Tensor:
    """Step by step: yᵢ = aᵢ yᵢ₋₁ + bᵢ."""
    if b.shape[axis] == 0:
        return b
    factors, rows = a.unbind(axis), b.unbind(axis)
    out = [rows[0]]
    for factor, row in zip(factors[1:], rows[1:], strict=True):
        out.append(factor * out[-1] + row)
    return load_torch("to_torch").stack(out, axis)


def bit_count(x: Tensor) -> Tensor:
    torch = load_torch("to_torch")
    places = torch.arange(8 * x.element_size())
    return ((x.abs()[..., None] >> places) & 1).sum(-1).to(torch.uint8)


def argsort(x: Tensor, axis: int, kind: str) -> Tensor:
    return load_torch("to_torch").argsort(x.detach(), dim=axis, stable=kind == "stable")


def fft(x: Tensor, axis: int, inverse: bool, norm: str) -> Tensor:
    torch = load_torch("to_torch")
    return (torch.fft.ifft if inverse else torch.fft.fft)(x, dim=axis, norm=norm)


def solve(a: Tensor, b: Tensor, strict: bool) -> Tensor:
    """Columns, as PyTorch guesses from the shapes what a right-hand side is."""
    torch = load_torch("to_torch")
    if b.ndim < a.ndim:
        return solve(a, b[..., None], strict)[..., 0]
    x, info = torch.linalg.solve_ex(a, b, check_errors=strict)
    return x if strict else torch.where((info == 0)[..., None, None], x, math.nan)


def check(x: Tensor, ok: Tensor, steps: Tensor, residual: Tensor, **attrs: str) -> Tensor:
    """The same error as NumPy's."""
    flag, count, worst = (np.asarray(v.detach()) for v in (ok, steps, residual))
    return numpy_check(x, flag, count, worst, **attrs)


def nextafter(x: Tensor, y: Tensor) -> Tensor:
    """PyTorch has no derivative for it; the neighbour of x moves as x does."""
    torch = load_torch("to_torch")
    start = x.detach()
    found = torch.nextafter(start, y.detach())
    return found + torch.where(torch.isfinite(start), x - start, 0.0)


@lru_cache(maxsize=1)
def table() -> dict[str, TorchFunction]:
    """The PyTorch function of each op, by the op's name; attributes come as keywords."""
    torch = load_torch("to_torch")
    # fmt: off
    same = [
        "add", "sub", "mul", "div", "neg", "pow", "square", "reciprocal", "abs", "sign", "floor",
        "ceil", "trunc", "maximum", "minimum", "less", "less_equal", "greater", "greater_equal",
        "not_equal", "logical_and", "logical_or", "logical_xor", "logical_not", "isnan", "isfinite",
        "isinf", "signbit", "gcd", "lcm", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p",
        "sqrt", "hypot", "sin",
        "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh", "tanh", "arcsinh",
        "arccosh", "arctanh", "erf", "lgamma",
    ]
    # fmt: on
    functions: dict[str, TorchFunction] = {name: getattr(torch, name) for name in same}
    functions |= (
        special_table(torch)
        | linalg_table(torch)
        | {
            "equal": torch.eq,
            "bit_and": torch.bitwise_and,
            "bit_or": torch.bitwise_or,
            "bit_xor": torch.bitwise_xor,
            "bit_not": torch.bitwise_not,
            "bit_count": bit_count,
            "shift_left": torch.bitwise_left_shift,
            "shift_right": torch.bitwise_right_shift,
            "nextafter": nextafter,
            "rint": torch.round,  # halves to even, as np.rint
            # PyTorch has no derivative for it, not even zero
            "floordiv": lambda x, y: torch.floor_divide(x.detach(), y.detach()),
            "mod": torch.remainder,
            "cbrt": cbrt,
            "root": root,
            "polygamma": polygamma,
            "select": torch.where,
            "scale": scale,
            "stop_gradient": lambda x: x.detach(),
            "cast": lambda x, dtype: x.to(torch_dtype(dtype)),
            "broadcast": lambda x, shape: x.expand(shape),
            "reshape": lambda x, shape: x.reshape(shape),
            "transpose": lambda x, axes: x.permute(axes),
            "slice": lambda x, start, stop, step: x[slices(start, stop, step)],
            "pad": pad,
            "slice_add": slice_add,
            "slice_set": slice_set,
            "reverse": lambda x, axes: torch.flip(x, axes),
            "concatenate": lambda *xs, axis: torch.cat(xs, axis),
            "stack": lambda *xs, axis: torch.stack(xs, axis),
            "iota": lambda n, dtype: torch.arange(n, dtype=torch_dtype(dtype)),
            "sum": total,
            "prod": prod,
            "max": over("amax"),
            "min": over("amin"),
            "any": truth("any"),
            "all": truth("all"),
            "cumsum": lambda x, axis: x.cumsum(axis, dtype=x.dtype),
            "cumprod": lambda x, axis: x.cumprod(axis, dtype=x.dtype),
            "recurrence": recurrence,
            "argsort": argsort,
            "argmax": lambda x, axis: torch.argmax(x, axis),
            "argmin": lambda x, axis: torch.argmin(x, axis),
            "gather": lambda x, *i: x[places(i)],
            "scatter_add": scatter_add,
            "scatter_set": scatter_set,
            "einsum": lambda x, y, spec: torch.einsum(spec, x, y),
            "solve": solve,
            "fft": fft,
            "rfft": lambda x, axis, norm: torch.fft.rfft(x, dim=axis, norm=norm),
            "irfft": lambda y, axis, n, norm: torch.fft.irfft(y, n, axis, norm),
            "check": check,
            "real": lambda z: z.real if z.is_complex() else z,
            "imag": lambda z: z.imag if z.is_complex() else torch.zeros_like(z),
            "conj": lambda z: z.conj().resolve_conj(),
            "complex": lambda x, y: torch.complex(*torch.broadcast_tensors(x, y)),
        }
    )
    ordered = {name: either(functions[name], f) for name, f in ORDERED.items()}
    return functions | ordered


# --- the walk -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One node: the PyTorch function, its attributes, where operands and results stand, whether
    the function returns a list of results, and which operands nobody reads again (PyTorch keeps
    what its own backward pass needs)."""

    function: TorchFunction
    attrs: dict[str, Any]
    args: tuple[int, ...]
    outs: tuple[int, ...]
    several: bool
    dead: tuple[int, ...]


def to_torch(graph: Graph) -> TorchFunction:
    """The graph as a PyTorch function of flat tensors.

    It takes a tensor (or a number or array) for each parameter, of its shape and dtype, and returns
    a tensor, or a tuple of them if the graph has not one output. float64 stays float64. Raises
    `UnsupportedError` without PyTorch and for an op without an entry in the table; the function
    raises `ShapeError` and `DtypeError` for tensors that do not fit.
    """
    torch = load_torch("to_torch")
    run = program(torch, graph)

    def twin(*tensors: Any) -> Any:
        results = tuple(run(checked(torch, graph, tensors)))
        return results[0] if len(results) == 1 else results

    twin.__name__ = twin.__qualname__ = graph.name
    twin.__doc__ = f"The PyTorch twin of the graph {graph.name}."
    return twin


def program(torch: Any, graph: Graph) -> Callable[[Sequence[Tensor]], list[Tensor]]:
    """The graph as a function of a list of tensors, or a region of it."""
    functions = table()
    slots: dict[Atom, int] = {param: k for k, param in enumerate(graph.params)}
    template: list[Any] = [None] * len(graph.params)

    def slot(atom: Atom) -> int:
        if atom not in slots:
            slots[atom] = len(template)
            constant = None if isinstance(atom, Var) else torch.from_numpy(np.array(atom.value))
            template.append(constant)
        return slots[atom]

    def region(inside: Graph) -> Callable[[Sequence[Tensor]], list[Tensor]]:
        return program(torch, inside)

    last = last_reads(graph)
    steps: list[Step] = []
    for index, node in enumerate(graph.nodes):
        args = tuple([slot(a) for a in node.args])
        outs = tuple([slot(out) for out in node.outs])
        gone = tuple([slot(a) for a in node.args if isinstance(a, Var) and last[a] == index])
        if node.op.regional and not isinstance(node.op.fact, Routine):
            function = region_function(torch, node, region, torch_dtype)
            steps.append(Step(function, {}, args, outs, True, gone))
        else:
            function = lookup(functions, node)
            several = isinstance(node.op.fact, Routine)
            steps.append(Step(function, dict(node.attrs), args, outs, several, gone))
    outputs = [slot(atom) for atom in graph.outputs]

    def run(tensors: Sequence[Tensor]) -> list[Tensor]:
        env = template.copy()
        env[: len(graph.params)] = tensors
        for step in steps:
            value = step.function(*[env[k] for k in step.args], **step.attrs)
            for k, part in zip(step.outs, value if step.several else (value,), strict=True):
                env[k] = part
            for k in step.dead:
                env[k] = None
        return [env[k] for k in outputs]

    return run


def last_reads(graph: Graph) -> dict[Var, int]:
    """The last node that reads each variable; results are read after all nodes."""
    last: dict[Var, int] = {}
    for index, node in enumerate(graph.nodes):
        last.update({arg: index for arg in node.args if isinstance(arg, Var)})
    last.update({a: len(graph.nodes) for a in graph.outputs if isinstance(a, Var)})
    return last


def lookup(functions: dict[str, TorchFunction], node: Node) -> TorchFunction:
    """The function of a node's op, or an error that names op and line."""
    found = functions.get(node.op.name)
    if found is None:
        file = "the table of diffkit/backends/torch.py"
        remedy = "Write it with other functions, or run the graph on another backend"
        raise missing_rule("to_torch", node.op, node.loc, file, remedy)
    return found


def checked(torch: Any, graph: Graph, tensors: Sequence[Any]) -> list[Tensor]:
    """The arguments as tensors of the types of the parameters. A tensor of another type would run,
    broadcast and promoted, and give results of a function that nobody traced."""
    asked = f"{graph.name}, as a PyTorch function"
    if len(tensors) != len(graph.params):
        got, want = f"{len(tensors)} arguments", f"{len(graph.params)}"
        remedy = "Pass one for each parameter of the graph, with trees flattened"
        raise ShapeError(explain(asked, got, want, remedy))
    found: list[Tensor] = []
    for k, (x, param) in enumerate(zip(tensors, graph.params, strict=True)):
        given = isinstance(x, torch.Tensor)
        tensor = x if given else torch.as_tensor(x, dtype=torch_dtype(param.type.dtype))
        check_type(asked, param.hint or f"argument {k}", tensor, param.type)
        found.append(tensor)
    return found


def check_type(asked: str, name: str, tensor: Tensor, type_: Type) -> None:
    """An error if a tensor is not of a type."""
    got = f"{name} is {tensor.dtype}{list(tensor.shape)}"
    if tuple(tensor.shape) != type_.shape:
        remedy = "Trace the function for this shape"
        raise ShapeError(explain(asked, got, f"{type_}", remedy))
    if tensor.dtype != torch_dtype(type_.dtype):
        remedy = "Convert it, or trace the function for this dtype"
        raise DtypeError(explain(asked, got, f"{type_}", remedy))
