"""Minimum variance."""

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float
from pydantic import Field

from quantamm_cli.core.bijectors import Identity, decay_of_days
from quantamm_cli.core.contracts import OnChain, lamb
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Recur, Seen, Stream
from quantamm_cli.core.types import Params
from quantamm_cli.rules.base import Clock, WeightRule


class MinVariance(WeightRule, kind="min_variance"):
    r"""Weights in inverse proportion to each asset's variance: what moves least is held most.

    $$w^\star_i = \frac{1/\sigma_i^2}{\sum_j 1/\sigma_j^2},
    \qquad w' = \lambda_2 w + (1 - \lambda_2)\,w^\star$$

    The variance of returns is exponentially weighted, $v' = \lambda_1 (v + d^2)$,
    $\sigma^2 = (1-\lambda_1) v$, with $d$ the return less its average before; all are equal until
    two returns are known. ``form=contract`` takes the variance of prices,
    $A' = \lambda_1 A + (p - e)(p - e')$, as the contracts do.
    """

    form: Literal["reference", "contract"] = Field(
        "reference", description="variance of returns, or of prices as in the contracts"
    )

    @property
    def targets(self) -> bool:
        return True

    def parameters(self, clock: Clock) -> tuple[Parameter, ...]:
        return (
            Parameter(
                "memory_days_1",
                "memory_days_1",
                "days",
                Identity(),
                10.0,
                low=0.5,
                high=200.0,
                log=True,
                onchain=OnChain("lamb_1", lamb),
            ),
            Parameter(
                "memory_days_2",
                "memory_days_2",
                "days",
                Identity(),
                10.0,
                low=0.5,
                high=200.0,
                log=True,
                onchain=OnChain("lamb_2", lamb),
            ),
        )

    def signal(self, recur: Recur, seen: Seen, params: Params, clock: Clock) -> Stream:
        keep, forget = decay_of_days(params["memory_days_1"], *clock)
        spread = price_variance if self.form == "contract" else return_variance
        variance = spread(recur, seen.price, keep, forget)
        # A softmax of logarithms is the same share, and neither overflows nor divides by
        # an asset that stands still.
        tiny = np.finfo(variance.dtype).tiny
        return jax.nn.softmax(-jnp.log(jnp.maximum(variance, tiny)), axis=-1)

    def wish(
        self, weights: Float[Array, " n"], signal: Float[Array, " n"], params: Params, clock: Clock
    ) -> Float[Array, " n"]:
        keep, forget = decay_of_days(params["memory_days_2"], *clock)
        return keep * weights + forget * signal


def return_variance(
    recur: Recur, price: Stream, keep: Float[Array, " n"], forget: Float[Array, " n"]
) -> Stream:
    """Exponentially weighted squares of returns about their average;
    all one until two returns are known.
    """
    nothing = jnp.zeros_like(price)
    _, last = recur("price", nothing, price, price)
    earned = price / last - 1
    age, _ = recur("age", nothing + 1, nothing + 1, nothing)
    # The first return is its own average: what is remembered begins with it.
    held = jnp.where(age <= 1, 0, keep)
    _, average = recur("average_return", held, (1 - held) * earned, earned)
    surprise = jnp.where(age <= 1, 0, earned - average)
    spread, _ = recur("running_variance", keep, keep * surprise**2, nothing)
    return jnp.where(age <= 1, 1, forget * spread)


def price_variance(
    recur: Recur, price: Stream, keep: Float[Array, " n"], forget: Float[Array, " n"]
) -> Stream:
    """Exponentially weighted squares of prices about their moving average,
    as the contracts have them.
    """
    average, before = recur("ewma", keep, forget * price, price)
    spread, _ = recur(
        "running_variance", keep, (price - before) * (price - average), jnp.zeros_like(price)
    )
    return forget * spread
