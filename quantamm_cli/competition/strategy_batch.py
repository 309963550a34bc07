"""Like strategies side by side: their methods, over all rows and lanes at once.

What a strategy's author writes for one pool of one simulation runs here on arrays of which the last
axis is rows times lanes, so that the processor takes many at a time.
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
from quantamm_cli.competition.marginal_price import FAR, NOTHING, Quote
from quantamm_cli.competition.strategy import Epoch, Swap, Tick
from quantamm_cli.competition.types import Fault


class Memory(NamedTuple):
    """What one simulation's strategies remember, and what became of them."""

    state: Any
    """Leaves ``(…, g·l)``."""
    fault_step: Array
    """``(g, l)`` -1 while they keep the rules."""
    reason: Array
    asked: Array
    """``(5, g, l)`` as ``Outcome.invalid_input``."""

    @property
    def alive(self) -> Bool[Array, "g l"]:
        return self.fault_step < 0


@dataclass(frozen=True)
class Seats:
    """A group in rows ``first`` and on, over ``lanes`` lanes.
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
        """Their places in the line-up, ``(g, 1)``."""
        return jnp.array(self.group.members)[:, None]

    def held(self, x: Rows, y: Rows) -> Array:
        """Their X and Y among those of all rows, ``(2, g, l)``."""
        return jnp.stack([x[self.rows], y[self.rows]])

    def opening(self) -> Memory:
        """At the start of a simulation."""
        shape = (self.count, self.lanes)
        state = jax.tree.map(
            _numbers,
            self._each(
                lambda strategy, _: strategy.init(),
                self.strategy,
                jnp.zeros(self.count * self.lanes),
            ),
        )
        faults = jnp.full(shape, -1, jnp.int32)
        return Memory(state, faults, jnp.zeros(shape, jnp.int32), jnp.full((5, *shape), jnp.nan))

    def quote(self, memory: Memory) -> Quote:
        """The curves of those that still quote; the others give nothing."""

        def answer(buys: Bool[Array, "*#g l"], paid: Rows, x: Rows, y: Rows) -> Rows:
            flat = [self._flat(values) for values in (buys, paid, x, y)]
            got = self._each(
                lambda strategy, state, buys, paid, x, y: jnp.asarray(
                    strategy.quote(state, buys, paid, jnp.stack([x, y])), float
                ),
                self.strategy,
                memory.state,
                *flat,
            )
            return jnp.where(memory.alive, self._back(got), 0.0)

        return answer

    def keep(self, memory: Memory, step: Array) -> tuple[Rows, Rows, Memory]:
        """What counts of payments of Y and of X to constant-product pools;
        those whose fees are no fees quote no more.
        """
        fees = self._each(
            lambda strategy, state, _: strategy.fees(state),
            self.strategy,
            memory.state,
            self._flat(memory.fault_step),
        )
        bid, ask = (self._back(jnp.asarray(fee, float)) for fee in fees)
        sound = (bid <= 1) & (ask <= 1) & (bid > -FAR) & (ask > -FAR)
        memory = memory._replace(
            fault_step=jnp.where(memory.alive & ~sound, step, memory.fault_step)
        )
        buy, sell = (
            jnp.where(memory.alive, jnp.maximum(1 - fee, NOTHING), NOTHING) for fee in (ask, bid)
        )
        return buy, sell, memory

    def faulty_fees(self, memory: Memory, x: Rows, y: Rows) -> Memory:
        """Which fee it was. The states of those that broke the rules are as they were."""
        fees = self._each(
            lambda strategy, state, _: strategy.fees(state),
            self.strategy,
            memory.state,
            self._flat(memory.fault_step),
        )
        bid, ask = (self._back(jnp.asarray(fee, float)) for fee in fees)
        buys = ~((ask <= 1) & (ask > -FAR))
        told = jnp.stack(
            [buys.astype(float), jnp.full(x.shape, jnp.nan), x, y, jnp.where(buys, ask, bid)]
        )
        return memory._replace(
            reason=jnp.where(memory.alive, 0, Fault.FEE),
            asked=jnp.where(memory.alive, jnp.nan, told),
        )

    def judged(
        self, memory: Memory, fill: Fill, x: Rows, y: Rows, step: Array
    ) -> tuple[Memory, Fill]:
        """Only fills that keep the rules.

        ``fill`` is what was asked and answered, nothing where nothing was.
        """
        _, out_of = sided(fill.buys, x, y)
        asked = fill.paid > 0
        reason = jnp.where(
            fill.got < 0, Fault.NEGATIVE, jnp.where(fill.got >= out_of, Fault.TOO_MUCH, Fault.NONE)
        )
        reason = jnp.where(
            asked, jnp.where(jnp.isfinite(fill.got), reason, Fault.NOT_FINITE), Fault.NONE
        ).astype(jnp.int32)
        broke = memory.alive & (reason > 0)

        def noted(memory: Memory) -> Memory:
            told = jnp.stack(
                [jnp.broadcast_to(fill.buys, x.shape).astype(float), fill.paid, x, y, fill.got]
            )
            return memory._replace(
                fault_step=jnp.where(broke, step, memory.fault_step),
                reason=jnp.where(broke, reason, memory.reason),
                asked=jnp.where(broke, told, memory.asked),
            )

        memory = jax.lax.cond(broke.any(), noted, lambda memory: memory, memory)
        holds = asked & (reason == 0)
        return memory, Fill(
            fill.buys, jnp.where(holds, fill.paid, 0), jnp.where(holds, fill.got, 0)
        )

    def spots(self, memory: Memory, x: Rows, y: Rows) -> Rows:
        """Prices others see."""
        seen = self._each(
            lambda strategy, state, x, y: jnp.asarray(
                strategy.spot(state, jnp.stack([x, y])), float
            ),
            self.strategy,
            memory.state,
            self._flat(x),
            self._flat(y),
        )
        return jnp.where(memory.alive, self._back(seen), jnp.nan)

    def begun(self, memory: Memory, view: Tick, new: Bool[Array, " l"]) -> Memory:
        """When a step begins, in the lanes in which one does.

        Of the view's arrays the last axes are rows and lanes.
        """
        return self._remember(memory, "on_step", view, memory.alive & new)

    def told(self, memory: Memory, view: Swap, filled: Bool[Array, "g l"]) -> Memory:
        """After fills. Of the view's arrays the last axes are rows and lanes."""
        return self._remember(memory, "after_swap", view, filled)

    def ended(self, memory: Memory, view: Epoch, going_on: Array) -> Memory:
        """After an epoch."""
        return self._remember(memory, "on_epoch", view, memory.alive & going_on)

    def _remember(self, memory: Memory, hook: str, view: Any, when: Bool[Array, "g l"]) -> Memory:
        flat = jax.tree.map(self._flat, view._replace(n_strategies=None))
        count = view.n_strategies

        def one(strategy: Any, state: Any, view: Any) -> Any:
            return getattr(strategy, hook)(state, view._replace(n_strategies=count))

        new = self._each(one, self.strategy, memory.state, flat)
        which = when.reshape(-1)
        return memory._replace(
            state=jax.tree.map(
                lambda old, now: jnp.where(which, jnp.asarray(now, old.dtype), old),
                memory.state,
                new,
            )
        )

    def _each(self, method: Any, *arguments: Any) -> Any:
        return jax.vmap(method, in_axes=-1, out_axes=-1)(*arguments)

    def _flat(self, values: Any) -> Array:
        """Last axes to one: ``(…, g, l)``, or what is the same for some
        of them, to ``(…, g·l)``.
        """
        values = jnp.atleast_2d(values)
        full = jnp.broadcast_to(values, (*values.shape[:-2], self.count, self.lanes))
        flat: Array = full.reshape(*full.shape[:-2], -1)
        return flat

    def _back(self, values: Array) -> Array:
        back: Array = values.reshape(*values.shape[:-1], self.count, self.lanes)
        return back


def _numbers(leaf: Any) -> Array:
    """Python's numbers become JAX's: decimals in double precision."""
    number = jnp.asarray(leaf)
    return jnp.asarray(number, float) if jnp.issubdtype(number.dtype, jnp.floating) else number


def spread(leaf: Array, lanes: int) -> Array:
    """A setting, ``(g, p)``, over lanes of simulations within points: ``(g·l,)``."""
    group, points = leaf.shape
    return jnp.broadcast_to(leaf[:, :, None], (group, points, lanes // points)).reshape(-1)


def others(order: tuple[int, ...], members: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """For each member, the rows of the other strategies in the order of the line-up,
    and of the normaliser, ``(g, n)``.
    """
    row = {place: index for index, place in enumerate(order)}
    places = range(len(order))
    return np.array(
        [[*(row[place] for place in places if place != member), len(order)] for member in members]
    )
