"""What was used last, in memory, up to a number of bytes."""

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Recent(Generic[T]):
    """Values by key. Those unused longest go when all have more than ``most`` bytes;
    the newest stays, however large.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[object, tuple[T, int]] = OrderedDict()

    def get(self, key: object) -> T | None:
        """The value, which is now the one used last; None if it is not there."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def keep(self, key: object, value: T, size: int) -> None:
        """A value of so many bytes."""
        self._kept[key] = value, size
        while len(self._kept) > 1 and sum(each for _, each in self._kept.values()) > self._most:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Nothing is kept."""
        self._kept.clear()
