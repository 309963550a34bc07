"""Market capitalisation indices."""

from typing import Literal

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float
from pydantic import Field

from quantamm_cli.core.bijectors import decay
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Recur, RuleInputs, Stream
from quantamm_cli.core.types import Params
from quantamm_cli.errors import ConfigError
from quantamm_cli.rules.base import Clock, WeightRule, memory_parameter
from quantamm_cli.settings.types import Share


class IndexMarketCap(WeightRule, kind="index_market_cap"):
    """Weights in proportion to market capitalisation.

    target w*_i = q_i p_i / sum_j q_j p_j, where q is the circulating supply, a series; and
    w' = lambda w + (1 - lambda) w*. With ``cap_weight`` no target exceeds it: the excess is
    distributed to the other assets in proportion.
    """

    by: Literal["supply", "market_cap"] = Field(
        "supply", description="series of data.series that is used; market_cap is in the numeraire"
    )
    cap_weight: Share | None = Field(
        None, description="largest weight of an asset in the index; null: none"
    )

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.cap_weight is not None and self.cap_weight * len(tokens) < 1:
            raise ConfigError(
                f"{where}.cap_weight",
                f"is {self.cap_weight}; expected at least 1/{len(tokens)} for {len(tokens)} tokens",
            )

    @property
    def targets(self) -> bool:
        return True

    @property
    def looks_at(self) -> tuple[str, ...]:
        return (self.by,)

    def parameters(self, clock: Clock) -> tuple[Parameter, ...]:
        return (memory_parameter(clock),)

    def signal(self, recur: Recur, observed: RuleInputs, params: Params, clock: Clock) -> Stream:
        caps = observed.series[self.by] * (observed.price if self.by == "supply" else 1)
        share = caps / caps.sum(-1, keepdims=True)
        return share if self.cap_weight is None else capped(share, self.cap_weight)

    def wish(
        self, weights: Float[Array, " n"], signal: Float[Array, " n"], params: Params, clock: Clock
    ) -> Float[Array, " n"]:
        keep, forget = decay(params["logit_lamb"], *clock)
        return keep * weights + forget * signal


def capped(shares: Stream, cap: Float[Array, ""] | float) -> Stream:
    """Shares of which none exceeds ``cap``. The excess is distributed to the others in proportion,
    again and again until no share exceeds it.
    """
    full = jnp.zeros_like(shares, bool)
    for _ in range(shares.shape[-1]):
        full = full | (shares > cap)
        free = jnp.where(full, 0, shares)
        total = free.sum(-1, keepdims=True)
        rest = free * (1 - cap * full.sum(-1, keepdims=True)) / jnp.where(total == 0, 1, total)
        shares = jnp.where(full, cap, rest)
    return shares
