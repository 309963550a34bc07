"""Walk-forwards, competitions and studies as they were stored."""

from collections.abc import Sequence
from dataclasses import dataclass

from quantamm_cli.competition.documents import Receipt, Scores
from quantamm_cli.reporting.standings import breaches, gap_text, standings_tables
from quantamm_cli.reporting.study_tables import trials_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.reporting.tables import leaves_table
from quantamm_cli.reporting.walk_tables import (
    chosen_table,
    cycles_table,
    together_table,
    verdict_lines,
)
from quantamm_cli.settings.history import Older, older_json
from quantamm_cli.settings.json_tree import Json, JsonObject, finite
from quantamm_cli.store.other_results import competition_place, older_study, read_study, walk_place
from quantamm_cli.store.receipts import older_definitions, read_receipt
from quantamm_cli.store.result_names import Held
from quantamm_cli.store.walks import Walk, WalkPlace, read_walk
from quantamm_cli.tuning.study_document import StudyDocument
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.selection import Selection


@dataclass(frozen=True)
class StoredWalk(Result):
    """Cycles, aggregate and verdict of a walk-forward. ``with_settings``:
    its settings come first of its tables.
    """

    held: Held
    place: WalkPlace
    walk: Walk
    with_settings: bool = True

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        return {"result": str(self.place.result), "daily": str(self.place.daily)}

    def to_dict(self) -> dict[str, Json]:
        walk: JsonObject = finite(self.walk.result)
        written = {
            key: walk[key] for key in ("run", "fingerprint", "cycles", "aggregate", "verdict")
        }
        return {
            **written,
            "status": "finished",
            "settings": self.walk.settings,
            **older_json(self.walk.older),
            "files": self.files,
        }

    def tables(self) -> Sequence[Table | str]:
        walk = self.walk.result
        head = (
            [leaves_table(f"{self.held.short}…", self.walk.settings)] if self.with_settings else []
        )
        return [
            *head,
            *map(str, self.walk.older),
            cycles_table(walk),
            together_table(walk),
            chosen_table(walk),
            *verdict_lines(walk),
        ]


@dataclass(frozen=True)
class StoredCompetition(Result):
    """Standings of a competition, or the points of a sweep. ``with_settings``:
    its settings come first of its tables.
    """

    held: Held
    scores: Scores
    receipt: Receipt | None
    """``None``: a sweep, or broken off."""
    with_settings: bool = True

    @property
    def older(self) -> tuple[Older, ...]:
        """What it was made by and has changed since."""
        return () if self.receipt is None else older_definitions(self.receipt)

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        place = competition_place(self.held)
        files = {"scores": place.scores, "seeds": place.table, "receipt": place.receipt}
        return {name: str(path) for name, path in files.items() if path.exists()}

    def to_dict(self) -> dict[str, Json]:
        scores: JsonObject = finite(self.scores)
        written = {key: value for key, value in scores.items() if not key.endswith("sha256")}
        if self.receipt is not None:
            receipt: JsonObject = finite(
                {name: value for name, value in self.receipt.items() if name != "edges"}
            )
            written |= {
                "settings": receipt["settings"],
                "strategies": receipt["strategies"],
                "provenance": receipt["versions"],
                **older_json(self.older),
            }
        return written | {"status": "finished", "files": self.files}

    def tables(self) -> Sequence[Table | str]:
        head = []
        if self.receipt is not None and self.with_settings:
            own = {each["name"]: each["settings"] for each in self.receipt["strategies"]}
            head.append(
                leaves_table(f"{self.held.short}…", {**self.receipt["settings"], "strategy": own})
            )
        seeds, scores = self.scores["seeds"], self.scores
        steps = "" if "sweep" in scores else f", {scores['steps']} steps each"
        played = (
            f"{self.held.short}…: seeds {seeds['first']} to "
            f"{seeds['first'] + seeds['count'] - 1}{steps}"
        )
        gap = [gap_text(scores["gap"])] if "sweep" not in scores and "gap" in scores else []
        return [*head, *map(str, self.older), played, *standings_tables(scores), *gap]


@dataclass(frozen=True)
class StoredStudy(Result):
    """The trials of a study."""

    held: Held
    summary: StudyDocument

    @property
    def older(self) -> tuple[Older, ...]:
        """What it was made by and has changed since."""
        return older_study(self.summary)

    def to_dict(self) -> dict[str, Json]:
        summary: JsonObject = finite(self.summary)
        written = {key: value for key, value in summary.items() if key not in ("schema", "sha256")}
        return {
            "run": self.held.name,
            "fingerprint": self.held.fingerprint,
            "status": "finished",
            **older_json(self.older),
        } | written

    def tables(self) -> Sequence[Table | str]:
        study = self.summary
        best = study["best"]["number"] if "best" in study else None
        caption = f"{self.held.short}…  {study['identity']['objective']}"
        searched = list(study["identity"]["space"])
        return [*map(str, self.older), trials_table(caption, study["trials"], searched, best)]


def show_stored(held: Held, selection: Selection, monitor: Monitor) -> Result:
    """What was written of anything but a run. Raises StoreError if it is not there, or damaged."""
    if held.kind == "study":
        return stored_study(held)
    return (
        stored_walk(held, selection) if held.kind == "walk" else stored_competition(held, monitor)
    )


def stored_walk(held: Held, selection: Selection, with_settings: bool = True) -> StoredWalk:
    """What was written of a walk-forward by this selection.

    Raises StoreError if it is not there, or damaged.
    """
    place = walk_place(held, selection.suffix)
    return StoredWalk(held, place, read_walk(place), with_settings)


def stored_competition(
    held: Held, monitor: Monitor, with_settings: bool = True
) -> StoredCompetition:
    """What was written of a competition. Raises StoreError if it is not there, or damaged."""
    place = competition_place(held)
    receipt = read_receipt(place.receipt) if place.receipt.exists() else None
    scores = place.read_scores()
    for line in breaches(scores):
        monitor.warn(line)
    return StoredCompetition(held, scores, receipt, with_settings)


def stored_study(held: Held) -> StoredStudy:
    """What was written of a study. Raises StoreError if it is not there, or damaged."""
    return StoredStudy(held, read_study(held))
