"""A competition to look at: the standings, its plots, and what it was made with."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from quantamm_cli.competition.documents import CompetitionScores, Number, Receipt
from quantamm_cli.reporting import tables
from quantamm_cli.reporting.page import Section, page
from quantamm_cli.reporting.plot import further, pictures
from quantamm_cli.reporting.standings import competition_parts


class CompetitionSubject(NamedTuple):
    """What is stored of a competition."""

    scores: CompetitionScores
    edges: Mapping[str, Sequence[Number]]
    """By entrant, Y of every seed."""


def competition_page(
    scores: CompetitionScores, receipt: Receipt, drawn: Mapping[str, bytes]
) -> str:
    """The page of a competition with its receipt and the images that were drawn of it."""
    seeds = scores["seeds"]
    who = f"{len(scores['standings']) - 1} strategies and a normaliser"
    what = f"{who}, {seeds['count']} seeds from {seeds['first']}, {scores['steps']} steps each."
    shown = pictures("competition", drawn)
    strategies = {each["name"]: each["settings"] for each in receipt["strategies"]}
    broken = [row["name"] for row in scores["standings"] if not row.get("valid", True)]
    sections = [
        Section("Standings", tables=tuple(competition_parts(scores))),
        Section("Edge", pictures=shown.pop("Edge", ())),
        *further(shown),
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
