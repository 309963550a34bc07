"""The base class of strategies: pools with a state that compete for the same orders.

A strategy is frozen settings. Its float settings are its parameters. They are traced: changing one
never recompiles, many values run side by side, and gradients flow. Its methods are JAX functions of
one simulation, and may remember nothing but the state they return.
"""

import math
from abc import ABC
from collections.abc import Mapping, Sequence
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
"""The value of a float setting, or an array of one value for each of many strategies."""

MOST_STATE = 128
_ALMOST_ALL = 1 - 1e-12


class Swap(NamedTuple):
    """A fill of the strategy, after all simultaneous fills of other pools."""

    buys: Bool[Array, ""]
    """The trader paid Y and got X."""
    paid: Scalar
    """The payment, fee included: in Y if the trader buys, else in X."""
    got: Scalar
    """What the trader got."""
    reserves: Float[Array, "2"]
    """X and Y, after the fill."""
    step: Int[Array, ""]
    epoch_step: Int[Array, ""]
    epoch_number: Int[Array, ""]
    n_strategies: int
    """The number of pools: strategies and the normaliser."""
    index: Int[Array, ""]  # type: ignore[assignment]
    """The strategy's place in the line-up, from 0."""
    flow_captured: Scalar
    """The strategy's share of the order; 0 for arbitrage."""
    capital_weight: Scalar
    """The strategy's share of the strategies' capital."""
    competing_spots: Float[Array, "n"]
    """Spot prices of the other pools after the fills, in the order of the line-up, the normaliser
    last; NaN of a strategy that broke a rule.
    """


class Tick(NamedTuple):
    """A new step, after its price move and before any trade."""

    reserves: Float[Array, "2"]
    """X and Y."""
    step: Int[Array, ""]
    epoch_step: Int[Array, ""]
    epoch_number: Int[Array, ""]
    n_strategies: int
    index: Int[Array, ""]  # type: ignore[assignment]


class Epoch(NamedTuple):
    """The end of an epoch, after capital has moved."""

    reserves: Float[Array, "2"]
    """X and Y, after the move."""
    epoch_number: Int[Array, ""]
    """The number of the epoch that ended."""
    epoch_edge: Scalar
    cumulative_edge: Scalar
    capital_weight: Scalar
    growth: Scalar
    """Reserves after the move over those before, the same for X and Y; a strategy whose state has
    amounts scales them by it.
    """
    n_strategies: int
    index: Int[Array, ""]  # type: ignore[assignment]


class Strategy(TracedComponent, ABC, group="strategy"):
    """Subclasses define ``fees``, for a constant-product pool, or ``quote``, for any curve."""

    smooth: ClassVar[bool] = True
    """Whether its quotes have continuous slopes. Curves with kinks are solved by search, which is
    several times slower.
    """

    def init(self) -> State:
        """The state at the start of a simulation."""
        return ()

    def fees(self, state: State) -> tuple[Scalar | float, Scalar | float]:
        """(bid, ask): the share that the pool keeps of a seller's X and of a buyer's Y.

        A fee of 1: no quote on that side.
        """
        raise NotImplementedError(f"{type(self).__name__} gives neither fees nor quote")

    def quote(
        self, state: State, side: Bool[Array, ""], amount: Scalar, reserves: Float[Array, "2"]
    ) -> Scalar:
        """The output for ``amount``: X for Y if ``side`` (the trader buys X), else Y for X.

        It must be increasing and concave in ``amount``; 0: no quote.
        """
        raise NotImplementedError(f"{type(self).__name__} gives neither fees nor quote")

    def on_step(self, state: State, tick: Tick) -> State:
        """The state when a step begins, whether or not anybody trades in it."""
        del tick
        return state

    def after_swap(self, state: State, swap: Swap) -> State:
        """The state after a fill of this strategy."""
        del swap
        return state

    def on_epoch(self, state: State, epoch: Epoch) -> State:
        """The state after the end of an epoch."""
        del epoch
        return state

    def spot(self, state: State, reserves: Float[Array, "2"]) -> Scalar:
        """The price that other strategies see, Y per X; by default the ratio of the reserves."""
        del state
        return reserves[1] / reserves[0]

    @property
    def parameters(self) -> dict[str, FloatSetting]:
        """The float settings by name, which can be swept and trained."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return {
            name: value
            for name, value in fields.items()
            if isinstance(value, float | Array | np.ndarray)
        }

    def at(self, values: Mapping[str, FloatSetting]) -> Self:
        """The same strategy with other values of its parameters, which are not validated."""
        return self.replace(**values)

    def bounds(self, parameter: str) -> tuple[float, float]:
        """The lowest and the highest value of a parameter; infinite where none is declared."""
        rules = type(self).model_fields[parameter].metadata
        return (
            max(_ends(rules, "ge", "gt"), default=-math.inf),
            min(_ends(rules, "le", "lt"), default=math.inf),
        )

    @property
    def is_curve(self) -> bool:
        """Whether it defines ``quote``."""
        return type(self).quote is not Strategy.quote

    @property
    def hears_steps(self) -> bool:
        """Whether it defines ``on_step``."""
        return type(self).on_step is not Strategy.on_step

    @property
    def hears_swaps(self) -> bool:
        """Whether it defines ``after_swap``."""
        return type(self).after_swap is not Strategy.after_swap

    @property
    def hears_epochs(self) -> bool:
        """Whether it defines ``on_epoch``."""
        return type(self).on_epoch is not Strategy.on_epoch


def _ends(rules: Sequence[Any], *names: str) -> list[float]:
    """The bounds of these names among a setting's validation rules."""
    ends = (getattr(rule, name, None) for rule in rules for name in names)
    return [float(end) for end in ends if end is not None]


def constant_product(
    amount: Scalar, paid_into: Scalar, taken_from: Scalar, fee: Scalar | float
) -> Scalar:
    """The output of a constant-product pool for ``amount``, whose fee stays in the pool."""
    counted = amount * (1 - jnp.asarray(fee))
    return taken_from * counted / (paid_into + counted)


def within(got: Scalar, reserve: Scalar) -> Scalar:
    """A curve's output, limited to just below the reserve: quoting all of it breaks the rules."""
    return jnp.minimum(got, reserve * _ALMOST_ALL)
