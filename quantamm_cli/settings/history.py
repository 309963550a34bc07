"""The numbers of stored documents, and what has changed since the first of them.

A new setting has ``json_schema_extra=since(DOCUMENT)``, after DOCUMENT rose by one. While it has
its default it is in no digest, so that it renames no stored run.

A definition or a default that changes raises ``meaning`` of its class by one and adds a ``Change``
here. Its new runs get new names; results of an older meaning can be read, and are marked as such.
"""

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

from quantamm_cli.settings.component import REGISTER
from quantamm_cli.settings.json_tree import Json, JsonObject

IDENTITY = 1
"""The number in digests; it never rises, as that would rename every stored result."""
DOCUMENT = 2
"""The number of checkpoints, walk-forwards, studies, scores and receipts; it rises with each line
of CHANGES and with new settings.
"""


class Change(NamedTuple):
    """A definition or a default that changed."""

    document: int
    """The first document number that was written after the change."""
    where: str
    """``group/kind`` of a component; ``train``, ``simulate``, ``compete``, ``tune`` (a study) or a
    dotted place of other settings.
    """
    meaning: int
    """The meaning after the change."""
    what: str
    """What changed, as half a sentence."""
    defaults: Mapping[str, Json] = {}
    """The earlier defaults of settings with ``since``, which documents that omit them had."""


CHANGES: tuple[Change, ...] = (
    Change(
        2,
        "fees/recorded",
        2,
        "metrics are of a share where the LP supply changes; scoring.per=pool: of the pool",
    ),
    Change(
        2,
        "metric/loss_versus_rebalancing",
        2,
        "the strategy compared with holds the pool's reserves, not its shares of value",
    ),
    Change(
        2,
        "pool/given",
        2,
        "weights of the last chunk move to those recorded after the run's end (chunk_period > 1)",
    ),
    Change(
        2,
        "pool/rule/trad_hodling_index_market_cap",
        2,
        "the streaming fee of a trade does not depend on the length of the window",
    ),
    Change(
        2,
        "tune",
        2,
        "sampler and pruner are components with settings; walk-forward trials are ended by "
        "wilcoxon unless study.pruner says otherwise",
    ),
)


class Older(NamedTuple):
    """A definition that has changed since a stored result was made."""

    where: str
    meaning: int
    now: int
    what: tuple[str, ...]
    """The changes in between; empty where CHANGES lists none, as for users' components."""

    def __str__(self) -> str:
        text = f"older definition: {self.where} has meaning {self.meaning}, now {self.now}"
        return ": ".join(filter(None, (text, "; ".join(self.what))))


def older_json(changes: Iterable[Older]) -> dict[str, Json]:
    """The entry on older definitions in the JSON of a result; empty if there are none."""
    documents: list[Json] = [change._asdict() for change in changes]
    if not documents:
        return {}
    return {"older": documents}


def since(document: int) -> dict[str, Any]:
    """The ``json_schema_extra`` of a new setting: the first document number that has it."""
    return {"since": document}


def meaning_of(where: str) -> int:
    """The present meaning of a component, or of other settings."""
    group, _, kind = where.rpartition("/")
    meanings = [change.meaning for change in CHANGES if change.where == where]
    cls = REGISTER.get(group, {}).get(kind)
    if cls is not None:
        meanings.append(cls.meaning)
    return max(meanings, default=1)


def named_meanings(where: Iterable[str]) -> dict[str, int]:
    """The meanings above 1 of components that settings or scores refer to by name; they are part of
    the identity.
    """
    return {each: meaning for each in where if (meaning := meaning_of(each)) > 1}


def metric_meanings() -> dict[str, int]:
    """The meanings above 1 of all metrics, stored with their scores."""
    return named_meanings(f"metric/{kind}" for kind in sorted(REGISTER.get("metric", {})))


def oldest_meanings(provenances: Iterable[JsonObject]) -> dict[str, int]:
    """The lowest meaning of each metric, if above 1, in the provenances of stored results."""
    tables = [tree.get("meanings") for tree in provenances]
    oldest: dict[str, int] = {}
    for metric in metric_meanings():
        meaning = min(table.get(metric, 1) if isinstance(table, dict) else 1 for table in tables)
        if meaning > 1:
            oldest[metric] = meaning
    return oldest


def older(
    settings: JsonObject,
    root: str,
    metrics: Iterable[str] = (),
    meanings: Mapping[str, int] | None = None,
) -> tuple[Older, ...]:
    """The definitions that have changed since settings were stored.

    Args:
        settings: The stored identity.
        root: The command it is of: ``train``, ``simulate``, ``compete`` or ``tune``.
        metrics: Names of the metrics that are stored with it.
        meanings: The meanings above 1 of the metrics when they were stored.
    """
    scored = {f"metric/{name}": 1 for name in metrics} | dict(meanings or {})
    definitions: list[Older] = []
    for where in changed():
        numbers = [_meaning(node) for node in _nodes(settings, where, root)]
        if where in scored:
            numbers.append(scored[where])
        now, meaning = meaning_of(where), min(numbers, default=None)
        if meaning is not None and meaning < now:
            definitions.append(Older(where, meaning, now, _changes_after(where, meaning)))
    return tuple(definitions)


def current(settings: JsonObject, root: str, document: int) -> dict[str, Any]:
    """Stored settings for the classes of this version: without meanings, and with the defaults that
    omitted settings had.
    """
    tree: dict[str, Any] = deepcopy(dict(settings))
    # the first change after a document has the defaults of the settings that it omits
    later = [change for change in CHANGES if change.document > document]
    for change in later:
        for node in _nodes(tree, change.where, root):
            for name, value in change.defaults.items():
                node.setdefault(name, value)
    for _, node in _walk(tree, root):
        node.pop("meaning", None)
    tree.pop("meanings", None)
    return tree


def changed() -> list[str]:
    """Every definition whose meaning is above 1."""
    places = [change.where for change in CHANGES]
    for group, kinds in REGISTER.items():
        places += [f"{group}/{kind}" for kind, cls in kinds.items() if cls.meaning > 1]
    return list(dict.fromkeys(places))


def _changes_after(where: str, meaning: int) -> tuple[str, ...]:
    return tuple(each.what for each in CHANGES if each.where == where and each.meaning > meaning)


def _meaning(node: JsonObject) -> int:
    number = node.get("meaning", 1)
    return number if isinstance(number, int) else 1


def _nodes(settings: JsonObject, where: str, root: str) -> Iterator[dict[str, Any]]:
    """The branches of a tree that are a component, or other settings, of this place."""
    group, _, kind = where.rpartition("/")
    for place, node in _walk(settings, root):
        if "kind" not in node:
            matches = ".".join(place) == where or (not place and where == root)
        else:
            matches = node["kind"] == kind and group.rpartition("/")[2] in place
        if matches:
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
