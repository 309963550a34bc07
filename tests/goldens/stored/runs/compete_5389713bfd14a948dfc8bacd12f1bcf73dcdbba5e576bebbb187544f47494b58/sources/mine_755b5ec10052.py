# mine.py
from typing import NamedTuple
import jax.numpy as jnp
from pydantic import Field
from quantamm_cli.compete.strategy import Strategy


class Seen(NamedTuple):  # what it remembers, at most 128 numbers
    spot: float = 100.0
    volatility: float = 0.0


class Vol(Strategy):
    """The fee rises with the recent size of price moves."""

    base_bps: float = Field(30.0, ge=0, le=500)  # float settings can be swept and trained
    gain: float = Field(0.5, ge=0, le=50)
    memory: float = Field(0.1, gt=0, lt=1)

    def init(self):
        return Seen()

    def fees(self, state):  # (bid, ask) of a constant-product pool; or quote(state, side, amount, reserves)
        fee = jnp.clip(self.base_bps / 1e4 + self.gain * state.volatility, 0.0, 0.5)
        return fee, fee

    def after_swap(self, state, swap):
        spot = swap.reserves[1] / swap.reserves[0]
        move = jnp.abs(jnp.log(spot / state.spot))
        return Seen(spot, state.volatility + self.memory * (move - state.volatility))
