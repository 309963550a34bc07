"""Suggests the known names that are nearest to a wrong one."""

from collections.abc import Iterable
from math import inf

_MOVED = 1.5
"""The distance of a key whose last part is right and whose place is another."""
_MOST = 3
"""The most names in a hint."""


def distance(a: str, b: str, most: float = inf) -> int:
    """The number of insertions, deletions, substitutions and swaps of neighbours that turn ``a``
    into ``b``; any number above ``most`` if it is above ``most``.
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
    """At most three known names: the nearest, or those that begin with ``name``; else none."""
    names = list(known)
    reach = _reach(name)
    near = best(_distances(name, names, reach), reach)
    longer = [other for other in names if other.lower().startswith(name.lower()) and len(name) > 2]
    return near or longer[:_MOST]


def nearest_keys(key: str, known: Iterable[str]) -> list[str]:
    """``nearest`` for dotted keys, of which the first parts may be missing: ``fee`` is near
    ``fees.fee``.
    """
    parts = key.count(".") + 1
    reach = _reach(key) + 0.5
    scores = _distances(key, known, reach)
    for other, score in scores.items():
        tail = ".".join(other.split(".")[-parts:])
        if tail != other:
            scores[other] = min(score, distance(key.lower(), tail.lower(), reach) + 0.5)
        elif parts > 1 and key.split(".")[-1] == other.split(".")[-1]:
            scores[other] = min(score, _MOVED)
    return best(scores, reach) or _by_leaf(key, scores)


def best(scores: dict[str, float] | dict[str, int], reach: float) -> list[str]:
    """The names with the lowest score, if it is at most ``reach``."""
    low = min(scores.values(), default=reach + 1)
    if low > reach:
        return []
    return [name for name, score in scores.items() if score == low][:_MOST]


def hint(names: list[str]) -> str:
    """`` (did you mean 'x'?)``; empty without names."""
    if not names:
        return ""
    return f" (did you mean {' or '.join(map(repr, names))}?)"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The hint for the nearest of the known names."""
    return hint(nearest(name, known))


def _distances(name: str, known: Iterable[str], most: float) -> dict[str, float]:
    return {other: float(distance(name.lower(), other.lower(), most)) for other in known}


def _reach(name: str) -> float:
    return max(1.0, len(name) / 3)


def _by_leaf(key: str, known: Iterable[str]) -> list[str]:
    """Keys in any place whose last part is near the last part of ``key``."""
    leaf = key.split(".")[-1]
    reach = _reach(leaf)
    return best({other: distance(leaf, other.split(".")[-1], reach) for other in known}, reach)
