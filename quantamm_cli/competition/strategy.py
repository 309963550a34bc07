"""What a strategy is: a pool that quotes, remembers, and competes with others for the same orders.

A strategy is frozen settings. Its float settings are its parameters: traced, so that changing one
never recompiles, many values run side by side, and gradients flow. Its methods are JAX functions of
one simulation; no method may keep anything but the state it is handed.
"""

import math
from abc import ABC
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Self

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray

from quantamm_cli.core.tree import TracedComponent

Scalar = Float[Array, ""]
State = Any
"""A pytree of at most 128 numbers, double precision."""

FloatSetting = float | Array | NDArray[np.float64]
"""The value of a float setting, or one for each of many strategies."""

MOST_STATE = 128
_ALMOST_ALL = 1 - 1e-12


class Swap(NamedTuple):
    """A fill, as its strategy is told of it once all fills of the moment have happened."""

    buys: Bool[Array, ""]
    """The trader paid Y and got X."""
    paid: Scalar
    """What came in, fee included: Y if the trader buys, else X."""
    got: Scalar
    """What went out."""
    reserves: Float[Array, "2"]
    """X and Y, after the fill."""
    step: Int[Array, ""]
    epoch_step: Int[Array, ""]
    epoch_number: Int[Array, ""]
    n_strategies: int
    """The normaliser counted."""
    index: Int[Array, ""]  # type: ignore[assignment]
    """Its own place in the line-up, from 0."""
    flow_captured: Scalar
    """Its share of what the order paid in; 0 for arbitrage."""
    capital_weight: Scalar
    """Its share of the strategies' capital."""
    competing_spots: Float[Array, "n"]
    """Spot prices of the others after the fills, in the order of the line-up, the normaliser last;
    NaN of one that quotes no more.
    """


class Tick(NamedTuple):
    """A new step: its price has moved, nobody has traded at it yet."""

    reserves: Float[Array, "2"]
    """X and Y."""
    step: Int[Array, ""]
    epoch_step: Int[Array, ""]
    epoch_number: Int[Array, ""]
    n_strategies: int
    index: Int[Array, ""]  # type: ignore[assignment]


class Epoch(NamedTuple):
    """The end of an epoch, once capital has moved."""

    reserves: Float[Array, "2"]
    """X and Y, the new ones."""
    epoch_number: Int[Array, ""]
    """That of the epoch that ended."""
    epoch_edge: Scalar
    cumulative_edge: Scalar
    capital_weight: Scalar
    growth: Scalar
    """New reserves over those before, of X and Y alike: a strategy that remembers
    amounts scales them by it.
    """
    n_strategies: int
    index: Int[Array, ""]  # type: ignore[assignment]


class Strategy(TracedComponent, ABC, group="strategy"):
    """Give ``fees`` for a constant-product pool with fees of one's own,
    or ``quote`` for any curve.
    """

    smooth: ClassVar[bool] = True
    """Whether its quotes have slopes that change steadily. Curves with kinks are solved by
    search, several times slower.
    """

    def init(self) -> State:
        """What it remembers at the start of a simulation."""
        return ()

    def fees(self, state: State) -> tuple[Scalar | float, Scalar | float]:
        """(bid, ask): the share kept of the X a seller brings, and of the Y a buyer brings.

        1 on a side: no quote there.
        """
        raise NotImplementedError(f"{type(self).__name__} gives neither fees nor quote")

    def quote(
        self, state: State, side: Bool[Array, ""], amount: Scalar, reserves: Float[Array, "2"]
    ) -> Scalar:
        """What comes out for ``amount``: X for Y if ``side`` (the trader buys X), else Y for X.
        Increasing, concave; 0: no quote.
        """
        raise NotImplementedError(f"{type(self).__name__} gives neither fees nor quote")

    def on_step(self, state: State, tick: Tick) -> State:
        """What it remembers when a step begins: for what changes with time,
        whether or not anybody trades.
        """
        del tick
        return state

    def after_swap(self, state: State, swap: Swap) -> State:
        """What it remembers after a fill of its own."""
        del swap
        return state

    def on_epoch(self, state: State, epoch: Epoch) -> State:
        """What it remembers when an epoch has ended."""
        del epoch
        return state

    def spot(self, state: State, reserves: Float[Array, "2"]) -> Scalar:
        """The price others see it at, Y per X: of a constant-product pool
        the ratio of its reserves.
        """
        del state
        return reserves[1] / reserves[0]

    @property
    def parameters(self) -> dict[str, FloatSetting]:
        """Its float settings by name: what can be swept and trained."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name: value
            for name, value in fields.items()
            if isinstance(value, float | Array | np.ndarray)
        }

    def at(self, values: Mapping[str, FloatSetting]) -> Self:
        """The same with other values of its parameters, not validated again."""
        return self.replace(**values)

    def bounds(self, parameter: str) -> tuple[float, float]:
        """Between what values a parameter may be, as far as is known."""
        rules = type(self).model_fields[parameter].metadata
        low, high = (
            [
                float(end)
                for rule in rules
                for name in names
                if (end := getattr(rule, name, None)) is not None
            ]
            for names in (("ge", "gt"), ("le", "lt"))
        )
        return max(low, default=-math.inf), min(high, default=math.inf)

    @property
    def is_curve(self) -> bool:
        """Whether it quotes a curve of its own."""
        return type(self).quote is not Strategy.quote

    @property
    def hears_steps(self) -> bool:
        return type(self).on_step is not Strategy.on_step

    @property
    def hears_swaps(self) -> bool:
        return type(self).after_swap is not Strategy.after_swap

    @property
    def hears_epochs(self) -> bool:
        return type(self).on_epoch is not Strategy.on_epoch


def constant_product(
    amount: Scalar, paid_into: Scalar, taken_from: Scalar, fee: Scalar | float
) -> Scalar:
    """What a constant-product pool gives for ``amount``; the fee is taken from
    it and stays in the pool.
    """
    counted = amount * (1 - jnp.asarray(fee))
    return taken_from * counted / (paid_into + counted)


def within(got: Scalar, reserve: Scalar) -> Scalar:
    """What a curve gives, but never all there is: a quote of the whole reserve breaks the rules."""
    return jnp.minimum(got, reserve * _ALMOST_ALL)
