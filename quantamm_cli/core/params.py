"""Parameters: their declarations, and what follows from them."""

import math
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

    ``default``, ``low`` and ``high`` (the range of a search, on a logarithmic scale if ``log``) are
    readable values. A raw array is ``(n,)``, one number an asset, or ``(count,)``. With ``layers``
    it has a leading axis of their names; each layer but the first begins at a random offset of
    standard deviation ``apart`` from it.
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
    """Its form in contracts; ``None``: none is declared, and it cannot be exported."""
    bounds: tuple[float, float] = (-math.inf, math.inf)
    """The least and greatest readable value in force: the pool uses these in place of values
    beyond them.
    """

    @property
    def spellings(self) -> tuple[Spelling, ...]:
        """Its aliases besides its raw and its readable name."""
        return spellings(self.readable, self.name)

    @property
    def names(self) -> tuple[str, ...]:
        """All names under which a value may be given."""
        aliases = (other.name for other in self.spellings)
        return tuple(dict.fromkeys((self.name, self.readable, *aliases)))

    def between(self, share: Numbers) -> Numbers:
        """The readable values at a share of the range from ``low`` to ``high``."""
        if self.log:
            return np.asarray(self.low * (self.high / self.low) ** share)
        return self.low + (self.high - self.low) * share

    def shape(self, assets: int) -> tuple[int, ...]:
        """The shape of the raw array of one set."""
        count = assets if self.count is None else self.count
        return (len(self.layers), count) if self.layers else (count,)


def trainable(specs: Iterable[Parameter]) -> frozenset[str]:
    """The raw names of the parameters that an optimiser may change."""
    return frozenset(spec.name for spec in specs if spec.trainable)


def initial(
    specs: Sequence[Parameter],
    values: Mapping[str, object],
    sets: int,
    assets: int,
    noise: float,
    seed: int,
    init: Init = "gaussian",
) -> dict[str, Numbers]:
    """Initial raw parameters ``(sets, *shape)``.

    ``values`` has, by raw, readable or another accepted name, one number, a number for each asset,
    or one for each set and asset. The first set has these values. The others have offsets on the
    trainable parameters: normal ones of standard deviation ``noise`` in raw units, random
    (``gaussian``) or evenly spread (``sobol``, ``lhs``, ``centred_lhs``). With ``grid`` they have
    points of a grid over the declared ranges instead. The layers of a parameter
    that declares ``apart``, except the first, get offsets of that standard deviation, the same in
    every set, unless the layers were given different values.

    Raises:
        ConfigError: unknown names, two names of one parameter, wrong shapes, values outside the
            domain.
    """
    _check_names(specs, values)
    params = {spec.name: _raw_values(spec, values, sets, assets) for spec in specs}
    for spec in specs:
        params[spec.name] = _per_day(spec, specs, values, params)
    moving = [spec for spec in specs if spec.trainable]
    params |= _members([spec for spec in moving if spec.apart], params, seed, init)
    if init == "gaussian":
        return params | _jittered(moving, params, noise, seed)
    if moving and sets > 1:
        return params | _spread(moving, params, noise, seed, init)
    return params


def _check_names(specs: Sequence[Parameter], values: Mapping[str, object]) -> None:
    """Checks that every name is that of a parameter, and that no parameter is given twice."""
    main = {name for spec in specs for name in (spec.name, spec.readable)}
    known = {name for spec in specs for name in spec.names}
    for name in values:
        if name not in known:
            raise ConfigError(
                f"params.{name}",
                f"this pool has no such parameter{did_you_mean(name, known)} (it has: "
                f"{', '.join(sorted(main)) or 'none'})",
            )
    for spec in specs:
        first, *more = [name for name in spec.names if name in values] or [""]
        if more:
            raise ConfigError(
                f"params.{more[0]}",
                f"params.{first} is given too; they are one parameter, give one",
            )


def _members(
    layered: Sequence[Parameter], params: Mapping[str, Numbers], seed: int, init: Init
) -> dict[str, Numbers]:
    """Parameters with offsets on all layers but the first; layers with values of their own stay."""
    alike = [spec for spec in layered if not np.ptp(params[spec.name], axis=1).any()]
    random, moved = np.random.Generator(np.random.PCG64([seed, tags.MEMBERS])), {}
    for number, spec in enumerate(alike):
        layers, *shape = params[spec.name].shape[1:]
        if init == "gaussian" or init == "grid":
            offsets = random.standard_normal((layers - 1, *shape))
        else:
            cube = points(init, layers - 1, int(np.prod(shape)), seed + number + 1)
            offsets = normal(cube).reshape(-1, *shape)
        offsets = np.concatenate([np.zeros((1, *shape)), offsets])
        moved[spec.name] = params[spec.name] + spec.apart * offsets
    return moved


def _jittered(
    moving: Sequence[Parameter], params: Mapping[str, Numbers], noise: float, seed: int
) -> dict[str, Numbers]:
    """Parameters with normal offsets on all sets but the first."""
    random, moved = np.random.Generator(np.random.PCG64(seed)), {}
    for spec in moving:
        jitter = noise * random.standard_normal(params[spec.name].shape)
        jitter[0] = 0
        moved[spec.name] = params[spec.name] + jitter
    return moved


