"""All that there is to see of a run: its figures by name, and the page that shows them between its tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from quantamm_cli.reporting import figures, style, tables, training
from quantamm_cli.reporting.benchmarks import benchmarks, rebased
from quantamm_cli.reporting.page import Picture, Section, page
from quantamm_cli.reporting.periods import Period, Selection
from quantamm_cli.reporting.run_tables import (
    Choice,
    Scores,
    final_table,
    metrics_tables,
    selections_table,
)
from quantamm_cli.reporting.table import Table
from quantamm_cli.settings.json_tree import JsonObject

_FRESH = "From a fresh start the pool opens at a period's first row; in a run over all periods it is as the period before left it."
_LONG = 16
"""Letters of a run's name that tell it from others."""
_TOLD = {
    "value": "Value over time of this pool and of what anyone could have had; in each period all begin alike.",
    "weights": "Weights of the tokens over time.",
    "drawdown": "Drawdown: how far below its highest value of the period so far each strategy stood.",
    "training": "Objective and scores by training step, a line for each parameter set.",
    "parameters": "Parameters by training step; thick lines: the chosen set, thin lines: the others.",
}


@dataclass(frozen=True)
class Subject:
    """What a stored run and its assessment hold.

    ``trajectory``: ``unix`` (t,) ms, ``prices``, ``weights``, ``reserves`` (t, n) and ``value`` (t,). ``strategies``: scores by
    strategy (the pool among them), period and metric. ``tables``: those of the result, as a terminal shows them. ``worth``: values
    (t,) of portfolios by strategy. ``entries``: the history; none of a run that was not trained. ``choices``: by selection rule.
    ``units`` by metric and by readable name.
    """

    name: str
    tokens: tuple[str, ...]
    periods: tuple[Period, ...]
    trajectory: Mapping[str, np.ndarray]
    strategies: Mapping[str, Scores]
    tables: tuple[Table | str, ...] = ()
    worth: Mapping[str, np.ndarray] = field(default_factory=dict)
    status: str = ""
    selection: Selection | None = None
    metric: str = ""
    entries: training.Entries = ()
    choices: Mapping[str, Choice] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    layers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    settings: JsonObject = field(default_factory=dict)
    provenance: JsonObject = field(default_factory=dict)


def plots(subject: Subject) -> dict[str, bytes]:
    """The PNG files by name, without ending: value, weights, drawdown and, of a trained run, training and parameters."""
    unix, periods = subject.trajectory["unix"], subject.periods
    said = subject.selection.said if subject.selection is not None else ""
    plain = {"pool": np.asarray(subject.trajectory["value"], float)} | benchmarks(
        subject.trajectory, periods
    )
    others = rebased(subject.worth, plain["pool"], unix, periods)
    drawn = {
        "value": figures.value(unix, plain | others, periods, said),
        "weights": figures.weights(
            unix, subject.trajectory["weights"], subject.tokens, periods, said
        ),
        "drawdown": figures.drawdowns(unix, plain, periods, said),
    }
    if subject.entries:
        drawn["training"] = training.history(
            subject.entries,
            subject.metric,
            subject.selection,
            subject.units.get(subject.metric, ""),
        )
    if any(entry.get("readable") for entry in subject.entries):
        drawn["parameters"] = training.parameters(
            subject.entries, subject.tokens, subject.selection, subject.units, subject.layers
        )
    return {name: style.png(figure) for name, figure in drawn.items()}


def run_page(subject: Subject, drawn: Mapping[str, bytes]) -> str:
    """The page of a run with what ``plots`` made of it."""
    pictures = {name: Picture(image, _TOLD.get(name, name)) for name, image in drawn.items()}

    def shown(*names: str) -> tuple[Picture, ...]:
        return tuple(pictures[name] for name in names if name in pictures)

    on_test = subject.selection is not None and subject.selection.on_test
    final = final_table(subject.tokens, subject.trajectory)
    sections = [
        Section("Scores", (_FRESH,) if subject.entries else (), tables=subject.tables),
        Section(
            "All metrics",
            tables=tuple(metrics_tables(subject.strategies, subject.units, on_test)),
            folded=True,
        ),
        Section("Over time", pictures=shown("value", "weights", "drawdown"), tables=(final,)),
    ]
    if subject.entries:
        choices = (selections_table(subject.choices),) if subject.choices else ()
        sections.append(
            Section("Training", pictures=shown("training", "parameters"), tables=choices)
        )
    for heading, tree in (("Settings", subject.settings), ("Provenance", subject.provenance)):
        if tree:
            sections.append(
                Section(heading, tables=(tables.leaves_table(heading, tree),), folded=True)
            )
    return page(_short(subject.name), _facts(subject), sections, _warning(subject.selection))


def _short(name: str) -> str:
    return name if len(name) <= _LONG else f"{name[:_LONG]}…"


def _facts(subject: Subject) -> list[str]:
    facts = [] if _short(subject.name) == subject.name else [subject.name]
    facts.append(" ".join(subject.tokens) + (f" · {subject.status}" if subject.status else ""))
    if subject.selection is not None:
        facts.append(subject.selection.said)
    dates = [f"{name} {_date(first)} to {_date(end)}" for name, first, end in subject.periods]
    return [*facts, *([f"{', '.join(dates)} (UTC, ends not included)"] if dates else [])]


def _date(unix: int) -> str:
    text = str(np.datetime64(unix, "ms").astype("datetime64[m]"))
    return text.removesuffix("T00:00")


def _warning(selection: Selection | None) -> str:
    if selection is None or not selection.on_test:
        return ""
    return "Chosen on the test period: its scores there tell what was picked, not what to expect."
