"""A run, as its plots take it, and its page of plots and tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from quantamm_cli.reporting.benchmarks import benchmarks
from quantamm_cli.reporting.page import Section, page
from quantamm_cli.reporting.periods import Numbers, Period, Selection, summary
from quantamm_cli.reporting.plot import other_sections, pictures
from quantamm_cli.reporting.run_tables import (
    Choice,
    Scores,
    final_table,
    metrics_tables,
    selections_table,
)
from quantamm_cli.reporting.table import Table
from quantamm_cli.reporting.tables import leaves_table
from quantamm_cli.settings.json_tree import JsonObject
from quantamm_cli.store.record import Entry

_FRESH = (
    "From a fresh start the pool opens at a period's first row; in a run over all periods it "
    "begins with the reserves at the end of the period before."
)
_LONG = 16
"""The letters of a run's name that are shown."""
Entries = Sequence[Entry]
"""A run's history."""


@dataclass(frozen=True)
class Subject:
    """A stored run and its assessment.

    ``trajectory``: ``unix`` (t,) ms, ``prices``, ``weights``, ``reserves`` (t, n) and ``value``
    (t,). ``supply``: shares of the pool (t,), where scores are of one. ``strategies``: scores by
    strategy (including the pool), period and metric. ``tables``: those of the result, as a terminal
    shows them. ``worth``: values (t,) of portfolios by strategy.
    ``entries``: the history; empty for a run that was not trained. ``choices``: by selection rule.
    ``units``: by metric and by readable name. ``undefined``: why scores of the pool do not exist,
    by ``period.metric``. ``short``: the days of periods that are short for yearly numbers.
    """

    name: str
    tokens: tuple[str, ...]
    periods: tuple[Period, ...]
    trajectory: Mapping[str, np.ndarray]
    strategies: Mapping[str, Scores]
    tables: tuple[Table | str, ...] = ()
    worth: Mapping[str, np.ndarray] = field(default_factory=dict)
    supply: np.ndarray | None = None
    status: str = ""
    selection: Selection | None = None
    metric: str = ""
    entries: Entries = ()
    choices: Mapping[str, Choice] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    undefined: Mapping[str, str] = field(default_factory=dict)
    short: Mapping[str, float] = field(default_factory=dict)
    layers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    settings: JsonObject = field(default_factory=dict)
    provenance: JsonObject = field(default_factory=dict)

    @cached_property
    def values(self) -> dict[str, Numbers]:
        """Values (t,) of the pool and of the benchmarks, by strategy; of as many shares as there
        were at the first row.
        """
        path = dict(self.trajectory)
        if self.supply is not None:
            growth = self.supply / self.supply[0]
            path["value"] = path["value"] / growth
            path["reserves"] = path["reserves"] / growth[:, None]
        own = {"pool": np.asarray(path["value"], float)}
        return own | benchmarks(path, self.periods)

    @property
    def unit(self) -> str:
        """The unit of ``values``."""
        return "numeraire" if self.supply is None else "numeraire, of the first row's shares"

    @property
    def subtitle(self) -> str:
        """The selection in one line; empty without one."""
        return summary(self.selection)


def run_page(subject: Subject, drawn: Mapping[str, bytes]) -> str:
    """The page of a run with its images by name."""
    shown = pictures("run", drawn)
    on_test = subject.selection is not None and subject.selection.on_test
    metrics = metrics_tables(
        subject.strategies, subject.units, on_test, subject.undefined, subject.short
    )
    final = final_table(subject.tokens, subject.trajectory)
    sections = [
        Section("Scores", (_FRESH,) if subject.entries else (), tables=subject.tables),
        Section("All metrics", tables=tuple(metrics), folded=True),
        Section("Over time", pictures=shown.pop("Over time", ()), tables=(final,)),
    ]
    if subject.entries:
        choices: tuple[Table, ...] = ()
        if subject.choices:
            choices = (selections_table(subject.choices),)
        sections.append(Section("Training", pictures=shown.pop("Training", ()), tables=choices))
    sections += other_sections(shown)
    for heading, tree in (("Settings", subject.settings), ("Provenance", subject.provenance)):
        if tree:
            sections.append(Section(heading, tables=(leaves_table(heading, tree),), folded=True))
    return page(_short(subject.name), _facts(subject), sections, _warning(subject.selection))


def _short(name: str) -> str:
    return name[:_LONG] + "…" * (len(name) > _LONG)


def _facts(subject: Subject) -> list[str]:
    facts = []
    if len(subject.name) > _LONG:
        facts.append(subject.name)
    facts.append(" · ".join(filter(None, (" ".join(subject.tokens), subject.status))))
    if subject.selection is not None:
        facts.append(subject.selection.summary)
    dates = [f"{name} {_date(first)} to {_date(end)}" for name, first, end in subject.periods]
    if dates:
        facts.append(f"{', '.join(dates)} (UTC, ends not included)")
    return facts


def _date(unix: int) -> str:
    text = str(np.datetime64(unix, "ms").astype("datetime64[m]"))
    return text.removesuffix("T00:00")


def _warning(selection: Selection | None) -> str:
    if selection is None or not selection.on_test:
        return ""
    return "Chosen on the test period: its scores there are no estimate of future ones."
