"""The forward pass as pure JAX functions, for a caller's ``jit``, ``grad`` and ``vmap``; and
the rule one price at a time.
"""

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jaxtyping import Float, Int

from quantamm_cli.core.executor import executor
from quantamm_cli.core.params import initial
from quantamm_cli.core.recurrence import RuleInputs
from quantamm_cli.core.types import Params, ParamValues, Trajectory
from quantamm_cli.engine.feed import feed
from quantamm_cli.errors import ArgumentError
from quantamm_cli.evaluation.assess import trajectory_on_device
from quantamm_cli.market import Market
from quantamm_cli.metrics import METRICS, score
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.pools.temporal import Temporal
from quantamm_cli.settings.run import Simulate
from quantamm_cli.settings.suggestions import did_you_mean

Start = Int[Array, ""] | int
Scalar = Float[Array, ""]


class Simulator:
    """One pool over the prices of its settings: ``simulate(params)`` is its trajectory.

    Parameters are raw, one set; ``params`` has those of the settings. Only they and the row at
    which the pool opens are traced: another row, or another market of as many minutes, compiles
    nothing.
    """

    def __init__(self, settings: Simulate, market: Market, rows: int | None = None) -> None:
        pool, assets = AbstractPool.typed(settings.pool), len(settings.tokens)
        most = len(market.prices) - market.burn_in
        if rows is not None:
            whole = isinstance(rows, int | np.integer) and not isinstance(rows, bool)
            if not whole or not 1 <= rows <= most:
                raise ArgumentError(
                    "rows", f"is {rows}; expected 1 to {most}, the minutes of the prices"
                )
        self.pool = pool
        self.rows = settings.rows if rows is None else int(rows)
        """Minutes of a trajectory."""
        self._last = most - self.rows
        self.feed = feed(settings, market)
        sets = initial(pool.parameters(assets), settings.params, 1, assets, 0.0, 0)
        self.params: Params = {
            name: jnp.asarray(values[0], self.feed.prices.dtype) for name, values in sets.items()
        }
        """Raw parameters of the settings, ``(n,)`` or ``(1,)`` each."""

    def __call__(self, params: ParamValues, start: Start = 0) -> Trajectory:
        """The trajectory, ``rows`` minutes long, of a pool that opens ``start`` minutes after the
        settings' start. Pure.

        Parameters that are left out are those of the settings. A traced ``start`` that is too late
        is moved back to the last one with ``rows`` minutes of prices.

        Raises:
            ArgumentError: the pool has no such raw parameter, or ``start`` is out of range.
        """
        if not isinstance(start, Tracer):
            whole = np.issubdtype(np.asarray(start).dtype, np.integer)
            if not whole or not 0 <= int(start) <= self._last:
                raise ArgumentError(
                    "start",
                    f"is {start}; expected 0 to {self._last}, which leaves {self.rows} minutes of "
                    "prices",
                )
        values = _filled(self.params, params)
        return trajectory_on_device(self.pool, values, self.feed, start, self.rows)

    def __repr__(self) -> str:
        return f"<Simulator: pool={self.pool.kind}, {self.rows:,} minutes>"

    def metric(self, name: str) -> Callable[..., Scalar]:
        """The pure function ``(params, start=0)`` → this metric.

        Raises:
            ArgumentError: there is no such metric.
        """
        if not isinstance(name, str) or name not in METRICS:
            raise ArgumentError(
                "name",
                f"no metric is called '{name}'{did_you_mean(name, METRICS)}; `qsim "
                "show metrics` lists them",
            )
        return partial(self._metric, name)

    def _metric(self, name: str, params: ParamValues, start: Start = 0) -> Scalar:
        with executor(self.feed.trading.executor):
            return score(self(params, start), [name])[name]

    @cached_property
    def online(self) -> "Online":
        """The rule one price at a time, as a keeper runs it on chain.

        Raises:
            ArgumentError: the pool has no rule.
        """
        if not isinstance(self.pool, Temporal):
            raise ArgumentError(
                "settings",
                f"have pool={self.pool.kind}, which has no rule; expected pool=temporal",
            )
        return Online(self.pool, self.params)


def _filled(defaults: Params, params: ParamValues) -> Params:
    """Raw parameters, with defaults for those that are left out."""
    if not isinstance(params, Mapping):
        raise ArgumentError(
            "params", f"is of type {type(params).__name__}; expected raw parameters by name"
        )
    filled = dict(defaults)
    for name, value in params.items():
        if name not in defaults:
            raise ArgumentError(
                "params",
                f"no raw parameter is called '{name}'{did_you_mean(name, defaults)}; there are "
                f"{', '.join(defaults)}",
            )
        filled[name] = jnp.asarray(value, defaults[name].dtype)
        if filled[name].shape != defaults[name].shape:
            raise ArgumentError(
                "params",
                f"{name} has the shape {filled[name].shape}; expected {defaults[name].shape}",
            )
    return filled


class OnlineState(NamedTuple):
    """The state between two prices: the rule's estimators by name, and the weights at the next
    price.
    """

    estimators: dict[str, Float[Array, " n"]]
    weights: Float[Array, " n"]


class InterpolationBlock(NamedTuple):
    """The weights until the next price: ``weights``, changing by ``slope`` a minute."""

    weights: Float[Array, " n"]
    slope: Float[Array, " n"]


class Online:
    """Pure functions that take one price after another, ``chunk_period`` minutes apart."""

    def __init__(self, pool: Temporal, params: Params) -> None:
        self._pool, self._params = pool, params
        self.chunk_period = pool.chunk_period
        """Minutes between prices."""

    def first(
        self,
        params: ParamValues,
        prices: Float[Array, "*c n"],
        series: Mapping[str, Array] | None = None,
    ) -> tuple[OnlineState, Float[Array, " n"], InterpolationBlock]:
        """A pool that opens now: its state, its weights, and how they move until the next price.

        Args:
            prices: now ``(n,)``; or ``(c, n)``: those that warm up the estimators, then now.
            series: other inputs of the rule, ``(c, n)`` or ``(c, 1)`` each.
        """
        columns = {name: jnp.atleast_2d(column) for name, column in (series or {}).items()}
        inputs = RuleInputs(jnp.atleast_2d(jnp.asarray(prices)), columns)
        return self._moving(*self._pool.opened(_filled(self._params, params), inputs))

    def step(
        self,
        params: ParamValues,
        state: OnlineState,
        prices: Float[Array, " n"],
        series: Mapping[str, Array] | None = None,
    ) -> tuple[OnlineState, Float[Array, " n"], InterpolationBlock]:
        """One price later: the new state, the weights now, and how they move from now on."""
        inputs = RuleInputs(jnp.asarray(prices), dict(series or {}))
        estimators, slope = self._pool.online(
            _filled(self._params, params), state.estimators, state.weights, inputs
        )
        return self._moving(estimators, state.weights, slope)

    def weights(
        self, block: InterpolationBlock, minute: Int[Array, ""] | int
    ) -> Float[Array, " n"]:
        """The weights some minutes after the price that began a block."""
        return self._pool.between(block.weights, block.slope, jnp.asarray(minute))

    def _moving(
        self, estimators: dict[str, Array], weights: Array, slope: Array
    ) -> tuple[OnlineState, Float[Array, " n"], InterpolationBlock]:
        return (
            OnlineState(estimators, self._pool.arrival(weights, slope)),
            weights,
            InterpolationBlock(weights, slope),
        )