def _spread(
    moving: Sequence[Parameter], params: Mapping[str, Numbers], noise: float, seed: int, init: Even
) -> dict[str, Numbers]:
    """Parameters with all sets but the first at points spread evenly; each trainable number is one
    dimension.
    """
    others = {spec.name: params[spec.name][1:] for spec in moving}
    sizes = [other[0].size for other in others.values()]
    cube = points(init, len(next(iter(others.values()))), sum(sizes), seed)
    spread = {}
    for spec, part in zip(moving, np.split(cube, np.cumsum(sizes)[:-1], axis=1), strict=True):
        share = part.reshape(others[spec.name].shape)
        if init == "grid":
            moved = _on_grid(spec, params[spec.name], share)
        else:
            moved = others[spec.name] + noise * normal(share)
        spread[spec.name] = np.concatenate([params[spec.name][:1], moved])
    return spread


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


def _raw_values(spec: Parameter, values: Mapping[str, object], sets: int, assets: int) -> Numbers:
    """Raw values of one parameter, from whichever of its names is given, or its default."""
    shape = spec.shape(assets)
    if spec.name in values:
        return _shaped(values[spec.name], f"params.{spec.name}", sets, shape)
    for other in spec.spellings:
        if other.name in values:
            where = f"params.{other.name}"
            shaped = _shaped(values[other.name], where, sets, shape)
            return _raw(spec, _without_warnings(other.bijector, shaped), where)
    where = f"params.{spec.readable}"
    return _raw(spec, _shaped(values.get(spec.readable, spec.default), where, sets, shape), where)


def _raw(spec: Parameter, readable: Numbers, where: str) -> Numbers:
    """Raw values; ConfigError names the readable ones outside the domain."""
    with np.errstate(all="ignore"):  # what overflows is refused
        raw = spec.bijector.raw(readable)
    if not np.isfinite(raw).all():
        wrong = readable.ravel().tolist()
        if raw.shape == readable.shape:
            wrong = list(dict.fromkeys(readable[~np.isfinite(raw)].tolist()))[:4]
        listed = ", ".join(f"{value:g}" for value in wrong)
        raise ConfigError(where, f"{listed} is not {spec.bijector.domain} ({spec.unit})")
    return raw


def _per_day(
    spec: Parameter,
    specs: Sequence[Parameter],
    values: Mapping[str, object],
    params: Mapping[str, Numbers],
) -> Numbers:
    """The raw values of a parameter, divided by a memory if they were
    given as a product with it.
    """
    product = next((other for other in spec.spellings if other.name in values and other.over), None)
    if product is None:
        return params[spec.name]
    where = f"params.{product.name}"
    by_name = {each.readable: each for each in specs}
    memory = next((by_name[name] for name in product.over if name in by_name), None)
    if memory is None:
        raise ConfigError(
            where, f"this pool has no memory to divide it by; write params.{spec.readable}"
        )
    days = _without_warnings(memory.bijector, params[memory.name])
    if (days <= 0).any():
        product_of = f"{spec.readable} times {memory.readable}"
        raise ConfigError(where, f"is {product_of}, which is zero; write params.{spec.readable}")
    return _raw(spec, _without_warnings(spec.bijector, params[spec.name]) / days, where)


def _shaped(value: object, where: str, sets: int, shape: tuple[int, ...]) -> Numbers:
    """A value as ``(sets, *shape)``: one number, numbers along the last axes of ``shape``, or all
    numbers.

    Raises:
        ConfigError: it is no such array of finite numbers.
    """
    try:
        array = np.asarray(value, float)
    except (TypeError, ValueError):
        raise ConfigError(where, f"{value} is not {_expected(sets, shape)}") from None
    if not np.isfinite(array).all():
        raise ConfigError(where, f"{value} is not finite")
    if array.ndim == 1 and array.size == 1:
        array = array.reshape(())
    whole = (sets, *shape)
    tail = whole[len(whole) - array.ndim :] if array.ndim <= len(whole) else ()
    fits = len(tail) == array.ndim and all(
        size in (1, expected) for size, expected in zip(array.shape, tail, strict=True)
    )
    if not fits:
        numbers = " x ".join(map(str, array.shape))
        raise ConfigError(where, f"has {numbers} numbers; give {_expected(sets, shape)}")
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
    """Readable values of raw parameters by readable name; infinite or
    NaN for a set that diverged.
    """
    return {
        spec.readable: _without_warnings(spec.bijector, np.asarray(raw[spec.name], float))
        for spec in specs
    }


def in_force(specs: Iterable[Parameter], raw: ParamValues) -> dict[str, Numbers]:
    """Readable values as the pool uses them: those beyond a bound are the bound."""
    specs = tuple(specs)
    values = readable(specs, raw)
    return {spec.readable: np.clip(values[spec.readable], *spec.bounds) for spec in specs}


def _without_warnings(bijector: Bijector, raw: Numbers) -> Numbers:
    """Readable values; an overflow gives infinity without a warning."""
    with np.errstate(all="ignore"):
        return bijector.readable(raw)
