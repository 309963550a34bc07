"""Many line-ups of the same strategies on the same markets, and what they say together."""

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
"""Names of the strategies of the settings; of copies one name often."""


def line_ups(kind: Kind, settings: Compete) -> list[LineUp]:
    """Who plays with whom. Raises ArgumentError: too few strategies."""
    names = settings.names
    if kind == "copies":
        counts = [
            count
            for count in (1, 2, 4, 8, 16)
            if count <= MOST_ENTRANTS and (count == 1 or count * settings.epoch.floor < 1)
        ]
        return [(name,) * count for name in names for count in counts]
    if len(names) < 2:
        raise ArgumentError("tournament", f"{kind} takes two strategies or more, came {len(names)}")
    if kind == "pairs":
        return list(itertools.combinations(names, 2))
    return [names, *(tuple(other for other in names if other != name) for name in names)]


def lined_up(settings: Compete, line_up: LineUp) -> Compete:
    """The same settings with other strategies. Copies have numbers behind their names."""
    known = {entry.name: entry for entry in settings.strategies}
    seen: dict[str, int] = {}
    entries = []
    for name in line_up:
        seen[name] = seen.get(name, 0) + 1
        called = name if seen[name] == 1 else f"{name} #{seen[name]}"
        entries.append(Entry(**(dict(known[name]) | {"name": called})))
    reference = settings.reference if settings.reference in line_up else None
    fields = {name: getattr(settings, name) for name in type(settings).model_fields}
    return Compete(**(fields | {"strategies": tuple(entries), "reference": reference}))


class Meeting(NamedTuple):
    """Two strategies against each other."""

    first: str
    second: str
    gap: Estimate
    """Edge of the first above the second, in Y a seed."""
    wins: float
    """Share of seeds on which the first has more."""


def pairs(found: Mapping[LineUp, Results]) -> list[Meeting]:
    """Every pair."""
    meetings = []
    for (first, second), results in found.items():
        one, other = (results.outcome.edge[:, place] for place in (0, 1))
        meetings.append(
            Meeting(first, second, statistics.difference(one, other), statistics.beats(one, other))
        )
    return meetings


def points(meetings: Sequence[Meeting]) -> dict[str, float]:
    """A point for each meeting that is surely won, half of one for each that is
    not decided; the most first.
    """
    total: dict[str, float] = {}
    for meeting in meetings:
        for name, sign in ((meeting.first, meeting.gap.sign), (meeting.second, -meeting.gap.sign)):
            total[name] = total.get(name, 0.0) + (sign + 1) / 2
    return dict(sorted(total.items(), key=lambda item: -item[1]))


class Absence(NamedTuple):
    """What becomes of a strategy when another one stays away."""

    absent: str
    name: str
    gain: Estimate
    """Its edge without the absent one less that with it, in Y a seed."""


def absences(found: Mapping[LineUp, Results]) -> list[Absence]:
    """Every strategy without every other. The first line-up is the whole."""
    whole, *others = found
    gains = []
    for line_up in others:
        (absent,) = set(whole) - set(line_up)
        for place, name in enumerate(line_up):
            alone = found[line_up].outcome.edge[:, place]
            gains.append(
                Absence(
                    absent,
                    name,
                    statistics.difference(alone, found[whole].outcome.edge[:, whole.index(name)]),
                )
            )
    return gains


class Crowd(NamedTuple):
    """A strategy among copies of itself."""

    name: str
    copies: int
    edge: Estimate
    """Of one of them, in Y a seed: the mean of all copies."""
    edge_per_capital: float
    """bps"""


def crowds(found: Mapping[LineUp, Results]) -> list[Crowd]:
    """How far the edge of each strategy falls as more of it compete."""
    crowded = []
    for line_up, results in found.items():
        count = len(line_up)
        edge, capital = results.outcome.edge[:, :count], results.outcome.capital[:, :count]
        crowded.append(
            Crowd(
                line_up[0],
                count,
                statistics.mean(edge.mean(1)),
                BPS * statistics.ratio(edge, capital),
            )
        )
    return crowded
