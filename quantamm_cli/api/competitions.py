"""Competitions, of names, files and strategies."""

from collections.abc import Sequence

from quantamm_cli.api.settings import Entrant, Settings, checked, compose
from quantamm_cli.errors import ArgumentError
from quantamm_cli.workflows.compete import standings
from quantamm_cli.workflows.monitor import Monitor


def compete(
    competition: Settings | Sequence[Entrant],
    *,
    simulations: int | None = None,
    until_decided: bool = False,
    fresh: bool = False,
    monitor: Monitor | None = None,
) -> standings.CompetitionResult:
    """Play a competition.

    Args:
        competition: settings of ``compose("compete", ...)``; or only who competes: names,
            ``"FILE.py:Class"``, mappings of a ``kind`` and settings, strategies, their classes, and
            pools that quote.
        simulations: seeds; by default those of the settings.
        until_decided: play more seeds until the leader is surely ahead.
    """
    settings = (
        competition
        if isinstance(competition, Settings)
        else compose("compete").line_up(competition)
    )
    if settings.command != "compete":
        raise ArgumentError(
            "competition",
            f"are settings of {settings.command}; expected compose('compete', ...) or strategies",
        )
    checked(settings, monitor=monitor)
    settings = settings if simulations is None else settings.but(f"simulations={simulations}")
    return standings.compete(settings.competition(), until_decided, fresh, monitor)
