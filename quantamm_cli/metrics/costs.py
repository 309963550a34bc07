"""Fee revenue and turnover."""

import jax.numpy as jnp

from quantamm_cli.core.types import Trajectory
from quantamm_cli.metrics.base import Scalar, metric


@metric(unit="fraction")
def fee_revenue_over_value(path: Trajectory) -> Scalar:
    """Fees earned by the liquidity providers, divided by the first value."""
    return path.fees.sum() / path.value[0]


def turnover(path: Trajectory) -> Scalar:
    """Mean over minutes of the sum over assets of |change of the share of value|; changes by prices
    count, too.
    """
    shares = path.reserves * path.prices / path.value[:, None]
    return jnp.abs(jnp.diff(shares, axis=0)).sum(-1).mean()
