"""Estimators that no rule here uses yet."""

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float

from quantamm_cli.core.recurrence import Recur, Stream


def price_covariance(
    recur: Recur, price: Stream, keep: Float[Array, " n"], forget: Float[Array, " n"]
) -> Float[Array, "*c n n"]:
    r"""Exponentially weighted products of prices about their moving averages, as the contracts have them.

    $$A'_{ij} = \lambda_i A_{ij} + (p - e)_i (p - e')_j, \qquad \Sigma_{ij} = (1 - \lambda_i) A_{ij}$$

    Symmetric where all assets have one memory. Its diagonal is the variance that ``min_variance`` takes in contract form.
    """
    n = price.shape[-1]
    average, before = recur("ewma", keep, forget * price, price)
    products = (price - before)[..., :, None] * (price - average)[..., None, :]
    flat = products.reshape(*price.shape[:-1], n * n)
    spread, _ = recur("running_covariance", jnp.repeat(keep, n), flat, jnp.zeros_like(flat))
    return forget[:, None] * spread.reshape(products.shape)
