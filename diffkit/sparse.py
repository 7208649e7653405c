"""Sparse Jacobians and Hessians, as SciPy matrices.

The pattern is found in the graph, its columns or rows are coloured, and as many passes as there are
colours give all entries: a tridiagonal Jacobian of any size costs three. Pattern and colouring are
made once for a signature, and kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .api import Argnames, Argnums, Function, grad, planned
from .calls import By, selected
from .compressed import (
    COMPILERS,
    Compressed,
    Passes,
    found_pattern,
    given_pattern,
    hessian_plan,
    jacobian_plan,
)
from .errors import TracingError, UnsupportedError, explain
from .signatures import Inputs, Record, Signatures
from .tracing import innermost
from .tracing.location import at_line
from .transforms.sparsity.index_sets import TooDense
from .transforms.sparsity.plan import Plan

METHODS = ("auto", "forward", "reverse", "bidirectional")

Planner = Callable[[Passes, Any], Plan]


def sparse_jacobian(
    f: Function,
    argnums: Argnums = None,
    pattern: Any = None,
    method: str = "auto",
    backend: str = "interpreter",
    check: bool = True,
    *,
    argnames: Argnames = None,
) -> Function:
    """The Jacobian of f as a `scipy.sparse.csr_array`: a row for each output element, a column for
    each input element, those of trees in the order of their leaves.

    Args: pattern, a sparse matrix or a boolean array with every entry that can be nonzero, in place
    of the one that is found; method, "forward" (colours of columns), "reverse" (of rows),
    "bidirectional" (both), or "auto", the one that costs least; backend, "interpreter" or "numba";
    check, whether a given pattern is held against a forward pass on its first use.

    `.plan(*args)` shows the pattern, the colouring, the counted costs and the reason. It is made
    once for each signature: types of the arguments, and values of those that have anything else
    than floating-point numbers or are given by name. f is recorded then: it may not branch on a
    value in Python, and sees the variables around it as they are at that time.
    Every entry of the pattern is stored, whatever its value.

    Raises `ShapeError` for a pattern of another shape, `CheckError` for one that lacks an entry
    with a value here, `UnsupportedError` where so much depends on so much that no sparse matrix is
    worth it, `TracingError` inside `dk.jit` and the like.

        >>> import numpy as np, diffkit as dk
        >>> J = dk.sparse_jacobian(lambda x: x[1:] * x[:-1])
        >>> J(np.array([1.0, 2.0, 3.0, 4.0])).toarray()
        array([[2., 1., 0., 0.],
               [0., 3., 2., 0.],
               [0., 0., 4., 3.]])
        >>> J.plan(np.ones(1000)).passes
        2
    """
    if method not in METHODS:
        want = ", ".join(f'"{name}"' for name in METHODS)
        asked, got, remedy = "sparse_jacobian", f"method={method!r}", "Choose one of these"
        raise UnsupportedError(explain(asked, got, want, remedy))

    def plan(passes: Passes, given: Any) -> Plan:
        return jacobian_plan(passes, given, method)

    by = selected("sparse_jacobian", argnums, argnames)
    kept = Sparse(f, by, "sparse_jacobian", plan, pattern, backend, check)
    return kept.function(f)


def sparse_hessian(
    f: Function,
    argnums: Argnums = None,
    pattern: Any = None,
    backend: str = "interpreter",
    check: bool = True,
    *,
    argnames: Argnames = None,
) -> Function:
    """The Hessian of a scalar function as a symmetric `scipy.sparse.csr_array`, by forward passes
    of the gradient and a star colouring. Arguments, `.plan` and errors as of `sparse_jacobian`.

        >>> import numpy as np, diffkit as dk
        >>> H = dk.sparse_hessian(lambda x: np.sum((x[1:] - x[:-1] ** 2) ** 2))
        >>> H(np.array([1.0, 2.0, 3.0])).toarray()
        array([[ 4., -4.,  0.],
               [-4., 38., -8.],
               [ 0., -8.,  2.]])
    """
    by = selected("sparse_hessian", argnums, argnames)
    slope = grad(f, argnums, argnames=argnames)
    kept = Sparse(slope, by, "sparse_hessian", hessian_plan, pattern, backend, check)
    return kept.function(f)


class Sparse:
    """A sparse derivative, prepared once for each signature."""

    def __init__(
        self,
        f: Function,
        by: By,
        asked: str,
        planner: Planner,
        pattern: Any,
        backend: str,
        check: bool,
    ) -> None:
        if backend not in COMPILERS:
            want = ", ".join(f'"{name}"' for name in COMPILERS)
            got, remedy = f"backend={backend!r}", "Choose one of these"
            raise UnsupportedError(explain(asked, got, want, remedy))
        self.asked = asked
        self.planner = planner
        self.pattern = pattern
        self.backend = backend
        self.unchecked: set[Compressed] = set()
        self.checks = check and pattern is not None
        self.kept = Signatures(f, by, asked, self.prepared)

    def function(self, f: Function) -> Function:
        """What the user calls."""

        def matrix(*args: Any, **kwargs: Any) -> Any:
            inputs, found = self.find(args, kwargs)
            if innermost(inputs.values) is not None:
                got = "a traced value among the arguments or around the function"
                remedy = 'Call it outside, or use dk.jacobian(f, method="sparse"), an array'
                want = "arrays, since a SciPy matrix cannot hold traced values"
                raise TracingError(explain(f"{self.asked}{at_line()}", got, want, remedy))
            if found in self.unchecked:
                found.check(inputs.values, self.asked)
                self.unchecked.discard(found)
            return csr(found.plan, found.entries(inputs.values))

        def plan(*args: Any, **kwargs: Any) -> Plan:
            return self.find(args, kwargs)[1].plan

        return planned(self.asked, f, matrix, plan)

    def find(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Inputs, Compressed]:
        inputs, _, found = self.kept.find(args, kwargs)
        return inputs, found

    def prepared(self, record: Record) -> Compressed:
        """The plan for a recorded function."""
        passes = Passes(record.graph, record.count)
        if self.pattern is not None:
            given = given_pattern(self.pattern, passes.shape, self.asked)
        else:
            try:
                given = found_pattern(passes)
            except TooDense as dense:
                want = "a sparse matrix"
                remedy = "Pass pattern= if you know a sparser one, or use dk.jacobian or dk.hvp"
                asked = f"{self.asked}{at_line()}"
                raise UnsupportedError(explain(asked, str(dense), want, remedy)) from None
        made = Compressed(passes, self.planner(passes, given), self.backend)
        if self.checks:
            self.unchecked.add(made)
        return made


def csr(plan: Plan, data: Any) -> Any:
    """The matrix of these entries, with arrays of its own."""
    from scipy.sparse import csr_array

    parts = (np.array(data), plan.pattern.indices.copy(), plan.pattern.indptr.copy())
    return csr_array(parts, shape=plan.pattern.shape)
