"""Typed settings of a competition, read from a composed tree."""

from collections.abc import Mapping, Sequence

from quantamm_cli.config.components import load_strategies, plugin_names
from quantamm_cli.config.compose import Composer
from quantamm_cli.config.line_up import entries
from quantamm_cli.config.loader import Loader
from quantamm_cli.errors import ConfigError
from quantamm_cli.settings.compete import Compete, Entry
from quantamm_cli.settings.component import component
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.json_tree import JsonObject, branch, text


def read_competition(
    tree: JsonObject,
    overrides: Sequence[str],
    config_dir: str | None,
    entrants: Sequence[object] = (),
) -> Compete:
    """Typed settings of a composed tree.

    ``entrants`` replace the strategies of the tree; Python objects are possible.

    Raises:
        ConfigError: one line for the first thing wrong.
    """
    load_strategies(plugin_names(tree))
    loader = Composer("compete", (), config_dir).loader
    line_up = entries(list(entrants) or tree["strategies"], tree["strategy"], loader)
    if tree.get("compat") == "challenge":
        tree = {**tree, "market": _original(branch(tree, "market"), overrides, loader)}
    settings: dict[str, object] = {**tree, "strategies": line_up}
    settings["market"] = _with_data(branch(tree, "market"), branch(tree, "data"), loader)
    for name in ("strategy", "data"):
        settings.pop(name, None)
    return decode(Compete, settings)


def _with_data(market: JsonObject, data: JsonObject, loader: Loader) -> Mapping[str, object]:
    """The market with ``data``, the source of prices, if it takes one.

    Raises ConfigError if it takes none and the user chose one.
    """
    if "data" in component("market", text(market, "kind")).model_fields:
        return {**market, "data": decode(component("data", text(data, "kind")), data, "data")}
    if data != loader.tree_of("data/synthetic"):
        raise ConfigError(
            f"data={data['kind']}",
            f"market={market['kind']} draws its prices; add market=history, which "
            "reads them from data",
        )
    return market


def _original(market: JsonObject, overrides: Sequence[str], loader: Loader) -> JsonObject:
    """The market of the original challenge. Raises ConfigError if another was chosen."""
    if market.get("kind") == "challenge":
        return market
    if any(word.lstrip("+").startswith(("market=", "market.")) for word in overrides):
        raise ConfigError(
            "compat",
            f"compat=challenge uses the original's streams, not market={market.get('kind')}; "
            "write market=challenge",
        )
    return loader.tree_of("market/challenge")


def read_entrant(name: str, own: JsonObject, config_dir: str | None) -> Entry:
    """One strategy by its name, or FILE.py:Class, with the settings of ``strategy.NAME``.

    Raises ConfigError.
    """
    (entry,) = entries([name], own, Composer("compete", (), config_dir).loader)
    return entry
