"""Competitions between named strategies, files, and strategy objects."""

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
    """Run a competition.

    Args:
        competition: settings of ``compose("compete", ...)``; or only the entrants: names,
            ``"FILE.py:Class"``, mappings of a ``kind`` and settings, strategies, their classes, and
            pools that quote.
        simulations: number of seeds; by default that of the settings.
        until_decided: add seeds until the leader is significantly ahead.
    """
    if isinstance(competition, Settings):
        settings = competition
    else:
        settings = compose("compete").line_up(competition)
    if settings.command != "compete":
        raise ArgumentError(
            "competition",
            f"are settings of {settings.command}; expected compose('compete', ...) or strategies",
        )
    checked(settings, monitor=monitor)
    if simulations is not None:
        settings = settings.but(f"simulations={simulations}")
    return standings.compete(settings.competition(), until_decided, fresh, monitor)
