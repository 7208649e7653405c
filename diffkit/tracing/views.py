"""Which traced arrays share memory: views, and what a write does to them.

A traced array is an object that holds an atom of the graph. Atoms never change; a write gives the
object another one. A view is an object of its own that remembers its base, how it is read out of
the base, and how a new value of it is written back. The array at the bottom, the root, counts its
writes. A view whose root has been written since reads itself again when it is next used, and a
write into a view becomes a write into its base, and so on down to the root. So every name sees
what it would see in NumPy, and values that are never written cost nothing.

Whether `np.reshape` and `np.ravel` copy depends on the order of the elements in memory, which a
graph does not know. Where both are possible the result stands alone, and whichever of the two
arrays is used after the other was written is refused: until then, both readings agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import numpy as np

from ..errors import UnsupportedError, explain
from ..graph import Atom
from ..types import Shape, Type
from .location import at_line


class Traced(Protocol):
    """What a traced array has to be for this: an object that holds an atom and has a store."""

    held: Atom
    store: Store | None
    weak: bool
    owner: Any

    @property
    def atom(self) -> Atom: ...
    @property
    def type(self) -> Type: ...
    @property
    def shape(self) -> Shape: ...
    def wrap(self, atom: Atom) -> Any: ...


T = TypeVar("T", bound=Traced)


class Store:
    """What is known of the memory of a traced array, beyond its value."""

    __slots__ = ("boxed", "link", "packed", "version")

    def __init__(self) -> None:
        self.link: View | Doubt | Lost | None = None
        self.version = 0
        """How often this root has been written."""
        self.boxed = False
        """Whether a value without axes is an array (which can be written), not a scalar."""
        self.packed = False
        """Whether the elements are known to lie in C order without gaps."""


@dataclass(slots=True)
class View:
    """Memory that belongs to another array. Without `write`, it can only be read."""

    root: Any
    base: Any
    name: str
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], Any] | None
    seen: int
    """The version of the root that the view was last read from."""
    index: Any = None
    """The index that made it, if one did."""


@dataclass(slots=True)
class Doubt:
    """Memory that may or may not belong to another array, as long as neither is written."""

    root: Any
    name: str
    seen: int


@dataclass(frozen=True, slots=True)
class Lost:
    """An array that may or may not have changed when another was written."""

    name: str
    line: str
    """Where that write stands."""


def store_of(x: Traced) -> Store:
    """The store of an array, made on first need."""
    if x.store is None:
        x.store = Store()
    return x.store


def is_array(x: Any) -> bool:
    """Whether NumPy would have an array here, which can be written, and not a scalar."""
    return bool(x.shape) or (x.store is not None and x.store.boxed)


def boxed(x: T, in_order: bool = False) -> T:
    """x as a new array, also where it has no axes; `in_order` if it is packed."""
    store = store_of(x)
    store.boxed = True
    store.packed = in_order
    return x


def packed(leaf: Any) -> bool:
    """Whether the elements of an argument are known to lie in C order without gaps."""
    if isinstance(leaf, np.ndarray):
        return leaf.flags.c_contiguous
    store = getattr(leaf, "store", None)
    return store.packed if store is not None else not hasattr(leaf, "store")


def own_arrays(params: list[T], leaves: Iterable[Any]) -> list[T]:
    """The parameters of a trace; those with axes are arrays, the others scalars."""
    for param, leaf in zip(params, leaves, strict=True):
        if param.shape:
            boxed(param, packed(leaf))
    return params


def snapshot(x: Any) -> Any:
    """The value of an array now, as an object that later writes into the array do not reach."""
    kind: Any = type(cast(object, x))
    if isinstance(x, np.ndarray):
        own: Any = np.array(cast(Any, x), subok=True)
        return own
    if not hasattr(kind, "held"):
        return x
    own = x.wrap(x.atom)
    own.weak = x.weak
    return boxed(own, packed(x)) if is_array(x) else own


def root_of(x: Traced) -> Any:
    """The array that owns the memory of x."""
    link = None if x.store is None else x.store.link
    return link.root if isinstance(link, View) else x


def link_view(
    x: T,
    base: Traced,
    name: str,
    read: Callable[[Any], Any],
    write: Callable[[Any, Any], Any] | None,
    index: Any = None,
) -> T:
    """Make x, just read out of base, a view of it."""
    root = root_of(base)
    store = store_of(x)
    store.boxed = True
    store.link = View(root, base, name, read, write, store_of(root).version, index)
    return x


def link_doubtful(x: T, base: Traced, name: str) -> T:
    """Make x, just made from base, an array that may be a view of it."""
    root = root_of(base)
    store = store_of(x)
    store.boxed = True
    store.link = Doubt(root, name, store_of(root).version)
    return x


def current(x: Traced, store: Store) -> Atom:
    """The atom of an array that has a link, read again if its root has been written since."""
    link = store.link
    if not isinstance(link, View):
        check(store)
        return x.held
    check(store_of(link.root))
    version = store_of(link.root).version
    stale: list[tuple[Any, View]] = []
    while isinstance(link, View) and link.seen != version:
        stale.append((x, link))
        x = link.base
        link = None if x.store is None else x.store.link
    for x, view in reversed(stale):
        x.held = view.read(view.base).atom
        view.seen = version
    return x.held


def check(store: Store) -> None:
    """Refuse an array of which nobody can say whether it has changed."""
    link = store.link
    if isinstance(link, Lost):
        raise refuse_doubtful(link.name, link.line)
    if isinstance(link, Doubt) and store_of(link.root).version != link.seen:
        raise refuse_doubtful(link.name, at_line())


def assign(x: Traced, value: Traced) -> None:
    """Give an array a new value of its type, and with it all that shares its memory."""
    assert value.type == x.type, f"{value.type} into {x.type}"
    path: list[tuple[Any, View]] = []
    root = x
    while root.store is not None and isinstance(root.store.link, View):
        path.append((root, root.store.link))
        root = root.store.link.base
    held = [value]
    for _, view in path:
        if view.write is None:
            raise refuse_read_only(view.name)
        held.append(view.write(view.base, held[-1]))
    store = store_of(root)
    check(store)
    if isinstance(store.link, Doubt):
        lose(store.link)
        store.link = None
    store.version += 1
    root.held = held[-1].atom
    for (view_, link), new in zip(path, held, strict=False):
        view_.held = new.atom
        link.seen = store.version


def lose(doubt: Doubt) -> None:
    """The roots that a doubtful array may share memory with can not be used any more."""
    link: Any = doubt
    while isinstance(link, Doubt):
        store = store_of(link.root)
        store.version += 1
        name, link = link.name, store.link
        store.link = Lost(name, at_line())


def refuse_read_only(name: str) -> UnsupportedError:
    """A write into a view that can not be written back."""
    asked = f"writing in place{at_line()}"
    got = f"the result of {name}, a view that is read-only here"
    want = "an array of its own, or a view by slices, reshape or transpose"
    return UnsupportedError(explain(asked, got, want, "Write into a .copy() of it"))


def refuse_doubtful(name: str, line: str) -> UnsupportedError:
    """A use of an array that may or may not have changed."""
    asked = f"sharing memory{line}"
    got = (
        f"an array and its {name}, one of which was written: in NumPy the other changes, too, or "
        "not, by the order of the elements in memory"
    )
    want = "arrays that surely share memory, or surely do not"
    remedy = f"Write {name.partition('.')[2] or name}(…).copy() for an array of its own"
    return UnsupportedError(explain(asked, got, want, remedy))
