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
from quantamm_cli.core.types import Feed, Layout, Params, Path
from quantamm_cli.errors import ConfigError
from quantamm_cli.pools.base import AbstractPool, opening_weights
from quantamm_cli.settings.component import Settings
from quantamm_cli.settings.suggestions import did_you_mean


@traced
class Part(Settings):
    """A pool inside a pool."""

    tokens: tuple[str, ...] = Field(description="which tokens of the run it holds")
    pool: AbstractPool = Field(description="what it does with them")


class Composite(AbstractPool, kind="composite"):
    """A parent pool some of whose assets are shares of other pools,
    each with tokens and parameters of its own.

    The parent's assets are the tokens that no part holds, in the order of the run, then the parts
    in theirs. A part opens with the value that the parent's initial weights give it, and its share
    costs what the part is worth, one at the start. Before the start its price is that of constant
    weights, so that the parent's estimators can warm up. Weights and reserves are told token by
    token. A part's parameters bear its name: ``params.majors_initial_weights`` for a part
    ``majors``.
    """

    parent: AbstractPool
    parts: dict[str, Part] = Field(
        default_factory=dict, description="the pools inside, by name: tokens and pool of each"
    )

    def check(self, tokens: tuple[str, ...], where: str) -> None:
        inside: list[str] = []
        for name, part in self.parts.items():
            place = f"{where}.parts.{name}"
            for token in part.tokens:
                if token not in tokens:
                    raise ConfigError(
                        f"{place}.tokens",
                        f"'{token}' is none of the run's tokens{did_you_mean(token, tokens)}",
                    )
                if token in inside:
                    raise ConfigError(f"{place}.tokens", f"{token} is in two parts")
                inside.append(token)
            if len(part.tokens) < 2:
                raise ConfigError(
                    f"{place}.tokens",
                    f"{len(part.tokens)} token{'s' * (len(part.tokens) != 1)}; a pool holds 2 to 8",
                )
            if isinstance(part.pool, Composite):
                raise ConfigError(f"{place}.pool", "is composite itself; parts are plain pools")
            if part.pool.looks_at:
                raise ConfigError(
                    f"{place}.pool",
                    f"looks at {', '.join(part.pool.looks_at)}; the pools of a "
                    "composite see prices only",
                )
            if part.pool.chunk not in (None, self.parent.chunk):
                raise ConfigError(
                    f"{place}.pool.chunk_period",
                    f"{part.pool.chunk} is not that of {where}.parent ({self.parent.chunk})",
                )
            part.pool.check(part.tokens, f"{place}.pool")
        assets = (*(token for token in tokens if token not in inside), *self.parts)
        if len(assets) < 2:
            raise ConfigError(
                f"{where}.parts",
                "leave the parent a single asset; keep a token out, or make two parts",
            )
        if self.parent.looks_at:
            raise ConfigError(
                f"{where}.parent",
                f"looks at {', '.join(self.parent.looks_at)}; the pools of a "
                "composite see prices only",
            )
        self.parent.check(assets, f"{where}.parent")

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
        specs = [_counted(spec, own) for spec in self.parent.parameters(own)]
        for name, part in self.parts.items():
            inside = (
                _counted(spec, len(part.tokens)) for spec in part.pool.parameters(len(part.tokens))
            )
            specs += [
                replace(spec, name=f"{name}_{spec.name}", readable=f"{name}_{spec.readable}")
                for spec in inside
            ]
        return tuple(specs)

    def frictionless(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        return self.path(params, feed._replace(frictions=None), start, rows)

    def path(self, params: Params, feed: Feed, start: Int[Array, ""], rows: int) -> Path:
        places = [np.array(columns) for columns in feed.layout.parts]
        alone = (
            np.setdiff1d(np.arange(feed.prices.shape[1]), np.concatenate(places))
            if places
            else np.arange(feed.prices.shape[1])
        )
        budget = feed.initial_pool_value * opening_weights(params)[len(alone) :]
        parts = []
        for number, (name, part) in enumerate(self.parts.items()):
            own = {
                key.removeprefix(f"{name}_"): value
                for key, value in params.items()
                if key.startswith(f"{name}_")
            }
            inside = _feed(feed, part, places[number], budget[number])
            parts.append((part.pool.path(own, inside, start, rows), inside))
        assets = _assets(feed, alone, parts, start, rows, self.chunk)
        # the parent's prices are what the parts made of their parameters:
        # only the scan has their gradient
        with executor("scan"):
            whole = self.parent.path(params, assets, jnp.asarray(0), rows)
        weights = reserves = jnp.zeros((rows, feed.prices.shape[1]), feed.prices.dtype)
        weights = weights.at[:, alone].set(whole.weights[:, : len(alone)])
        reserves = reserves.at[:, alone].set(whole.reserves[:, : len(alone)])
        fees = whole.fees
        for place, (path, inside), column in zip(
            places, parts, range(len(alone), len(alone) + len(parts)), strict=True
        ):
            held = whole.reserves[:, column] / inside.initial_pool_value
            weights = weights.at[:, place].set(whole.weights[:, column, None] * path.weights)
            reserves = reserves.at[:, place].set(held[:, None] * path.reserves)
            fees = fees + held * path.fees
        return Path(weights, reserves, fees)


def _counted(spec: Parameter, assets: int) -> Parameter:
    """With its own number of assets."""
    return spec if spec.count is not None else replace(spec, count=assets)


def _feed(feed: Feed, part: Part, columns: np.ndarray, value: Array) -> Feed:
    """The feed as one part sees it."""
    frictions = (
        feed.frictions if feed.frictions is None else feed.frictions._replace(lp_supply=None)
    )
    return feed._replace(
        prices=feed.prices[:, columns],
        chunks=feed.chunks[:, columns],
        initial_pool_value=value,
        frictions=frictions,
        prefix=None,
        initial_reserves=None,
        state=None,
        layout=Layout(),
        numeraire=jnp.asarray(part.pool.quoted_in(part.tokens), jnp.int32),
    )


def _assets(
    feed: Feed,
    alone: np.ndarray,
    parts: list[tuple[Path, Feed]],
    start: Int[Array, ""],
    rows: int,
    chunk: int | None,
) -> Feed:
    """The window as the parent sees it: it begins at row 0, and its last assets
    are the shares of the parts.
    """
    here = start + jnp.arange(rows)
    prices, chunks = [feed.prices[here][:, alone]], [feed.chunks[:, alone]]
    for path, inside in parts:
        share = (path.reserves * inside.prices[here]).sum(-1) / inside.initial_pool_value
        basket = jnp.exp((path.weights[0] * jnp.log(inside.chunks / inside.prices[start])).sum(-1))
        row = (
            0
            if chunk is None
            else (jnp.arange(len(feed.chunks)) - feed.first_chunk) * chunk - feed.burn_in - start
        )
        prices.append(share[:, None])
        chunks.append(jnp.where(row < 0, basket, share[jnp.clip(row, 0, rows - 1)])[:, None])
    return feed._replace(
        prices=jnp.concatenate(prices, axis=1),
        chunks=jnp.concatenate(chunks, axis=1),
        burn_in=feed.burn_in + start,
        prefix=None,
        layout=Layout(),
        numeraire=None,
    )
