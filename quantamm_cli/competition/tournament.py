"""Tournaments: several line-ups of the same strategies on the same markets, compared."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from quantamm_cli.competition import statistics
from quantamm_cli.competition.results import BPS, Results
from quantamm_cli.competition.statistics import Estimate
from quantamm_cli.errors import ArgumentError
from quantamm_cli.settings.compete import MOST_ENTRANTS, Compete, Entry

Kind = Literal["pairs", "leave-one-out", "copies"]
LineUp = tuple[str, ...]
"""Names of the strategies of the settings; a name is repeated for copies."""


def line_ups(kind: Kind, settings: Compete) -> list[LineUp]:
    """The line-ups of a tournament. Raises ArgumentError: too few strategies."""
    names = settings.names
    if kind == "copies":
        counts = [count for count in (1, 2, 4, 8, 16) if _has_room(settings, count)]
        return [(name,) * count for name in names for count in counts]
    if len(names) < 2:
        raise ArgumentError(
            "tournament", f"{kind} compares strategies, got {len(names)}; give at least two"
        )
    if kind == "pairs":
        return list(itertools.combinations(names, 2))
    return [names, *(_without(names, name) for name in names)]


def _without(names: LineUp, absent: str) -> LineUp:
    return tuple(name for name in names if name != absent)


def _has_room(settings: Compete, copies: int) -> bool:
    """Whether the floors of so many copies leave capital to compete for."""
    return copies <= MOST_ENTRANTS and (copies == 1 or copies * settings.epoch.floor < 1)


def with_line_up(settings: Compete, line_up: LineUp) -> Compete:
    """The same settings with other strategies. Copies after the first have a number in their
    names.
    """
    known = {entry.name: entry for entry in settings.strategies}
    copies: dict[str, int] = {}
    entries = []
    for name in line_up:
        copies[name] = copies.get(name, 0) + 1
        unique = name if copies[name] == 1 else f"{name} #{copies[name]}"
        entries.append(Entry(**(dict(known[name]) | {"name": unique})))
    reference = settings.reference if settings.reference in line_up else None
    fields = {name: getattr(settings, name) for name in type(settings).model_fields}
    return Compete(**(fields | {"strategies": tuple(entries), "reference": reference}))


class Meeting(NamedTuple):
    """A competition of two strategies."""

    first: str
    second: str
    gap: Estimate
    """Edge of the first less that of the second, in Y a seed."""
    wins: float
    """Share of seeds on which the first has the higher edge."""


def pairs(results: Mapping[LineUp, Results]) -> list[Meeting]:
    """Every pair."""
    meetings = []
    for (first, second), played in results.items():
        edges = played.outcome.edge[:, 0], played.outcome.edge[:, 1]
        gap, wins = statistics.difference(*edges), statistics.beats(*edges)
        meetings.append(Meeting(first, second, gap, wins))
    return meetings


def points(meetings: Sequence[Meeting]) -> dict[str, float]:
    """One point for each significant win, half a point for each undecided meeting; the highest
    first.
    """
    total: dict[str, float] = {}
    for meeting in meetings:
        for name, sign in ((meeting.first, meeting.gap.sign), (meeting.second, -meeting.gap.sign)):
            total[name] = total.get(name, 0.0) + (sign + 1) / 2
    return dict(sorted(total.items(), key=lambda item: -item[1]))


class Absence(NamedTuple):
    """The effect on a strategy of leaving out another one."""

    absent: str
    name: str
    gain: Estimate
    """The strategy's edge without the absent one less that with it, in Y a seed."""


def absences(results: Mapping[LineUp, Results]) -> list[Absence]:
    """Every strategy without every other. The first line-up is the full one."""
    full, *others = results
    gains = []
    for line_up in others:
        (absent,) = set(full) - set(line_up)
        for place, name in enumerate(line_up):
            without = results[line_up].outcome.edge[:, place]
            with_all = results[full].outcome.edge[:, full.index(name)]
            gains.append(Absence(absent, name, statistics.difference(without, with_all)))
    return gains


class Crowd(NamedTuple):
    """A strategy among copies of itself."""

    name: str
    copies: int
    edge: Estimate
    """Mean over the copies, in Y a seed."""
    edge_per_capital: float
    """bps"""


def crowds(results: Mapping[LineUp, Results]) -> list[Crowd]:
    """The edge of each strategy by the number of copies that compete."""
    crowded = []
    for line_up, played in results.items():
        count = len(line_up)
        edge, capital = played.outcome.edge[:, :count], played.outcome.capital[:, :count]
        per_capital = BPS * statistics.ratio(edge, capital)
        crowded.append(Crowd(line_up[0], count, statistics.mean(edge.mean(1)), per_capital))
    return crowded
