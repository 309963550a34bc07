"""JSON that proves itself: ``sha256`` is the digest of all the rest."""

import json
from pathlib import Path
from typing import Any

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.history import DOCUMENT
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.store import atomic


def proven(tree: JsonObject) -> dict[str, Json]:
    """A tree as JSON has it, with its digest."""
    rest = {key: value for key, value in tree.items() if key != "sha256"}
    return rest | {"sha256": sha256(rest)}


def read_object(path: Path, cure: str) -> dict[str, Any]:
    """The object in a file.

    Raises StoreError with ``cure`` if it cannot be read, is none,
    or does not fit the digest it has.
    """
    with atomic.telling(path, "read"):
        data = path.read_bytes()
    try:
        tree = json.loads(data)
        if not isinstance(tree, dict):
            raise ValueError("no JSON object")
        if "sha256" in tree and proven(tree)["sha256"] != tree["sha256"]:
            raise ValueError("its digest does not fit")
    except (ValueError, TypeError, RecursionError) as failure:
        raise StoreError(
            str(path), f"was cut or altered ({str(failure)[:80]}); {cure}"
        ) from failure
    refuse_newer(path, tree)
    return tree


def refuse_newer(path: Path, document: JsonObject) -> None:
    """Raise StoreError for a document that a newer qsim wrote;
    what it says may mean something else.
    """
    number = document.get("schema")
    if isinstance(number, int) and number > DOCUMENT:
        message = f"was made by a newer qsim (schema {number}, this one reads {DOCUMENT})"
        raise StoreError(str(path), f"{message}; install that one, or choose another runs_dir")
