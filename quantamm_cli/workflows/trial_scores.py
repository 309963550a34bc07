"""The scores of a trial: its run is trained, or stored scores are read if nothing changed."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.store.record import Entry
from quantamm_cli.store.run_paths import Place
from quantamm_cli.store.runs import Store
from quantamm_cli.tuning.goals import Scores
from quantamm_cli.workflows.cycle import named
from quantamm_cli.workflows.data import input_files
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.results import Result
from quantamm_cli.workflows.selection import (
    USUAL,
    scoreboard,
    selection_rule,
    usual_rule,
)
from quantamm_cli.workflows.stored_answers import Question
from quantamm_cli.workflows.train import Observer, TrainingResult, train
from quantamm_cli.workflows.warm_start import with_selected_params


@dataclass(frozen=True)
class _Stored(Result):
    """The scores of a training, to be stored."""

    training: TrainingResult

    def to_dict(self) -> dict[str, Json]:
        return {"run": self.training.run.name, "metrics": self.training.metrics}

    def tables(self) -> Sequence[Table | str]:
        return ()


@dataclass(frozen=True)
class TrialScores:
    """Trains the runs of one trial.

    ``tree``: the plain settings, with the places of files. ``fresh``: train again what is stored.
    ``observer``: sees the entries of each training, whether it goes on or was finished before.
    """

    tree: JsonObject
    monitor: Monitor
    fresh: bool = False
    other_data: bool = False
    observer: Observer | None = None
    trained: list[str] = field(default_factory=list)
    """The names of the runs that it trained, or found trained."""

    def of(self, settings: Train) -> Iterator[Scores]:
        """The scores of each cycle, in order of time; of a holdout, its only ones.

        Raises DivergedError, which names the cycle.
        """
        if not isinstance(settings.split, WalkForward):
            yield self._scores(settings)
            return
        before: TrainingResult | None = None
        for number, cold in enumerate(settings.cycles, 1):
            name = f"cycle {number} of {len(settings.cycles)}"
            each = replace(self, monitor=self.monitor.child(name))
            with named(name):
                if not settings.split.warm_start:
                    scores = each._scores(cold)
                else:
                    one = cold
                    if before is not None:
                        one = with_selected_params(cold, before.run, before.chosen.selected)
                    before = each._train(one)
                    scores = before.metrics
            yield scores

    def _scores(self, settings: Train) -> Scores:
        if self.fresh or self.other_data:
            return self._train(settings).metrics
        tree = {"plugins": self.tree.get("plugins"), "tree": self.tree}
        question = Question("trial", tree, {"identity": settings.identity()})

        def compute() -> tuple[Result, Sequence[str | Path]]:
            result = self._train(settings)
            path = result.run.path
            return _Stored(result), (path, Place.of(path).history, *input_files(settings))

        answer = question.answered(compute)
        if isinstance(answer, _Stored):
            return answer.training.metrics
        if self.observer is not None:
            store = Store(settings.runs_dir)
            self.observer(store.load(store.path(settings.fingerprint)).history())
        stored: Any = answer.to_dict()["metrics"]  # with None where a score does not exist
        return cast(Scores, stored)

    def _train(self, settings: Train) -> TrainingResult:
        result = train(
            settings,
            USUAL,
            self.fresh,
            monitor=self.monitor,
            other_data=self.other_data,
            observer=self.observer,
        )
        self.trained.append(result.run.name)
        return result


def provisional(settings: Train, entries: Sequence[Entry], targets: Sequence[str]) -> float:
    """The score on a period that a training would have if it ended after these entries.

    ``targets``: period and metric. Where steps do not have that metric, it is the one that selects.
    """
    period, metric = targets
    board = scoreboard(entries, settings.selection_metric)
    from quantamm_cli.training.selection import select

    choice = select(board, usual_rule(board, selection_rule(settings, USUAL)))
    scores = entries[choice.entry]["metrics"][period]
    row = scores.get(metric, scores[settings.selection_metric])
    value = row[choice.set]
    return math.nan if value is None else float(value)
