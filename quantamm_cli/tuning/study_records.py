"""Trials as the documents of a study have them, and the best of them."""

from collections.abc import Mapping, Sequence

from quantamm_cli.settings.json_tree import Json, finite
from quantamm_cli.tuning.pareto import front, pick
from quantamm_cli.tuning.study_document import BestRecord, TrialRecord
from quantamm_cli.tuning.trials import Trial


def best_of(trials: Sequence[Trial], names: Sequence[str], how: str = "knee") -> Trial | None:
    """The best trial within all limits: the highest score, the earliest of equals; of several
    objectives the one that ``how`` picks of the front.
    """
    eligible = [trial for trial in trials if trial.eligible]
    if not eligible:
        return None
    if len(names) == 1:
        return max(eligible, key=lambda trial: (trial.values, -trial.number))
    return eligible[pick([trial.values for trial in eligible], names, how)]


def check_pick(names: Sequence[str], how: str) -> None:
    """Raise ArgumentError for a way to pick that these objectives do not have."""
    pick([(0.0,) * len(names)], names, how)


def front_of(trials: Sequence[Trial]) -> list[int]:
    """The numbers of the trials within all limits that no other beats in all objectives."""
    eligible = [trial for trial in trials if trial.eligible]
    return [eligible[index].number for index in front([trial.values for trial in eligible])]


def trials_json(
    trials: Sequence[Trial], names: Sequence[str], best: Trial | None, experiment: str
) -> dict[str, Json]:
    """All trials and the best of them, for JSON."""
    tree: dict[str, Json] = {"trials": finite([record(trial, names) for trial in trials])}
    if len(names) > 1:
        tree["front"] = list(front_of(trials))
    if best is not None:
        tree["best"] = finite(best_record(best, names, experiment))
    return tree


def best_record(best: Trial, names: Sequence[str], experiment: str) -> BestRecord:
    """The best trial as it is written."""
    assert best.run is not None
    tree: BestRecord = {
        "number": best.number,
        "value": best.values[0],
        "settings": dict(best.settings),
        "run": best.run,
        "experiment": experiment,
    }
    if len(names) > 1:
        tree["values"] = _named(best, names)
    return tree


def record(trial: Trial, names: Sequence[str]) -> TrialRecord:
    """A trial as it is written; what it has not is left out."""
    tree: TrialRecord = {
        "number": trial.number,
        "state": trial.state,
        "value": trial.value,
        "settings": dict(trial.settings),
    }
    if len(names) > 1 and trial.values:
        tree["values"] = _named(trial, names)
    if trial.violations:
        tree["violations"] = dict(trial.violations)
    if trial.run is not None:
        tree["run"] = trial.run
    if trial.reason is not None:
        tree["reason"] = trial.reason
    if trial.seconds is not None:
        tree["seconds"] = trial.seconds
    return tree


def _named(trial: Trial, names: Sequence[str]) -> Mapping[str, float]:
    return dict(zip(names, trial.values, strict=True))
