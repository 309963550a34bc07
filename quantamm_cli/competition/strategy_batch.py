"""Strategies of one class as a batch: their methods, mapped over all rows and lanes at once.

A strategy's methods are written for one pool of one simulation. Here they run on arrays whose last
axis is rows times lanes, so that the processor handles many simulations in one instruction.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Bool

from quantamm_cli.competition.fill import Fill, Rows, sided
from quantamm_cli.competition.lineup import Group
from quantamm_cli.competition.marginal_price import FAR, NO_QUOTE, Quote
from quantamm_cli.competition.strategy import Epoch, Swap, Tick
from quantamm_cli.competition.types import Fault


class Memory(NamedTuple):
    """The states of a batch's strategies, and the first fault of each."""

    state: Any
    """Leaves ``(…, g·l)``."""
    fault_step: Array
    """``(g, l)`` -1 while the strategy keeps the rules."""
    fault_reason: Array
    fault_input: Array
    """``(5, g, l)`` as ``Outcome.invalid_input``."""

    @property
    def alive(self) -> Bool[Array, "g l"]:
        return self.fault_step < 0


@dataclass(frozen=True)
class StrategyBatch:
    """A group that takes the rows from ``first`` on, over ``lanes`` lanes.
    ``strategy`` has leaves ``(g·l,)``.
    """

    group: Group
    strategy: Any
    first: int
    lanes: int

    @property
    def count(self) -> int:
        return len(self.group.members)

    @property
    def rows(self) -> slice:
        return slice(self.first, self.first + self.count)

    @property
    def places(self) -> Array:
        """The strategies' places in the line-up, ``(g, 1)``."""
        return jnp.array(self.group.members)[:, None]

    def reserves(self, x: Rows, y: Rows) -> Array:
        """X and Y of this batch, out of those of all rows, ``(2, g, l)``."""
        return jnp.stack([x[self.rows], y[self.rows]])

    def initial_memory(self) -> Memory:
        """The memory at the start of a simulation."""
        shape = (self.count, self.lanes)
        every_row = jnp.zeros(self.count * self.lanes)
        state = self._map(lambda strategy, _: strategy.init(), self.strategy, every_row)
        return Memory(
            jax.tree.map(_in_double_precision, state),
            jnp.full(shape, -1, jnp.int32),
            jnp.zeros(shape, jnp.int32),
            jnp.full((5, *shape), jnp.nan),
        )

    def quote(self, memory: Memory) -> Quote:
        """The curves; a strategy that broke a rule quotes zero."""

        def one(strategy: Any, state: Any, buys: Any, paid: Any, x: Any, y: Any) -> Any:
            return jnp.asarray(strategy.quote(state, buys, paid, jnp.stack([x, y])), float)

        def quote(buys: Bool[Array, "*#g l"], paid: Rows, x: Rows, y: Rows) -> Rows:
            flat = [self._flatten(values) for values in (buys, paid, x, y)]
            got = self._map(one, self.strategy, memory.state, *flat)
            return jnp.where(memory.alive, self._unflatten(got), 0.0)

        return quote

    def fee_factors(self, memory: Memory, step: Array) -> tuple[Rows, Rows, Memory]:
        """One less the fee, on payments of Y and of X to constant-product pools.

        A strategy with an invalid fee quotes no more.
        """
        bid, ask = self._fees(memory)
        sound = (bid <= 1) & (ask <= 1) & (bid > -FAR) & (ask > -FAR)
        memory = memory._replace(
            fault_step=jnp.where(memory.alive & ~sound, step, memory.fault_step)
        )
        buy, sell = (
            jnp.where(memory.alive, jnp.maximum(1 - fee, NO_QUOTE), NO_QUOTE) for fee in (ask, bid)
        )
        return buy, sell, memory

    def explain_fee_faults(self, memory: Memory, x: Rows, y: Rows) -> Memory:
        """The memory with the fee that was invalid, and its side.

        The state of a strategy that broke a rule no longer changes, so its fees can be asked again.
        """
        bid, ask = self._fees(memory)
        buys = ~((ask <= 1) & (ask > -FAR))
        inputs = jnp.stack(
            [buys.astype(float), jnp.full(x.shape, jnp.nan), x, y, jnp.where(buys, ask, bid)]
        )
        return memory._replace(
            fault_reason=jnp.where(memory.alive, 0, Fault.FEE),
            fault_input=jnp.where(memory.alive, jnp.nan, inputs),
        )

    def reject_faults(
        self, memory: Memory, fill: Fill, x: Rows, y: Rows, step: Array
    ) -> tuple[Memory, Fill]:
        """Remove the fills that break a rule, and record whose they were.

        ``fill``: what the strategies quoted for what is paid; zeros where nothing is.
        """
        _, out_of = sided(fill.buys, x, y)
        asked_for = fill.paid > 0
        reason = jnp.where(
            fill.got < 0, Fault.NEGATIVE, jnp.where(fill.got >= out_of, Fault.TOO_MUCH, Fault.NONE)
        )
        reason = jnp.where(
            asked_for, jnp.where(jnp.isfinite(fill.got), reason, Fault.NOT_FINITE), Fault.NONE
        ).astype(jnp.int32)
        broken = memory.alive & (reason > 0)

        def record(memory: Memory) -> Memory:
            inputs = jnp.stack(
                [jnp.broadcast_to(fill.buys, x.shape).astype(float), fill.paid, x, y, fill.got]
            )
            return memory._replace(
                fault_step=jnp.where(broken, step, memory.fault_step),
                fault_reason=jnp.where(broken, reason, memory.fault_reason),
                fault_input=jnp.where(broken, inputs, memory.fault_input),
            )

        memory = jax.lax.cond(broken.any(), record, lambda memory: memory, memory)
        valid = asked_for & (reason == 0)
        paid, got = jnp.where(valid, fill.paid, 0), jnp.where(valid, fill.got, 0)
        return memory, Fill(fill.buys, paid, got)

    def spots(self, memory: Memory, x: Rows, y: Rows) -> Rows:
        """Spot prices that the other strategies see; NaN of a strategy that broke a rule."""

        def one(strategy: Any, state: Any, x: Any, y: Any) -> Any:
            return jnp.asarray(strategy.spot(state, jnp.stack([x, y])), float)

        prices = self._map(one, self.strategy, memory.state, self._flatten(x), self._flatten(y))
        return jnp.where(memory.alive, self._unflatten(prices), jnp.nan)

    def on_step(self, memory: Memory, view: Tick, new: Bool[Array, " l"]) -> Memory:
        """Call the hook in the lanes in which a step begins.

        The last axes of the view's arrays are rows and lanes, here and below.
        """
        return self._call_hook(memory, "on_step", view, memory.alive & new)

    def after_swap(self, memory: Memory, view: Swap, filled: Bool[Array, "g l"]) -> Memory:
        """Call the hook of the strategies that were filled."""
        return self._call_hook(memory, "after_swap", view, filled)

    def on_epoch(self, memory: Memory, view: Epoch, more: Array) -> Memory:
        """Call the hook, unless the epoch is the last."""
        return self._call_hook(memory, "on_epoch", view, memory.alive & more)

    def _call_hook(self, memory: Memory, hook: str, view: Any, when: Bool[Array, "g l"]) -> Memory:
        flat = jax.tree.map(self._flatten, view._replace(n_strategies=None))
        count = view.n_strategies

        def one(strategy: Any, state: Any, view: Any) -> Any:
            return getattr(strategy, hook)(state, view._replace(n_strategies=count))

        new = self._map(one, self.strategy, memory.state, flat)
        which = when.reshape(-1)
        state = jax.tree.map(
            lambda old, now: jnp.where(which, jnp.asarray(now, old.dtype), old), memory.state, new
        )
        return memory._replace(state=state)

    def _fees(self, memory: Memory) -> tuple[Rows, Rows]:
        """Bid and ask fees."""
        bid, ask = self._map(
            lambda strategy, state, _: strategy.fees(state),
            self.strategy,
            memory.state,
            self._flatten(memory.fault_step),
        )
        return (
            self._unflatten(jnp.asarray(bid, float)),
            self._unflatten(jnp.asarray(ask, float)),
        )

    def _map(self, method: Any, *arguments: Any) -> Any:
        return jax.vmap(method, in_axes=-1, out_axes=-1)(*arguments)

    def _flatten(self, values: Any) -> Array:
        """``(…, g, l)``, or what broadcasts to it, as ``(…, g·l)``."""
        values = jnp.atleast_2d(values)
        full = jnp.broadcast_to(values, (*values.shape[:-2], self.count, self.lanes))
        flat: Array = full.reshape(*full.shape[:-2], -1)
        return flat

    def _unflatten(self, values: Array) -> Array:
        rows: Array = values.reshape(*values.shape[:-1], self.count, self.lanes)
        return rows


def _in_double_precision(leaf: Any) -> Array:
    """A JAX array; decimals in double precision."""
    number = jnp.asarray(leaf)
    if jnp.issubdtype(number.dtype, jnp.floating):
        return jnp.asarray(number, float)
    return number


def over_lanes(leaf: Array, lanes: int) -> Array:
    """A setting, ``(g, p)``, repeated over the simulations of each point: ``(g·l,)``."""
    group, points = leaf.shape
    return jnp.broadcast_to(leaf[:, :, None], (group, points, lanes // points)).reshape(-1)


def other_rows(
    order: tuple[int, ...], members: tuple[int, ...]
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """For each member, the rows of the other strategies in the order of the line-up,
    then that of the normaliser, ``(g, n)``.
    """
    row_of = np.append(np.argsort(order), len(order))
    return np.array([np.delete(row_of, member) for member in members])
