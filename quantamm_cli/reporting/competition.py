"""The page of a competition: standings, plots, settings and versions."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from quantamm_cli.competition.documents import CompetitionScores, Number, Receipt
from quantamm_cli.reporting.page import Section, page
from quantamm_cli.reporting.plot import other_sections, pictures
from quantamm_cli.reporting.standings import competition_parts
from quantamm_cli.reporting.tables import leaves_table


class CompetitionSubject(NamedTuple):
    """A stored competition, as its plots take it."""

    scores: CompetitionScores
    edges: Mapping[str, Sequence[Number]]
    """By strategy, the edge in Y on every seed."""


def competition_page(
    scores: CompetitionScores, receipt: Receipt, drawn: Mapping[str, bytes]
) -> str:
    """The page of a competition with its receipt and its images by name."""
    seeds = scores["seeds"]
    entrants = f"{len(scores['standings']) - 1} strategies and a normaliser"
    facts = (
        f"{entrants}, {seeds['count']} seeds from {seeds['first']}, {scores['steps']} steps each."
    )
    shown = pictures("competition", drawn)
    strategies = {each["name"]: each["settings"] for each in receipt["strategies"]}
    own = leaves_table("Settings", strategies)
    shared = leaves_table("Settings", receipt["settings"])
    versions = leaves_table("Versions", receipt["versions"])
    again = "qsim compete --verify RECEIPT runs it again."
    sections = [
        Section("Standings", tables=tuple(competition_parts(scores))),
        Section("Edge", pictures=shown.pop("Edge", ())),
        *other_sections(shown),
        Section("Strategies", tables=(own,), folded=True),
        Section("Market and rules", tables=(shared,), folded=True),
        Section("Versions", (again,), tables=(versions,), folded=True),
    ]
    invalid = [row["name"] for row in scores["standings"] if not row.get("valid", True)]
    warning = ""
    if invalid:
        warning = f"Broke a rule: {', '.join(invalid)}; it quotes no more on that seed afterwards."
    return page(f"{scores['run'][:20]}…", (facts,), sections, warning)
