"""Bounds for each asset, given or learned."""

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
from quantamm_cli.pools.guard import StandardGuard
from quantamm_cli.settings.types import Share

Bounds = tuple[Share, ...]
_INNERMOST = 1e-9
"""How near to zero and one a learned bound may begin."""


class PerAssetGuard(StandardGuard, kind="per_asset"):
    """The standard guard with a smallest and a largest weight for each asset, which training may
    move if ``learn`` is true.
    """

    minimum_weights: Bounds | None = Field(
        None,
        description="smallest weight of each token, in their order; null: minimum_weight for all",
    )
    maximum_weights: Bounds | None = Field(
        None,
        description="largest weight of each token, in their order; null: what the others leave",
    )
    learn: bool = Field(False, description="true: the bounds given are where training begins")

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        super().check(tokens, where)
        for name, bounds in (
            ("minimum_weights", self.minimum_weights),
            ("maximum_weights", self.maximum_weights),
        ):
            if bounds is not None and len(bounds) != len(tokens):
                raise ConfigError(
                    f"{where}.{name}",
                    f"{len(bounds)} weights for {len(tokens)} tokens; give one a token",
                )
        low, high = self._given(len(tokens))
        if low.sum() > 1:
            raise ConfigError(
                f"{where}.minimum_weights",
                f"sum to {low.sum():g} with the floor under each; they must leave room: 1 at most",
            )
        if high.sum() < 1:
            raise ConfigError(
                f"{where}.maximum_weights", f"sum to {high.sum():g}; the pool must fit: 1 at least"
            )
        if (low > high).any():
            token = tokens[int(np.argmax(low > high))]
            raise ConfigError(
                f"{where}.maximum_weights",
                f"that of {token} is below its smallest weight (or the floor)",
            )

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        if not self.learn:
            return ()
        low, high = self._given(assets)
        low = np.clip(low, _INNERMOST, None)
        gap = np.clip((high - low) / (1 - low), _INNERMOST, 1 - _INNERMOST)
        budget = float(np.clip(low.sum(), _INNERMOST, 1 - _INNERMOST))
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
        """Smallest and largest weights, given or learned; they always leave room for a sum of one.

        Learned: $m = \\beta\\,\\mathrm{softmax}$, $M = m + (1 - m)g$, and if the $M$ sum to less
        than one, so much more of the rest above each that they do.
        """
        if not self.learn:
            floor = jnp.full(assets, self.floor(jnp.zeros(assets)))
            low = (
                floor
                if self.minimum_weights is None
                else jnp.maximum(jnp.asarray(self.minimum_weights), floor)
            )
            return low, jnp.ones(assets) if self.maximum_weights is None else jnp.asarray(
                self.maximum_weights
            )
        low = jax.nn.sigmoid(params["raw_min_budget"]) * jax.nn.softmax(params["raw_min_logits"])
        high = low + (1 - low) * jax.nn.sigmoid(params["raw_gap_logits"])
        short, room = jnp.maximum(1 - high.sum(), 0), (1 - high).sum()
        return low, high + short * (1 - high) / jnp.where(room == 0, 1, room)

    def _limited(
        self, start: Float[Array, " n"], wish: Float[Array, " n"], minutes: int, params: Params
    ) -> Float[Array, " n"]:
        return slope(start, self.inside(wish, params), minutes, self.maximum_change)

    def _given(self, assets: int) -> tuple[np.ndarray, np.ndarray]:
        floor = 0.1 / assets if self.minimum_weight is None else self.minimum_weight
        low = np.maximum(
            np.full(assets, 0.0)
            if self.minimum_weights is None
            else np.array(self.minimum_weights),
            floor,
        )
        return low, np.ones(assets) if self.maximum_weights is None else np.array(
            self.maximum_weights
        )
