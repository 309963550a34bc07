"""Fair prices that move by lognormal steps, with or without regimes."""

from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator

from quantamm_cli.competition.market.settings import Integers, MarketSettings, Regime, Sigma

if TYPE_CHECKING:
    from quantamm_cli.competition.types import Market


class Lognormal(MarketSettings, kind="lognormal"):
    """A fair price from 100 that moves by exp(-sigma^2 / 2 + sigma Z) a step, in regimes if any.

    A regime lasts for periods of geometric length, or for whole simulations; ``share`` is then the
    share of simulations.
    """

    sigma: Sigma = Field((0.0001, 0.0070), description="volatility a step")
    regimes: dict[str, Regime] = Field({}, description="by name")

    @model_validator(mode="after")
    def _one_kind_of_regime(self) -> Self:
        lasting = [name for name, regime in self.regimes.items() if regime.mean_steps is None]
        if lasting and len(lasting) < len(self.regimes):
            raise ValueError(
                f"{', '.join(lasting)} lasts for whole simulations, other regimes do not; give "
                "mean_steps to all regimes or to none"
            )
        return self

    def make(self, seeds: Integers, steps: int) -> "Market":
        from quantamm_cli.competition.market.draws import market

        return market(self, self.sigma, self.regimes, seeds, steps)
