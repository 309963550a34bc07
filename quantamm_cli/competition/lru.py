"""A cache in memory, of least recently used order, with a limit in bytes."""

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class LruCache(Generic[T]):
    """Values by key. Above ``max_bytes`` in all, the least recently used are dropped; the newest
    stays, however large it is.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[object, tuple[T, int]] = OrderedDict()

    def get(self, key: object) -> T | None:
        """The value, which becomes the most recently used one; None if there is none."""
        if key not in self._entries:
            return None
        self._entries.move_to_end(key)
        return self._entries[key][0]

    def put(self, key: object, value: T, size: int) -> None:
        """Store a value of ``size`` bytes."""
        self._entries[key] = value, size
        while len(self._entries) > 1 and self._total > self._max_bytes:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        """Drop all values."""
        self._entries.clear()

    @property
    def _total(self) -> int:
        return sum(size for _, size in self._entries.values())
