"""Trees: nested tuples, lists, dicts, named tuples and dataclasses of arrays, by optree.

A dataclass is a branch whose children are its fields; a field with the metadata `{"static": True}`
(a name, a number of layers, a function) is a part of the structure instead. It is rebuilt from its
fields as it was taken apart, without `__init__` and `__post_init__`, which may not like what trees
are filled with on the way: tangents, axes, types. A class with a field that is not an argument of
its constructor is therefore no branch: whatever computes that field would be left out of the
derivative. optree learns a class when the first instance is met, in a namespace of diffkit's own.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import functools
from collections.abc import Callable, Iterable
from typing import Any, cast

import optree

from ..errors import TreeError, explain
from ..types import Type

TreeDef = optree.PyTreeSpec
NAMESPACE = "diffkit"


def flatten(tree: Any) -> tuple[list[Any], TreeDef]:
    """The leaves in order, and the structure. None is an empty tree."""
    leaves, treedef = optree.tree_flatten(tree, namespace=NAMESPACE)
    if any([is_branch(kind) for kind in set(map(type, leaves))]):
        return flatten(tree)  # now that optree knows the classes
    return leaves, treedef


def unflatten(treedef: TreeDef, leaves: Any) -> Any:
    """The tree with these leaves."""
    return optree.tree_unflatten(treedef, leaves)


def names(tree: Any, root: str) -> list[str]:
    """A Python-like path for each leaf: `params['w'][0]`, `model.bias`."""
    if optree.tree_is_leaf(tree, namespace=NAMESPACE):
        return [root]
    return [*paths(optree.tree_structure(tree, namespace=NAMESPACE), root)]


@functools.lru_cache(maxsize=1024)
def paths(treedef: TreeDef, root: str) -> tuple[str, ...]:
    """The names of the leaves of a structure; long to make, and asked for at every call."""
    return tuple(found.codify(root) for found in treedef.accessors())


def same_structure(asked: str, what: str, tree: Any, wanted: TreeDef) -> list[Any]:
    """The leaves of a tree that must have a given structure."""
    leaves, treedef = flatten(tree)
    if treedef != wanted:
        remedy = f"Give {what} the structure of the argument it belongs to"
        raise TreeError(explain(asked, f"{what} is a tree {treedef}", f"{wanted}", remedy))
    return leaves


def spread(asked: str, what: str, prefix: Any, tree: Any) -> list[Any]:
    """For each leaf of a tree, the leaf of a tree that begins like it. There, None is a leaf."""
    flatten((prefix, tree))  # so that optree knows the classes
    try:
        found = optree.broadcast_prefix(prefix, tree, none_is_leaf=True, namespace=NAMESPACE)
    except ValueError as error:
        reason = str(error).splitlines()[0].rstrip(".")
        want = "one value for all, or a tree that begins like what it speaks of"
        remedy = f"Give {what} that structure"
        raise TreeError(explain(asked, f"{what}={prefix!r} ({reason})", want, remedy)) from None
    leaves = optree.tree_leaves(tree, none_is_leaf=True, namespace=NAMESPACE)
    return [value for value, leaf in zip(found, leaves, strict=True) if leaf is not None]


def map_(f: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """The tree of f of each leaf, and of the leaves of other trees of its structure. Of one tree
    alone, dataclasses are copied, so that they keep what is not in their fields."""
    if others:
        flatten(tree)  # so that optree knows the classes
        return optree.tree_map(f, tree, *others, namespace=NAMESPACE)
    return optree.tree_map(functools.partial(fields_mapped, f), tree)


def fields_mapped(f: Callable[..., Any], leaf: Any) -> Any:
    """f of a leaf; of a dataclass, a copy with f of the leaves of its fields."""
    kind = leaf.__class__
    if not is_branch(kind):
        return f(leaf)
    made = copy.copy(leaf)
    for name in children_of(kind):
        object.__setattr__(made, name, map_(f, getattr(leaf, name)))
    return made


# --- dataclasses ---------------------------------------------------------------------------------


@functools.cache
def is_branch(kind: Any) -> bool:
    """Whether instances of a class are branches by diffkit's doing; optree knows it then."""
    if not hasattr(kind, "__dataclass_fields__") or kind is Type:
        return False
    if kind.__new__ is not object.__new__ or computed_fields(kind):
        return False
    children, fixed = children_of(kind), static_fields(kind)

    def apart(x: Any) -> tuple[Iterable[Any], tuple[Any, ...], tuple[str, ...]]:
        static = tuple(getattr(x, name) for name in fixed)
        for name, value in zip(fixed, static, strict=True):
            require_hashable(kind, name, value)
        return [getattr(x, name) for name in children], static, children

    def together(static: tuple[Any, ...], parts: Iterable[Any]) -> Any:
        made = object.__new__(kind)
        for name, value in zip((*children, *fixed), (*parts, *static), strict=True):
            object.__setattr__(made, name, value)  # as the class may be frozen
        return made

    register = cast(Any, optree).register_pytree_node
    with contextlib.suppress(ValueError):  # another thread was first
        register(kind, apart, together, path_entry_type=optree.DataclassEntry, namespace=NAMESPACE)
    return True


def is_static(field: dataclasses.Field[Any]) -> bool:
    """Whether a field is a part of the structure."""
    return bool(field.metadata.get("static"))


def children_of(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass that hold trees."""
    return tuple(field.name for field in dataclasses.fields(kind) if not is_static(field))


def static_fields(kind: Any) -> tuple[str, ...]:
    """The fields of a dataclass that are a part of the structure."""
    return tuple(field.name for field in dataclasses.fields(kind) if is_static(field))


def computed_fields(kind: Any) -> tuple[str, ...]:
    """The fields that the constructor does not take, but computes of the others."""
    found = dataclasses.fields(kind)
    return tuple(field.name for field in found if not field.init and not is_static(field))


def require_hashable(kind: Any, name: str, value: Any) -> None:
    """A static field has a value that can be compared and looked up."""
    try:
        hash(value)
    except TypeError:
        got = f"{type(value).__name__} in the static field {name} of {kind.__name__}"
        remedy = "Make it a tuple or a number, or drop its metadata, if it is a tree of arrays"
        raise TreeError(explain("a tree", got, "a hashable value", remedy)) from None
