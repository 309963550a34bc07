"""What a contract is given of a pool's parameters: the numbers its arithmetic uses, not the ones we train."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from quantamm_cli.core.bijectors import Memory, Numbers
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.base import AbstractPool

_QUANTITY = re.compile(
    r"(?P<prefix>.*_)??(?P<quantity>k_per_day|k|memory_days|logit_delta_lamb|amplitude|exponent|initial_weights)(?P<suffix>_\d|_for_ewma)?"
)
_MEMORIES = ("memory_days_for_ewma", "memory_days")
_OF_RULES = ("exponent", "amplitude")
"""Names that mean this beside a rule's strength only: other pools have exponents of their own."""
WEIGHTS = "weights"


def contract(pool: AbstractPool, readable: Mapping[str, Numbers]) -> dict[str, Numbers]:
    r"""The contract's numbers of one set of readable parameters, by name.

    Memories become the decays $\lambda$ (``lamb``) of a pool's longest memory at most; ``k`` and ``amplitude``, which we keep
    a day, are multiplied by that memory in days; exponents are those the rule applies; anything else is as it is.

    Raises:
        ConfigError: a pool of pools, which is no contract.
    """
    clock = _clock(pool)
    told: dict[str, Numbers] = {}
    for name, value in readable.items():
        found = _QUANTITY.fullmatch(name)
        alone = found is not None and found["quantity"] in _OF_RULES and f"{found['prefix'] or ''}k_per_day" not in readable
        if found is None or alone:
            told[name] = value
            continue
        prefix, suffix = found["prefix"] or "", found["suffix"] or ""
        match found["quantity"]:
            case "memory_days":
                told[f"{prefix}lamb{suffix}"] = _decay(clock, value)
            case "logit_delta_lamb":
                told[f"{prefix}lamb_alt"] = _alternative(clock, readable[f"{prefix}memory_days"], value)
            case "k_per_day" | "k":
                told[f"{prefix}k"] = value * _days(clock, readable, prefix)
            case "amplitude":
                told[f"{prefix}amplitude"] = value * _days(clock, readable, prefix)
            case "exponent":
                told[f"{prefix}exponents"] = np.maximum(value, 1) if "power_channel" in _rules(pool) else value
            case _:
                told[f"{prefix}{WEIGHTS}"] = value
    return told


def _days(clock: tuple[int, int], readable: Mapping[str, Numbers], prefix: str) -> Numbers:
    """The memory that scales strengths: that of the average, or the longer of two."""
    single = next((readable[prefix + name] for name in _MEMORIES if prefix + name in readable), None)
    if single is not None:
        return np.minimum(single, clock[1])
    pair = [readable[f"{prefix}memory_days_{which}"] for which in "12" if f"{prefix}memory_days_{which}" in readable]
    return np.minimum(np.max(pair, axis=0), clock[1]) if pair else np.ones(1)


def _decay(clock: tuple[int, int], days: Numbers) -> Numbers:
    return _share(Memory(clock[0]).raw(np.clip(days, 0, clock[1])))


def _alternative(clock: tuple[int, int], days: Numbers, delta: Numbers) -> Numbers:
    """The second decay, whose logit is the first one's, before any cap, plus ``delta``."""
    memory = Memory(clock[0])
    return _share(np.minimum(memory.raw(days) + delta, memory.raw(np.asarray(float(clock[1])))))


def _share(logit: Numbers) -> Numbers:
    return np.asarray(np.exp(-np.logaddexp(0, -logit)))


def _clock(pool: Any) -> tuple[int, int]:
    """Minutes between looks and the longest memory in days, of a pool or the one it follows; any do for one that looks at nothing."""
    if pool.kind == "composite":
        raise ConfigError("export", "a composite pool is no contract; export runs of its parts")
    chunk, longest = getattr(pool, "chunk_period", None), getattr(pool, "max_memory_days", None)
    if chunk is not None and longest is not None:
        return chunk, longest
    base = getattr(pool, "base", None)
    return _clock(base) if base is not None else (1440, 365)


def _rules(part: Any) -> Iterable[str]:
    """The kinds of the rules of a pool, those inside others included."""
    for name in ("rule", "base"):
        inner = getattr(part, name, None)
        if inner is not None:
            yield inner.kind
            yield from _rules(inner)
