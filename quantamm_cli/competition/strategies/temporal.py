"""A temporal function pool of the simulator."""

from typing import Any

from pydantic import Field

from quantamm_cli.competition.pooled import Parametrised, Params, shares
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.quotes import Quotes
from quantamm_cli.pools import temporal
from quantamm_cli.pools.guard import StandardGuard
from quantamm_cli.rules.momentum import Momentum


class Temporal(Parametrised, kind="temporal"):
    """A geometric mean pool whose weights a rule moves (TFMM): ``pool=temporal``, in minute steps.

    A competition has no oracle: the rule sees the pool's own price, which arbitrage keeps within
    the fee of the market's.
    """

    pool: temporal.Temporal = Field(
        temporal.Temporal(
            rule=Momentum(), guard=StandardGuard(), chunk_period=60, weight_interpolation_period=60
        ),
        description=(
            "rule, guard and periods in minutes (steps): strategy.temporal.pool.rule.kind=NAME, "
            "see qsim show rules"
        ),
    )
    params: Params = Field(
        {},
        validate_default=True,
        description=(
            "the rule's parameters, for both tokens or for each: "
            "strategy.temporal.params.k_per_day=20"
        ),
    )
    weight: float = Field(0.5, gt=0, lt=1, description="weight of X at the start; Y has the rest")
    fee_bps: float = Field(30.0, ge=0, le=10_000, description="share of the payment, in bps")

    @classmethod
    def specs(cls, pool: Any) -> tuple[Parameter, ...]:
        """The parameters of the rule and its guard; the weights at the start are a setting."""
        return (*pool.rule.parameters(pool.clock), *pool.guard.parameters(2))

    def quotes(self) -> Quotes:
        return temporal.Moving(shares(self.weight), self.fee_bps / 1e4, self.pool, self.raw())
