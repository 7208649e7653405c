"""What an eval is: functions of arrays, the JSON that they are asked with, and workloads.

A function is written as a NumPy user writes it, its derivative by diffkit's operators. Whatever is
known before the data, the number of steps or of components, is a keyword-only argument: `jit`
compiles for it. A workload is a set of sizes; `generate` makes its input with a fixed seed, the
JSON object of the protocol with arrays in place of lists.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy

__all__ = ["Arguments", "Eval", "Function", "Workload", "floats", "tree_of_lists"]

Function = Callable[..., Any]
Input = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a function is called with: `data` by position, `static` by keyword."""

    data: tuple[Any, ...]
    static: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Workload:
    """The sizes of one input, under the name that GradBench gives it."""

    name: str
    sizes: dict[str, Any]


def tree_of_lists(result: Any) -> Any:
    """A result as JSON: arrays as nested lists."""
    if isinstance(result, dict):
        return {name: tree_of_lists(part) for name, part in result.items()}
    if isinstance(result, tuple | list):
        return [tree_of_lists(part) for part in result]
    return result.tolist() if hasattr(result, "tolist") else result


@dataclass(frozen=True, slots=True)
class Eval:
    """One of GradBench's programs.

    Attributes:
        functions: by the names that the protocol asks for; each takes what `arguments` makes of an
            input. `primal` and `derivative` are the names of the pair that is compared, the former
            "" where there is none.
        workloads: GradBench's own, in its order; `small` those of the tests and of a quick run;
            `beyond` are sizes that GradBench does not ask for: where its own show little, as where
            every derivative is zero.
        encode: a function's name and its result as the JSON that GradBench expects.
        blocks: an input as several, one after the other, where its result is too large to be held
            at once; `joined` makes one output of theirs.
    """

    name: str
    title: str
    functions: dict[str, Function]
    derivative: str
    workloads: tuple[Workload, ...]
    small: tuple[Workload, ...]
    generate: Callable[..., dict[str, Any]]
    arguments: Callable[[Input], Arguments]
    primal: str = ""
    beyond: tuple[Workload, ...] = ()
    encode: Callable[[str, Any], Any] = lambda _, result: tree_of_lists(result)
    blocks: Callable[[Input], list[Input]] = lambda given: [given]
    joined: Callable[[str, list[Any]], Any] = lambda _, outputs: outputs[0]


def floats(values: Any) -> numpy.ndarray:
    """Numbers of JSON as float64[...].

    Raises:
        ValueError: they are not numbers, or rows differ in length.
    """
    found = numpy.asarray(values)
    if found.size and found.dtype.kind not in "fiu":
        raise ValueError(f"numbers were expected; got values of type {found.dtype}")
    return numpy.ascontiguousarray(found, dtype=numpy.float64)
