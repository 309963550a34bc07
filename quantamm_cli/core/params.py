"""Parameters: declared once, and from the declaration everything else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quantamm_cli.core.bijectors import Bijector, Numbers
from quantamm_cli.core.contracts import OnChain
from quantamm_cli.core.sampling import Even, Init, normal, points
from quantamm_cli.core.spellings import Spelling, spellings
from quantamm_cli.core.types import ParamValues
from quantamm_cli.errors import ConfigError
from quantamm_cli.random import tags
from quantamm_cli.settings.suggestions import did_you_mean


@dataclass(frozen=True)
class Parameter:
    """One parameter of a pool.

    ``default``, ``low`` and ``high`` (the range a search covers, on a logarithmic scale if ``log``)
    are readable values. A raw array is ``(n,)``, one number an asset, unless ``count`` says how
    many; and has the names of its ``layers``, if any, as a leading axis; all layers but the first
    begin ``apart`` from it, a standard deviation.
    """

    name: str
    readable: str
    unit: str
    bijector: Bijector
    default: float | tuple[float, ...]
    low: float
    high: float
    log: bool = False
    trainable: bool = True
    count: int | None = None
    layers: tuple[str, ...] = ()
    apart: float = 0.0
    onchain: OnChain | None = None
    """What contracts are given of it; ``None``: nothing is declared, and it cannot be exported."""

    @property
    def spellings(self) -> tuple[Spelling, ...]:
        """Names it may be given under besides its own two."""
        return spellings(self.readable, self.name)

    @property
    def names(self) -> tuple[str, ...]:
        """All names it may be given under."""
        return tuple(
            dict.fromkeys((self.name, self.readable, *(other.name for other in self.spellings)))
        )

    def between(self, share: Numbers) -> Numbers:
        """The readable values that so much of the way lie from ``low`` to ``high``."""
        if self.log:
            return np.asarray(self.low * (self.high / self.low) ** share)
        return self.low + (self.high - self.low) * share

    def shape(self, assets: int) -> tuple[int, ...]:
        """Of one set's raw array."""
        return (
            *((len(self.layers),) if self.layers else ()),
            assets if self.count is None else self.count,
        )


def trainable(specs: Iterable[Parameter]) -> frozenset[str]:
    """Raw names of what an optimiser may move."""
    return frozenset(spec.name for spec in specs if spec.trainable)


def initial(
    specs: Sequence[Parameter],
    given: Mapping[str, object],
    sets: int,
    assets: int,
    noise: float,
    seed: int,
    init: Init = "gaussian",
) -> dict[str, Numbers]:
    """Raw parameters ``(sets, *shape)`` to begin with.

    ``given`` holds values by raw, readable or another accepted name: a number, one an asset, or one
    a set and asset. The first set is as given. The others differ in what trains: by normal offsets
    of standard deviation ``noise`` in raw units, drawn at random or evenly, or, with ``grid``, by
    standing on a grid over the declared ranges. Layers that begin ``apart`` and are given alike
    differ in every set by the same offsets, drawn in the same way.

    Raises:
        ConfigError: unknown names, two spellings of one parameter, wrong shapes,
            values outside the domain.
    """
    _known(specs, given)
    params = {spec.name: _given(spec, given, sets, assets) for spec in specs}
    for spec in specs:
        params[spec.name] = _a_day(spec, specs, given, params)
    moving = [spec for spec in specs if spec.trainable]
    params |= _members([spec for spec in moving if spec.apart], params, seed, init)
    if init == "gaussian":
        return params | _jittered(moving, params, noise, seed)
    return params | _spread(moving, params, noise, seed, init) if moving and sets > 1 else params


def _known(specs: Sequence[Parameter], given: Mapping[str, object]) -> None:
    """Every name given is one of a parameter, and no parameter is given twice."""
    main = {name for spec in specs for name in (spec.name, spec.readable)}
    known = {name for spec in specs for name in spec.names}
    for name in given:
        if name not in known:
            raise ConfigError(
                f"params.{name}",
                f"this pool has no such parameter{did_you_mean(name, known)} (it has: "
                f"{', '.join(sorted(main)) or 'none'})",
            )
    for spec in specs:
        first, *more = [name for name in spec.names if name in given] or [""]
        if more:
            raise ConfigError(
                f"params.{more[0]}",
                f"params.{first} is given too; they are one parameter, give one",
            )


def _members(
    layered: Sequence[Parameter], params: Mapping[str, Numbers], seed: int, init: Init
) -> dict[str, Numbers]:
    """Parameters whose layers after the first stand apart from it;
    layers that were given one by one stay.
    """
    alike = [spec for spec in layered if not np.ptp(params[spec.name], axis=1).any()]
    random, found = np.random.Generator(np.random.PCG64([seed, tags.MEMBERS])), {}
    for number, spec in enumerate(alike):
        shape = params[spec.name].shape[1:]
        if init == "gaussian" or init == "grid":
            offsets = random.standard_normal((shape[0] - 1, *shape[1:]))
        else:
            offsets = normal(
                points(init, shape[0] - 1, int(np.prod(shape[1:])), seed + number + 1)
            ).reshape(-1, *shape[1:])
        found[spec.name] = params[spec.name] + spec.apart * np.concatenate(
            [np.zeros((1, *shape[1:])), offsets]
        )
    return found


def _jittered(
    moving: Sequence[Parameter], params: Mapping[str, Numbers], noise: float, seed: int
) -> dict[str, Numbers]:
    """Parameters with normal offsets on all sets but the first."""
    random, found = np.random.Generator(np.random.PCG64(seed)), {}
    for spec in moving:
        jitter = noise * random.standard_normal(params[spec.name].shape)
        jitter[0] = 0
        found[spec.name] = params[spec.name] + jitter
    return found


