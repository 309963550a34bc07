"""The guard of the QuantAMM contracts."""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float
from pydantic import Field

from quantamm_cli.core.onchain import guard_weights, seconds_to_rail
from quantamm_cli.core.simplex import clamp
from quantamm_cli.core.types import Params
from quantamm_cli.pools.guard import Guard, check_minimum_weight, smallest_weight
from quantamm_cli.settings.types import Positive

SECONDS = 60


class OnchainGuard(Guard, kind="onchain"):
    """The contracts' arithmetic: one clamping pass, then the limit of speed, then the remainder is
    added to one weight.

    The weights that the rule asks for are not normalised. All weights stop in the second before one
    would cross its guard rail.
    """

    maximum_change: Positive = Field(
        3e-4,
        description=(
            "largest change of a weight in a minute; on chain, times the minutes of an update: "
            "epsilon"
        ),
    )
    minimum_weight: Positive | None = Field(
        None, description="smallest weight, the guard rail; null: 0.1 / number of tokens"
    )

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        check_minimum_weight(self.minimum_weight, len(tokens), where)

    def slope(
        self, start: Float[Array, " n"], wish: Float[Array, " n"], minutes: int, params: Params
    ) -> Float[Array, " n"]:
        del params
        target = guard_weights(start, wish, self.maximum_change * minutes, self._rail(start))
        return (target - start) / minutes

    @property
    def stops(self) -> bool:
        return True

    def stop(
        self, start: Float[Array, " n"], slope: Float[Array, " n"], minutes: int
    ) -> Float[Array, ""]:
        seconds = seconds_to_rail(start, slope / SECONDS, self._rail(start))
        return jax.lax.stop_gradient(jnp.minimum(seconds / SECONDS, minutes))

    def inside(self, weights: Float[Array, " n"], params: Params) -> Float[Array, " n"]:
        del params
        return clamp(weights, self._rail(weights), passes=len(weights))

    def _rail(self, weights: Float[Array, " n"]) -> Float[Array, ""] | float:
        return smallest_weight(self.minimum_weight, len(weights))
