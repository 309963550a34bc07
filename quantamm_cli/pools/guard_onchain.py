"""The guard the QuantAMM contracts have."""

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Float
from pydantic import Field

from quantamm_cli.core.onchain import guard_weights, seconds_to_rail
from quantamm_cli.core.simplex import clamp
from quantamm_cli.core.types import Params
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.guard import Guard
from quantamm_cli.settings.types import Positive

SECONDS = 60


class OnchainGuard(Guard, kind="onchain"):
    """The contracts' arithmetic: one clamping pass, then the speed limit,
    then the remainder to one weight.

    Wished weights are taken as they are, not normalised. All weights stand still from the second on
    at which one would cross its rail.
    """

    maximum_change: Positive = Field(
        3e-4,
        description=(
            "largest change of a weight in a minute; on chain, epsilon of an update of that many"
        ),
    )
    minimum_weight: Positive | None = Field(
        None, description="smallest weight, the rail; null: 0.1 / number of tokens"
    )

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.minimum_weight is not None and self.minimum_weight * len(tokens) > 1:
            raise ConfigError(
                f"{where}.minimum_weight",
                f"{self.minimum_weight} for {len(tokens)} tokens; 1/{len(tokens)} at most",
            )

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
        return 0.1 / len(weights) if self.minimum_weight is None else self.minimum_weight
