"""Receipts of competitions on the disk, and the users' files that were run."""

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quantamm_cli.competition.documents import Receipt
from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.history import Older, older
from quantamm_cli.store import atomic
from quantamm_cli.store.checksummed_json import proven, refuse_newer
from quantamm_cli.store.encode import finite, render
from quantamm_cli.store.result_folder import write_if_changed


def write_receipt(path: Path, receipt: Receipt) -> None:
    """The receipt with ``sha256``, the digest of all the rest. Raises StoreError."""
    write_if_changed(path, render(proven(finite(receipt))) + "\n")


def read_receipt(path: str | Path) -> Receipt:
    """A receipt as it was written. Raises StoreError if it is missing, none, or altered."""
    target = Path(path).expanduser()
    target = target / "receipt.json" if target.is_dir() else target
    with atomic.telling(target, "read"):
        data = target.read_bytes()
    try:
        tree: Any = json.loads(data)
        written = tree.pop("sha256")
        tree["edges"], tree["settings"], tree["seeds"]["first"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise StoreError(str(target), "is not a receipt of qsim compete") from None
    if sha256(tree) != written:
        raise StoreError(
            str(target),
            "was cut or altered: its digest does not fit; qsim compete with the same "
            "words writes it again",
        )
    refuse_newer(target, tree)
    receipt: Receipt = tree | {"sha256": written}
    return receipt


def older_definitions(receipt: Receipt) -> tuple[Older, ...]:
    """What the market, the rules or a strategy of a receipt were made by and has changed since."""
    strategies = [each["settings"] for each in receipt["strategies"]]
    return older({**receipt["settings"], "strategy": strategies}, "compete")


def find_source(receipt: Path, path: str, digest: str) -> Path:
    """The user's file that was run: where it was, or beside its receipt.

    Raises StoreError if neither is the same to the byte.
    """
    folder = receipt if receipt.is_dir() else receipt.parent
    was = Path(path)
    for place in (was, folder / was.name, folder / "sources" / source_name(was, digest)):
        try:
            if hashlib.sha256(place.read_bytes()).hexdigest() == digest:
                return place
        except OSError:
            continue
    told = "was changed since" if was.exists() else "is not there"
    raise StoreError(
        str(receipt),
        f"{path} {told}; the receipt is for the file whose SHA-256 is {digest}: put that "
        "one beside the receipt",
    )


def source_name(path: Path, digest: str) -> str:
    """What the copy of a user's file is called."""
    return f"{path.stem}_{digest[:12]}.py"


def find_receipts(names: Sequence[str | Path]) -> list[Path]:
    """The receipts that are meant: files as they are, of a folder all in it and in its folders.

    Raises StoreError where there is none.
    """
    found: list[Path] = []
    for name in map(Path, names):
        if not name.is_dir():
            found.append(name)
            continue
        with atomic.telling(name, "read"):
            inside = sorted({*name.glob("*receipt*.json"), *name.glob("*/receipt.json")})
        # What was set aside to start afresh is history: its folder has a date behind its name.
        there = [path for path in inside if not re.search(r"\.\d{8}T\d{6}Z", path.parent.name)]
        if not there:
            raise StoreError(
                str(name),
                "no receipt is in this folder; qsim compete writes runs/compete_.../receipt.json",
            )
        found += there
    return list(dict.fromkeys(found))
