"""The nearest right name to a wrong one."""

from collections.abc import Iterable
from math import inf

_MOST = 3
"""Names that a hint has."""


def distance(a: str, b: str, most: float = inf) -> int:
    """Insertions, deletions, substitutions and swaps of neighbours that turn ``a`` into ``b``; some
    number above ``most`` for more.
    """
    if abs(len(a) - len(b)) > most:
        return abs(len(a) - len(b))
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = last[j - 1] + (x != y)
            if last[j] < cost:
                cost = last[j] + 1
            if row[-1] < cost:
                cost = row[-1] + 1
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y and before[j - 2] < cost:
                cost = before[j - 2] + 1
            row.append(cost)
        before, last = last, row
    return last[-1]


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Three known names at most that tie for nearest, else begin so; none if all are far."""
    names = list(known)
    reach = _reach(name)
    near = best({other: distance(name.lower(), other.lower(), reach) for other in names}, reach)
    longer = [other for other in names if other.lower().startswith(name.lower()) and len(name) > 2]
    return near or longer[:_MOST]


def nearest_keys(key: str, known: Iterable[str]) -> list[str]:
    """As ``nearest`` for dotted keys, where leaving out the first parts costs little:
    ``fee`` is near ``fees.fee``.
    """
    parts = key.count(".") + 1
    reach = _reach(key) + 0.5
    scores = {other: float(distance(key.lower(), other.lower(), reach)) for other in known}
    for other, score in scores.items():
        tail = ".".join(other.split(".")[-parts:])
        elsewhere = (
            distance(key.lower(), tail.lower(), reach) + 0.5
            if tail != other
            else _elsewhere(key, other)
            if parts > 1
            else score
        )
        scores[other] = min(score, elsewhere)
    return best(scores, reach) or _by_leaf(key, scores)


def best(scores: dict[str, float] | dict[str, int], reach: float) -> list[str]:
    """The names with the lowest score, if that is within reach."""
    low = min(scores.values(), default=reach + 1)
    return [name for name, score in scores.items() if score == low][:_MOST] if low <= reach else []


def hint(names: list[str]) -> str:
    """`` (did you mean 'x'?)`` or nothing."""
    return f" (did you mean {' or '.join(repr(name) for name in names)}?)" if names else ""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The hint for the nearest of the known names."""
    return hint(nearest(name, known))


def _reach(name: str) -> float:
    return max(1.0, len(name) / 3)


def _elsewhere(key: str, other: str) -> float:
    """A key whose last part is right but stands in another place."""
    return 1.5 if key.split(".")[-1] == other.split(".")[-1] else float("inf")


def _by_leaf(key: str, known: Iterable[str]) -> list[str]:
    """Keys whose last part is near the last part of ``key``, wherever they are."""
    leaf = key.split(".")[-1]
    reach = _reach(leaf)
    return best({other: distance(leaf, other.split(".")[-1], reach) for other in known}, reach)
