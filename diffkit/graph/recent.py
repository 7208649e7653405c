"""What was used last, as much of it as fits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """A mapping for several threads that forgets what was not used for longest, once the weights
    of its values are more than `most` together."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.weight = 0
        self._rows: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, key: K) -> V | None:
        """The value, if it is here; it counts as used."""
        with self._lock:
            row = self._rows.get(key)
            if row is None:
                return None
            self._rows.move_to_end(key)
            return row[0]

    def put(self, key: K, value: V, weight: int) -> None:
        """Keep a value, in place of the one that was under this key."""
        if weight > self.most:
            return
        with self._lock:
            before = self._rows.pop(key, None)
            self.weight += weight - (0 if before is None else before[1])
            self._rows[key] = (value, weight)
            while self.weight > self.most:
                self.weight -= self._rows.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Forget all."""
        with self._lock:
            self._rows.clear()
            self.weight = 0
