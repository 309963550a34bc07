"""Content digests of what a result was made from, and how they differ from today's."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from quantamm_cli.errors import DataError, argument
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.json_tree import Json, JsonObject, without

INPUTS = "inputs"
"""The key of the parts in a provenance."""
TOKENS = "tokens"
"""The key of the digests of each token's prices, which say whose prices have changed."""
SUFFIX_DIGITS = 12
_DATA = "prices, series, trades or fees"
_SENTENCES = {
    "series": "the series {}",
    "supplied": "the supplied prices {}",
    "plugins": "the plugin {}",
    "strategies": "the strategy {}",
}

Parts = Mapping[str, "str | Mapping[str, str]"]
"""SHA-256 by input: ``prices``, ``trades``, ``fees``; by name in ``tokens``, ``series``,
``supplied``, ``plugins`` and ``strategies``."""


@dataclass(frozen=True)
class Inputs:
    """The content digests of all that a result is made from.

    ``data``: the SHA-256 of prices, series, trades, fees and supplied paths together, which is all
    that versions before 0.2 stored.
    """

    data: str
    parts: Parts

    @cached_property
    def sha256(self) -> str:
        """The digest of all inputs; that of the data where there is no code."""
        code = {name: self.parts[name] for name in ("plugins", "strategies") if name in self.parts}
        return sha256({"data": self.data, **code}) if code else self.data

    @property
    def suffix(self) -> str:
        """What the name of a result has behind ``+`` if the plain name has other data."""
        return self.sha256[:SUFFIX_DIGITS]

    def to_dict(self) -> dict[str, Json]:
        """The ``data`` of the JSON of a command."""
        return {"sha256": self.sha256, **self.parts}

    def stored(self) -> dict[str, Json]:
        """The part of a provenance that ``differences`` reads."""
        return {"data": self.data, INPUTS: self.parts}


@dataclass(frozen=True)
class Change:
    """An input that is not what it was."""

    name: str
    before: str
    now: str
    tokens: tuple[str, ...] = ()
    """Whose prices have changed, if not those of all."""

    @property
    def what(self) -> str:
        """The input, and whose prices they are."""
        return f"{self.name} of {', '.join(self.tokens)}" if self.tokens else self.name

    def __str__(self) -> str:
        return f"{self.what} (sha256 {self.before}, now {self.now})"

    def to_dict(self) -> dict[str, Json]:
        """As JSON."""
        tree: dict[str, Json] = {"input": self.name, "before": self.before, "now": self.now}
        return tree | ({"tokens": list(self.tokens)} if self.tokens else {})


@dataclass(frozen=True)
class Differences:
    """The inputs that changed, those of which no digest was stored, and those that are not read
    now.
    """

    changes: tuple[Change, ...] = ()
    unknown: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def refuse(self, where: str, advice: Sequence[str] = ()) -> None:
        """Raise DataError, which names every input that changed, if one did."""
        if self.changes:
            these = ", ".join(map(str, self.changes))
            further = "".join(f", or {each}" for each in advice)
            raise DataError(
                where,
                f"was made from other data: {these}; restore what it was, or go on with "
                f"{argument('other_data', True)}{further}",
            )


def differences(provenance: JsonObject, now: Inputs) -> Differences:
    """What differs between the inputs of a stored result and those of today.

    An input of which no digest was stored is ``unknown``. A plugin that the result was made
    without is neither.
    """
    parts, present = provenance.get(INPUTS), dict(_flat(now.parts))
    if isinstance(parts, Mapping):
        before = dict(_flat(parts))
        both = before.keys() & present.keys()
        apart = (name for name in both if before[name] != present[name])
        changes = [Change(_text(name), before[name], present[name]) for name in apart]
        whose = _whose(parts, now.parts)
        changes = [
            replace(each, tokens=whose) if each.name == "prices" else each for each in changes
        ]
        unknown = [name for name in present if name not in before and name[0] != "plugins"]
        absent = [name for name in before if name not in present]
        changes.sort(key=lambda change: change.name)
        whole = provenance.get("data", now.data)
        if whole != now.data and not (changes or unknown or absent):
            changes = [Change(_DATA, str(whole), now.data)]
        return Differences(tuple(changes), _texts(unknown), _texts(absent))
    data = provenance.get("data")
    if not isinstance(data, str):
        return Differences(unknown=_texts(present))
    code = _texts(name for name in present if name[0] in ("plugins", "strategies"))
    if data == now.data:
        return Differences(unknown=code)
    return Differences((Change(_DATA, data, now.data),), code)


def _whose(before: Mapping[str, Any], now: Parts) -> tuple[str, ...]:
    """The tokens whose prices have changed; empty if all have, or that is not known."""
    stored, present = before.get(TOKENS), now.get(TOKENS)
    if not isinstance(stored, Mapping) or not isinstance(present, Mapping):
        return ()
    changed = tuple(token for token, digest in present.items() if stored.get(token) != digest)
    return changed if len(changed) < len(present) else ()


def stored_inputs(provenance: JsonObject) -> Inputs:
    """The inputs that a provenance has."""
    parts: Any = provenance.get(INPUTS)
    return Inputs(str(provenance.get("data", "")), parts if isinstance(parts, Mapping) else {})


def of_document(data: JsonObject) -> dict[str, Json]:
    """A provenance that ``differences`` reads, of the ``data`` of a stored document."""
    return {INPUTS: without(data, "sha256")}


def _flat(parts: Mapping[str, Json]) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, digest in parts.items():
        if name == TOKENS:  # they are the prices
            continue
        if isinstance(digest, Mapping):
            for key, each in digest.items():
                yield (name, key), str(each)
        else:
            yield (name,), str(digest)


def _texts(names: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(map(_text, names))


def _text(name: tuple[str, ...]) -> str:
    if len(name) == 1:
        return name[0]
    return _SENTENCES.get(name[0], f"{name[0]} {{}}").format(name[1])
