"""Fees that rise with the size of recent price moves: a baseline for strategies with a state."""

from typing import NamedTuple

import jax.numpy as jnp
from pydantic import Field

from quantamm_cli.competition.strategy import Epoch, Scalar, Strategy, Swap
from quantamm_cli.settings.types import NonNegative, Share


class Memory(NamedTuple):
    """The state. A spot of zero: there was no fill yet."""

    spot: Scalar | float = 0.0
    volatility: Scalar | float = 0.0
    flow: Scalar | float = 0.0
    lean_bps: Scalar | float = 0.0
    capital_bps: Scalar | float = 0.0


class VolAdaptive(Strategy, kind="vol_adaptive"):
    """A base fee, a premium for volatility, and small corrections for its share of the flow, the
    last side, and its capital.

    Volatility is the moving average of |ln(spot / spot at the previous fill)|, flow that of the
    strategy's shares of orders.
    """

    base_bps: float = Field(30.0, description="fee without volatility, in bps")
    vol_bps: NonNegative = Field(1e6, description="premium for a volatility of one, in bps")
    most_vol_bps: NonNegative = Field(200.0, description="largest premium, in bps")
    vol_memory: Share = Field(0.05, description="weight of the newest move in the volatility")
    flow_memory: Share = Field(0.10, description="weight of the newest fill in the flow")
    flow_bps: float = Field(
        10.0, description="subtracted where its flow is small, added where it is large, in bps"
    )
    side_bps: float = Field(
        5.0, description="added after a buyer, subtracted after a seller, in bps"
    )
    capital_bps: float = Field(
        5.0, description="subtracted where its capital is small, added where it is large, in bps"
    )
    small_flow: Share = Field(0.25, description="flow below this is small")
    large_flow: Share = Field(0.70, description="flow above this is large")
    calm: NonNegative = Field(
        0.003, description="an epoch's end moves the volatility half way to this"
    )

    def init(self) -> Memory:
        return Memory()

    def fees(self, state: Memory) -> tuple[Scalar, Scalar]:
        premium = jnp.minimum(state.volatility * self.vol_bps, self.most_vol_bps)
        large = jnp.where(state.flow > self.large_flow, 1, 0)
        flow = jnp.where(state.flow < self.small_flow, -1, large) * self.flow_bps
        bps = self.base_bps + premium + flow + state.lean_bps + state.capital_bps
        fee = jnp.clip(bps, 5.0, 1000.0) / 1e4
        return fee, fee

    def after_swap(self, state: Memory, swap: Swap) -> Memory:
        spot = swap.reserves[1] / swap.reserves[0]
        previous = jnp.where(state.spot > 0, state.spot, spot)
        move = jnp.where(state.spot > 0, jnp.abs(jnp.log(spot / previous)), 0)
        return Memory(
            spot,
            state.volatility + self.vol_memory * (move - state.volatility),
            state.flow + self.flow_memory * (swap.flow_captured - state.flow),
            jnp.where(swap.buys, self.side_bps, -self.side_bps),
            state.capital_bps,
        )

    def on_epoch(self, state: Memory, epoch: Epoch) -> Memory:
        weight = epoch.capital_weight
        capital = jnp.where(weight < 0.15, -1, jnp.where(weight > 0.50, 1, 0)) * self.capital_bps
        return state._replace(volatility=(state.volatility + self.calm) / 2, capital_bps=capital)
