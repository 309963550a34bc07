"""The numbers that stored documents carry, and what has changed since the first:
edited wherever a definition changes.

A new setting carries ``json_schema_extra=since(DOCUMENT)``, after DOCUMENT rose by one. At its
default it never enters a digest, so that it renames no stored run.

A definition or a default that changes raises ``meaning`` of its class by one and adds a ``Change``
here. New runs of it get new names; results of an older meaning open, and are shown marked.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from quantamm_cli.settings.component import REGISTER
from quantamm_cli.settings.json_tree import Json, JsonObject

IDENTITY = 1
"""Inside digests; it never rises, as that would rename every stored result."""
DOCUMENT = 1
"""Of checkpoints, walk-forwards, studies, scores and receipts;
it rises with each line of CHANGES and with new settings.
"""


class Change(NamedTuple):
    """A definition or a default that became another."""

    document: int
    """The first document number that was written under it."""
    where: str
    """``group/kind`` of a component; ``train``, ``simulate``, ``compete`` or a
    dotted place of other settings.
    """
    meaning: int
    """What it is from then on."""
    what: str
    """What changed, in half a sentence."""
    defaults: Mapping[str, Json] = {}
    """The earlier defaults of settings that carry ``since``: where a document
    omits one, it had this value.
    """


CHANGES: tuple[Change, ...] = ()


class Older(NamedTuple):
    """A definition that a stored result was made under, and that has changed since."""

    where: str
    meaning: int
    now: int
    what: tuple[str, ...]
    """What changed in between; empty where nobody wrote it down, as for users' components."""

    def __str__(self) -> str:
        why = f": {'; '.join(self.what)}" if self.what else ""
        return f"older definition: {self.where} has meaning {self.meaning}, now {self.now}{why}"


def older_json(changes: Iterable[Older]) -> dict[str, Json]:
    """What the JSON of a result says of older definitions; nothing where there are none."""
    listed: list[Json] = [change._asdict() for change in changes]
    return {"older": listed} if listed else {}


def since(document: int) -> dict[str, Any]:
    """What a new setting carries: the document number it came with."""
    return {"since": document}


def meaning_of(where: str) -> int:
    """The meaning that a component, or other settings, have now."""
    group, _, kind = where.rpartition("/")
    cls = REGISTER.get(group, {}).get(kind)
    changed = [change.meaning for change in CHANGES if change.where == where]
    return max([1 if cls is None else cls.meaning, *changed])


def named_meanings(where: Iterable[str]) -> dict[str, int]:
    """The meanings above 1 of components that settings or scores call by name;
    a new one is another identity.
    """
    return {each: meaning for each in where if (meaning := meaning_of(each)) > 1}


def metric_meanings() -> dict[str, int]:
    """The meanings above 1 of all metrics: what stored scores were computed by."""
    return named_meanings(f"metric/{kind}" for kind in sorted(REGISTER.get("metric", {})))


def oldest_meanings(provenances: Iterable[JsonObject]) -> dict[str, int]:
    """The least meaning of each metric, where it is above 1, among stored
    results with these provenances.
    """
    stored = [tree.get("meanings") for tree in provenances]
    tables = [each if isinstance(each, dict) else {} for each in stored]
    least = {each: min(table.get(each, 1) for table in tables) for each in metric_meanings()}
    return {each: meaning for each, meaning in least.items() if meaning > 1}


def older(
    settings: JsonObject,
    root: str,
    metrics: Iterable[str] = (),
    meanings: Mapping[str, int] | None = None,
) -> tuple[Older, ...]:
    """What has changed since settings were stored.

    Args:
        settings: The stored identity.
        root: What it is the identity of: ``train``, ``simulate`` or ``compete``.
        metrics: Names of the metrics that are stored with it.
        meanings: Those above 1 of the metrics when they were stored.
    """
    scored = {f"metric/{name}": 1 for name in metrics} | dict(meanings or {})
    found: dict[str, int] = {}
    for where in _changed():
        numbers = [_meaning(node) for node in _nodes(settings, where, root)]
        numbers += [scored[where]] if where in scored else []
        if numbers and min(numbers) < meaning_of(where):
            found[where] = min(numbers)
    return tuple(
        Older(where, meaning, meaning_of(where), _between(where, meaning))
        for where, meaning in found.items()
    )


def current(settings: JsonObject, root: str, document: int) -> dict[str, Any]:
    """Stored settings as today's classes read them: without meanings,
    omitted settings at the default they had.
    """
    tree: dict[str, Any] = deepcopy(dict(settings))
    for change in CHANGES:  # the first that came later says what a document has left out
        for node in _nodes(tree, change.where, root) if change.document > document else ():
            for name, value in change.defaults.items():
                node.setdefault(name, value)
    for _, node in _walk(tree, root):
        node.pop("meaning", None)
    tree.pop("meanings", None)
    return tree


def _changed() -> list[str]:
    """Everything whose meaning is above 1."""
    loaded = [
        f"{group}/{kind}"
        for group, kinds in REGISTER.items()
        for kind, cls in kinds.items()
        if cls.meaning > 1
    ]
    return list(dict.fromkeys([*(change.where for change in CHANGES), *loaded]))


def _between(where: str, meaning: int) -> tuple[str, ...]:
    return tuple(each.what for each in CHANGES if each.where == where and each.meaning > meaning)


def _meaning(node: JsonObject) -> int:
    number = node.get("meaning", 1)
    return number if isinstance(number, int) else 1


def _nodes(settings: JsonObject, where: str, root: str) -> Iterator[dict[str, Any]]:
    """The branches of a tree that are this component, or these settings."""
    group, _, kind = where.rpartition("/")
    for place, node in _walk(settings, root):
        if "kind" not in node:
            hit = ".".join(place) == where or (not place and where == root)
        else:
            hit = node["kind"] == kind and group.rpartition("/")[2] in place
        if hit:
            yield node


def _walk(
    tree: Any, root: str, place: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every object of a tree with its place; list items have the place of the list."""
    if isinstance(tree, list | tuple):
        for item in tree:
            yield from _walk(item, root, place)
    elif isinstance(tree, dict):
        yield place, tree
        for key, item in tree.items():
            yield from _walk(item, root, (*place, key))
