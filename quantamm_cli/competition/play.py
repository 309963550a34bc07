"""From settings and seeds to an outcome: connects settings, markets and the engine."""

from collections.abc import Callable, Sequence

from quantamm_cli.competition.strategy import Strategy
from quantamm_cli.competition.types import Entrant, Outcome, Points, Rules
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.compete import Compete


def rules_of(settings: Compete) -> Rules:
    """The rules of a competition."""
    epoch = settings.epoch
    assert epoch.length != "auto"
    return Rules(
        epoch_length=epoch.length or 0,
        temperature=None if epoch.temperature == "auto" else epoch.temperature,
        floor=epoch.floor,
        risk_aversion=epoch.risk_aversion,
        score=epoch.score,
        weights=epoch.weights,
    )


def entrants_of(settings: Compete) -> list[Entrant]:
    """The line-up."""
    return [Entrant(entry.name, Strategy.typed(entry.strategy)) for entry in settings.strategies]


def play(
    settings: Compete,
    seeds: Sequence[int],
    points: Points | None = None,
    progress: Callable[[int], None] | None = None,
) -> Outcome:
    """The competition on some seeds; the result of a seed does not depend on the other seeds.

    ``progress`` is called with the number of seeds that are done.

    Raises:
        DataError: historical prices cannot be read, or are too few.
        ConfigError: ``compat=challenge`` does not support the line-up or the points.
    """
    from quantamm_cli.competition.market import MarketSettings, markets

    market = markets(MarketSettings.typed(settings.market), seeds, settings.steps)
    if settings.compat == "challenge":
        from quantamm_cli.competition.challenge import challenge

        if points is not None:
            raise ConfigError(
                "compat",
                "challenge takes one set of parameters at a time; drop compat, or run it once for "
                "each set",
            )
        return challenge(entrants_of(settings), market, rules_of(settings))
    from quantamm_cli.competition.engine import compete

    return compete(entrants_of(settings), market, rules_of(settings), points, progress)
