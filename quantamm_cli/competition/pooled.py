"""The adapter from the simulator's pools to strategies of competitions."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import jax.numpy as jnp
from jax import Array
from jaxtyping import Bool, Float
from pydantic import ValidationInfo, field_validator

from quantamm_cli.competition.strategy import (
    Epoch,
    FloatSetting,
    Scalar,
    State,
    Strategy,
    Tick,
    within,
)
from quantamm_cli.core.params import Parameter, initial, readable
from quantamm_cli.core.quotes import PAIR, Quotes
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.suggestions import did_you_mean

Pair = Float[Array, "2"]
Params = dict[str, float | tuple[float, ...]]


class Pooled(Strategy, ABC):
    """A strategy that gives the quotes of a pool of X and Y.

    All entrants start with equal values of X and Y. A pool for which these are not the right
    amounts at the market's price starts at another price, and loses the difference to arbitrage.
    """

    @abstractmethod
    def quotes(self) -> Quotes:
        """The pool's quotes with the strategy's settings."""

    def init(self) -> State:
        return self.quotes().opened()

    def quote(self, state: State, side: Bool[Array, ""], amount: Scalar, reserves: Pair) -> Scalar:
        got = self.quotes().out_given_in(state, reserves, jnp.where(side, 1, 0), amount)
        return within(got, jnp.where(side, reserves[0], reserves[1]))

    def spot(self, state: State, reserves: Pair) -> Scalar:
        return self.quotes().price(state, reserves)

    def on_step(self, state: State, tick: Tick) -> State:
        return self.quotes().stepped(state, tick.reserves, tick.step)

    def on_epoch(self, state: State, epoch: Epoch) -> State:
        return self.quotes().grown(state, epoch.growth)


class Parametrised(Pooled, ABC):
    """A strategy whose settings are a pool and values of the pool's parameters."""

    pool: AbstractPool
    params: Params

    @field_validator("pool")
    @classmethod
    def _can_compete(cls, pool: AbstractPool) -> AbstractPool:
        with _as_value_error():
            pool.check(PAIR, "pool")
        if pool.cannot_compete is not None:
            raise ValueError(pool.cannot_compete)
        return pool

    @field_validator("params")
    @classmethod
    def _with_defaults(cls, params: Params, info: ValidationInfo) -> Params:
        """Add the defaults of trainable parameters, so that they can be swept and trained."""
        if "pool" not in info.data:
            return params
        specs = {spec.readable: spec for spec in cls.specs(info.data["pool"])}
        for name in params:
            if name not in specs:
                known = ", ".join(specs) or "none"
                raise ValueError(
                    f"the pool has no parameter {name}{did_you_mean(name, specs)} (it has: {known})"
                )
        with _as_value_error():
            raw = initial(list(specs.values()), params, 1, 2, 0.0, 0)
            info.data["pool"].check_parameters(readable(specs.values(), raw))
        return {
            name: params.get(name, spec.default)
            for name, spec in specs.items()
            if name in params or spec.trainable
        }

    @classmethod
    def specs(cls, pool: Any) -> tuple[Parameter, ...]:
        """The parameters that ``params`` may give."""
        parameters: tuple[Parameter, ...] = pool.parameters(2)
        return parameters

    @property
    def parameters(self) -> dict[str, FloatSetting]:
        return super().parameters | {
            name: value for name, value in self.params.items() if not isinstance(value, tuple)
        }

    def at(self, values: Mapping[str, FloatSetting]) -> Self:
        of_pool = {name: value for name, value in values.items() if name in self.params}
        others = {name: value for name, value in values.items() if name not in of_pool}
        return super().at(others).replace(params=self.params | of_pool)

    def bounds(self, parameter: str) -> tuple[float, float]:
        """For the pool's parameters the range that a search covers."""
        for spec in self.specs(self.pool):
            if spec.readable == parameter:
                return spec.low, spec.high
        return super().bounds(parameter)

    def raw(self) -> dict[str, Array]:
        """The pool's parameters as the simulator has them."""
        raw = {}
        for spec in self.specs(self.pool):
            value = jnp.asarray(self.params.get(spec.readable, spec.default), float)
            shape = spec.shape(2)
            if not spec.trainable:
                value = jnp.broadcast_to(value, shape)
            raw[spec.name] = jnp.broadcast_to(spec.bijector.raw(value), shape)
        return raw


@contextmanager
def _as_value_error() -> Iterator[None]:
    """Raise ConfigError of the block as ValueError, to which the settings library adds the path."""
    try:
        yield
    except ConfigError as failure:
        raise ValueError(str(failure)) from None


def shares(of_x: Scalar | float) -> Pair:
    """The weights of X and Y."""
    return jnp.stack([jnp.asarray(of_x, float), 1 - jnp.asarray(of_x, float)])
