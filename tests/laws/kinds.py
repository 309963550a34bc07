"""Components as their YAML says, and small worlds to put them in."""

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from omegaconf import OmegaConf

from quantamm_cli.cli.app import load_components
from quantamm_cli.core.params import initial
from quantamm_cli.core.types import Feed
from quantamm_cli.engine.feed import feed
from quantamm_cli.market import Market
from quantamm_cli.pools.base import AbstractPool
from quantamm_cli.settings.component import REGISTER, Component
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.fees import NUMBERS
from quantamm_cli.settings.run import Simulate

CONF = Path(__file__).resolve().parents[2] / "conf"
DAY = 1440

load_components()


def components(group: str) -> list[str]:
    """The names of the YAML files of a group."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def source(group: str, name: str) -> str:
    """The text of a component's YAML."""
    return (CONF / group / f"{name}.yaml").read_text()


def tree(group: str, name: str, **changes: Any) -> dict[str, Any]:
    """A component's YAML with its defaults list filled in, as Hydra would, and some keys changed."""
    found: dict[str, Any] = {}
    values: Any = OmegaConf.to_container(OmegaConf.create(source(group, name)))
    for entry in values.pop("defaults", []):
        if isinstance(entry, dict):
            ((part, chosen),) = entry.items()
            found[part] = tree(f"{group}/{part}", chosen)
    return found | values | changes


def build(group: str, name: str, **changes: Any) -> Any:
    """The component that a YAML describes, with some keys changed."""
    values = tree(group, name, **changes)
    return decode(REGISTER[group][values["kind"]], values, group.replace("/", "."))


def small(group: str, name: str) -> Component:
    """As ``build``, where pools look every six hours, so that a few days see many updates."""
    changes = {"chunk_period": 360, "weight_interpolation_period": 240} if name == "temporal" else {}
    return build(group, name, **changes)


def world(
    pool: AbstractPool,
    prices: NDArray[np.float64],
    burn_in: int = 3 * DAY,
    initial_pool_value: float = 1e6,
    room: bool = False,
    **fees: Any,
) -> Feed:
    """A feed of given minute prices, through the engine; ``room`` pads the burn-in to a year as a run of default settings does."""
    tokens = tuple(f"T{i}" for i in range(prices.shape[1]))
    kind = "flat" if any(fees.get(name) for name in NUMBERS) else "none"
    settings = Simulate(
        tokens=tokens,
        initial_pool_value=initial_pool_value,
        data=build("data", "synthetic", burn_in_days=None if room else burn_in // DAY),
        pool=pool,
        fees=build("fees", kind, **fees),
    )
    return feed(settings, Market(tokens, prices, 0, burn_in, {}, {}, ""))


def with_rule(name: str, **changes: Any) -> Any:
    """A temporal pool that a rule moves every six hours."""
    chosen = {"chunk_period": 360, "weight_interpolation_period": 240} | changes
    return build("pool", "temporal", rule=tree("pool/rule", name), **chosen)


def opening(pool: AbstractPool, assets: int, **given: Any) -> dict[str, Any]:
    """One set of a pool's parameters, raw, by readable or raw name; unless given, weights and two memories are not alike."""
    names = {spec.readable for spec in pool.parameters(assets)} | {spec.name for spec in pool.parameters(assets)}
    uneven = {"initial_weights_logits": list(np.linspace(0.4, -0.3, assets)), "memory_days_2": 3.0}
    given = {name: value for name, value in (uneven | given).items() if name in names}
    if "initial_weights" in given:
        given.pop("initial_weights_logits")
    raw = initial(pool.parameters(assets), given, 1, assets, 0.0, 0)
    return {name: jnp.asarray(value[0]) for name, value in raw.items()}
