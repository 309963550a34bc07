"""Typed settings of a competition: of a receipt."""

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
    """The settings of a receipt; where its files are is taken from the command line,
    as that is not part of it.
    """
    try:
        stored = current(written["settings"], "compete", written["schema"])
        for name in ("schema", "made_from"):
            stored.pop(name, None)
        market = _supplied(
            branch(stored, "market"), written.get("places", {}), branch(tree, "data")
        )
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
                "was made from other prices than there are now; data.dir=PATH says where those are",
            )
        changed = "; ".join(map(str, older_definitions(written))) or "they give another fingerprint"
        cure = f"check it with the version that wrote it, qsim {written['versions'].get('qsim')}"
        message = f"its settings mean something else to this version ({changed}); {cure}"
        raise StoreError(str(path), message)
    return settings


def _supplied(market: JsonObject, places: Mapping[str, str], data: JsonObject) -> JsonObject:
    """The market of a receipt; prices from files are where the command line
    says, or where they were.
    """
    source = market.get("data")
    if not isinstance(source, Mapping) or source["kind"] not in ("parquet", "csv"):
        return market
    given = data.get("dir") if data["kind"] == source["kind"] else None
    return {**market, "data": {**source, "dir": given or places.get("data.dir")}}


def _entry(one: StrategyRecord, document: int, path: Path) -> Entry:
    """A strategy as it was: its file must be the same to the byte,
    where it was or beside the receipt.
    """
    stored = current({"strategy": one["settings"]}, "compete", document)["strategy"]
    settings = {key: value for key, value in stored.items() if key != "kind"}
    if "class" in one and "file" not in one:
        raise StoreError(
            str(path),
            f"its strategy {one['name']} was a class of a notebook, of which there is "
            "no file to play again",
        )
    if "file" not in one:
        return entry_of(text(one["settings"], "kind"), settings, one["name"])
    source = find_source(path, one["file"], one["source"] or "")
    return entry_of(f"{source}:{one['class']}", settings, one["name"])
