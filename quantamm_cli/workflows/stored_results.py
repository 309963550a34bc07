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


@dataclass(frozen=True)
class StoredWalk(Result):
    """Cycles, aggregate and verdict of a walk-forward. ``with_settings``: its settings come first of its tables."""

    held: Held
    place: WalkPlace
    walk: Walk
    with_settings: bool = True

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        return {"result": str(self.place.result), "daily": str(self.place.daily)}

    def to_dict(self) -> dict[str, Json]:
        told = {key: self.walk.result[key] for key in ("run", "fingerprint", "cycles", "aggregate", "verdict")}
        return {**told, "status": "finished", "settings": self.walk.settings, "files": self.files}

    def tables(self) -> Sequence[Table | str]:
        told = self.walk.result
        head = [_settings(self.held, self.walk.settings)] if self.with_settings else []
        return [*head, cycles_table(told), together_table(told), chosen_table(told), *verdict_lines(told)]


@dataclass(frozen=True)
class StoredCompetition(Result):
    """Standings of a competition, or the points of a sweep. ``with_settings``: its settings come first of its tables."""

    held: Held
    scores: Stored
    receipt: Stored | None
    """``None``: a sweep, or broken off."""
    with_settings: bool = True

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        place = competition_place(self.held)
        files = {"scores": place.scores, "seeds": place.table, "receipt": place.receipt}
        return {name: str(path) for name, path in files.items() if path.exists()}

    def to_dict(self) -> dict[str, Json]:
        told = dict(self.scores)
        if self.receipt is not None:
            told |= {"settings": self.receipt["settings"], "strategies": self.receipt["strategies"], "provenance": self.receipt["versions"]}
        return told | {"status": "finished", "files": self.files}

    def tables(self) -> Sequence[Table | str]:
        head = []
        if self.receipt is not None and self.with_settings:
            own = {each["name"]: each["settings"] for each in self.receipt["strategies"]}
            head.append(_settings(self.held, {**self.receipt["settings"], "strategy": own}))
        seeds, steps = self.scores["seeds"], f", {self.scores['steps']} steps each" if "steps" in self.scores else ""
        played = f"{self.held.short}…: seeds {seeds['first']} to {seeds['first'] + seeds['count'] - 1}{steps}"
        gap = said_gap(self.scores)
        return [*head, played, *standings_tables(self.scores), *([gap] if gap else [])]


@dataclass(frozen=True)
class StoredStudy(Result):
    """The trials of a study."""

    held: Held
    summary: Stored

    def to_dict(self) -> dict[str, Json]:
        return {"run": self.held.name, "fingerprint": self.held.fingerprint, "status": "finished", **self.summary}

    def tables(self) -> Sequence[Table | str]:
        told = self.summary
        caption = f"{self.held.short}…  {told['identity']['objective']}"
        return [trials_table(caption, told["trials"], list(told["identity"]["space"]), told.get("best", {}).get("number"))]


def show_stored(held: Held, selection: Selection, monitor: Monitor) -> Result:
    """What was written of anything but a run. Raises StoreError if it is not there, or damaged."""
    if held.kind == "study":
        return stored_study(held)
    return stored_walk(held, selection) if held.kind == "walk" else stored_competition(held, monitor)


def stored_walk(held: Held, selection: Selection, with_settings: bool = True) -> StoredWalk:
    """What was written of a walk-forward by this selection. Raises StoreError if it is not there, or damaged."""
    place = walk_place(held, selection.suffix)
    return StoredWalk(held, place, read_walk(place), with_settings)


def stored_competition(held: Held, monitor: Monitor, with_settings: bool = True) -> StoredCompetition:
    """What was written of a competition. Raises StoreError if it is not there, or damaged."""
    place = competition_place(held)
    receipt = read_receipt(place.receipt) if place.receipt.exists() else None
    scores = {key: value for key, value in place.read_scores().items() if not key.endswith("sha256")}
    for line in breaches(scores):
        monitor.warn(line)
    return StoredCompetition(held, scores, receipt, with_settings)


def stored_study(held: Held) -> StoredStudy:
    """What was written of a study. Raises StoreError if it is not there, or damaged."""
    return StoredStudy(held, {key: value for key, value in read_study(held).items() if key not in ("schema", "sha256")})


def _settings(held: Held, tree: Stored) -> Table:
    shown = settings(f"{held.short}…", tree)
    return Table.of(shown.caption, shown.heads, shown.rows)
