"""``qsim compete --verify RECEIPT``: run it again, and say whether every seed of every entrant came out the same."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quantamm_cli.cli.competition import Competition
from quantamm_cli.cli.console import Console
from quantamm_cli.cli.options import Options
from quantamm_cli.competition.receipts import differences, versions
from quantamm_cli.config.components import load_strategies
from quantamm_cli.config.entrants import entry_of
from quantamm_cli.errors import DataError, StoreError
from quantamm_cli.settings.compete import Compete, Entry
from quantamm_cli.settings.decode import decode
from quantamm_cli.store.receipts import find_source, read_receipt
from quantamm_cli.workflows.results import Watch
from quantamm_cli.workflows.runtime import start_jax


def verify(tree: dict[str, Any], options: Options, console: Console) -> dict[str, Any]:
    """Returns the JSON object. Raises StoreError if anything differs, saying what and where."""
    watch = Watch()
    path = Path(options.verify or "").expanduser()
    written = read_receipt(path)
    load_strategies(tuple(tree.get("plugins") or ()))
    settings = settings_of(written, path, tree)
    start_jax()
    competition = Competition(settings, console)
    watch.lap("start")
    found = competition.afresh("verifying")
    watch.lap("play")
    apart = differences(written["edges"], found)
    changed = {name: [was, versions().get(name)] for name, was in written["versions"].items() if versions().get(name) != was}
    if apart:
        cause = "".join(f"; {name} was {was}, is {now}" for name, (was, now) in changed.items())
        raise StoreError(str(path), f"not the same: {' | '.join(apart)}{cause or '; versions and device are the same'}")
    count = len(found.seeds)
    console.say(f"the same: {', '.join(settings.names)} and the normaliser, {count} seeds of {settings.steps} steps, to the last bit")
    for name, (was, now) in changed.items():
        console.note(f"{name} was {was}, is {now}")
    named = {"receipt": str(path), "fingerprint": written["fingerprint"], "seeds": written["seeds"]}
    return named | {"same": True, "versions": changed, "seconds": watch.seconds}


def settings_of(written: Mapping[str, Any], path: Path, tree: Mapping[str, Any]) -> Compete:
    """The settings of a receipt; where its files are is taken from the command line, as that is not part of it."""
    try:
        told = {key: value for key, value in written["settings"].items() if key not in ("schema", "made_from")}
        told["market"] = _supplied(told["market"], written.get("places", {}), tree["data"])
        entries = tuple(_entry(one, path) for one in written["strategies"])
        seeds = {"seed": written["seeds"]["first"], "simulations": written["seeds"]["count"]}
        settings = decode(Compete, told | {"strategies": entries, "reference": written["reference"], "runs_dir": tree["runs_dir"]} | seeds)
    except (KeyError, TypeError, AttributeError) as failure:
        raise StoreError(str(path), f"is not a receipt this version can read ({type(failure).__name__}: {failure})") from None
    if settings.fingerprint != written["fingerprint"]:
        made_from = written["settings"].get("made_from")
        if settings.configuration().get("made_from") != made_from:
            raise DataError(str(path), "was made from other prices than there are now; data.dir=PATH says where those are")
        raise StoreError(str(path), "its settings mean something else to this version: the fingerprint they give is another")
    return settings


def _supplied(market: dict[str, Any], places: Mapping[str, str], data: Mapping[str, Any]) -> dict[str, Any]:
    """The market of a receipt; prices from files are where the command line says, or where they were."""
    source = market.get("data")
    if source is None or source["kind"] not in ("parquet", "csv"):
        return market
    given = data.get("dir") if data["kind"] == source["kind"] else None
    return market | {"data": source | {"dir": given or places.get("data.dir")}}


def _entry(one: Mapping[str, Any], path: Path) -> Entry:
    """A strategy as it was: its file must be the same to the byte, where it was or beside the receipt."""
    settings = {key: value for key, value in one["settings"].items() if key != "kind"}
    if "file" not in one:
        return entry_of(one["settings"]["kind"], settings, one["name"])
    source = find_source(path, one["file"], one["source"])
    return entry_of(f"{source}:{one['class']}", settings, one["name"])
