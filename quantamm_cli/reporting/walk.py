"""A walk-forward to look at: what was kept out of sample, cycle by cycle, the verdict and its reasons."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from quantamm_cli.evaluation.walk_document import WalkDocument
from quantamm_cli.reporting import figures, style, tables
from quantamm_cli.reporting.names import STRATEGIES
from quantamm_cli.reporting.page import Picture, Section, page
from quantamm_cli.reporting.periods import Numbers, Period
from quantamm_cli.reporting.walk_tables import (
    chosen_table,
    compared,
    cycles_table,
    outside,
    together_table,
)

_DAY = 86_400_000
_TOLD = {
    "value": "Value: the daily returns of the test blocks, one after the other, of this pool and of what anyone could have had.",
    "cycles": "The score of each cycle on the days it trained on and on those it had not seen.",
}
_SEEN = "Chosen on the test blocks: nothing here is out of sample."


def walk_plots(walk: WalkDocument, daily: Mapping[str, np.ndarray]) -> dict[str, bytes]:
    """The PNG files by name, without ending: value and cycles.

    ``daily`` holds ``unix`` (t,) ms, the midnight a day begins at, its ``cycle`` (t,) and the day's returns (t,) by strategy.
    """
    metric = walk["aggregate"]["metric"]
    scores = {
        name: np.array([each["metrics"][period][metric] for each in walk["cycles"]], float)
        for name, period in compared(walk).items()
    }
    drawn = {"value": _value(daily, outside(walk)), "cycles": _bars(scores, metric)}
    return {name: style.png(figure) for name, figure in drawn.items()}


def walk_page(walk: WalkDocument, drawn: Mapping[str, bytes]) -> str:
    """The page of a walk-forward with what ``walk_plots`` made of it."""
    pictures = tuple(Picture(image, _TOLD.get(name, name)) for name, image in drawn.items())
    verdict, cycles = walk["verdict"], walk["cycles"]
    facts = [
        walk["run"],
        f"{len(cycles)} cycles, tested from {cycles[0]['end']} to {cycles[-1]['test_end']} (UTC, end not included)",
    ]
    sections = [
        Section(f"Verdict: {verdict['finding']}", tuple(verdict["reasons"])),
        Section("Cycles", tables=(cycles_table(walk), chosen_table(walk)), pictures=pictures),
        Section("All cycles", tables=(together_table(walk),)),
    ]
    if "settings" in walk:
        sections.append(
            Section(
                "Settings", tables=(tables.leaves_table("Settings", walk["settings"]),), folded=True
            )
        )
    return page(f"{walk['run'][:17]}…", facts, sections, "" if verdict["out_of_sample"] else _SEEN)


@style.styled
def _value(daily: Mapping[str, np.ndarray], subtitle: str) -> Figure:
    """What one unit became, strategy by strategy; a tint a cycle."""
    days, cycles = np.asarray(daily["unix"]), np.asarray(daily["cycle"])
    unix = np.append(days[:1], days + _DAY)
    grown: dict[str, Numbers] = {
        name: np.cumprod(np.append(1.0, 1 + np.asarray(daily[name], float)))
        for name in STRATEGIES
        if name in daily
    }
    edges = [int(days[cycles == cycle][0]) for cycle in np.unique(cycles)] + [int(unix[-1]) + 1]
    periods = [
        Period(f"cycle {cycle}", *edges[index : index + 2])
        for index, cycle in enumerate(np.unique(cycles))
    ]
    return figures.value(unix, grown, periods, subtitle, "1 at first")


@style.styled
def _bars(scores: Mapping[str, Numbers], metric: str) -> Figure:
    """The scores of every cycle, side by side."""
    figure, (axes,) = style.panels("Cycles", " and ".join(scores), 1, 3.0)
    count = len(next(iter(scores.values())))
    patches = []
    for index, ((name, column), colour) in enumerate(
        zip(scores.items(), (style.QUIET, style.COLOURS[0]), strict=True)
    ):
        heights = np.where(np.isfinite(column), column, np.nan)
        axes.bar(np.arange(1, count + 1) + 0.4 * index - 0.2, heights, 0.38, color=colour)
        patches.append(Patch(facecolor=colour, label=name))
    axes.axhline(0, color="black", lw=0.8)
    axes.set_xticks(range(1, count + 1))
    axes.set_xlabel("cycle")
    axes.set_ylabel(metric)
    style.legend(figure, patches)
    return figure
