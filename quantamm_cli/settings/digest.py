"""Canonical JSON and its SHA-256: what names a run.

Keys sorted, no spaces, ASCII, shortest round-trip floats, no NaN. Whole numbers in float fields were widened when the
settings were validated, so ``0`` and ``0.0`` give one name.
"""

import hashlib
import json
from typing import Any

from pydantic import BaseModel

from quantamm_cli.settings.component import Component


def plain(value: Any) -> Any:
    """Settings as the plain tree they came from, without paths; components carry their kind."""
    if isinstance(value, BaseModel):
        left_out = value.paths if isinstance(value, Component) else ()
        fields = {
            name: plain(getattr(value, name))
            for name in type(value).model_fields
            if name not in left_out
        }
        return {"kind": value.kind} | fields if isinstance(value, Component) else fields
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def canonical(tree: Any) -> str:
    """The one JSON text of a plain tree. Raises ValueError on NaN and infinities."""
    return json.dumps(
        tree, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def sha256(tree: Any) -> str:
    """64 hex digits naming a plain tree."""
    return hashlib.sha256(canonical(tree).encode("ascii")).hexdigest()
