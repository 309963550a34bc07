"""A stranger's module with a component of every kind, and their YAML: small, and lawful."""

from pathlib import Path

from quantamm_cli.settings.conf import packaged_conf

MODULE = '''
"""Components of somebody else's."""

import jax.numpy as jnp
import numpy as np
import optax
from pydantic import Field

from quantamm_cli.competition.market.kinds.lognormal import Lognormal
from quantamm_cli.competition.strategy import Strategy
from quantamm_cli.core.bijectors import Log2
from quantamm_cli.core.minute import window
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.types import Path
from quantamm_cli.market import Closes, Practice, Source
from quantamm_cli.market.practice import Paths, as_market
from quantamm_cli.metrics.base import metric
from quantamm_cli.pools.base import AbstractPool, shares
from quantamm_cli.pools.guard import StandardGuard
from quantamm_cli.rules.base import WeightRule, centred
from quantamm_cli.settings.component import REGISTER
from quantamm_cli.training.gradient import GradientFit, clipped


class Leaning(WeightRule, kind="my_rule"):
    """Weights lean against the change of the price."""

    def parameters(self, clock):
        return (Parameter("log_k", "k_per_day", "1/day", Log2(), 1.0, 0.1, 100.0, log=True),)

    def signal(self, recur, seen, params, clock):
        before = jnp.zeros_like(seen.price)
        last, _ = recur("last", before, seen.price, seen.price)
        average, _ = recur("average", before + 0.9, 0.1 * last, seen.price)
        return centred(jnp.exp2(params["log_k"]), 1 - seen.price / average)


class Slow(StandardGuard, kind="my_guard"):
    """As the standard one, and slower unless told otherwise."""

    maximum_change: float = Field(1e-4, gt=0, description="largest change of a weight in a minute")


class Equal(AbstractPool, kind="my_pool"):
    """Equal amounts of everything, held."""

    def parameters(self, assets):
        return ()

    def frictionless(self, params, feed, start, rows):
        prices = window(feed.prices, start, rows)
        held = jnp.full(prices.shape[1], feed.initial_pool_value / prices[0].sum())
        reserves = jnp.broadcast_to(held, prices.shape)
        return Path(shares(reserves, prices), reserves, jnp.zeros_like(prices[:, 0]))


@metric(unit="numeraire", reads="days")
def my_metric(path):
    """Value at the last minute."""
    return path.last.value


class Steps(GradientFit, kind="my_fit"):
    """Steps along the sign of the gradient."""

    @staticmethod
    def transform(numbers):
        return clipped(numbers, optax.scale_by_sign())


class Waves(Source, kind="my_data"):
    """Prices that go up and down, from 2020 to 2040."""

    height: float = Field(0.1, gt=0, lt=1, description="of a wave, as a share of the price")

    def span(self, token):
        return 26_297_280, 36_817_920

    def read(self, token, first, last):
        self.refuse_outside(token, first, last)
        wave = np.sin(np.arange(first, last) * (1 + len(token) % 3 + (token == "ETH")) / 3000)
        return Closes(100 * (1 + self.height * wave), 0, 0)


class Backwards(Practice, kind="my_practice"):
    """What trains, its changes from the last to the first."""

    def bank(self, history, rows, load):
        logs = np.log(history.prices[history.burn_in : history.burn_in + rows])
        turned = np.exp(logs[:1] + np.concatenate([0 * logs[:1], np.cumsum(np.diff(logs[::-1], axis=0), axis=0)]))
        burn_in = history.prices[: history.burn_in]
        level = burn_in[-1:] / turned[:1] if len(burn_in) else 1.0
        return Paths(as_market(history, np.concatenate([burn_in, turned * level])), np.zeros(1, np.int32))


class Flat(REGISTER["fees"]["flat"], kind="my_fees"):
    """Frictions that do not change in time."""


class Nobody(REGISTER["trades"]["none"], kind="my_trades"):
    """No trade is given."""


class Calm(Lognormal, kind="my_market"):
    """A lognormal market, by another name."""


class Fixed(Strategy, kind="my_strategy"):
    """The same fee on both sides, always."""

    fee_bps: float = Field(35.0, ge=0, le=10_000, description="basis points")

    def fees(self, state):
        return self.fee_bps / 1e4, self.fee_bps / 1e4
'''
COMMAND = '''
"""``qsim my_command``: how many tokens there are."""

from quantamm_cli.cli.command import Command, Flag


def run(composed, options, monitor):
    from quantamm_cli.workflows.results import Result

    class Count(Result):
        def to_dict(self):
            return {"tokens": len(composed.tree["tokens"]), "by": options.text("by")}

        def tables(self):
            return [f"{len(composed.tree['tokens'])} tokens"]

    return Count()


BY = Flag("by", ("--by",), "how many at once", "N", choices=("one", "two"))
COMMAND = Command("my_command", "counts tokens", "[--by N]", 50, run, flags=(BY,), settings="base")
'''
KINDS = {
    "rules": ("pool/rule", "my_rule"),
    "guards": ("pool/guard", "my_guard"),
    "pools": ("pool", "my_pool"),
    "metrics": ("metric", "my_metric"),
    "fits": ("fit", "my_fit"),
    "data": ("data", "my_data"),
    "practices": ("practice", "my_practice"),
    "fees": ("fees", "my_fees"),
    "trades": ("trades", "my_trades"),
    "markets": ("market", "my_market"),
    "strategies": ("strategy", "my_strategy"),
}
"""What ``qsim show`` calls them, their group and their kind."""
LIKE = {
    "fit": ("sgd", ()),
    "fees": ("flat", ()),
    "trades": ("none", ()),
    "market": ("lognormal", ()),
    "metric": ("returns", ()),
    "pool/guard": ("standard", (("3e-4", "1e-4"),)),
    "strategy": ("fixed_fee", (("30.0", "35.0"),)),
    "data": ("synthetic", (("seed: 0     ", "height: 0.1"),)),
}
"""Which of our YAML has the same keys, and what is otherwise in it."""
EXPERIMENT = """# qsim train conf=my_experiment
# Everything of somebody else's at once.
defaults:
  - override /pool/rule: my_rule
  - override /data: my_data
"""


def yaml(group: str, kind: str) -> str:
    """Every setting with its default."""
    if group not in LIKE:
        return f"# One of somebody else's.\nkind: {kind}\n"
    name, changes = LIKE[group]
    text = (packaged_conf() / group / f"{name}.yaml").read_text()
    for old, new in ((f"kind: {name}\n", f"kind: {kind}\n"), *changes):
        assert old in text
        text = text.replace(old, new)
    return text


def write(folder: Path) -> None:
    """A YAML for each in ``folder``/conf, and an experiment."""
    texts = {f"{group}/{kind}": yaml(group, kind) for group, kind in KINDS.values()}
    for name, text in (texts | {"experiment/my_experiment": EXPERIMENT}).items():
        path = folder / "conf" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
