"""A market's events in batches on the devices: simulations of about the same length side by side.

Batches are made once for all line-ups of a market, if the cache has room for them.
"""

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh, PartitionSpec
from numpy.typing import NDArray

from quantamm_cli.competition.events import counts, list_events
from quantamm_cli.competition.lru import LruCache
from quantamm_cli.competition.simulation import EventBatch
from quantamm_cli.competition.types import Market
from quantamm_cli.engine.devices import SETS, mesh, place_on

LANES = 512
"""Lanes a device computes at once: their state fits its cache, and the loop's overhead is small."""
_EVEN = 16
"""Batches are padded to a multiple of it, so that the processor's vectors leave no remainder."""
_EVENTS = PartitionSpec(None, None, "sets")
SHARDING: Any = EventBatch._make((_EVENTS, _EVENTS, PartitionSpec(None, "sets"), SETS, SETS))
"""How a batch is distributed over the devices: by simulations."""
_PADDING = (-1.0, 0.0, 0.0, 0.0, 1.0)
"""Fields of the :class:`EventBatch` of a simulation without events."""
CACHE_BYTES = 1024**3 // 2
"""The events of 1,000 simulations of 10,000 steps have 220 MB."""


def event_batches(market: Market, epoch_length: int, points: int) -> "EventBatches":
    """The batches of a market.

    Those of a read-only market, as ``markets`` makes them, are cached for the next line-up.
    """
    width, on = _width(len(market.seeds), points)
    key = (*(id(part) for part in market), epoch_length, width, on)
    cached = _CACHE.get(key)
    if cached is not None:
        return cached
    batches = EventBatches(market, epoch_length, width, on)
    if batches.size <= CACHE_BYTES and not any(part.flags.writeable for part in market):
        batches.made = {}
        _CACHE.put(key, batches, batches.size)
    return batches


class EventBatches:
    """Iterates over a market's batches, each with its number of simulations that are not padding.
    ``order``: the simulations, the longest first.
    """

    def __init__(self, market: Market, epoch_length: int, width: int, on: Mesh | None) -> None:
        # The reference keeps the ids of the market's arrays, which are the cache's key, in use.
        self._market = market
        self._counts = counts(market, epoch_length)
        self.order = np.argsort(-self._counts.sum(1), kind="stable")
        self.width, self.on = width, on
        self._room = _round_up(int(self._counts.max()))
        self.made: dict[int, EventBatch] | None = None
        """Batches made so far, by their first simulation; None: they are not cached."""

    @property
    def size(self) -> int:
        """Bytes of all batches."""
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
        """The chosen simulations on the devices, padded with simulations without events."""
        market = self._market
        events = list_events(market, chosen, self._counts[chosen], self._room)
        fee, liquidity = market.normaliser_fee[chosen], market.normaliser_liquidity[chosen]
        columns: tuple[NDArray[Any], ...] = (*events, fee, liquidity)
        missing = self.width - len(chosen)
        placed = []
        for values, fill, spec in zip(columns, _PADDING, SHARDING, strict=True):
            padding = np.full((*values.shape[:-1], missing), fill, values.dtype)
            padded = np.concatenate([values, padding], -1) if missing else values
            placed.append(place_on(self.on, spec, padded))
        return EventBatch(*placed)


_CACHE = LruCache[EventBatches](CACHE_BYTES)


def _width(simulations: int, points: int) -> tuple[int, Mesh | None]:
    """The number of simulations in a batch, and the devices that share them."""
    devices = len(jax.local_devices())
    width = max(_EVEN, LANES // points // _EVEN * _EVEN)
    least = -(-simulations // devices)
    width = min(width, -(-least // _EVEN) * _EVEN) * devices
    return width, mesh(width, 1)


def _round_up(events: int) -> int:
    """Room for events, rounded up, so that markets of about one size share a compiled program."""
    step = 1 << max(4, events.bit_length() - 4)
    return -(-events // step) * step
