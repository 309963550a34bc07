"""JSON that embeds the SHA-256 of its other content."""

import json
from pathlib import Path

from quantamm_cli.errors import StoreError
from quantamm_cli.settings.digest import sha256
from quantamm_cli.settings.history import DOCUMENT
from quantamm_cli.settings.json_tree import Json, JsonObject
from quantamm_cli.store import atomic


def with_digest(tree: JsonObject) -> dict[str, Json]:
    """The tree with ``sha256``, the digest of the rest."""
    rest = {key: value for key, value in tree.items() if key != "sha256"}
    return rest | {"sha256": sha256(rest)}


def read_object(path: Path, advice: str) -> JsonObject:
    """The object in a file.

    Raises StoreError, with ``advice`` if the content is no object or does not fit its digest.
    """
    with atomic.reporting_errors(path, "read"):
        data = path.read_bytes()
    try:
        tree = json.loads(data)
        if not isinstance(tree, dict):
            raise ValueError("no JSON object")
        if "sha256" in tree and with_digest(tree)["sha256"] != tree["sha256"]:
            raise ValueError("its digest does not fit")
    except (ValueError, TypeError, RecursionError) as failure:
        message = f"was cut or altered ({str(failure)[:80]}); {advice}"
        raise StoreError(str(path), message) from failure
    refuse_newer(path, tree)
    return tree


def refuse_newer(path: Path, document: JsonObject) -> None:
    """Raise StoreError for a document of a newer qsim, whose content may have another meaning."""
    number = document.get("schema")
    if isinstance(number, int) and number > DOCUMENT:
        message = f"was made by a newer qsim (schema {number}, this one reads {DOCUMENT})"
        raise StoreError(str(path), f"{message}; install that one, or choose another runs_dir")
