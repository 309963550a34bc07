"""The files of a study beside its journal: a summary, and its best trial as an experiment."""

import json
import math
import shlex
import time
from collections.abc import Sequence
from dataclasses import dataclass

from quantamm_cli.config.compose import Composer
from quantamm_cli.config.experiment import Experiments
from quantamm_cli.config.read import read_settings
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.history import DOCUMENT
from quantamm_cli.settings.json_tree import Json, JsonObject, finite
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.store.result_folder import write_if_changed
from quantamm_cli.tuning.study import Study
from quantamm_cli.tuning.study_records import best_of, trials_json
from quantamm_cli.tuning.trials import Trial
from quantamm_cli.workflows.monitor import Monitor
from quantamm_cli.workflows.study_plan import StudyPlan

_SECONDS = 2.0
"""Between two summaries of a study that goes on."""


@dataclass
class StudyFiles:
    """The files of one study.

    ``overrides`` are those of the command that began it; ``notes`` go into the summary: the content
    digests of its data, the versions of what computed it. ``pick``: how the best of several
    objectives is chosen.
    """

    plan: StudyPlan
    overrides: Sequence[str]
    monitor: Monitor
    notes: JsonObject
    pick: str = "knee"
    _experiments: Experiments | None = None
    _written: float = -math.inf

    def write_soon(self, study: Study) -> None:
        """Write, unless that was done a moment ago."""
        if time.monotonic() - self._written > _SECONDS:
            self.write(study)

    def write(self, study: Study) -> None:
        """Write the summary and the best trial of the journal."""
        place = self.plan.place
        best = best_of(study.trials, self.plan.goal.names, self.pick)
        if best is not None:
            self._write_best(best)
        summary: dict[str, Json] = {
            "schema": DOCUMENT,
            "study": place.name,
            **trials_json(study.trials, self.plan.goal.names, best, str(place.experiment)),
            "identity": self.plan.identity,
            **self.notes,
        }
        text = json.dumps(finite(summary), indent=2, allow_nan=False)
        write_if_changed(place.summary, text + "\n")
        self._written = time.monotonic()

    def _write_best(self, best: Trial) -> None:
        place, names = self.plan.place, self.plan.goal.names
        scores = ", ".join(map("{} {!r}".format, names, best.values))
        score = f"trial {best.number} of {place.name}: {scores}"
        path = place.experiment
        if path.exists() and f"# {score}\n" in path.read_text("utf-8"):
            return
        command = shlex.join(["qsim", "tune", *self.overrides])
        comments = [f"qsim train conf={path}", score, f"found by: {command}"]
        self._experiments = self._experiments or Experiments()
        text = self._experiments.text(self.plan.search.tree(best.settings), comments)
        write_if_changed(path, text)
        try:
            settings = read_settings(Train, Composer("train", (f"conf={path}",)).tree())
        except ConfigError as failure:
            self.monitor.warn(f"{path} is not a complete experiment: {failure}")
            return
        name = run_name(settings)
        if str(best.run).partition("+")[0] != name:
            self.monitor.warn(
                f"{path} gives {name[:17]}…, not {str(best.run)[:16]}…: a setting does not come "
                "from YAML"
            )


def run_name(settings: Train) -> str:
    """The name of the run or the walk-forward of some settings."""
    kind = "walk" if isinstance(settings.split, WalkForward) else "run"
    return f"{kind}_{settings.fingerprint}"
