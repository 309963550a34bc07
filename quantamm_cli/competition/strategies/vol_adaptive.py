"""Fees that rise with the size of recent price moves: a place to start from."""

from typing import NamedTuple

import jax.numpy as jnp
from pydantic import Field

from quantamm_cli.competition.strategy import Epoch, Scalar, Strategy, Swap
from quantamm_cli.settings.types import NonNegative, Share


class Seen(NamedTuple):
    """What it remembers. A spot of zero is none yet."""

    spot: Scalar | float = 0.0
    volatility: Scalar | float = 0.0
    flow: Scalar | float = 0.0
    lean_bps: Scalar | float = 0.0
    capital_bps: Scalar | float = 0.0


class VolAdaptive(Strategy, kind="vol_adaptive"):
    """A base fee, a premium for volatility, and small corrections for its share of the flow, the
    last side, and its capital.

    Volatility is the moving average of |ln| of the pool's spot over its spot a fill ago;
    flow that of its shares of orders.
    """

    base_bps: float = Field(30.0, description="fee in a still market, in basis points")
    vol_bps: NonNegative = Field(1e6, description="premium for volatility, in basis points a unit")
    most_vol_bps: NonNegative = Field(200.0, description="largest premium, in basis points")
    vol_memory: Share = Field(0.05, description="weight of the newest move in the volatility")
    flow_memory: Share = Field(0.10, description="weight of the newest fill in the flow")
    flow_bps: float = Field(
        10.0, description="off where its flow is small, on where it is large, in basis points"
    )
    side_bps: float = Field(
        5.0, description="on after a buyer, off after a seller, in basis points"
    )
    capital_bps: float = Field(
        5.0, description="off where its capital is small, on where it is large, in basis points"
    )
    small_flow: Share = Field(0.25, description="share of flow below which it is small")
    large_flow: Share = Field(0.70, description="share of flow above which it is large")
    calm: NonNegative = Field(
        0.003, description="volatility that an epoch's end moves it half way to"
    )

    def init(self) -> Seen:
        return Seen()

    def fees(self, state: Seen) -> tuple[Scalar, Scalar]:
        premium = jnp.minimum(state.volatility * self.vol_bps, self.most_vol_bps)
        flow = (
            jnp.where(
                state.flow < self.small_flow, -1, jnp.where(state.flow > self.large_flow, 1, 0)
            )
            * self.flow_bps
        )
        bps = self.base_bps + premium + flow + state.lean_bps + state.capital_bps
        fee = jnp.clip(bps, 5.0, 1000.0) / 1e4
        return fee, fee

    def after_swap(self, state: Seen, swap: Swap) -> Seen:
        spot = swap.reserves[1] / swap.reserves[0]
        move = jnp.where(
            state.spot > 0, jnp.abs(jnp.log(spot / jnp.where(state.spot > 0, state.spot, spot))), 0
        )
        return Seen(
            spot,
            state.volatility + self.vol_memory * (move - state.volatility),
            state.flow + self.flow_memory * (swap.flow_captured - state.flow),
            jnp.where(swap.buys, self.side_bps, -self.side_bps),
            state.capital_bps,
        )

    def on_epoch(self, state: Seen, epoch: Epoch) -> Seen:
        weight = epoch.capital_weight
        capital = jnp.where(weight < 0.15, -1, jnp.where(weight > 0.50, 1, 0)) * self.capital_bps
        return state._replace(volatility=(state.volatility + self.calm) / 2, capital_bps=capital)
