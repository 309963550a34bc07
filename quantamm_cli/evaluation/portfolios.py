"""Benchmarks that depend on the pool: its constant weights, and portfolios that follow its weights
at an exchange.
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
    """Parameters and feed of a ``Balancer`` pool that opens with the shares of value of these
    reserves.
    """
    logits = jnp.log(jnp.maximum(reserves * prices / value, np.finfo(value.dtype).tiny))
    own = feed._replace(trades=None, initial_reserves=None, initial_pool_value=value)
    return {"initial_weights_logits": logits}, own


def portfolios(pool: AbstractPool, feed: Feed) -> dict[str, AbstractPool]:
    """``lvr`` and ``rvr`` of a pool, by name.

    There are none if the pool's weights depend on its reserves, if it trades at an exchange itself,
    or if its LP supply changes and scores are of all of the pool. Both have one class, so that one
    program runs both: ``lvr`` is ``rvr`` without costs.
    """
    base = pool
    while isinstance(base, Wrapper):
        base = base.base
    broker = getattr(getattr(base, "rule", None), "broker", None)
    is_fund = broker is not None or isinstance(pool, LossVersusRebalancing)
    has_supply = feed.frictions is not None and feed.frictions.lp_supply is not None
    grows = has_supply and feed.basis.supply is None
    if not isinstance(base, GeometricPool) or is_fund or grows:
        return {}
    costly = RebalancingVersusRebalancing(base=base)
    return {"lvr": costly.replace(cost=0.0, spread=0.0), "rvr": costly}
