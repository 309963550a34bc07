"""Minimum variance."""

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float
from pydantic import Field

from quantamm_cli.core.bijectors import decay_of_days
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Recur, RuleInputs, Stream
from quantamm_cli.core.types import Params
from quantamm_cli.rules.base import Clock, WeightRule, two_memories


class MinVariance(WeightRule, kind="min_variance"):
    """Weights in inverse proportion to each asset's variance.

    target w*_i = (1 / var_i) / sum_j (1 / var_j) and w' = lambda_2 w + (1 - lambda_2) w*. The
    variance of returns is exponentially weighted: v' = lambda_1 (v + d^2) and
    var = (1 - lambda_1) v, where d is the return less its average before. All variances are 1 until
    two returns are known. With ``form=contract`` it is the variance of prices, as in the contracts:
    v' = lambda_1 v + (p - e)(p - e'), where e is the average price before and e' after.
    """

    form: Literal["reference", "contract"] = Field(
        "reference", description="reference: variance of returns; contract: variance of prices"
    )

    @property
    def targets(self) -> bool:
        return True

    def parameters(self, clock: Clock) -> tuple[Parameter, ...]:
        return (*two_memories((0.0, clock.max_memory_days)),)

    def signal(self, recur: Recur, observed: RuleInputs, params: Params, clock: Clock) -> Stream:
        keep, forget = decay_of_days(params["memory_days_1"], *clock)
        spread = price_variance if self.form == "contract" else return_variance
        variance = spread(recur, observed.price, keep, forget)
        # A softmax of logarithms gives the same shares, without overflow or division by zero.
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
    """The exponentially weighted variance of returns; 1 until two returns are known."""
    zero = jnp.zeros_like(price)
    _, last = recur("price", zero, price, price)
    returns = price / last - 1
    age, _ = recur("age", zero + 1, zero + 1, zero)
    # The average begins with the first return.
    memory = jnp.where(age <= 1, 0, keep)
    _, average = recur("average_return", memory, (1 - memory) * returns, returns)
    deviation = jnp.where(age <= 1, 0, returns - average)
    spread, _ = recur("running_variance", keep, keep * deviation**2, zero)
    return jnp.where(age <= 1, 1, forget * spread)


def price_variance(
    recur: Recur, price: Stream, keep: Float[Array, " n"], forget: Float[Array, " n"]
) -> Stream:
    """The exponentially weighted variance of prices, as in the contracts."""
    average, before = recur("ewma", keep, forget * price, price)
    square = (price - before) * (price - average)
    spread, _ = recur("running_variance", keep, square, jnp.zeros_like(price))
    return forget * spread
