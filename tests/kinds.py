"""Components as their YAML says, and small worlds to put them in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from numpy.typing import NDArray
from omegaconf import OmegaConf
from user_plugins import DECLARED

from quantamm_cli.config.components import load_components, load_studies
from quantamm_cli.core.params import initial
from quantamm_cli.core.types import Feed
from quantamm_cli.engine.feed import feed
from quantamm_cli.errors import ConfigError
from quantamm_cli.market import Market
from quantamm_cli.market.fees import NUMBERS
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.component import REGISTER, Component
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.plugins import plugin_folders
from quantamm_cli.settings.run import Simulate

CONF = Path(__file__).resolve().parents[1] / "conf"
FOLDERS = (CONF, *(folder for _, folder in plugin_folders()))
"""Where the YAML is that enrols components in laws: ours, and that of installed packages."""
DAY = 1440

load_components()
load_studies()


def components(group: str) -> list[str]:
    """The names of the YAML files of a group, and of the components of ``--plugins``."""
    named = {path.stem for folder in FOLDERS for path in (folder / group).glob("*.yaml")}
    return sorted(named | DECLARED.get(group, {}).keys())


def yaml_of(group: str, name: str) -> Path:
    """The file of a component's settings; that of a plugin need not exist."""
    there = (folder for folder in FOLDERS if (folder / group / f"{name}.yaml").is_file())
    home = DECLARED.get(group, {}).get(name) or next(there, CONF)
    return home / group / f"{name}.yaml"


def source(group: str, name: str) -> str:
    """The text of a component's YAML."""
    return yaml_of(group, name).read_text()


def tree(group: str, name: str, **changes: Any) -> dict[str, Any]:
    """A component's YAML with its defaults list filled in, as Hydra
    would, and some keys changed.
    """
    if not yaml_of(group, name).is_file():  # a plugin with the defaults of its class
        return {"kind": name} | changes
    found: dict[str, Any] = {}
    values: Any = OmegaConf.to_container(OmegaConf.create(source(group, name)))
    for entry in values.pop("defaults", []):
        if isinstance(entry, dict):
            ((place, chosen),) = entry.items()
            source_group, _, part = place.rpartition(
                "@"
            )  # "/pool@base" is a pool under "base", "rule" a rule of this group under "rule"
            found[part] = tree(source_group.lstrip("/") or f"{group}/{part}", chosen)
    return found | values | changes


def build(group: str, name: str, **changes: Any) -> Any:
    """The component that a YAML describes, with some keys changed."""
    values = tree(group, name, **changes)
    return decode(REGISTER[group][values["kind"]], values, group.replace("/", "."))


def small(group: str, name: str) -> Component:
    """As ``build``, where pools look every six hours, so that a few days see many updates."""
    quick = {"chunk_period": 360, "weight_interpolation_period": 240}
    changes: dict[str, Any] = {"temporal": quick, "dynamic_fee": {"chunk_period": 360}}.get(
        name, {}
    )
    told = tree(group, name, **changes)
    for part in ("base", "parent"):
        if part in told:
            told[part] |= quick
    if name == "composite":
        told["parts"] = {"pair": {"tokens": ["T0", "T2"], "pool": tree("pool", "balancer")}}
    return decode(REGISTER[group][told["kind"]], told, group.replace("/", "."))


def assets_of(pool: AbstractPool) -> int:
    """How many tokens the laws give a pool: three, or two where it holds no more."""
    try:
        pool.check(("T0", "T1", "T2"), "pool")
    except ConfigError:
        return 2
    return 3


def world(
    pool: AbstractPool,
    prices: NDArray[np.float64],
    burn_in: int = 3 * DAY,
    initial_pool_value: float = 1e6,
    room: bool = False,
    tokens: tuple[str, ...] | None = None,
    precision: str = "float64",
    **fees: Any,
) -> Feed:
    """A feed of given minute prices, through the engine; ``room`` pads the burn-in to a year as a
    run of default settings does.
    """
    tokens = tokens or tuple(f"T{i}" for i in range(prices.shape[1]))
    kind = "flat" if any(fees.get(name) for name in NUMBERS) else "none"
    settings = Simulate(
        tokens=tokens,
        initial_pool_value=initial_pool_value,
        precision=precision,
        data=build("data", "synthetic", burn_in_days=None if room else burn_in // DAY),
        pool=pool,
        fees=build("fees", kind, **fees),
    )
    return feed(
        settings,
        Market(
            tokens,
            prices,
            0,
            burn_in,
            {},
            {},
            "",
            {name: series(name, prices) for name in pool.looks_at},
        ),
    )


def series(name: str, prices: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a pool may look at besides prices: made of the prices' shape and unit, so that assets
    may be permuted and scaled.
    """
    worth = np.linspace(1.0, 1.5, len(prices))[:, None] / prices[0]
    if name == "supply":
        return worth
    if name == "market_cap":
        return worth * prices
    if name == "weights":
        moving = prices / prices[0]
        return moving / moving.sum(-1, keepdims=True)
    return np.full_like(prices, 1e-3)


def with_rule(name: str, **changes: Any) -> Any:
    """A temporal pool that a rule moves every six hours."""
    chosen = {"chunk_period": 360, "weight_interpolation_period": 240} | changes
    return build("pool", "temporal", rule=tree("pool/rule", name), **chosen)


def opening(pool: AbstractPool, assets: int, **given: Any) -> dict[str, Any]:
    """One set of a pool's parameters, raw, by readable or raw name; unless given,
    weights and two memories are not alike.
    """
    specs = pool.parameters(assets)
    own = {
        name
        for spec in specs
        if spec.count in (None, assets)
        for name in (spec.readable, spec.name)
    }
    names = {name for spec in specs for name in (spec.readable, spec.name)}
    uneven = {"initial_weights_logits": list(np.linspace(0.4, -0.3, assets)), "memory_days_2": 3.0}
    given = {name: value for name, value in uneven.items() if name in own} | {
        name: value for name, value in given.items() if name in names
    }
    if "initial_weights" in given:
        given.pop("initial_weights_logits")
    raw = initial(pool.parameters(assets), given, 1, assets, 0.0, 0)
    return {name: jnp.asarray(value[0]) for name, value in raw.items()}


def forwards(function: Callable[[Any], tuple[Any, Any]]) -> Callable[[Any], tuple[Any, Any]]:
    """As ``jax.grad`` with ``has_aux``, but in forward mode: half the
    program where there is a loop.
    """

    def gradient(given: Any) -> tuple[Any, Any]:
        numbers, tree = ravel_pytree(given)
        slope, more = jax.jacfwd(lambda numbers: function(tree(numbers)), has_aux=True)(numbers)
        return tree(slope), more

    return gradient
