"""From settings and seeds to an outcome: the one place where settings, markets and engine meet."""

from collections.abc import Callable, Sequence

from quantamm_cli.competition.strategy import Strategy
from quantamm_cli.competition.types import Entrant, Outcome, Points, Rules
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.compete import Compete


def rules(settings: Compete) -> Rules:
    """What every entrant plays by."""
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


def entrants(settings: Compete) -> list[Entrant]:
    """The line-up."""
    return [Entrant(entry.name, Strategy.typed(entry.strategy)) for entry in settings.strategies]


def play(
    settings: Compete,
    seeds: Sequence[int],
    points: Points | None = None,
    told: Callable[[int], None] | None = None,
) -> Outcome:
    """The competition on some seeds, each of which is what it is whichever others are asked for.

    ``told`` hears how many are done.

    Raises:
        DataError: prices that were cannot be read, or are too few.
        ConfigError: the original challenge cannot be played so.
    """
    from quantamm_cli.competition.market import MarketSettings, markets

    market = markets(MarketSettings.typed(settings.market), seeds, settings.steps)
    if settings.compat == "challenge":
        from quantamm_cli.competition.challenge import challenge

        if points is not None:
            raise ConfigError(
                "compat",
                "challenge plays one set of numbers at a time; drop compat, or "
                "run it once for each",
            )
        return challenge(entrants(settings), market, rules(settings))
    from quantamm_cli.competition.engine import compete

    return compete(entrants(settings), market, rules(settings), points, told)
