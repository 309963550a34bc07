"""Guards, which limit the weights that a rule asks for."""

from abc import ABC, abstractmethod

import jax.numpy as jnp
from jax import Array
from jaxtyping import Float
from pydantic import Field

from quantamm_cli.core.params import Parameter
from quantamm_cli.core.simplex import clamp, guarded, straight_through
from quantamm_cli.core.tree import TracedComponent
from quantamm_cli.core.types import Params
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.types import Positive


class Guard(TracedComponent, ABC, group="pool/guard"):
    """Turns the weights that a rule asks for, the wish, into a permitted change a minute."""

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        """Declarations of the guard's parameters."""
        del assets
        return ()

    @abstractmethod
    def slope(
        self, start: Float[Array, " n"], wish: Float[Array, " n"], minutes: int, params: Params
    ) -> Float[Array, " n"]:
        """The change a minute, over ``minutes``, of weights that begin at ``start``."""

    @property
    def stops(self) -> bool:
        """Whether weights may have to stop before the end of the interpolation period."""
        return False

    def stop(
        self, start: Float[Array, " n"], slope: Float[Array, " n"], minutes: int
    ) -> Float[Array, ""]:
        """The number of minutes, at most ``minutes``, after which weights with this slope stop."""
        return jnp.full((), minutes, start.dtype)

    @abstractmethod
    def inside(self, weights: Float[Array, " n"], params: Params) -> Float[Array, " n"]:
        """The permitted weights nearest to these, to open a pool with;
        no limit of speed applies.
        """


class StandardGuard(Guard, kind="standard"):
    """A smallest weight, the largest weight that follows from it, and a largest change a minute."""

    maximum_change: Positive = Field(3e-4, description="largest change of a weight in a minute")
    minimum_weight: Positive | None = Field(
        None, description="smallest weight; null: 0.1 / number of tokens"
    )
    straight_through: bool = Field(
        False, description="true: gradients ignore the limits (straight-through estimator)"
    )

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        check_minimum_weight(self.minimum_weight, len(tokens), where)

    def slope(
        self, start: Float[Array, " n"], wish: Float[Array, " n"], minutes: int, params: Params
    ) -> Float[Array, " n"]:
        change = self._limited(start, wish / wish.sum(), minutes, params)
        if not self.straight_through:
            return change
        return straight_through(change, (wish / wish.sum() - start) / minutes)

    def inside(self, weights: Float[Array, " n"], params: Params) -> Float[Array, " n"]:
        return clamp(weights, self.floor(weights), passes=len(weights))

    def _limited(
        self, start: Float[Array, " n"], wish: Float[Array, " n"], minutes: int, params: Params
    ) -> Float[Array, " n"]:
        del params
        return guarded(start, wish, minutes, self.floor(start), self.maximum_change)

    def floor(self, weights: Float[Array, " n"]) -> Float[Array, ""] | float:
        """The smallest weight."""
        return smallest_weight(self.minimum_weight, len(weights))


def smallest_weight(minimum_weight: Array | float | None, assets: int) -> Array | float:
    """The setting ``minimum_weight``, a number or a traced one, or if it is None its default."""
    return 0.1 / assets if minimum_weight is None else minimum_weight


def check_minimum_weight(minimum_weight: float | None, assets: int, where: str) -> None:
    """Raise ConfigError if so large a smallest weight leaves no weights that sum to one."""
    if minimum_weight is not None and minimum_weight * assets > 1:
        raise ConfigError(
            f"{where}.minimum_weight",
            f"is {minimum_weight}; expected at most 1/{assets} for {assets} tokens",
        )
