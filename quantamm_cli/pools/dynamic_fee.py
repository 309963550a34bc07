"""A fee that depends on a rule's signal."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import NDArray
from pydantic import Field

from quantamm_cli.core.bijectors import Interval, Log2
from quantamm_cli.core.contracts import OnChain
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.recurrence import Columns, RuleInputs
from quantamm_cli.core.types import Feed, Params, Path, Snapshot
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.base import without_prefix
from quantamm_cli.pools.wrapper import Wrapper
from quantamm_cli.rules.base import Clock, WeightRule
from quantamm_cli.settings.types import Count

PREFIX = "fee_"


class DynamicFee(Wrapper, kind="dynamic_fee"):
    """A pool whose fee rises with the change of weights that a rule asks for.

    fee = fee_lowest + (fee_highest - fee_lowest) (1 - exp(-fee_strength s)), where s is the mean
    over tokens of |change of weight| that the rule asks for at the last chunk. It replaces
    ``fees.fee``; gas and other frictions of ``fees`` apply.
    """

    rule: WeightRule
    chunk_period: Count = Field(
        1440, description="minutes between updates; must equal that of base, if base has one"
    )
    max_memory_days: Count = Field(365, description="longest memory of an estimator, days")

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        super().check(tokens, where)
        self.rule.check(tokens, f"{where}.rule")
        if not self.base.takes_frictions:
            raise ConfigError(
                f"{where}.base",
                f"is {self.base.kind}, which has no path with frictions; use a pool with fees",
            )
        if self.base.chunk not in (None, self.chunk_period):
            raise ConfigError(
                f"{where}.chunk_period",
                f"is {self.chunk_period}; expected {where}.base.chunk_period ({self.base.chunk})",
            )
        if self.rule.targets:
            raise ConfigError(
                f"{where}.rule",
                f"is {self.rule.kind}, which returns weights; use a rule that returns changes",
            )

    @property
    def chunk(self) -> int | None:
        return self.chunk_period

    @property
    def clock(self) -> Clock:
        """The rule's time scales."""
        return Clock(self.chunk_period, self.max_memory_days)

    @property
    def looks_at(self) -> tuple[str, ...]:
        return (*super().looks_at, *self.rule.looks_at)

    @property
    def takes_frictions(self) -> bool:
        return True

    @property
    def charges(self) -> bool:
        return True

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        fraction = Interval(0.0, 1.0)
        return (
            *super().parameters(assets),
            *map(_prefixed, self.rule.parameters(self.clock)),
            Parameter(
                "raw_fee_lowest",
                "fee_lowest",
                "fraction",
                fraction,
                0.0005,
                low=1e-5,
                high=0.01,
                log=True,
                count=1,
                onchain=OnChain("fee_lowest"),
            ),
            Parameter(
                "raw_fee_highest",
                "fee_highest",
                "fraction",
                fraction,
                0.01,
                low=1e-3,
                high=0.1,
                log=True,
                count=1,
                onchain=OnChain("fee_highest"),
            ),
            Parameter(
                "log_fee_strength",
                "fee_strength",
                "1",
                Log2(),
                1.0,
                low=0.01,
                high=100.0,
                log=True,
                count=1,
                onchain=OnChain("fee_strength"),
            ),
        )

    def fee(self, params: Params, feed: Feed) -> Float[Array, " t"]:
        """The fee of every minute of the feed, from the last chunk known then."""
        observed = RuleInputs(feed.chunks, feed.series)
        rule_params = without_prefix(PREFIX, params)
        changes = self.rule.signal(Columns(feed.first_chunk), observed, rule_params, self.clock)
        lowest = jax.nn.sigmoid(params["raw_fee_lowest"][0])
        highest = jax.nn.sigmoid(params["raw_fee_highest"][0])
        strength = jnp.exp2(params["log_fee_strength"][0])
        share = -jnp.expm1(-strength * jnp.abs(changes).mean(-1))
        fees = lowest + (highest - lowest) * share
        minutes = feed.burn_in + jnp.arange(len(feed.prices))
        return fees[feed.first_chunk + minutes // self.chunk_period]

    def path(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        return self.base.path(params, self._charged(params, feed), start, rows)

    def sampled(
        self,
        params: Params,
        feed: Feed,
        start: Int[Array, ""],
        length: int,
        rows: NDArray[np.int64],
    ) -> Snapshot:
        return self.base.sampled(params, self._charged(params, feed), start, length, rows)

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        return self.base.frictionless(params, feed, start, rows)

    def _charged(self, params: Params, feed: Feed) -> Feed:
        """The feed with the pool's fees in place of the settings' fee."""
        if feed.frictions is None:
            return feed
        return feed._replace(frictions=feed.frictions._replace(fee=self.fee(params, feed)))


def _prefixed(spec: Parameter) -> Parameter:
    """A parameter of the rule, with the prefix that its name has in the pool."""
    onchain = None if spec.onchain is None else spec.onchain.prefixed(PREFIX)
    return replace(spec, name=PREFIX + spec.name, readable=PREFIX + spec.readable, onchain=onchain)
