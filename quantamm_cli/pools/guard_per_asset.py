"""The guard with bounds for each asset, set or learned."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float
from pydantic import Field

from quantamm_cli.core.bijectors import Interval, Simplex
from quantamm_cli.core.contracts import OnChain
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.simplex import bounded, slope
from quantamm_cli.core.types import Params
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.guard import StandardGuard, smallest_weight
from quantamm_cli.settings.types import Share

Bounds = tuple[Share, ...]
_MIN_DISTANCE = 1e-9
"""The least distance of a learned bound's initial value from zero and one."""


class PerAssetGuard(StandardGuard, kind="per_asset"):
    """The standard guard with a smallest and a largest weight for each asset, which train if
    ``learn`` is true.
    """

    minimum_weights: Bounds | None = Field(
        None,
        description="smallest weight of each token, in order; null: minimum_weight for all",
    )
    maximum_weights: Bounds | None = Field(
        None,
        description="largest weight of each token, in order; null: what the others leave",
    )
    learn: bool = Field(False, description="true: the bounds train, starting from these settings")

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        super().check(tokens, where)
        for name, bounds in (
            ("minimum_weights", self.minimum_weights),
            ("maximum_weights", self.maximum_weights),
        ):
            if bounds is not None and len(bounds) != len(tokens):
                raise ConfigError(
                    f"{where}.{name}",
                    f"has {len(bounds)} weights; expected one for each of {len(tokens)} tokens",
                )
        low, high = self._set_bounds(len(tokens))
        if low.sum() > 1:
            raise ConfigError(
                f"{where}.minimum_weights",
                f"sum to {low.sum():g}, each at least minimum_weight; expected at most 1",
            )
        if high.sum() < 1:
            raise ConfigError(
                f"{where}.maximum_weights", f"sum to {high.sum():g}; expected at least 1"
            )
        if (low > high).any():
            index = int(np.argmax(low > high))
            raise ConfigError(
                f"{where}.maximum_weights",
                f"{high[index]:g} of {tokens[index]} is below its smallest weight, {low[index]:g}",
            )

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        if not self.learn:
            return ()
        low, high = self._set_bounds(assets)
        low = np.clip(low, _MIN_DISTANCE, None)
        gap = np.clip((high - low) / (1 - low), _MIN_DISTANCE, 1 - _MIN_DISTANCE)
        budget = float(np.clip(low.sum(), _MIN_DISTANCE, 1 - _MIN_DISTANCE))
        fraction = Interval(0.0, 1.0)
        return (
            Parameter(
                "raw_min_budget",
                "minimum_total",
                "share of value",
                fraction,
                budget,
                low=0.01,
                high=0.9,
                count=1,
                onchain=OnChain("minimum_total"),
            ),
            Parameter(
                "raw_min_logits",
                "minimum_shares",
                "share of minimum_total",
                Simplex(),
                tuple(low / low.sum()),
                low=0.0,
                high=1.0,
                onchain=OnChain("minimum_shares"),
            ),
            Parameter(
                "raw_gap_logits",
                "maximum_gap",
                "share of the room above the minimum",
                fraction,
                tuple(gap),
                low=0.01,
                high=0.99,
                onchain=OnChain("maximum_gap"),
            ),
        )

    def inside(self, weights: Float[Array, " n"], params: Params) -> Float[Array, " n"]:
        return bounded(weights, *self.bounds(len(weights), params))

    def bounds(self, assets: int, params: Params) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """Smallest and largest weights, set or learned; weights within them can always sum to one.

        Learned bounds are low = minimum_total minimum_shares and high = low + (1 - low)
        maximum_gap. If the high ones sum to less than one, all gaps to 1 shrink by a factor so that
        they sum to one.
        """
        if not self.learn:
            low = jnp.full(assets, self.floor(jnp.zeros(assets)))
            if self.minimum_weights is not None:
                low = jnp.maximum(jnp.asarray(self.minimum_weights), low)
            if self.maximum_weights is None:
                return low, jnp.ones(assets)
            return low, jnp.asarray(self.maximum_weights)
        low = jax.nn.sigmoid(params["raw_min_budget"]) * jax.nn.softmax(params["raw_min_logits"])
        high = low + (1 - low) * jax.nn.sigmoid(params["raw_gap_logits"])
        short, room = jnp.maximum(1 - high.sum(), 0), (1 - high).sum()
        return low, high + short * (1 - high) / jnp.where(room == 0, 1, room)

    def _limited(
        self, start: Float[Array, " n"], wish: Float[Array, " n"], minutes: int, params: Params
    ) -> Float[Array, " n"]:
        return slope(start, self.inside(wish, params), minutes, self.maximum_change)

    def _set_bounds(self, assets: int) -> tuple[np.ndarray, np.ndarray]:
        """Smallest and largest weights of the settings."""
        low, high = np.zeros(assets), np.ones(assets)
        if self.minimum_weights is not None:
            low = np.array(self.minimum_weights)
        if self.maximum_weights is not None:
            high = np.array(self.maximum_weights)
        return np.maximum(low, smallest_weight(self.minimum_weight, assets)), high
