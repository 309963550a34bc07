"""Any pool of the simulator."""

from pydantic import Field

from quantamm_cli.competition.pooled import Parametrised, Params
from quantamm_cli.core.quotes import Quotes
from quantamm_cli.pools.balancer import Balancer
from quantamm_cli.pools.base import AbstractPool


class Pool(Parametrised, kind="pool"):
    """A pool of the simulator, or of a plugin, that defines ``quotes``; a step is a minute."""

    pool: AbstractPool = Field(
        Balancer(), description="the pool and its settings: strategy.pool.pool=gyroscope"
    )
    params: Params = Field(
        {},
        validate_default=True,
        description="its parameters, for both tokens or for each: strategy.pool.params.lam=3",
    )
    fee_bps: float = Field(30.0, ge=0, le=10_000, description="share of the payment, in bps")

    def quotes(self) -> Quotes:
        return self.pool.quotes(self.raw(), self.fee_bps / 1e4)
