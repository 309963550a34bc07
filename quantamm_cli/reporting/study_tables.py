"""The tables of a study: its trials, and the workers at them."""

from collections.abc import Sequence
from typing import Any

from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.digest import plain
from quantamm_cli.settings.json_tree import Json
from quantamm_cli.settings.signs import shown
from quantamm_cli.tuning.leases import WorkerState
from quantamm_cli.tuning.space import Choices, Range
from quantamm_cli.tuning.study_document import TrialRecord
from quantamm_cli.tuning.trials import Trial


def trials_table(
    caption: str,
    trials: Sequence[TrialRecord],
    searched: Sequence[str],
    best: int | None,
    objectives: Sequence[str],
) -> Table:
    """A row for each trial of the study's document; its values are of ``objectives``."""
    rows = []
    for each in trials:
        settings = map(each["settings"].get, searched)
        beyond = [name for name, by in each.get("violations", {}).items() if by is None or by > 0]
        remark = each.get("reason", f"beyond {', '.join(beyond)}" if beyond else "")
        if each["number"] == best:
            remark = "best"
        rows.append(
            [
                each["number"],
                each["state"],
                *scores(each, objectives),
                *settings,
                each.get("run", "")[:16],
                remark,
            ]
        )
    heads = ["value"] if len(objectives) == 1 else objectives
    names = [_short(key, searched) for key in searched]
    return Table.of(caption, ["trial", "state", *heads, *names, "run", ""], rows)


def _short(key: str, keys: Sequence[str]) -> str:
    """The last part of a dotted setting, if no other one ends so."""
    last = key.rpartition(".")[2]
    alike = [other for other in keys if other.rpartition(".")[2] == last]
    return last if len(alike) == 1 else key


def settings_of(trials: Sequence[TrialRecord]) -> list[str]:
    """The searched settings that any of the trials has, in their order."""
    keys: dict[str, None] = {}
    for each in trials:
        keys |= dict.fromkeys(each["settings"])
    return list(keys)


def scores(trial: TrialRecord, objectives: Sequence[str]) -> list[float | None]:
    """The scores of a trial with the signs of tables."""
    if len(objectives) == 1:
        return [shown(objectives[0], trial["value"])]
    values = trial.get("values", {})
    return [shown(name, values.get(name)) for name in objectives]


def progress_line(
    trials: Sequence[Trial], objectives: Sequence[str], best: Trial | None, rate: float | None
) -> str:
    """The state of a study in one line; ``rate``: trials that end in a second."""
    counts = {"finished": 0, "running": 0, "waiting": 0, "pruned": 0, "failed": 0}
    for trial in trials:
        counts[trial.state] += 1
    parts = [f"{count} {state}" for state, count in counts.items() if count or state == "finished"]
    if best is not None:
        values = zip(objectives, best.values, strict=True)
        parts.append(f"best {' '.join(f'{shown(*each):.4g}' for each in values)}")
    if rate is not None:
        left = (counts["running"] + counts["waiting"]) / rate
        parts.append(f"{60 * rate:.3g} a minute, {duration(left)} left")
    return ", ".join(parts)


def workers_table(workers: Sequence[WorkerState], now: float, caption: str) -> Table:
    """A row for each worker; ``now`` in seconds since 1970."""
    rows = []
    for each in workers:
        step = f"{each.step}/{each.steps}" if each.steps else ""
        begun = "" if each.begun is None else duration(now - each.begun)
        rows.append([each.label, each.pid, each.trial, begun, step, each.text, each.ended])
    columns = ["worker", "pid", "trial", "for", "step", "", "ended"]
    return Table.of(caption, columns, rows)


def duration(seconds: float) -> str:
    """Seconds as hours, minutes and seconds, of which two."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h {minutes:02}m"
    return f"{minutes}m {rest:02}s" if minutes else f"{rest}s"


def ended_line(trial: Trial, names: Sequence[str], best: Trial | None) -> str:
    """One line on a trial that ended."""
    head = f"trial {trial.number}"
    if trial.state != "finished":
        return f"{head} {trial.state}: {trial.reason}"
    scores = [f"{name.replace('.', ' ')} {value:.6g}" for name, value in _shown(trial, names)]
    mark = " (best)" * (best is not None and best.number == trial.number)
    if not trial.eligible:
        beyond = [name for name, each in trial.violations.items() if each > 0]
        mark = f" (beyond the limit of {', '.join(beyond)})"
    return f"{head}: {', '.join(scores)}{mark}"


def _shown(trial: Trial, names: Sequence[str]) -> list[tuple[str, float]]:
    return [(name, shown(name, value)) for name, value in zip(names, trial.values, strict=True)]


def trial_columns(trials: Sequence[TrialRecord], objectives: Sequence[str]) -> dict[str, list[Any]]:
    """A row for each trial by column: number, state, scores, settings, limits, run and others."""
    limits = sorted({name for each in trials for name in each.get("violations", {})})
    columns: dict[str, list[Any]] = {"number": [], "state": []}
    for each in trials:
        row: dict[str, Json] = {"number": each["number"], "state": each["state"]}
        row |= zip(objectives, scores(each, objectives), strict=True)
        row |= {key: _cell(each["settings"].get(key)) for key in settings_of(trials)}
        row |= {f"violation.{key}": each.get("violations", {}).get(key) for key in limits}
        row |= {"run": each.get("run"), "seconds": each.get("seconds")}
        row["reason"] = each.get("reason")
        for key, value in row.items():
            columns.setdefault(key, []).append(value)
    return columns


def _cell(value: Json) -> Json:
    """A value of one column: a list as text."""
    return str(value) if isinstance(value, list | tuple | dict) else value


def range_row(spec: Range | Choices) -> list[Json]:
    """Low, high and scale of a searched setting, or its choices."""
    if isinstance(spec, Choices):
        return [" ".join(map(str, plain(spec.values))), None, "choices"]
    scale = "int" if spec.integer else "float"
    if spec.log:
        scale = f"log {scale}"
    if spec.step:
        scale += f" by {spec.step:g}"
    return [*spec.ends, scale]
