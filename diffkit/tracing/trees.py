"""Trees: nested tuples, lists, dicts and named tuples of arrays, by optree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import optree

from ..errors import TreeError, explain

TreeDef = optree.PyTreeSpec


def flatten(tree: Any) -> tuple[list[Any], TreeDef]:
    """The leaves in order, and the structure. None is an empty tree."""
    leaves, treedef = optree.tree_flatten(tree)
    return list(leaves), treedef


def unflatten(treedef: TreeDef, leaves: Any) -> Any:
    """The tree with these leaves."""
    return optree.tree_unflatten(treedef, leaves)


def names(tree: Any, root: str) -> list[str]:
    """A Python-like path for each leaf: `params['w'][0]`."""
    return [root + "".join(f"[{part!r}]" for part in path) for path in optree.tree_paths(tree)]


def same_structure(asked: str, what: str, tree: Any, wanted: TreeDef) -> list[Any]:
    """The leaves of a tree that must have a given structure."""
    leaves, treedef = flatten(tree)
    if treedef != wanted:
        remedy = f"Give {what} the structure of the argument it belongs to"
        raise TreeError(explain(asked, f"{what} is a tree {treedef}", f"{wanted}", remedy))
    return leaves


def spread(asked: str, what: str, prefix: Any, tree: Any) -> list[Any]:
    """For each leaf of a tree, the leaf of a tree that begins like it. There, None is a leaf."""
    try:
        found = optree.broadcast_prefix(prefix, tree, none_is_leaf=True)
    except ValueError as error:
        reason = str(error).splitlines()[0].rstrip(".")
        want = "one value for all, or a tree that begins like what it speaks of"
        remedy = f"Give {what} that structure"
        raise TreeError(explain(asked, f"{what}={prefix!r} ({reason})", want, remedy)) from None
    leaves = optree.tree_leaves(tree, none_is_leaf=True)
    return [value for value, leaf in zip(found, leaves, strict=True) if leaf is not None]


def map_(f: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """The tree of f of each leaf, and of the leaves of other trees of its structure."""
    return optree.tree_map(f, tree, *others)
