"""Noise on the prices of training; validation and test have none."""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float
from numpy.typing import NDArray

from quantamm_cli.core.types import DAY, Feed
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.random import tags


def factors(
    seed: int, step: int, deviation: float, pool: AbstractPool, feed: Feed
) -> NDArray[np.float64] | None:
    r"""Factors on the prices of each chunk, ``(c, n)``: $e^{\sigma z - \sigma^2/2}$, of mean one;
    ``None`` without noise.

    A pool without chunks has one factor a day. A pure function of seed and step.
    """
    if not deviation:
        return None
    rows, assets = feed.prices.shape
    chunks = -(-rows // DAY) if pool.chunk is None else len(feed.chunks)
    random = np.random.Generator(np.random.PCG64([seed, step, tags.PRICE_NOISE]))
    drawn = random.standard_normal((chunks, assets))
    return np.exp(deviation * drawn - deviation**2 / 2)


def noised(pool: AbstractPool, feed: Feed, factors: Float[Array, "c n"] | None) -> Feed:
    """The market with its prices multiplied chunk by chunk, for signals, trades and valuation
    alike.

    One factor applies to all minutes of a chunk: with a factor a minute, arbitrage against the
    noise would be most of what a pool earns. The padding before the burn-in has the factor of the
    first price.
    """
    if factors is None:
        return feed
    rows, chunks = jnp.arange(len(feed.prices)), feed.chunks
    if pool.chunk is None:
        block = rows // DAY
    else:
        factors = factors[jnp.maximum(jnp.arange(len(chunks)), feed.first_chunk)]
        block = feed.first_chunk + (feed.burn_in + rows) // pool.chunk
        chunks = chunks * factors.astype(chunks.dtype)
    prices = feed.prices * factors[block].astype(feed.prices.dtype)
    prefix = feed.prefix
    if prefix is not None:
        shift = jnp.log(factors)[block]
        turns = jnp.diff(shift, axis=0, prepend=shift[:1])
        moments = prefix.moments + jnp.cumsum(rows[:, None] * turns, axis=0)
        prefix = type(prefix)(prefix.log_prices + shift, moments)
    return feed._replace(prices=prices, chunks=chunks, prefix=prefix)
