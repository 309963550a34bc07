"""What a result is made from: content digests, compared with those of a stored result."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantamm_cli.config.source_code import code_digest
from quantamm_cli.engine.feed import feed
from quantamm_cli.errors import ConfigError, DataError, QsimError
from quantamm_cli.market import Market, Practice
from quantamm_cli.settings.compete import Compete
from quantamm_cli.settings.component import Component, Settings
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.plugins import plugin_module
from quantamm_cli.settings.run import Simulate, Train
from quantamm_cli.store.inputs import TOKENS, Change, Inputs, differences, stored_inputs
from quantamm_cli.store.runs import Run, Store
from quantamm_cli.workflows.data import (
    last_date,
    load_market,
    planned_market,
    supplied_market,
)
from quantamm_cli.workflows.monitor import Monitor

_GROUPS = ("data", "fees", "trades", "practice")
"""The settings with paths of files."""


@dataclass(frozen=True)
class Bound:
    """The inputs that a result was made from, and how they differ from those of a stored result
    that it was made with.
    """

    inputs: Inputs
    changes: tuple[Change, ...] = ()
    """Only if the caller goes on with other data."""

    def to_dict(self) -> dict[str, Json]:
        """``data`` and, if something differs, ``other_data``."""
        tree: dict[str, Json] = {"data": self.inputs.to_dict()}
        if self.changes:
            tree["other_data"] = [change.to_dict() for change in self.changes]
        return tree

    @property
    def lines(self) -> tuple[str, ...]:
        """A line for a table's caption, if something differs."""
        if not self.changes:
            return ()
        return (f"other data than it was made from: {', '.join(map(str, self.changes))}",)

    @property
    def suffix(self) -> str:
        """What the names of its files have behind ``+``; empty if nothing differs."""
        return self.inputs.suffix if self.changes else ""


def inputs_of(settings: Simulate, market: Market, monitor: Monitor | None = None) -> Inputs:
    """The content digests of all that a run of these settings on this market is made from.

    ``monitor``: receives a note on supplied paths that cannot be read, which are then left out.

    Raises:
        DataError: supplied paths cannot be read, and there is no ``monitor``.
    """
    parts: dict[str, str | dict[str, str]] = {}
    by_group: dict[str, dict[str, str]] = {"token": {}, "series": {}}
    for name, digest in market.digests.items():
        group, dot, key = name.partition(".")
        if dot:
            by_group[group][key] = digest
        else:
            parts[group] = digest
    parts[TOKENS] = by_group["token"]
    if by_group["series"]:
        parts["series"] = by_group["series"]
    supplied = _supplied(settings, market, monitor)
    if supplied:
        parts["supplied"] = {str(number): each for number, each in enumerate(supplied, 1)}
    code = code_of(settings)
    if code:
        parts["plugins"] = code
    return Inputs(_data_digest(market, supplied), parts)


def _data_digest(market: Market, supplied: list[str]) -> str:
    """SHA-256 of the market, its fees, and supplied price paths together."""
    contents = [market.sha256.encode()]
    if market.fees is not None:
        contents.append(market.fees.digest_bytes)
    contents += [digest.encode() for digest in supplied]
    if len(contents) == 1:
        return market.sha256
    return hashlib.sha256(b"".join(contents)).hexdigest()


def _supplied(settings: Simulate, market: Market, monitor: Monitor | None) -> list[str]:
    if not isinstance(settings, Train):
        return []
    folders = Practice.typed(settings.practice).folders
    try:
        return [supplied_market(settings, market.burn_in, folder).sha256 for folder in folders]
    except QsimError as failure:
        if monitor is None:
            raise
        monitor.note(f"supplied prices are not read: {failure}")
        return []


def code_of(settings: Simulate | Compete) -> dict[str, str]:
    """The digests of the user's files, and of the installed plugins whose components are used."""
    by_name: dict[str, list[str]] = {}
    for name in settings.plugins:
        path = Path(name).expanduser()
        by_name.setdefault(path.name, []).append(code_digest(path))
    modules = {type(component).__module__ for component in _components(settings)}
    for module in sorted(modules):
        place = plugin_module(module)
        if place is not None:
            by_name[module] = [code_digest(*place)]
    code = {}
    for name, digests in by_name.items():
        joined = hashlib.sha256("".join(digests).encode()).hexdigest()
        code[name] = digests[0] if len(digests) == 1 else joined
    return code


