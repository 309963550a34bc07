"""What happens in a market, laid out on the devices: simulations that take about as long side by
side in lanes, batch by batch.

Made once for all line-ups that meet a market, as far as there is room to keep it.
"""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, PartitionSpec
from numpy.typing import NDArray

from quantamm_cli.competition.events import counts, events
from quantamm_cli.competition.lru import Recent
from quantamm_cli.competition.simulation import EventBatch
from quantamm_cli.competition.types import Market
from quantamm_cli.engine.devices import SETS, mesh, place_on

LANES = 512
"""Lanes a device computes at once: their state fits its cache,
and the loop's own cost is small beside theirs.
"""
_EVEN = 16
"""Simulations are padded to a multiple, so that the processor's vectors leave no remainder."""
_EVENTS = PartitionSpec(None, None, "sets")
SHARDING: Any = EventBatch._make((_EVENTS, _EVENTS, PartitionSpec(None, "sets"), SETS, SETS))
"""How what happens lies on the devices: cut along the simulations."""
MOST_KEPT = 1024**3 // 2
"""Bytes. The events of 1,000 simulations of 10,000 steps have 220 MB."""


def laid_out(market: Market, epoch_length: int, points: int) -> "EventBatches":
    """A market for the engine.

    One that nobody can write to, as ``markets`` makes them, is kept for the next line-up.
    """
    width, on = _width(len(market.seeds), points)
    key = (*(id(part) for part in market), epoch_length, width, on)
    if (there := _KEPT.get(key)) is not None:
        return there
    batches = EventBatches(market, epoch_length, width, on)
    if batches.size <= MOST_KEPT and not any(part.flags.writeable for part in market):
        batches.made = {}
        _KEPT.keep(key, batches, batches.size)
    return batches


class EventBatches:
    """A market's batches, and how many simulations of each are not padding. ``order`` are the
    simulations, the longest first.
    """

    def __init__(self, market: Market, epoch_length: int, width: int, on: Mesh | None) -> None:
        self._market = (
            market  # kept with its batches: while they are, nothing else can have its identity
        )
        self._counts = counts(market, epoch_length)
        self.order = np.argsort(-self._counts.sum(1), kind="stable")
        self.width, self.on = width, on
        self._room = _rounded(int(self._counts.max()))
        self.made: dict[int, EventBatch] | None = None

    @property
    def size(self) -> int:
        """Bytes of all of them."""
        batches = -(-len(self.order) // self.width)
        return 16 * batches * self.width * int(self._counts.shape[1]) * self._room

    def __iter__(self) -> Iterator[tuple[EventBatch, int]]:
        for begin in range(0, len(self.order), self.width):
            chosen = self.order[begin : begin + self.width]
            batch = (self.made or {}).get(begin)
            if batch is None:
                batch = self._batch(chosen)
                if self.made is not None:
                    self.made[begin] = batch
            yield batch, len(chosen)

    def _batch(self, chosen: NDArray[np.int64]) -> EventBatch:
        """The chosen simulations on the devices, padded with some in which nothing happens."""
        market = self._market
        listed = events(market, chosen, self._counts[chosen], self._room)
        missing = self.width - len(chosen)

        def padded(values: NDArray[Any], fill: float) -> NDArray[Any]:
            return (
                np.concatenate(
                    [values, np.full((*values.shape[:-1], missing), fill, values.dtype)], -1
                )
                if missing
                else values
            )

        columns: tuple[NDArray[Any], ...] = (
            *listed,
            market.normaliser_fee[chosen],
            market.normaliser_liquidity[chosen],
        )
        filled = [
            padded(values, fill)
            for values, fill in zip(columns, (-1.0, 0.0, 0.0, 0.0, 1.0), strict=True)
        ]
        return EventBatch(
            *(
                place_on(self.on, lies, values)
                for lies, values in zip(SHARDING, filled, strict=True)
            )
        )


_KEPT = Recent[EventBatches](MOST_KEPT)


def _width(simulations: int, points: int) -> tuple[int, Mesh | None]:
    """How many simulations run side by side, and the devices that share them."""
    devices = len(jax.local_devices())
    width = max(_EVEN, LANES // points // _EVEN * _EVEN)
    least = -(-simulations // devices)
    width = min(width, -(-least // _EVEN) * _EVEN) * devices
    return width, mesh(width, 1)


def _rounded(events: int) -> int:
    """Room for events: a little more than there are, so that other markets of the
    size take the same program.
    """
    step = 1 << max(4, events.bit_length() - 4)
    return -(-events // step) * step
