"""Walk-forwards, competitions and studies as they were stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quantamm_cli.reporting.standings import breaches, said_gap, standings_tables
from quantamm_cli.reporting.study_tables import trials_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.reporting.tables import settings
from quantamm_cli.reporting.walk_tables import chosen_table, cycles_table, together_table, verdict_lines
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.store.named import Held
from quantamm_cli.store.others import competition_place, read_study, walk_place
from quantamm_cli.store.receipts import read_receipt
from quantamm_cli.store.walks import Walk, WalkPlace, read_walk
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.selection import Selection

Stored = Mapping[str, Any]
"""As it was written."""
_WALK = ("run", "fingerprint", "cycles", "aggregate", "verdict")


@dataclass(frozen=True)
class StoredWalk(Result):
    """Cycles, aggregate and verdict of a walk-forward."""

    result: Held
    place: WalkPlace
    walk: Walk
    with_settings: bool = True
    """Whether the settings come first of its tables."""

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        return {"result": str(self.place.result), "daily": str(self.place.daily)}

    def to_dict(self) -> dict[str, Json]:
        parts = {key: self.walk.result[key] for key in _WALK}
        more = {"status": "finished", "settings": self.walk.settings, "files": self.files}
        return parts | more

    def tables(self) -> Sequence[Table | str]:
        parts = self.walk.result
        head = [_settings(self.result, self.walk.settings)] if self.with_settings else []
        tables = [cycles_table(parts), together_table(parts), chosen_table(parts)]
        return [*head, *tables, *verdict_lines(parts)]


@dataclass(frozen=True)
class StoredCompetition(Result):
    """Standings of a competition, or the points of a sweep."""

    result: Held
    scores: Stored
    receipt: Stored | None
    """``None``: a sweep, or broken off."""
    with_settings: bool = True
    """Whether the settings come first of its tables."""

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        place = competition_place(self.result)
        files = {"scores": place.scores, "seeds": place.table, "receipt": place.receipt}
        return {name: str(path) for name, path in files.items() if path.exists()}

    def to_dict(self) -> dict[str, Json]:
        parts = dict(self.scores)
        if self.receipt is not None:
            keys = {"settings": "settings", "strategies": "strategies", "provenance": "versions"}
            parts |= {key: self.receipt[name] for key, name in keys.items()}
        return parts | {"status": "finished", "files": self.files}

    def tables(self) -> Sequence[Table | str]:
        head = []
        if self.receipt is not None and self.with_settings:
            strategies = {each["name"]: each["settings"] for each in self.receipt["strategies"]}
            tree = {**self.receipt["settings"], "strategy": strategies}
            head.append(_settings(self.result, tree))
        gap = said_gap(self.scores)
        return [*head, self._played(), *standings_tables(self.scores), *([gap] if gap else [])]

    def _played(self) -> str:
        seeds = self.scores["seeds"]
        steps = f", {self.scores['steps']} steps each" if "steps" in self.scores else ""
        last = seeds["first"] + seeds["count"] - 1
        return f"{self.result.short}…: seeds {seeds['first']} to {last}{steps}"


@dataclass(frozen=True)
class StoredStudy(Result):
    """The trials of a study."""

    result: Held
    summary: Stored

    def to_dict(self) -> dict[str, Json]:
        named = {"run": self.result.name, "fingerprint": self.result.fingerprint}
        return {**named, "status": "finished", **self.summary}

    def tables(self) -> Sequence[Table | str]:
        identity, best = self.summary["identity"], self.summary.get("best", {}).get("number")
        caption = f"{self.result.short}…  {identity['objective']}"
        return [trials_table(caption, self.summary["trials"], list(identity["space"]), best)]


def show_stored(result: Held, selection: Selection, monitor: Monitor) -> Result:
    """What was written of anything but a run.

    Raises:
        StoreError: it is not there, or damaged.
    """
    if result.kind == "study":
        skipped = ("schema", "sha256")
        summary = {key: value for key, value in read_study(result).items() if key not in skipped}
        return StoredStudy(result, summary)
    if result.kind == "walk":
        return stored_walk(result, selection)
    return stored_competition(result, monitor)


def stored_walk(result: Held, selection: Selection, with_settings: bool = True) -> StoredWalk:
    """What was written of a walk-forward by this selection.

    Raises:
        StoreError: it is not there, or damaged.
    """
    place = walk_place(result, selection.suffix)
    return StoredWalk(result, place, read_walk(place), with_settings)


def stored_competition(result: Held, monitor: Monitor, with_settings: bool = True) -> StoredCompetition:
    """What was written of a competition; who broke a rule is a warning.

    Raises:
        StoreError: it is not there, or damaged.
    """
    place = competition_place(result)
    receipt = read_receipt(place.receipt) if place.receipt.exists() else None
    stored = place.read_scores().items()
    scores = {key: value for key, value in stored if not key.endswith("sha256")}
    for line in breaches(scores):
        monitor.warn(line)
    return StoredCompetition(result, scores, receipt, with_settings)


def _settings(result: Held, tree: Stored) -> Table:
    shown = settings(f"{result.short}…", tree)
    return Table.of(shown.caption, shown.heads, shown.rows)
