"""What comes of a study: its summary, its best trial as an experiment, its table."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from quantamm_cli.cli.console import Console, finite
from quantamm_cli.cli.options import Options
from quantamm_cli.config.compose import Composer
from quantamm_cli.config.experiment import experiment
from quantamm_cli.config.read import read_settings
from quantamm_cli.config.search import Search
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.run import Train
from quantamm_cli.settings.split import WalkForward
from quantamm_cli.store.studies import StudyPlace, write_if_changed
from quantamm_cli.tuning.study import Study, Trial


class Outcome:
    """Of one study in its place."""

    def __init__(self, place: StudyPlace, identity: Mapping[str, Any], search: Search, options: Options, console: Console) -> None:
        self.place = place
        self._identity, self._search, self._options, self._console = identity, search, options, console

    @property
    def files(self) -> dict[str, str]:
        """The files of the study."""
        return {"journal": str(self.place.journal), "summary": str(self.place.summary), "experiment": str(self.place.experiment)}

    def planned(self) -> dict[str, Any]:
        """What would be searched, and where it would be kept; nothing is touched."""
        there = " (exists)" if self.place.journal.exists() else ""
        rows = [[key, *_range(told)] for key, told in self._identity["space"].items()]
        self._console.table("", ["setting", "from", "to", "scale", "as it is"], [[*row, self._search.given.get(row[0])] for row in rows])
        self._console.say(
            f"objective   {self._identity['objective']}\nfingerprint {self.place.fingerprint}\nstudy       {self.place.folder}{there}"
        )
        named = {"command": "tune", "study": self.place.name, "objective": self._identity["objective"]}
        return named | {"space": self._identity["space"], "settings": self._identity["train"], "files": self.files}

    def write(self, study: Study) -> None:
        """Summary and best trial as the journal has them now."""
        best = study.best
        if best is not None:
            self._write_best(best)
        summary = {"schema": 1, "study": self.place.name, **self._told(study), "identity": self._identity, "optuna": study.notes["optuna"]}
        write_if_changed(self.place.summary, json.dumps(finite(summary), indent=2, allow_nan=False) + "\n")

    def shown(self, study: Study, status: str) -> dict[str, Any]:
        """The table of trials, and the object it comes from."""
        best = study.best
        keys = list(self._search.space)
        rows = [
            [
                trial.number,
                trial.state,
                trial.value,
                *(trial.settings.get(key) for key in keys),
                (trial.run or "")[:16],
                _remark(trial, best),
            ]
            for trial in study.trials
        ]
        objective = self._identity["objective"]
        self._console.table(f"{self.place.name[:18]}  {objective}", ["trial", "state", "value", *keys, "run", ""], rows)
        if best is not None:
            self._console.note(f"the best again: qsim train conf={self.place.experiment}")
        return {"command": "tune", "study": self.place.name, "status": status, "objective": objective} | self._told(study)

    def _told(self, study: Study) -> dict[str, Any]:
        best = study.best
        told: dict[str, Any] = {"trials": [_plain(trial) for trial in study.trials]}
        if best is not None:
            told["best"] = {name: _plain(best)[name] for name in ("number", "value", "settings", "run")} | {
                "experiment": str(self.place.experiment)
            }
        return told

    def _write_best(self, best: Trial) -> None:
        path = self.place.experiment
        score = f"trial {best.number} of {self.place.name}: {self._identity['objective']} {best.value!r}"
        if path.exists() and f"# {score}\n" in path.read_text("utf-8"):
            return
        words = shlex.join(["qsim", "tune", *self._options.overrides])
        tree = self._search.tree(best.settings)
        write_if_changed(path, experiment(tree, [f"qsim train conf={path}", score, f"found by: {words}"]))
        try:
            settings = read_settings(Train, Composer("train", (f"conf={path}",)).tree())
        except ConfigError as failure:
            self._console.warn(f"{path} needs more than itself: {failure}")
            return
        again = f"{'walk' if isinstance(settings.split, WalkForward) else 'run'}_{settings.fingerprint}"
        if best.run != again:
            self._console.warn(f"{path} gives {again[:17]}…, not {str(best.run)[:16]}…: a setting comes from elsewhere than the YAML")


def _plain(trial: Trial) -> dict[str, Any]:
    """A trial for JSON; absent things are absent."""
    told = {"number": trial.number, "state": trial.state, "value": trial.value, "settings": dict(trial.settings)}
    return told | {name: text for name, text in (("run", trial.run), ("reason", trial.reason)) if text is not None}


def _remark(trial: Trial, best: Trial | None) -> str:
    return "best" if best is not None and trial.number == best.number else trial.reason or ""


def _range(told: Mapping[str, Any]) -> list[Any]:
    """Two ends and a scale, or the choices."""
    if "choices" in told:
        return [" ".join(map(str, told["choices"])), None, "choices"]
    step = f" by {told['step']:g}" if told["step"] else ""
    return [told["low"], told["high"], f"{'log ' * told['log']}{told['type']}{step}"]
