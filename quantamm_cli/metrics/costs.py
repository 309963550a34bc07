"""Fee revenue and turnover."""

import jax.numpy as jnp

from quantamm_cli.core.types import DAY, Trajectory
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


@metric(unit="1/day", name="turnover", minutes=2, sign=-1)
def turnover_a_day(path: Trajectory) -> Scalar:
    """Minus the turnover of a day: 1440 times what ``metric.turnover_penalty`` charges for.

    -1440 mean_t sum_i |s_{t+1,i} - s_{t,i}| with s_{t,i} = R_{t,i} p_{t,i} / V_t

    What moves from one asset to another counts twice, at both. Changes by prices count, too.
    """
    return -DAY * turnover(path)
