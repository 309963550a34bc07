# my_rules.py
import jax.numpy as jnp
from quantamm_cli.core.bijectors import Log2, Memory, decay
from quantamm_cli.core.minute import window
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import Path
from quantamm_cli.metrics.base import metric
from quantamm_cli.pools.base import AbstractPool, shares
from quantamm_cli.rules.base import WeightRule, centred


class Reversion(WeightRule, kind="reversion"):
    """Weights lean against the distance of the price from its average."""

    def parameters(self, clock):
        return (
            Parameter("log_k", "k_per_day", "1/day", Log2(), default=1.0, low=0.1, high=100.0, log=True),
            Parameter("logit_lamb", "memory_days", "days", Memory(clock.chunk_period), default=10.0, low=1.0, high=200.0, log=True),
        )

    def signal(self, recur, seen, params, clock):
        keep, forget = decay(params["logit_lamb"], *clock)
        average, _ = recur("average", keep, forget * seen.price, seen.price)  # name, decay, drive, and where it starts
        return centred(jnp.exp2(params["log_k"]), 1 - seen.price / average)


@metric(unit="numeraire", reads="days")  # reads="minutes" (the default) if it needs every minute
def final_value(path):
    """Value at the last minute."""
    return path.last.value


class Basket(AbstractPool, kind="basket"):
    """Equal amounts of everything, held."""

    def parameters(self, assets):
        return ()

    def frictionless(self, params, feed, start, rows):
        prices = window(feed.prices, start, rows)
        held = jnp.full(prices.shape[1], feed.initial_pool_value / prices[0].sum())
        reserves = jnp.broadcast_to(held, prices.shape)
        return Path(shares(reserves, prices), reserves, jnp.zeros_like(prices[:, 0]))
