"""A temporal function pool of the simulator."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, Self

import jax
import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float
from pydantic import Field, ValidationInfo, field_validator

from quantamm_cli.competition.strategies.balancer import shares, weighted, weighted_price
from quantamm_cli.competition.strategy import FloatSetting, Scalar, Strategy, Tick
from quantamm_cli.core.params import Parameter, initial
from quantamm_cli.core.recurrence import Seen
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools import temporal
from quantamm_cli.pools.guard import StandardGuard
from quantamm_cli.rules.momentum import Momentum
from quantamm_cli.settings.suggestions import did_you_mean

Pair = Float[Array, "2"]
Params = dict[str, float | tuple[float, ...]]


class Weights(NamedTuple):
    """What it remembers. Leaves of pairs: of X and of Y."""

    now: Pair
    start: Pair
    """At the beginning of the block."""
    slope: Pair
    """A step."""
    estimators: dict[str, Pair]
    params: dict[str, Array]
    """The rule's, raw: they do not change."""


class Temporal(Strategy, kind="temporal"):
    """A geometric mean pool whose weights a rule moves (TFMM):
    ``pool=temporal``, a step being a minute.

    No oracle comes with a competition: the rule sees the pool's own price, which arbitrage keeps
    within the fee of the market's.
    """

    pool: temporal.Temporal = Field(
        temporal.Temporal(
            rule=Momentum(), guard=StandardGuard(), chunk_period=60, weight_interpolation_period=60
        ),
        description=(
            "rule, guard and periods (a minute is a step): "
            "strategy.temporal.pool.rule.kind=NAME, of qsim show rules"
        ),
    )
    params: Params = Field(
        {},
        validate_default=True,
        description=(
            "of the rule, for both tokens or for each: strategy.temporal.params.k_per_day=20"
        ),
    )
    weight: float = Field(0.5, gt=0, lt=1, description="weight of X at the start; Y has the rest")
    fee_bps: float = Field(
        30.0, ge=0, le=10_000, description="share of what is paid in, in basis points"
    )

    @field_validator("pool")
    @classmethod
    def _can_compete(cls, pool: temporal.Temporal) -> temporal.Temporal:
        with _told():
            pool.check(("X", "Y"), "pool")
        rule = pool.rule
        if rule.looks_at or rule.rests or rule.broker is not None:
            lacks = (
                f"looks at {', '.join(rule.looks_at)}"
                if rule.looks_at
                else "does not trade with all who come"
            )
            raise ValueError(f"rule={rule.kind} {lacks}; it cannot compete")
        return pool

    @field_validator("params")
    @classmethod
    def _whole(cls, params: Params, told: ValidationInfo) -> Params:
        """With defaults, as every parameter can be swept and trained."""
        if "pool" not in told.data:
            return params
        specs = {spec.readable: spec for spec in _specs(told.data["pool"])}
        for name in params:
            if name not in specs:
                raise ValueError(
                    f"the rule has no parameter {name}{did_you_mean(name, specs)} (it has: "
                    f"{', '.join(specs)})"
                )
        with _told():
            initial(list(specs.values()), params, 1, 2, 0.0, 0)
        return {name: params.get(name, spec.default) for name, spec in specs.items()}

    @property
    def parameters(self) -> dict[str, FloatSetting]:
        return super().parameters | {
            name: value for name, value in self.params.items() if not isinstance(value, tuple)
        }

    def at(self, values: Mapping[str, FloatSetting]) -> Self:
        own = {name: value for name, value in values.items() if name in self.params}
        others = {name: value for name, value in values.items() if name not in own}
        return super().at(others).replace(params=self.params | own)

    def bounds(self, parameter: str) -> tuple[float, float]:
        """Of the rule's parameters the range that a search covers."""
        spec = next((spec for spec in _specs(self.pool) if spec.readable == parameter), None)
        return super().bounds(parameter) if spec is None else (spec.low, spec.high)

    def init(self) -> Weights:
        start = shares(self.weight)
        params = {spec.name: self._raw(spec) for spec in _specs(self.pool)}
        opening, _ = self.pool.online(params, None, start, Seen(jnp.ones(2)))
        return Weights(start, start, jnp.zeros(2), opening, params)

    def on_step(self, state: Weights, tick: Tick) -> Weights:
        """A new block begins with a look at the price that the last step left."""
        minute = tick.step % self.pool.chunk_period
        seen = Seen(jnp.stack([self.spot(state, tick.reserves), jnp.ones(())]))
        born, _ = self.pool.online(state.params, None, state.start, seen)
        arrived = self.pool.arrival(state.start, state.slope)
        told, slope = self.pool.online(state.params, state.estimators, arrived, seen)
        first, later = (born, state.start, jnp.zeros(2)), (told, arrived, slope)
        began = jax.tree.map(lambda one, other: jnp.where(tick.step == 0, one, other), first, later)
        before = (state.estimators, state.start, state.slope)
        estimators, start, slope = jax.tree.map(
            lambda new, old: jnp.where(minute == 0, new, old), began, before
        )
        return Weights(
            self.pool.between(start, slope, minute + 1), start, slope, estimators, state.params
        )

    def quote(
        self, state: Weights, side: Bool[Array, ""], amount: Scalar, reserves: Pair
    ) -> Scalar:
        return weighted(side, amount, reserves, state.now, self.fee_bps / 1e4)

    def spot(self, state: Weights, reserves: Pair) -> Scalar:
        return weighted_price(reserves, state.now)

    def _raw(self, spec: Parameter) -> Array:
        """Of the shape that the pool wants it in."""
        return jnp.broadcast_to(
            spec.bijector.raw(jnp.asarray(self.params[spec.readable], float)), spec.shape(2)
        )


@contextmanager
def _told() -> Iterator[None]:
    """What is wrong within, as the settings library wants it, which says where the strategy is."""
    try:
        yield
    except ConfigError as failure:
        raise ValueError(str(failure)) from None


def _specs(pool: temporal.Temporal) -> tuple[Parameter, ...]:
    """What a rule and its guard have to be told."""
    return (*pool.rule.parameters(pool.clock), *pool.guard.parameters(2))
