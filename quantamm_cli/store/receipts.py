"""Reads and writes receipts of competitions, and finds the users' files that they name."""

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
from quantamm_cli.store.checksummed_json import refuse_newer, with_digest
from quantamm_cli.store.encode import finite, render
from quantamm_cli.store.result_folder import write_if_changed


def write_receipt(path: Path, receipt: Receipt) -> None:
    """Writes the receipt with ``sha256``, the digest of the rest. Raises StoreError."""
    write_if_changed(path, render(with_digest(finite(receipt))) + "\n")


def read_receipt(path: str | Path) -> Receipt:
    """The receipt in a file or folder. Raises StoreError if it is missing, altered or none."""
    target = Path(path).expanduser()
    if target.is_dir():
        target /= "receipt.json"
    with atomic.reporting_errors(target, "read"):
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
            "was cut or altered: its digest does not fit; run qsim compete with the same "
            "settings to write it again",
        )
    refuse_newer(target, tree)
    receipt: Receipt = tree | {"sha256": written}
    return receipt


def older_definitions(receipt: Receipt) -> tuple[Older, ...]:
    """The definitions of market, rules and strategies that have changed since a receipt."""
    strategies = [each["settings"] for each in receipt["strategies"]]
    return older({**receipt["settings"], "strategy": strategies}, "compete")


def find_source(receipt: Path, path: str, digest: str) -> Path:
    """The user's file with this digest: where it was, or beside the receipt.

    Raises StoreError if neither file has the same bytes.
    """
    folder = receipt if receipt.is_dir() else receipt.parent
    former = Path(path)
    copy = folder / "sources" / source_name(former, digest)
    for place in (former, folder / former.name, copy):
        try:
            if hashlib.sha256(place.read_bytes()).hexdigest() == digest:
                return place
        except OSError:
            continue
    problem = "was changed since" if former.exists() else "does not exist"
    raise StoreError(
        str(receipt),
        f"{path} {problem}; the receipt needs the file whose SHA-256 is {digest}: copy that "
        "one to the folder of the receipt",
    )


def source_name(path: Path, digest: str) -> str:
    """The name of the copy of a user's file."""
    return f"{path.stem}_{digest[:12]}.py"


def find_receipts(names: Sequence[str | Path]) -> list[Path]:
    """The paths of receipts: files as named, and of a folder all in it and in its folders.

    Raises StoreError for a folder that has none.
    """
    paths: list[Path] = []
    for name in map(Path, names):
        if not name.is_dir():
            paths.append(name)
            continue
        with atomic.reporting_errors(name, "read"):
            inside = sorted({*name.glob("*receipt*.json"), *name.glob("*/receipt.json")})
        # A folder that was set aside has a date as suffix.
        receipts = [path for path in inside if not re.search(r"\.\d{8}T\d{6}Z", path.parent.name)]
        if not receipts:
            raise StoreError(
                str(name),
                "this folder has no receipt; qsim compete writes runs/compete_.../receipt.json",
            )
        paths += receipts
    return list(dict.fromkeys(paths))