def _components(value: Any) -> Iterator[Component]:
    if isinstance(value, Component):
        yield value
    if isinstance(value, Settings):
        for name in type(value).model_fields:
            yield from _components(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _components(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _components(item)


def stored_run(settings: Train) -> Run | None:
    """The run that a training of these settings resumes or reuses."""
    store = Store(settings.runs_dir)
    path = store.path(settings.fingerprint)
    return store.load(path) if path.exists() else None


def check_planned(
    settings: Simulate, monitor: Monitor, stored: Run | None = None, advice: str = ""
) -> None:
    """Read all that a run of these settings reads, and refuse what it would.

    ``stored``: a run that has the same inputs, unless some have changed; ``advice``: what else to
    do if they have.

    Raises:
        ConfigError, DataError: as the run does.
    """
    until = last_date(settings)
    market = planned_market(settings, until) if stored is None else load_market(settings, until)
    if market is not None:
        inputs = inputs_of(settings, market)
        feed(settings, market)
        if stored is not None:
            compared(stored, inputs, False, monitor, (advice,))


def bound(
    run: Run,
    own: Train,
    settings: Simulate,
    market: Market,
    other_data: bool,
    monitor: Monitor,
) -> Bound:
    """The inputs of ``settings`` on their ``market``, once those of a stored run are compared.

    ``own`` are the settings of the run. Where ``settings`` are others, such as other dates, the
    data of the run itself are read from the places that ``settings`` name.

    Raises:
        DataError: an input of the run has changed, unless ``other_data``.
    """
    inputs = inputs_of(settings, market, monitor)
    if settings.fingerprint == own.fingerprint:
        return Bound(inputs, compared(run, inputs, other_data, monitor))
    return Bound(inputs, check_run(run, own, settings, other_data, monitor))


def stored_bound(run: Run, own: Train, other_data: bool, monitor: Monitor) -> Bound:
    """The inputs of a stored run, for a command that does not need them: where they cannot be read,
    a note says so, and those that the run stored are taken.

    Raises:
        DataError: an input has changed since, unless ``other_data``.
    """
    try:
        inputs = inputs_of(own, load_market(own, last_date(own)), monitor)
    except (ConfigError, DataError) as failure:
        monitor.note(f"the data of {run.name[:16]}… are not compared: {failure}")
        return Bound(stored_inputs(run.provenance))
    return Bound(inputs, compared(run, inputs, other_data, monitor))


def check_run(
    run: Run, own: Train, settings: Simulate, other_data: bool, monitor: Monitor
) -> tuple[Change, ...]:
    """The inputs of a stored run that have changed, read from the places that ``settings`` name.

    Raises:
        DataError: there are some, or they do not cover the run any more, unless ``other_data``.
    """
    present = _inputs_of_run(own, settings, other_data, monitor)
    return () if present is None else compared(run, present, other_data, monitor)


def compared(
    run: Run, present: Inputs, other_data: bool, monitor: Monitor, advice: tuple[str, ...] = ()
) -> tuple[Change, ...]:
    """The inputs of a run that have changed since it was made.

    Raises:
        DataError: there are some, unless ``other_data``.
    """
    apart = differences(run.provenance, present)
    if apart.unknown:
        monitor.note(
            f"{run.name[:16]}… was stored without the digest of {', '.join(apart.unknown)}; "
            "not compared"
        )
    if apart.absent:
        monitor.note(
            f"{run.name[:16]}… was made from {', '.join(apart.absent)}, not read now; not compared"
        )
    if not other_data:
        apart.refuse(str(run.path), advice)
    for change in apart.changes:
        monitor.warn(f"{run.name[:16]}… was made from other data: {change}")
    return apart.changes


def _inputs_of_run(
    own: Train, settings: Simulate, other_data: bool, monitor: Monitor
) -> Inputs | None:
    """The present inputs of a run at the places that other settings name; ``None`` where those
    take prices from another kind of source, so that nothing of the run's is read.

    Raises:
        DataError: they do not cover the run any more, unless ``other_data``.
    """
    if own.data.kind != settings.data.kind:
        return None
    moved: dict[str, object] = {"plugins": settings.plugins}
    for group in _GROUPS:
        part, other = getattr(own, group), getattr(settings, group, None)
        if isinstance(other, Component) and other.kind == part.kind:
            places = {name: getattr(other, name) for name in part.paths}
            moved[group] = part.replace(**places)
    there = own.model_copy(update=moved)
    try:
        return inputs_of(there, load_market(there, last_date(there)), monitor)
    except DataError as failure:
        if not other_data:
            raise
        monitor.warn(f"the data of the run itself cannot be read: {failure}")
        return None
