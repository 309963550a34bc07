"""Typed settings of a competition, read from a receipt."""

from collections.abc import Mapping
from pathlib import Path

from quantamm_cli.competition.documents import Receipt, StrategyRecord
from quantamm_cli.config.line_up import entry_of
from quantamm_cli.errors import DataError, StoreError
from quantamm_cli.settings.compete import Compete, Entry
from quantamm_cli.settings.decode import decode
from quantamm_cli.settings.history import current
from quantamm_cli.settings.json_tree import JsonObject, branch, text
from quantamm_cli.store.receipts import find_source, older_definitions


def settings_of(written: Receipt, path: Path, tree: JsonObject) -> Compete:
    """The settings of a receipt, with the places of files from ``tree``, the command line's.

    Raises:
        StoreError: a receipt that this version cannot read, or whose settings changed meaning.
        DataError: other prices than those of the receipt.
    """
    try:
        stored = current(written["settings"], "compete", written["schema"])
        for name in ("schema", "made_from"):
            stored.pop(name, None)
        places = written.get("places", {})
        market = _supplied(branch(stored, "market"), places, branch(tree, "data"))
        entries = tuple(_entry(one, written["schema"], path) for one in written["strategies"])
        seeds = {"seed": written["seeds"]["first"], "simulations": written["seeds"]["count"]}
        own = {
            "strategies": entries,
            "market": market,
            "reference": written["reference"],
            "runs_dir": tree["runs_dir"],
        }
        settings = decode(Compete, {**stored, **own, **seeds})
    except (KeyError, TypeError, AttributeError) as failure:
        raise StoreError(
            str(path),
            f"is not a receipt this version can read ({type(failure).__name__}: {failure})",
        ) from None
    if settings.fingerprint != written["fingerprint"]:
        made_from = written["settings"].get("made_from")
        if settings.configuration().get("made_from") != made_from:
            raise DataError(
                str(path),
                "was made from other prices than data.dir has now; set data.dir=PATH to those",
            )
        changes = "; ".join(map(str, older_definitions(written))) or "their fingerprint is another"
        raise StoreError(
            str(path),
            f"its settings mean something else to this version ({changes}); check it with the "
            f"version that wrote it, qsim {written['versions'].get('qsim')}",
        )
    return settings


def _supplied(market: JsonObject, places: Mapping[str, str], data: JsonObject) -> JsonObject:
    """The market of a receipt; files of prices are read from the folder that the command line
    names, or from where they were.
    """
    source = market.get("data")
    if not isinstance(source, Mapping) or source["kind"] not in ("parquet", "csv"):
        return market
    folder = data.get("dir") if data["kind"] == source["kind"] else None
    return {**market, "data": {**source, "dir": folder or places.get("data.dir")}}


def _entry(one: StrategyRecord, document: int, path: Path) -> Entry:
    """A strategy as it was. A file of the same bytes must be where it was or beside the receipt."""
    settings = current({"strategy": one["settings"]}, "compete", document)["strategy"]
    settings.pop("kind", None)
    if "class" in one and "file" not in one:
        raise StoreError(
            str(path),
            f"its strategy {one['name']} was a class of a notebook, which has no file to run again",
        )
    if "file" not in one:
        return entry_of(text(one["settings"], "kind"), settings, one["name"])
    source = find_source(path, one["file"], one["source"] or "")
    return entry_of(f"{source}:{one['class']}", settings, one["name"])
