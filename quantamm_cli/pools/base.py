"""What a pool is."""

from abc import ABC, abstractmethod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import NDArray

from quantamm_cli.core.bijectors import Simplex
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.tree import TracedComponent
from quantamm_cli.core.types import Feed, Params, Path


class AbstractPool(TracedComponent, ABC, group="pool"):
    """Settings of a pool; hashable and free of numbers that train, which come as ``params``.

    A pool gives the frictionless path, all minutes at once, and may give ``prepare`` and ``step``, what happens minute by
    minute when trading costs something. A component class is also a JAX pytree: see ``core.tree``.
    """

    @property
    def chunk(self) -> int | None:
        """Minutes between the prices its rule sees; ``None`` if it has no rule."""
        return None

    @property
    def takes_frictions(self) -> bool:
        """Whether the pool says what fees do to it."""
        return False

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        """The pool's parameters, declared; initial weights are uniform unless given."""
        return (
            Parameter(
                "initial_weights_logits", "initial_weights", "share of value", Simplex(), 1 / assets, low=0.0, high=1.0, trainable=False
            ),
        )

    @abstractmethod
    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        """The path over minutes [start, start + rows) when trading is free."""

    def sampled(self, params: Params, feed: Feed, start: Int[Array, ""], length: int, rows: NDArray[np.int64]) -> Path:
        """Some rows of the frictionless path of ``length`` minutes. Pools with a short cut take it."""
        return Path(*(column[rows] for column in self.frictionless(params, feed, start, length)))

    def prepare(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> tuple[Any, Any]:
        """Opening state, and everything that can be computed for every minute at once."""
        raise NotImplementedError(f"{self.kind} has no path with frictions")

    def step(self, state: Any, tick: Any, solver: str) -> tuple[Any, tuple[Float[Array, " n"], Float[Array, ""]]]:
        """One minute: the new state, the reserves and the fees earned. What a chain would do."""
        raise NotImplementedError(f"{self.kind} has no path with frictions")


def opening_weights(params: Params) -> Float[Array, " n"]:
    """The weights a pool starts with. They do not train."""
    return jax.nn.softmax(jax.lax.stop_gradient(params["initial_weights_logits"]))


def window(column: Float[Array, "t *n"], start: Int[Array, ""], rows: int) -> Float[Array, "rows *n"]:
    """Rows [start, start + rows). The caller sees to it that they exist: nothing is clamped in silence."""
    return jax.lax.dynamic_slice_in_dim(column, jnp.asarray(start), rows)