def _spread(
    moving: Sequence[Parameter], params: Mapping[str, Numbers], noise: float, seed: int, init: Even
) -> dict[str, Numbers]:
    """Parameters with all sets but the first moved to points spread evenly,
    a dimension a number that trains.
    """
    others = {spec.name: params[spec.name][1:] for spec in moving}
    sizes = [other[0].size for other in others.values()]
    cube = points(init, len(next(iter(others.values()))), sum(sizes), seed)
    found = {}
    for spec, part in zip(moving, np.split(cube, np.cumsum(sizes)[:-1], axis=1), strict=True):
        share = part.reshape(others[spec.name].shape)
        moved = (
            _on_grid(spec, params[spec.name], share)
            if init == "grid"
            else others[spec.name] + noise * normal(share)
        )
        found[spec.name] = np.concatenate([params[spec.name][:1], moved])
    return found


def _on_grid(spec: Parameter, values: Numbers, share: Numbers) -> Numbers:
    if (values != values[0]).any():
        raise ConfigError(
            f"params.{spec.readable}",
            "has a value a parameter set, and fit.init=grid chooses the sets "
            "itself; give one for all",
        )
    raw = spec.bijector.raw(spec.between(share))
    if not np.isfinite(raw).all():
        raise ConfigError(
            "fit.init",
            f"grid: the range of {spec.readable}, {spec.low:g} to {spec.high:g}, is not "
            f"{spec.bijector.domain}",
        )
    return raw


def _given(spec: Parameter, given: Mapping[str, object], sets: int, assets: int) -> Numbers:
    """Raw values of one parameter, from whichever of its names is given, or its default."""
    shape = spec.shape(assets)
    if spec.name in given:
        return _shaped(given[spec.name], f"params.{spec.name}", sets, shape)
    for other in spec.spellings:
        if other.name in given:
            place = f"params.{other.name}"
            return _raw(
                spec,
                _quietly(other.bijector, _shaped(given[other.name], place, sets, shape)),
                place,
            )
    place = f"params.{spec.readable}"
    return _raw(spec, _shaped(given.get(spec.readable, spec.default), place, sets, shape), place)


def _raw(spec: Parameter, readable: Numbers, place: str) -> Numbers:
    raw = spec.bijector.raw(readable)
    if not np.isfinite(raw).all():
        wrong = (
            list(dict.fromkeys(readable[~np.isfinite(raw)].tolist()))[:4]
            if raw.shape == readable.shape
            else readable.tolist()
        )
        raise ConfigError(
            place,
            f"{', '.join(f'{value:g}' for value in np.ravel(wrong))} is not "
            f"{spec.bijector.domain} ({spec.unit})",
        )
    return raw


def _a_day(
    spec: Parameter,
    specs: Sequence[Parameter],
    given: Mapping[str, object],
    params: Mapping[str, Numbers],
) -> Numbers:
    """Raw values a day of a parameter that was given as a product with a
    memory; others as they are.
    """
    product = next((other for other in spec.spellings if other.name in given and other.over), None)
    if product is None:
        return params[spec.name]
    place = f"params.{product.name}"
    memory = next(
        (found for name in product.over for found in specs if found.readable == name), None
    )
    if memory is None:
        raise ConfigError(
            place, f"this pool has no memory to divide it by; write params.{spec.readable}"
        )
    days = _quietly(memory.bijector, params[memory.name])
    if (days <= 0).any():
        raise ConfigError(
            place,
            f"is {spec.readable} times {memory.readable}, which is zero; write "
            f"params.{spec.readable}",
        )
    return _raw(spec, _quietly(spec.bijector, params[spec.name]) / days, place)


def _shaped(value: object, place: str, sets: int, shape: tuple[int, ...]) -> Numbers:
    """A number, numbers of the last axes of one set's ``shape``,
    or all of it a set, as ``(sets, *shape)``.
    """
    try:
        array = np.asarray(value, float)
    except (TypeError, ValueError):
        raise ConfigError(place, f"{value} is not {_expected(sets, shape)}") from None
    if not np.isfinite(array).all():
        raise ConfigError(place, f"{value} is not finite")
    if array.ndim == 1 and array.size == 1:
        array = array.reshape(())
    whole = (sets, *shape)
    tail = whole[len(whole) - array.ndim :] if array.ndim <= len(whole) else ()
    fits = len(tail) == array.ndim and all(
        came in (1, wanted) for came, wanted in zip(array.shape, tail, strict=True)
    )
    if not fits:
        raise ConfigError(
            place, f"has {' x '.join(map(str, array.shape))} numbers; give {_expected(sets, shape)}"
        )
    return np.array(np.broadcast_to(array, whole))


def _expected(sets: int, shape: tuple[int, ...]) -> str:
    """The shapes in which a parameter may be given, in words."""
    assets = shape[-1]
    words = ["one number"]
    if assets > 1:
        words.append(f"{assets} (one an asset)")
    if len(shape) > 1:
        words.append(f"{shape[0]} lists of {assets}")
    words.append(f"{sets} lists of {' x '.join(map(str, shape))} (one a parameter set)")
    return ", ".join(words[:-1]) + ", or " + words[-1]


def readable(specs: Iterable[Parameter], raw: ParamValues) -> dict[str, Numbers]:
    """Readable values of raw parameters, by readable name; those of a set that ran
    away are infinite or NaN.
    """
    return {
        spec.readable: _quietly(spec.bijector, np.asarray(raw[spec.name], float)) for spec in specs
    }


def _quietly(bijector: Bijector, raw: Numbers) -> Numbers:
    """Readable values; what overflows is told by its infinities, not by warnings."""
    with np.errstate(all="ignore"):
        return bijector.readable(raw)
