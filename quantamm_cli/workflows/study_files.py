"""The files of a study beside its journal: a summary, and its best trial as an experiment."""

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
from quantamm_cli.store.inputs import Inputs
from quantamm_cli.store.result_folder import write_if_changed
from quantamm_cli.store.studies import StudyPlace
from quantamm_cli.tuning.study import Study, Trial
from quantamm_cli.tuning.study_document import TrialRecord
from quantamm_cli.workflows.monitor import Monitor


class StudyFiles:
    """The files of one study.

    ``overrides`` are those of the command that runs it; ``inputs`` are what its base settings
    read, ``None`` for a study that was begun without.
    """

    def __init__(
        self,
        place: StudyPlace,
        identity: JsonObject,
        search: Search,
        overrides: Sequence[str],
        monitor: Monitor,
        inputs: Inputs | None = None,
    ) -> None:
        self.place, self.identity, self.inputs = place, identity, inputs
        self._search, self._overrides, self._monitor = search, overrides, monitor
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
        """Write the summary and the best trial of the journal."""
        if study.best is not None:
            self._write_best(study.best)
        summary = {
            "schema": DOCUMENT,
            "study": self.place.name,
            **trials_json(study, self.place),
            "identity": self.identity,
            "optuna": study.notes["optuna"],
        }
        if self.inputs is not None:
            summary["data"] = self.inputs.to_dict()
        text = json.dumps(finite(summary), indent=2, allow_nan=False)
        write_if_changed(self.place.summary, text + "\n")

    def _write_best(self, best: Trial) -> None:
        path = self.place.experiment
        score = (
            f"trial {best.number} of {self.place.name}: {self.identity['objective']} {best.value!r}"
        )
        if path.exists() and f"# {score}\n" in path.read_text("utf-8"):
            return
        command = shlex.join(["qsim", "tune", *self._overrides])
        comments = [f"qsim train conf={path}", score, f"found by: {command}"]
        self._experiments = self._experiments or Experiments()
        text = self._experiments.text(self._search.tree(best.settings), comments)
        write_if_changed(path, text)
        try:
            settings = read_settings(Train, Composer("train", (f"conf={path}",)).tree())
        except ConfigError as failure:
            self._monitor.warn(f"{path} is not a complete experiment: {failure}")
            return
        name = run_name(settings)
        if best.run != name:
            self._monitor.warn(
                f"{path} gives {name[:17]}…, not {str(best.run)[:16]}…: a setting does not come "
                "from YAML"
            )


def run_name(settings: Train) -> str:
    """The name of the run or the walk-forward of some settings."""
    kind = "walk" if isinstance(settings.split, WalkForward) else "run"
    return f"{kind}_{settings.fingerprint}"


def trials_json(study: Study, place: StudyPlace) -> JsonObject:
    """All trials and the best of them, for JSON."""
    tree: dict[str, Json] = {"trials": finite([record(trial) for trial in study.trials])}
    if study.best is not None:
        best = record(study.best)
        tree["best"] = {
            "number": best["number"],
            "value": best["value"],
            "settings": best["settings"],
            "run": best["run"],
            "experiment": str(place.experiment),
        }
    return tree


def record(trial: Trial) -> TrialRecord:
    """A trial as it is written; what it has not is left out."""
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
