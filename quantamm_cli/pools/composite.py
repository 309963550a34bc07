"""Pools of pools."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Int
from pydantic import Field

from quantamm_cli.core.executor import executor
from quantamm_cli.core.params import Parameter
from quantamm_cli.core.tree import traced
from quantamm_cli.core.types import Feed, Layout, Left, Params, Path
from quantamm_cli.errors import ConfigError
from quantamm_cli.kernels.operands import Volumes
from quantamm_cli.pools.base import AbstractPool, opening_weights, without_prefix
from quantamm_cli.settings.component import Settings
from quantamm_cli.settings.suggestions import did_you_mean

_PARENT, _VALUES, _SHARES = "parent", "opening_values", "share_prices"
"""Names in what a run leaves: the parent pool, the values with which the parts opened, and the
prices of their shares at two chunks: the one that the parent's block of weights answers, and the
next, which may have begun before the row at which the pool is taken up.
"""


@traced
class Part(Settings):
    """A pool inside a pool."""

    tokens: tuple[str, ...] = Field(description="the run's tokens that the pool holds")
    pool: AbstractPool = Field(description="the pool")


class Composite(AbstractPool, kind="composite"):
    """A parent pool, some of whose assets are shares of other pools, the parts.

    The parent's assets are first the tokens that no part holds, in the order of the run, then one
    share of each part, in the order of the parts. At the start a part has the value that the
    parent's initial weights give it. The price of its share is the value of the part divided by
    that opening value. In the burn-in, in which the part does not exist yet, the price is that of a
    pool of constant weights. Weights and reserves are reported by token. The parameters of a part
    begin with its name: ``params.majors_initial_weights`` for a part ``majors``.
    """

    parent: AbstractPool
    parts: dict[str, Part] = Field(
        default_factory=dict, description="the pools inside, by name: tokens and pool of each"
    )

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        inside: list[str] = []
        for name, part in self.parts.items():
            self._check_part(part, f"{where}.parts.{name}", tokens, inside)
            inside += part.tokens
        own = (token for token in tokens if token not in inside)
        assets = (*own, *self.parts)
        if len(assets) < 2:
            raise ConfigError(
                f"{where}.parts",
                "leave the parent a single asset; keep a token out of them, or make two parts",
            )
        if self.parent.looks_at:
            raise ConfigError(f"{where}.parent", _needs_series(self.parent))
        self.parent.check(assets, f"{where}.parent")

    def _check_part(
        self, part: Part, where: str, tokens: tuple[str, ...], others: list[str]
    ) -> None:
        """Raise ConfigError for a part that is wrong or holds a token of ``others``."""
        for number, token in enumerate(part.tokens):
            if token not in tokens:
                raise ConfigError(
                    f"{where}.tokens",
                    f"'{token}' is not a token of the run{did_you_mean(token, tokens)}",
                )
            if token in (*others, *part.tokens[:number]):
                raise ConfigError(f"{where}.tokens", f"{token} is in two parts")
        if len(part.tokens) < 2:
            raise ConfigError(
                f"{where}.tokens",
                f"{len(part.tokens)} token{'s' * (len(part.tokens) != 1)}; a pool holds 2 to 8",
            )
        if isinstance(part.pool, Composite):
            raise ConfigError(f"{where}.pool", "is composite; a part must be another kind of pool")
        if part.pool.looks_at:
            raise ConfigError(f"{where}.pool", _needs_series(part.pool))
        if part.pool.chunk not in (None, self.parent.chunk):
            raise ConfigError(
                f"{where}.pool.chunk_period",
                f"is {part.pool.chunk}; expected that of the parent ({self.parent.chunk})",
            )
        part.pool.check(part.tokens, f"{where}.pool")

    @property
    def chunk(self) -> int | None:
        return self.parent.chunk

    @property
    def takes_frictions(self) -> bool:
        return self.parent.takes_frictions and all(
            part.pool.takes_frictions for part in self.parts.values()
        )

    @property
    def takes_trades(self) -> bool:
        return False

    @property
    def charges(self) -> bool:
        return self.parent.charges or any(part.pool.charges for part in self.parts.values())

    def layout(self, tokens: tuple[str, ...]) -> Layout:
        return Layout(tuple(tuple(map(tokens.index, part.tokens)) for part in self.parts.values()))

    def parameters(self, assets: int) -> tuple[Parameter, ...]:
        own = assets - sum(len(part.tokens) for part in self.parts.values()) + len(self.parts)
        specs = [_with_count(spec, own) for spec in self.parent.parameters(own)]
        for name, part in self.parts.items():
            for spec in part.pool.parameters(len(part.tokens)):
                spec = _with_count(spec, len(part.tokens))
                readable = f"{name}_{spec.readable}"
                specs.append(replace(spec, name=f"{name}_{spec.name}", readable=readable))
        return tuple(specs)

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        return self.path(params, feed._replace(frictions=None), start, rows)

    def path(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        part_columns = [np.array(columns) for columns in feed.layout.parts]
        own_columns = np.arange(feed.prices.shape[1])
        if part_columns:
            own_columns = np.setdiff1d(own_columns, np.concatenate(part_columns))
        own = len(own_columns)
        budget = feed.initial_pool_value * opening_weights(params)[own:]
        if feed.left is not None:
            budget = feed.left.memory[_VALUES]
        parts = []
        for number, (name, part) in enumerate(self.parts.items()):
            part_feed = _part_feed(feed, name, part, part_columns[number], budget[number])
            part_params = without_prefix(f"{name}_", params)
            parts.append((part.pool.path(part_params, part_feed, start, rows), part_feed))
        assets = _parent_feed(feed, own_columns, parts, start, rows, self.chunk)
        # The parent's prices depend on the parts' parameters; only the scan has that gradient.
        with executor("scan"):
            parent = self.parent.path(params, assets, jnp.asarray(0), rows)
        weights = reserves = jnp.zeros((rows, feed.prices.shape[1]), feed.prices.dtype)
        weights = weights.at[:, own_columns].set(parent.weights[:, :own])
        reserves = reserves.at[:, own_columns].set(parent.reserves[:, :own])
        fees, volumes = parent.fees, parent.volumes
        for number, (columns, (path, part_feed)) in enumerate(
            zip(part_columns, parts, strict=True)
        ):
            asset = own + number
            scale = parent.reserves[:, asset] / part_feed.initial_pool_value
            weights = weights.at[:, columns].set(parent.weights[:, asset, None] * path.weights)
            reserves = reserves.at[:, columns].set(scale[:, None] * path.reserves)
            fees = fees + scale * path.fees
            if volumes is not None and path.volumes is not None:
                volumes = Volumes(
                    volumes.arbitrage + scale * path.volumes.arbitrage,
                    volumes.trades + scale * path.volumes.trades,
                )
        inside = dict(zip(map(_place, self.parts), parts, strict=True))
        inside = {_PARENT: (parent, assets), **inside}
        return Path(weights, reserves, fees, inside=inside, volumes=volumes)

    @property
    def goes_on(self) -> bool:
        return self.parent.goes_on and all(part.pool.goes_on for part in self.parts.values())

    def anchor(self, feed: Feed, rows: int) -> Int[Array, ""] | int:
        """A row at which each of the pools can be taken up."""
        pools = {_PARENT: self.parent} | {_place(name): x.pool for name, x in self.parts.items()}
        rows_of_each = []
        for name, pool in pools.items():
            left = None if feed.left is None else feed.left.parts[name]
            rows_of_each.append(pool.anchor(feed._replace(left=left), rows))
        return jnp.stack([*map(jnp.asarray, rows_of_each)]).min()

    def left(
        self, params: Params, feed: Feed, start: Int[Array, ""], path: Path, row: Int[Array, ""]
    ) -> Left:
        """The parent and the parts, and the values with which these opened."""
        parent, assets = path.inside[_PARENT]
        whole = self.parent.left(params, assets, jnp.asarray(0), parent, row)
        lefts, values = {_PARENT: whole}, []
        for name, part in self.parts.items():
            inside, part_feed = path.inside[_place(name)]
            own = without_prefix(f"{name}_", params)
            lefts[_place(name)] = part.pool.left(own, part_feed, start, inside, row)
            values.append(part_feed.initial_pool_value)
        memory = {_VALUES: jnp.stack(values)} if values else {_VALUES: jnp.zeros(0)}
        if self.chunk is not None:
            answered = (feed.burn_in + start + row - whole.lag) // self.chunk
            two = feed.first_chunk + answered + jnp.arange(2)
            prices = assets.chunks[:, assets.chunks.shape[1] - len(self.parts) :]
            memory[_SHARES] = prices[jnp.clip(two, 0, len(prices) - 1)]
        return Left(path.reserves[row], whole.phase, whole.lag, memory=memory, parts=lefts)


def _needs_series(pool: AbstractPool) -> str:
    series = ", ".join(pool.looks_at)
    return f"needs the series {series}; the pools of a composite use prices only"


def _with_count(spec: Parameter, assets: int) -> Parameter:
    """A parameter with its number of assets."""
    return spec if spec.count is not None else replace(spec, count=assets)


def _place(name: str) -> str:
    """The name of a part in what a run leaves."""
    return f"parts.{name}"


def _part_feed(feed: Feed, name: str, part: Part, columns: np.ndarray, value: Array) -> Feed:
    """The feed of one part, which opens with ``value``."""
    frictions = feed.frictions
    if frictions is not None:
        frictions = frictions._replace(lp_supply=None)
    return feed._replace(
        prices=feed.prices[:, columns],
        chunks=feed.chunks[:, columns],
        initial_pool_value=value,
        frictions=frictions,
        prefix=None,
        initial_reserves=None,
        state=None,
        left=None if feed.left is None else feed.left.parts[_place(name)],
        layout=Layout(),
        numeraire=jnp.asarray(part.pool.quoted_in(part.tokens), jnp.int32),
    )


def _parent_feed(
    feed: Feed,
    own_columns: np.ndarray,
    parts: list[tuple[Path, Feed]],
    start: Int[Array, ""],
    rows: int,
    chunk: int | None,
) -> Feed:
    """The parent's feed of a window, which begins at row 0; its last assets are the shares of the
    parts.
    """
    minutes = start + jnp.arange(rows)
    prices, chunks = [feed.prices[minutes][:, own_columns]], [feed.chunks[:, own_columns]]
    row: Array | int = 0
    if chunk is not None:
        row = (jnp.arange(len(feed.chunks)) - feed.first_chunk) * chunk - feed.burn_in - start
    for number, (path, part) in enumerate(parts):
        share = (path.reserves * part.prices[minutes]).sum(-1) / part.initial_pool_value
        before = jnp.exp((path.weights[0] * jnp.log(part.chunks / part.prices[start])).sum(-1))
        if feed.left is not None and chunk is not None:
            since = jnp.arange(len(feed.chunks)) - feed.first_chunk
            before = feed.left.memory[_SHARES][jnp.clip(since, 0, 1), number]
        prices.append(share[:, None])
        chunks.append(jnp.where(row < 0, before, share[jnp.clip(row, 0, rows - 1)])[:, None])
    return feed._replace(
        prices=jnp.concatenate(prices, axis=1),
        chunks=jnp.concatenate(chunks, axis=1),
        burn_in=feed.burn_in + start,
        prefix=None,
        left=None if feed.left is None else feed.left.parts[_PARENT],
        layout=Layout(),
        numeraire=None,
    )
