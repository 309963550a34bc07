"""Stored walk-forwards, competitions and studies."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from quantamm_cli.competition.documents import Receipt, Scores
from quantamm_cli.reporting.standings import breaches, gap_text, standings_tables
from quantamm_cli.reporting.study_tables import settings_of, trials_table
from quantamm_cli.reporting.table import Table
from quantamm_cli.reporting.tables import leaves_table
from quantamm_cli.reporting.walk_tables import (
    chosen_table,
    cycles_table,
    together_table,
    verdict_lines,
)
from quantamm_cli.settings.history import Older, older_json
from quantamm_cli.settings.json_tree import Json, JsonObject, finite, without
from quantamm_cli.store.competitions import CompetitionPlace
from quantamm_cli.store.other_results import older_study, read_study
from quantamm_cli.store.receipts import older_definitions, read_receipt
from quantamm_cli.store.result_names import StoredResult
from quantamm_cli.store.walks import Walk, WalkPlace, read_walk
from quantamm_cli.tuning.study_document import StudyDocument, objectives
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.selection import Selection
from quantamm_cli.workflows.stored_simulations import stored_grid, stored_simulation
from quantamm_cli.workflows.stored_sweeps import stored_sweep


@dataclass(frozen=True)
class StoredWalk(Result):
    """Cycles, aggregate and verdict of a walk-forward.

    ``with_settings``: its tables begin with its settings.
    """

    result: StoredResult
    place: WalkPlace
    walk: Walk
    with_settings: bool = True

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        return {"result": str(self.place.result), "daily": str(self.place.daily)}

    def to_dict(self) -> dict[str, Json]:
        walk: JsonObject = finite(self.walk.result)
        return {
            "run": walk["run"],
            "fingerprint": walk["fingerprint"],
            "cycles": walk["cycles"],
            "aggregate": walk["aggregate"],
            "verdict": walk["verdict"],
            "status": "finished",
            "settings": self.walk.settings,
            **older_json(self.walk.older),
            "files": self.files,
        }

    def tables(self) -> Sequence[Table | str]:
        walk = self.walk.result
        parts: list[Table | str] = []
        if self.with_settings:
            parts.append(leaves_table(f"{self.result.short}…", self.walk.settings))
        return [
            *parts,
            *map(str, self.walk.older),
            cycles_table(walk),
            together_table(walk),
            chosen_table(walk),
            *verdict_lines(walk),
        ]


@dataclass(frozen=True)
class StoredCompetition(Result):
    """Standings of a competition, or the points of a sweep.

    ``with_settings``: its tables begin with its settings.
    """

    result: StoredResult
    scores: Scores
    receipt: Receipt | None
    """``None``: a sweep, or a competition that did not finish."""
    with_settings: bool = True

    @property
    def older(self) -> tuple[Older, ...]:
        """The definitions it was made by that have changed since."""
        return () if self.receipt is None else older_definitions(self.receipt)

    @property
    def files(self) -> dict[str, str]:
        """Paths by name."""
        place = CompetitionPlace.of(self.result)
        files = {"scores": place.scores, "seeds": place.table, "receipt": place.receipt}
        return {name: str(path) for name, path in files.items() if path.exists()}

    def to_dict(self) -> dict[str, Json]:
        scores: JsonObject = finite(self.scores)
        document = {key: value for key, value in scores.items() if not key.endswith("sha256")}
        if self.receipt is not None:
            receipt: JsonObject = finite(without(self.receipt, "edges"))
            document |= {
                "settings": receipt["settings"],
                "strategies": receipt["strategies"],
                "provenance": receipt["versions"],
                **older_json(self.older),
            }
        return document | {"status": "finished", "files": self.files}

    def tables(self) -> Sequence[Table | str]:
        parts: list[Table | str] = []
        if self.receipt is not None and self.with_settings:
            strategies = {each["name"]: each["settings"] for each in self.receipt["strategies"]}
            settings = {**self.receipt["settings"], "strategy": strategies}
            parts.append(leaves_table(f"{self.result.short}…", settings))
        seeds, scores, steps, gap = self.scores["seeds"], self.scores, "", []
        if "sweep" not in scores:
            steps = f", {scores['steps']} steps each"
            gap = [gap_text(scores["gap"])] if "gap" in scores else []
        last = seeds["first"] + seeds["count"] - 1
        played = f"{self.result.short}…: seeds {seeds['first']} to {last}{steps}"
        return [*parts, *map(str, self.older), played, *standings_tables(scores), *gap]


@dataclass(frozen=True)
class StoredStudy(Result):
    """The trials of a study."""

    result: StoredResult
    summary: StudyDocument

    @property
    def older(self) -> tuple[Older, ...]:
        """The definitions it was made by that have changed since."""
        return older_study(self.summary)

    def to_dict(self) -> dict[str, Json]:
        summary: JsonObject = finite(self.summary)
        return {
            "run": self.result.name,
            "fingerprint": self.result.fingerprint,
            "status": "finished",
            **older_json(self.older),
            **without(summary, "schema", "sha256"),
        }

    def tables(self) -> Sequence[Table | str]:
        study = self.summary
        best = study["best"]["number"] if "best" in study else None
        names = objectives(study["identity"])
        caption = f"{self.result.short}…  {', '.join(names)}"
        searched = settings_of(study["trials"]) or list(study["identity"]["space"])
        trials = trials_table(caption, study["trials"], searched, best, names)
        return [*map(str, self.older), trials]


def show_stored(result: StoredResult, selection: Selection, monitor: Monitor) -> Result:
    """A stored result that is not a run. Raises StoreError if it is missing or damaged."""
    if result.kind == "study":
        return stored_study(result)
    if result.kind == "walk":
        return stored_walk(result, selection)
    if result.kind == "simulation":
        return stored_simulation(result)
    if result.kind == "grid":
        return stored_grid(result)
    if result.kind == "sweep":
        return stored_sweep(result)
    return stored_competition(result, monitor)


def stored_walk(
    result: StoredResult, selection: Selection, with_settings: bool = True
) -> StoredWalk:
    """A stored walk-forward of this selection. Raises StoreError if it is missing or damaged."""
    place = replace(WalkPlace.of(result), chosen=selection.suffix)
    return StoredWalk(result, place, read_walk(place), with_settings)


def stored_competition(
    result: StoredResult, monitor: Monitor, with_settings: bool = True
) -> StoredCompetition:
    """A stored competition. Raises StoreError if it is missing or damaged."""
    place = CompetitionPlace.of(result)
    receipt = read_receipt(place.receipt) if place.receipt.exists() else None
    scores = place.read_scores()
    for line in breaches(scores):
        monitor.warn(line)
    return StoredCompetition(result, scores, receipt, with_settings)


def stored_study(result: StoredResult) -> StoredStudy:
    """A stored study. Raises StoreError if it is missing or damaged."""
    return StoredStudy(result, read_study(result))
