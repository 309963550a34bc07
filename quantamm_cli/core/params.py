"""Parameters: declared once, and from the declaration everything else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from quantamm_cli.core.bijectors import Bijector, Numbers
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.component import hint


@dataclass(frozen=True)
class Parameter:
    """One parameter of a pool.

    ``default``, ``low`` and ``high`` (the range a search covers, on a logarithmic scale if ``log``) are readable values.
    """

    name: str
    readable: str
    unit: str
    bijector: Bijector
    default: float
    low: float
    high: float
    log: bool = False
    trainable: bool = True


def trainable(specs: Iterable[Parameter]) -> frozenset[str]:
    """Raw names of what an optimiser may move."""
    return frozenset(spec.name for spec in specs if spec.trainable)


def initial(specs: Sequence[Parameter], given: Mapping[str, Any], sets: int, assets: int, noise: float, seed: int) -> dict[str, Numbers]:
    """Raw parameters ``(sets, assets)`` to begin with.

    ``given`` holds raw or readable values: a number, one an asset, or one a set and asset. The first set is as given;
    the others get Gaussian noise of standard deviation ``noise`` on what trains, in raw units.

    Raises:
        ConfigError: unknown names, both spellings of one parameter, wrong shapes, values outside the domain.
    """
    known = {spec.name for spec in specs} | {spec.readable for spec in specs}
    for name in given:
        if name not in known:
            raise ConfigError(
                f"params.{name}", f"this pool has no such parameter{hint(name, known)} (it has: {', '.join(sorted(known)) or 'none'})"
            )
    random = np.random.Generator(np.random.PCG64(seed))
    params = {}
    for spec in specs:
        values = _given(spec, given, sets, assets)
        if spec.trainable:
            jitter = noise * random.standard_normal(values.shape)
            jitter[0] = 0
            values = values + jitter
        params[spec.name] = values
    return params


def _given(spec: Parameter, given: Mapping[str, Any], sets: int, assets: int) -> Numbers:
    if spec.name in given and spec.readable in given and spec.name != spec.readable:
        raise ConfigError(f"params.{spec.readable}", f"params.{spec.name} is given too; they are one parameter, give one")
    if spec.name in given:
        return _shaped(given[spec.name], f"params.{spec.name}", sets, assets)
    place = f"params.{spec.readable}"
    readable = _shaped(given.get(spec.readable, spec.default), place, sets, assets)
    raw = spec.bijector.raw(readable)
    if not np.isfinite(raw).all():
        raise ConfigError(place, f"{np.asarray(given[spec.readable]).tolist()} is not {spec.bijector.domain} ({spec.unit})")
    return raw


def _shaped(value: Any, place: str, sets: int, assets: int) -> Numbers:
    """A number, one an asset, or one a set and asset, as ``(sets, assets)``."""
    try:
        array = np.asarray(value, float)
    except (TypeError, ValueError):
        raise ConfigError(
            place, f"{value} is not a number, a list of {assets} (one an asset), or a list of such lists (one a set)"
        ) from None
    if not np.isfinite(array).all():
        raise ConfigError(place, f"{value} is not finite")
    if array.ndim == 1 and array.size == 1:
        array = array.reshape(())
    fits = array.ndim < 2 or array.shape[0] in (1, sets)
    if array.ndim > 2 or not fits or array.shape[-1:] not in ((), (1,), (assets,)):
        came = " x ".join(map(str, array.shape))
        raise ConfigError(
            place, f"has {came} numbers; give one, {assets} (one an asset), or {sets} lists of {assets} (one a parameter set)"
        )
    return np.array(np.broadcast_to(array, (sets, assets)))


def readable(specs: Iterable[Parameter], raw: Mapping[str, Any]) -> dict[str, Numbers]:
    """Readable values of raw parameters, by readable name."""
    return {spec.readable: spec.bijector.readable(np.asarray(raw[spec.name], float)) for spec in specs}
