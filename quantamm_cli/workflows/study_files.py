"""The files of a study beside its journal: a summary, and the best trial as an experiment."""

import json
import shlex
from collections.abc import Sequence

from quantamm_cli.config.compose import Composer
from quantamm_cli.config.experiment import Experiments
from quantamm_cli.config.read import read_settings
from quantamm_cli.config.search_space import Search
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.history import DOCUMENT
from quantamm_cli.settings.json_tree import Json, JsonObject, finite
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.store.result_folder import write_if_changed
from quantamm_cli.store.studies import StudyPlace
from quantamm_cli.tuning.study import Study, Trial
from quantamm_cli.tuning.study_document import TrialRecord
from quantamm_cli.workflows.monitor import Monitor


class StudyFiles:
    """Of one study in its place. ``words`` are the overrides it was asked for with."""

    def __init__(
        self,
        place: StudyPlace,
        identity: JsonObject,
        search: Search,
        words: Sequence[str],
        monitor: Monitor,
    ) -> None:
        self.place, self.identity = place, identity
        self._search, self._words, self._monitor = search, words, monitor
        self._experiments: Experiments | None = None

    @property
    def paths(self) -> dict[str, str]:
        """By name."""
        return {
            "journal": str(self.place.journal),
            "summary": str(self.place.summary),
            "experiment": str(self.place.experiment),
        }

    def write(self, study: Study) -> None:
        """Summary and best trial as the journal has them now."""
        if study.best is not None:
            self._write_best(study.best)
        told = {"schema": DOCUMENT, "study": self.place.name, **trials_told(study, self.place)}
        summary = told | {"identity": self.identity, "optuna": study.notes["optuna"]}
        write_if_changed(
            self.place.summary, json.dumps(finite(summary), indent=2, allow_nan=False) + "\n"
        )

    def _write_best(self, best: Trial) -> None:
        path = self.place.experiment
        score = (
            f"trial {best.number} of {self.place.name}: {self.identity['objective']} {best.value!r}"
        )
        if path.exists() and f"# {score}\n" in path.read_text("utf-8"):
            return
        words = shlex.join(["qsim", "tune", *self._words])
        tree = self._search.tree(best.settings)
        self._experiments = self._experiments or Experiments()
        write_if_changed(
            path,
            self._experiments.text(tree, [f"qsim train conf={path}", score, f"found by: {words}"]),
        )
        try:
            settings = read_settings(Train, Composer("train", (f"conf={path}",)).tree())
        except ConfigError as failure:
            self._monitor.warn(f"{path} needs more than itself: {failure}")
            return
        again = (
            f"{'walk' if isinstance(settings.split, WalkForward) else 'run'}_{settings.fingerprint}"
        )
        if best.run != again:
            self._monitor.warn(
                f"{path} gives {again[:17]}…, not {str(best.run)[:16]}…: a setting comes from "
                "elsewhere than the YAML"
            )


def trials_told(study: Study, place: StudyPlace) -> JsonObject:
    """All trials and the best of them, as JSON has them."""
    tree: dict[str, Json] = {"trials": finite([record(trial) for trial in study.trials])}
    if study.best is not None:
        best = record(study.best)
        named = {
            "number": best["number"],
            "value": best["value"],
            "settings": best["settings"],
            "run": best["run"],
        }
        tree["best"] = {**named, "experiment": str(place.experiment)}
    return tree


def record(trial: Trial) -> TrialRecord:
    """A trial as it is written; absent things are absent."""
    tree: TrialRecord = {
        "number": trial.number,
        "state": trial.state,
        "value": trial.value,
        "settings": dict(trial.settings),
    }
    if trial.run is not None:
        tree["run"] = trial.run
    if trial.reason is not None:
        tree["reason"] = trial.reason
    return tree
