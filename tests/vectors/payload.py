"""The bytes that compiled strategies of the two public engines are handed; nothing here plays them.

Little-endian, packed, 1024 bytes of storage at the end. Amounts are whole billionths; spot prices
and shares are single precision.
"""

import math
import struct
from typing import Any, NamedTuple, TypeVar

STORAGE = 1024
_SPOTS = 8


class Quote(NamedTuple):
    """What a strategy quotes from: 1049 bytes."""

    side: int
    """0: the trader pays Y and gets X; 1: the other way."""
    input: int
    reserve_x: int
    reserve_y: int
    storage: bytes


class OriginalFill(NamedTuple):
    """What the original challenge tells of a fill: 1066 bytes. Reserves are those after it."""

    side: int
    input: int
    output: int
    reserve_x: int
    reserve_y: int
    step: int
    storage: bytes


class Fill(NamedTuple):
    """What the engine of many strategies tells of a fill: 1116 bytes."""

    side: int
    input: int
    output: int
    reserve_x: int
    reserve_y: int
    step: int
    epoch_step: int
    epoch_number: int
    n_strategies: int
    """The normaliser counted."""
    strategy_index: int
    flow_captured: float
    """Share of the order; 0 for arbitrage."""
    capital_weight: float
    competing_spots: tuple[float, ...]
    """The other strategies in their order, then the normaliser: eight at most."""
    storage: bytes


class EpochEnd(NamedTuple):
    """What it tells at the end of an epoch: 1065 bytes."""

    epoch_number: int
    """That of the epoch that ended."""
    reserve_x: int
    """The new one."""
    reserve_y: int
    epoch_edge: float
    cumulative_edge: float
    capital_weight: float
    storage: bytes


Payload = Quote | OriginalFill | Fill | EpochEnd
P = TypeVar("P", Quote, OriginalFill, Fill, EpochEnd)

# The tag that comes first (a quote's is its side), and the layout of the rest.
_TAGS = {Quote: None, OriginalFill: 2, Fill: 2, EpochEnd: 5}
_LAYOUTS = {
    Quote: struct.Struct(f"<BQQQ{STORAGE}s"),
    OriginalFill: struct.Struct(f"<BQQQQQ{STORAGE}s"),
    Fill: struct.Struct(f"<BQQQQQIIBBff{4 * _SPOTS}s{STORAGE}s"),
    EpochEnd: struct.Struct(f"<IQQddf{STORAGE}s"),
}
_SPOT_ROW = struct.Struct(f"<{_SPOTS}f")


def encode(payload: Payload) -> bytes:
    """The bytes of a payload.

    Raises:
        ValueError: a number that its place cannot hold, more than eight spots,
            or a storage that is not 1024 bytes.
    """
    kind = type(payload)
    values: tuple[object, ...] = tuple(payload)
    if len(payload.storage) != STORAGE:
        raise ValueError(
            f"{kind.__name__}: storage has {len(payload.storage)} bytes, expected {STORAGE}"
        )
    if isinstance(payload, Quote | OriginalFill | Fill) and payload.side not in (0, 1):
        raise ValueError(f"{kind.__name__}: side is {payload.side}, expected 0 or 1")
    if isinstance(payload, Fill):
        values = (*payload[:-2], _spots(payload.competing_spots), payload.storage)
    try:
        body = _LAYOUTS[kind].pack(*values)
    except (struct.error, OverflowError) as failure:
        raise ValueError(f"{kind.__name__}: {failure}") from None
    tag = _TAGS[kind]
    return body if tag is None else bytes((tag,)) + body


def decode(kind: type[P], raw: bytes) -> P:
    """The payload of a kind that these bytes are. Spots that are not there come as NaN.

    Raises:
        ValueError: bytes of another length or tag.
    """
    tag, layout = _TAGS[kind], _LAYOUTS[kind]
    length = layout.size + (tag is not None)
    if len(raw) != length:
        raise ValueError(f"{kind.__name__}: {len(raw)} bytes, expected {length}")
    if tag is not None and raw[0] != tag:
        raise ValueError(f"{kind.__name__}: tag {raw[0]}, expected {tag}")
    values: tuple[Any, ...] = layout.unpack(raw[tag is not None :])
    if kind is not EpochEnd and values[0] not in (0, 1):
        raise ValueError(f"{kind.__name__}: side {values[0]}, expected 0 or 1")
    if kind is Fill:
        values = (*values[:-2], _SPOT_ROW.unpack(values[-2]), values[-1])
    return kind(*values)


def _spots(spots: tuple[float, ...]) -> bytes:
    """A row of eight; the empty places hold the NaN that every language writes, 0x7fc00000."""
    if len(spots) > _SPOTS:
        raise ValueError(f"Fill: {len(spots)} competing spots, there is room for {_SPOTS}")
    filled = (*spots, *[math.nan] * (_SPOTS - len(spots)))
    return _SPOT_ROW.pack(*(math.nan if math.isnan(spot) else spot for spot in filled))
