"""What a pool is compared with that needs to know the pool: constant weights, and the portfolios
that do outside what it does inside.
"""

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float

from quantamm_cli.core.types import Feed, Params
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.pools.fund import LossVersusRebalancing, RebalancingVersusRebalancing
from quantamm_cli.pools.geometric import GeometricPool
from quantamm_cli.pools.wrapper import Wrapper


def constant_weights(
    reserves: Float[Array, " n"], prices: Float[Array, " n"], value: Float[Array, ""], feed: Feed
) -> tuple[Params, Feed]:
    """Parameters of ``Balancer`` and the market, for a pool that opens with these holdings and
    keeps their shares of value.
    """
    opened = jnp.log(jnp.maximum(reserves * prices / value, np.finfo(value.dtype).tiny))
    return {"initial_weights_logits": opened}, feed._replace(
        trades=None, initial_reserves=None, initial_pool_value=value
    )


def portfolios(pool: AbstractPool, feed: Feed) -> dict[str, AbstractPool]:
    """``lvr`` and ``rvr`` around a pool, by name; none of a pool whose weights are not
    known before its reserves.

    Nor of one that trades at an exchange itself, or whose liquidity others change. Both are of one
    class, so that one program runs both: without costs, rebalancing versus rebalancing is loss
    versus rebalancing.
    """
    base = pool
    while isinstance(base, Wrapper):
        base = base.base
    own_broker = getattr(getattr(base, "rule", None), "broker", None) is not None or isinstance(
        pool, LossVersusRebalancing
    )
    grows = feed.frictions is not None and feed.frictions.lp_supply is not None
    if not isinstance(base, GeometricPool) or own_broker or grows:
        return {}
    costly = RebalancingVersusRebalancing(base=base)
    return {"lvr": costly.replace(cost=0.0, spread=0.0), "rvr": costly}
