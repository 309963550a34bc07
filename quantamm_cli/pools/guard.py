"""Guards: what stands between a rule's wish and the pool's weights."""

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
    """Turns wished weights into a change a minute that the pool can live with."""

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        """What a guard learns, declared."""
        del assets
        return ()

    @abstractmethod
    def slope(
        self, start: Float[Array, " n"], wish: Float[Array, " n"], minutes: int, params: Params
    ) -> Float[Array, " n"]:
        """Change a minute, over ``minutes``, of weights that now are ``start``."""

    @property
    def stops(self) -> bool:
        """Whether weights may have to stand still before their time is over."""
        return False

    def stop(
        self, start: Float[Array, " n"], slope: Float[Array, " n"], minutes: int
    ) -> Float[Array, ""]:
        """After how many minutes weights that move so must stand still,
        if before ``minutes`` have passed.
        """
        return jnp.full((), minutes, start.dtype)

    @abstractmethod
    def inside(self, weights: Float[Array, " n"], params: Params) -> Float[Array, " n"]:
        """The weights nearest to these that a pool may open with:
        no speed counts before there is a pool.
        """


class StandardGuard(Guard, kind="standard"):
    """A floor under every weight, the ceiling that follows from it, and a limit to the speed."""

    maximum_change: Positive = Field(3e-4, description="largest change of a weight in a minute")
    minimum_weight: Positive | None = Field(
        None, description="smallest weight; null: 0.1 / number of tokens"
    )
    straight_through: bool = Field(
        False, description="true: gradients pass the limits as if there were none"
    )

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.minimum_weight is not None and self.minimum_weight * len(tokens) > 1:
            raise ConfigError(
                f"{where}.minimum_weight",
                f"{self.minimum_weight} for {len(tokens)} tokens; 1/{len(tokens)} at most",
            )

    def slope(
        self, start: Float[Array, " n"], wish: Float[Array, " n"], minutes: int, params: Params
    ) -> Float[Array, " n"]:
        change = self._limited(start, wish / wish.sum(), minutes, params)
        return (
            straight_through(change, (wish / wish.sum() - start) / minutes)
            if self.straight_through
            else change
        )

    def inside(self, weights: Float[Array, " n"], params: Params) -> Float[Array, " n"]:
        return clamp(weights, self.floor(weights), passes=len(weights))

    def _limited(
        self, start: Float[Array, " n"], wish: Float[Array, " n"], minutes: int, params: Params
    ) -> Float[Array, " n"]:
        del params
        return guarded(start, wish, minutes, self.floor(start), self.maximum_change)

    def floor(self, weights: Float[Array, " n"]) -> Float[Array, ""] | float:
        """The smallest weight."""
        return 0.1 / len(weights) if self.minimum_weight is None else self.minimum_weight
