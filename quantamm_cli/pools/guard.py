"""Guards: what stands between a rule's wish and the pool's weights."""

from abc import ABC, abstractmethod

from jax import Array
from jaxtyping import Float
from pydantic import Field

from quantamm_cli.core.simplex import clamp, guarded
from quantamm_cli.core.tree import TracedComponent
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.types import Positive


class Guard(TracedComponent, ABC, group="pool/guard"):
    """Turns wished weights into a change a minute that the pool can live with."""

    @abstractmethod
    def slope(self, start: Float[Array, " n"], wish: Float[Array, " n"], minutes: int) -> Float[Array, " n"]:
        """Change a minute, over ``minutes``, of weights that now are ``start``."""

    @abstractmethod
    def inside(self, weights: Float[Array, " n"]) -> Float[Array, " n"]:
        """The weights nearest to these that a pool may open with: no speed counts before there is a pool."""


class StandardGuard(Guard, kind="standard"):
    """A floor under every weight, the ceiling that follows from it, and a limit to the speed."""

    maximum_change: Positive = Field(3e-4, description="largest change of a weight in a minute")
    minimum_weight: Positive | None = Field(None, description="smallest weight; null: 0.1 / number of tokens")

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        if self.minimum_weight is not None and self.minimum_weight * len(tokens) > 1:
            raise ConfigError(f"{where}.minimum_weight", f"{self.minimum_weight} for {len(tokens)} tokens; 1/{len(tokens)} at most")

    def slope(self, start: Float[Array, " n"], wish: Float[Array, " n"], minutes: int) -> Float[Array, " n"]:
        return guarded(start, wish, minutes, self._floor(start), self.maximum_change)

    def inside(self, weights: Float[Array, " n"]) -> Float[Array, " n"]:
        return clamp(weights, self._floor(weights), passes=len(weights))

    def _floor(self, weights: Float[Array, " n"]) -> Float[Array, ""] | float:
        return 0.1 / len(weights) if self.minimum_weight is None else self.minimum_weight
