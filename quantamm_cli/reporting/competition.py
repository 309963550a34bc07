"""A competition to look at: edges with their intervals, how they vary from seed to seed, the standings."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from quantamm_cli.competition.documents import CompetitionScores, Number, Receipt, StandingRow
from quantamm_cli.reporting import style, tables
from quantamm_cli.reporting.page import Picture, Section, page
from quantamm_cli.reporting.periods import Numbers
from quantamm_cli.reporting.standings import called, competition_parts

_TOLD = {
    "edge": "Mean edge of each, with its 95 % interval over seeds. Markets are common to all: differences are surer than these look.",
    "seeds": "The share of seeds on which the edge was at most so much.",
}
_QUANTILES = 400


def competition_plots(
    scores: CompetitionScores, edges: Mapping[str, Sequence[Number]]
) -> dict[str, bytes]:
    """The PNG files by name, without ending. ``edges``: by entrant, Y of every seed."""
    columns = {
        name: np.array(edges[name], float) for name in (row["name"] for row in scores["standings"])
    }
    return {"edge": style.png(_edges(scores["standings"])), "seeds": style.png(_seeds(columns))}


def competition_page(
    scores: CompetitionScores, receipt: Receipt, drawn: Mapping[str, bytes]
) -> str:
    """The page of a competition with its receipt and what ``competition_plots`` made of it."""
    seeds = scores["seeds"]
    who = f"{len(scores['standings']) - 1} strategies and a normaliser"
    what = f"{who}, {seeds['count']} seeds from {seeds['first']}, {scores['steps']} steps each."
    pictures = tuple(Picture(image, _TOLD.get(name, name)) for name, image in drawn.items())
    strategies = {each["name"]: each["settings"] for each in receipt["strategies"]}
    broken = [row["name"] for row in scores["standings"] if not row.get("valid", True)]
    sections = [
        Section("Standings", tables=tuple(competition_parts(scores))),
        Section("Edge", pictures=pictures),
        Section("Strategies", tables=(tables.leaves_table("Settings", strategies),), folded=True),
        Section(
            "What they met",
            tables=(tables.leaves_table("Settings", receipt["settings"]),),
            folded=True,
        ),
        Section(
            "Made with",
            ("qsim compete --verify RECEIPT runs it again.",),
            tables=(tables.leaves_table("Versions", receipt["versions"]),),
            folded=True,
        ),
    ]
    warning = (
        f"Broke a rule: {', '.join(broken)}; from there on it quoted no more on that seed."
        if broken
        else ""
    )
    return page(f"{scores['run'][:20]}…", (what,), sections, warning)


@style.styled
def _edges(standings: Sequence[StandingRow]) -> Figure:
    """A dot and an interval an entrant, the highest at the top."""
    figure, (axes,) = style.panels("Edge", "", 1, 1.0 + 0.35 * len(standings))
    for place, row in enumerate(reversed(standings)):
        edge = row["edge"]
        if edge["low"] is not None:
            axes.plot(
                np.array([edge["low"], edge["high"]], float),
                [place, place],
                color=style.QUIET,
                lw=2.2,
            )
        axes.plot(
            np.nan if edge["mean"] is None else edge["mean"],
            place,
            "o",
            color=style.COLOURS[0],
            ms=6,
        )
    axes.axvline(0, color="black", lw=0.8, gid=style.MARK)
    axes.set_yticks(range(len(standings)), [called(row) for row in reversed(standings)])
    axes.set_ylim(-0.6, len(standings) - 0.4)
    axes.set_xlabel("mean edge and 95 % interval (Y a seed)")
    return figure


@style.styled
def _seeds(columns: Mapping[str, Numbers]) -> Figure:
    """A line an entrant."""
    figure, (axes,) = style.panels("From seed to seed", "", 1, 3.4)
    shares = np.linspace(0, 1, _QUANTILES)
    lines = []
    for index, (name, column) in enumerate(columns.items()):
        finite = column[np.isfinite(column)]
        if finite.size:
            lines += axes.plot(np.quantile(finite, shares), shares, label=name, **style.look(index))
    axes.axvline(0, color="black", lw=0.8, gid=style.MARK)
    axes.set_xlabel("edge (Y a seed)")
    axes.set_ylabel("share of seeds")
    style.legend(figure, lines)
    return figure
